"""Every module imports by itself, and a gateway on a Pi loads none of the heavy libraries."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "ecopark", "telemetry_model", "telemetry_store", "service_runtime", "gateway", "ingest_service", "analytics",
    "dashboards", "simulators", "deploy",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def modules() -> list[str]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return sorted(name.removesuffix(".__init__") for name in names if not name.endswith("__main__"))


def test_every_module_imports() -> None:
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-c", code, *modules()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("heavy", ["pandas", "numpy", "fastapi", "nicegui", "matplotlib", "influxdb_client", "aiohttp"])
def test_the_gateway_stays_light(heavy: str) -> None:
    assert heavy not in loaded_by("import gateway.command, gateway.bootstrap")


def test_the_rulebook_needs_no_pandas() -> None:
    assert "pandas" not in loaded_by("import analytics.rulebook, analytics.finding")


def test_help_loads_no_program() -> None:
    assert not loaded_by("from ecopark.commands import ecopark") & {
        "gateway",
        "ingest_service",
        "analytics",
        "dashboards",
    }


def imports_of(file: Path, known: set[str]) -> set[str]:
    """Our modules that a file imports, at its top or within a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known


def test_no_two_modules_need_one_another() -> None:
    names = modules()
    graph = graphlib.TopologicalSorter[str]()
    for name in names:
        path = ROOT / Path(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        graph.add(name, *imports_of(file, set(names)) - {name})
    graph.prepare()
