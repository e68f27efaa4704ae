"""Documents may only name files that exist, and only links that lead somewhere inside the project."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir())
_PATH = re.compile(r"`((?:" + "|".join(re.escape(name) for name in FOLDERS) + r")/[\w./*-]+|[\w-]+\.(?:md|toml|txt))`")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", pattern], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listing.stdout.split()
    return [ROOT / name for name in names if (ROOT / name).is_file()] or sorted(ROOT.glob("docs/**/*.md"))


@pytest.mark.parametrize("document", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_named_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    inside = [name for name in _PATH.findall(text) if "/" in name]
    gone = [name for name in inside if not any(ROOT.glob(name.rstrip("/").removesuffix("/*")))]
    assert not gone, f"{document.name} names files that do not exist: {gone}"


@pytest.mark.parametrize("document", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    dead = [
        link for link in _LINK.findall(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()
    ]
    assert not dead, f"{document.name} links to nothing: {dead}"


def test_the_readme_and_promises_are_there() -> None:
    for name in ("README.md", "CHANGELOG.md", "docs/delivery-contract.md", "docs/glossary.md", "docs/dependencies.md"):
        assert (ROOT / name).is_file(), name
