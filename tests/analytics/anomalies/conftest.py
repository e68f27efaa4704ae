"""Where public recordings lie, if anywhere."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def recording() -> Callable[[str], Path]:
    """The path of a recording; the test is skipped where the recordings are not."""
    folder = Path(os.environ.get("ECOPARK_RECORDINGS", str(ROOT.parent / "shared" / "data")))

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"the recording is not there: {folder / name}")
        return folder / name

    return find
