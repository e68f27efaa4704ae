"""Every module imports by itself, and a gateway on a Pi loads none of the heavy libraries."""

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
