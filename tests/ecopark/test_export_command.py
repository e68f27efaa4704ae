"""``ecopark export``: what is in the CSV, in which order and time zone, and one line for each mistake."""

import csv
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ecopark.export_command import SLICE_MS, choose_points
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store
from telemetry_store.rows import PointSeries, ReadingRow
from tests.ecopark.conftest import FILES, Run

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAY_MS = 86_400_000
MIDNIGHT_MS = 1_793_466_000_000
"""2026-11-01T00:00 in Hanoi, 2026-10-31T17:00 UTC."""


@pytest.fixture
def park() -> Park:
    return parse_park(FILES)


@pytest.fixture
async def store_url(tmp_path: Path, park: Park) -> str:
    """A store with readings just before, at and after local midnight of 2026-11-01."""
    url = f"sqlite:///{tmp_path}/store.db"
    power, flow = (PointSeries.of(park.points[name], park.id) for name in ("em-1.active_power", "wm-1.flow"))
    store = open_store(url)
    await store.write_readings(
        [
            ReadingRow(power, MIDNIGHT_MS - 1, 1.0),
            ReadingRow(power, MIDNIGHT_MS, 41.25),
            ReadingRow(power, MIDNIGHT_MS + 60_000, None, 2, "instrument_fault"),
            ReadingRow(power, MIDNIGHT_MS + DAY_MS, 99.0),
            ReadingRow(flow, MIDNIGHT_MS + 500, 3.0, 1),
            ReadingRow(flow, MIDNIGHT_MS + 2 * SLICE_MS + 1, 4.0),
        ]
    )
    await store.close()
    return url


def read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_one_day_in_park_time(ecopark: Run, park_folder: Path, store_url: str, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    done = ecopark(
        "export",
        "--store",
        store_url,
        "--park",
        park_folder,
        "--from",
        "2026-11-01",
        "--to",
        "2026-11-01",
        "-o",
        output,
    )
    assert (done.returncode, done.stdout) == (0, f"{output}: 3 readings of 3 points\n")
    assert read(output) == [
        ["time", "point", "value", "unit", "status", "reason"],
        ["2026-10-31T17:00:00.000Z", "em-1.active_power", "41.25", "kW", "measuring", ""],
        ["2026-10-31T17:01:00.000Z", "em-1.active_power", "", "kW", "fault", "instrument_fault"],
        ["2026-10-31T17:00:00.500Z", "wm-1.flow", "3.0", "m3/h", "calibrating", ""],
    ]
    assert not list(tmp_path.glob("*.part"))


def test_long_ranges_come_slice_by_slice_without_gap_or_repeat(
    ecopark: Run, park_folder: Path, store_url: str, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    done = ecopark(
        "export", "--store", store_url, "--park", park_folder, "--from", "2026-01-01", "--to", "2027-01-01",
        "--points", "wm-*", "--points", "em-1.active_power", "-o", output,
    )  # fmt: skip
    assert done.returncode == 0
    assert [row[2] for row in read(output)[1:]] == ["1.0", "41.25", "", "99.0", "3.0", "4.0"]


def test_an_empty_answer_says_so(ecopark: Run, park_folder: Path, store_url: str, tmp_path: Path) -> None:
    done = ecopark(
        "export", "--store", store_url, "--park", park_folder, "--from", "2025-11-01", "--to", "2025-11-02",
        "-o", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == f"{store_url} holds no reading of these points from 2025-11-01 to 2025-11-02\n"


def test_a_store_that_is_not_there_is_no_empty_answer(ecopark: Run, park_folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "typing-mistake.db"
    done = ecopark(
        "export", "--store", f"sqlite:///{store}", "--park", park_folder, "--from", "2026-11-01", "--to", "2026-11-02",
        "-o", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == f"ecopark: store {store}: no such file; the ingest service makes it with its first readings\n"
    assert not store.exists()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--from": "2026-11-02T00:00", "--to": "2026-11-01"}, "the range is empty"),
        ({"--from": "yesterday"}, "--from: 'yesterday' is not a date or time"),
        ({"--to": "2026-10-01"}, "--from 2026-11-01 is not before --to 2026-10-01"),
        ({"--points": "xx-*"}, "--points 'xx-*' matches no point of small"),
        ({"--store": "mysql://x"}, "unknown kind 'mysql'"),
        ({"--store": "sqlite:////nowhere/store.db"}, "no such folder /nowhere"),
        ({"--store": "influxdb://127.0.0.1:1/park"}, "influxdb http://127.0.0.1:1/park: connection refused"),
        ({"-o": "/nowhere/out.csv"}, "/nowhere/out.csv: cannot be written (No such file or directory)"),
        ({"--store-token-file": "/nowhere/token"}, "--store-token-file /nowhere/token: cannot be read"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(
    ecopark: Run, park_folder: Path, store_url: str, tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    output = tmp_path / "out.csv"
    options = {
        "--store": store_url, "--park": park_folder, "--from": "2026-11-01", "--to": "2026-11-02", "-o": output,
    } | changed  # fmt: skip
    done = ecopark("export", *(part for option in options.items() for part in option))
    assert done.returncode in (2, 3)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("out.csv*"))


def test_points_keep_the_registers_order_and_come_once(park: Park) -> None:
    assert [point.id for point in choose_points(park, ["wm-1.flow,em-1.*", "*.flow"])] == list(park.points)
    assert [point.id for point in choose_points(park, ["*.voltage"])] == ["em-1.voltage"]
    with pytest.raises(OperatorError, match="matches no point"):
        choose_points(park, ["EM-1.*"])
