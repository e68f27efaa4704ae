"""A one-tenant park with a supply, filled by rows of readings; where public recordings lie, if anywhere."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from telemetry_store.sqlite_store import SqliteStore

ROOT = Path(__file__).resolve().parents[3]
SUPPLY = """
[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "Cấp điện"
name_en = "Supply"
contracted_kw = 500
voltage_level = "22kv"
"""


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store of this test alone."""
    store = SqliteStore(tmp_path / "indicators.db")
    yield store
    await store.close()


@pytest.fixture
def recording() -> Callable[[str], Path]:
    """The path of a recording; the test is skipped where the recordings are not."""
    folder = Path(os.environ.get("ECOPARK_RECORDINGS", str(ROOT.parent / "shared" / "data")))

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"the recording is not there: {folder / name}")
        return folder / name

    return find


@pytest.fixture
def supply() -> str:
    """TOML of a supply."""
    return SUPPLY
