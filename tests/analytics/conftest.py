"""A small park and an embedded store for the analytics tests."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telemetry_model.park_register import Park, parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
POINT_HEADER = "point,tenant,zone,medium,unit,interval_seconds,role\n"

ParkBuilder = Callable[..., Park]
MsOf = Callable[[str], int]


def build_park(
    installations: str = "",
    points: Sequence[str] = (),
    timezone: str = "Asia/Ho_Chi_Minh",
    tables: Mapping[str, str] | None = None,
) -> Park:
    """A park of two firms; ``points`` are rows of points.csv, ``installations`` TOML, ``tables`` more CSV files."""
    head = f'id = "test-park"\nname_vi = "Khu thử"\nname_en = "Test park"\ntimezone = "{timezone}"\n'
    return parse_park(
        {
            "park.toml": head + installations,
            "tenants.csv": "tenant,name,sector,zone\npark,Operator,operator,\nalpha,Alpha,steel,\nbeta,Beta,food,\n",
            "points.csv": POINT_HEADER + "\n".join(points) + "\n",
            "contacts.csv": "tenant,name,email,language\n",
            **(tables or {}),
        }
    )


def local_ms(text: str, zone: ZoneInfo = HANOI) -> int:
    """UTC milliseconds of a local wall-clock time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def readings(
    park: Park, point: str, start_ms: int, values: Iterable[float | None], status: int = 0, every_seconds: int = 0
) -> list[ReadingRow]:
    """One reading per interval of the point; ``None`` is a reading without a value."""
    registered = park.points[point]
    step = (every_seconds or registered.interval_seconds) * 1000
    series = PointSeries.of(registered, park.id)
    return [
        ReadingRow(series, start_ms + number * step, value, status, None if value is not None else "device_timeout")
        for number, value in enumerate(values)
    ]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty embedded store."""
    opened = SqliteStore(tmp_path / "store.db")
    yield opened
    await opened.close()


@pytest.fixture
def make_park() -> ParkBuilder:
    """:func:`build_park`."""
    return build_park


@pytest.fixture
def at() -> MsOf:
    """:func:`local_ms` in Hanoi."""
    return local_ms


@pytest.fixture
def make_readings() -> Callable[..., list[ReadingRow]]:
    """:func:`readings`."""
    return readings
