"""Recordings of odd shapes: times in several columns, no line of names, several machines, stamps at the start."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.sources.recording import Recording, RecordingOptions
from gateway.sources.recording_cells import ColumnMapping
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park, parse_park

MELBOURNE = ZoneInfo("Australia/Melbourne")
POINTS = (
    "point,tenant,zone,medium,unit,interval_seconds\n"
    "wq-x.cod,park,z,wastewater,mg/l,86400\n"
    "em-x.active_energy_interval,park,z,energy,kWh,86400\n"
    "em-y.active_energy_interval,park,z,energy,kWh,900\n"
)


@pytest.fixture(scope="module")
def park() -> Park:
    return parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Australia/Melbourne"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,z\n",
            "points.csv": POINTS,
            "contacts.csv": "tenant,name,email,language\n",
        }
    )


def opened(folder: Path, park: Park, text: str, *mappings: str, **options: object) -> Recording:
    (folder / "r.csv").write_text(text, encoding="utf-8")
    parsed = tuple(ColumnMapping.parse(mapping) for mapping in mappings)
    return Recording(folder / "r.csv", RecordingOptions(parsed, **options), park)  # type: ignore[arg-type]


def stored(recording: Recording) -> list[tuple[datetime, float | None]]:
    return [
        (datetime.fromtimestamp(reading.measured_at_ms / 1000, tz=MELBOURNE), reading.value)
        for row in recording.rows()
        for reading in row.readings
    ]


@pytest.mark.parametrize(
    ("columns", "stamp", "expected"),
    [
        ("year,month,day", "2014,7,5", datetime(2014, 7, 5, tzinfo=MELBOURNE)),
        ("year,month,day,hour", "2014,7,5,23", datetime(2014, 7, 5, 23, tzinfo=MELBOURNE)),
        ("day,time", "05/07/2014,06:30", datetime(2014, 7, 5, 6, 30, tzinfo=MELBOURNE)),
    ],
)
def test_times_in_several_columns(tmp_path: Path, park: Park, columns: str, stamp: str, expected: datetime) -> None:
    form = "%d/%m/%Y %H:%M" if "/" in stamp else ""
    text = f"{columns},cod\n{stamp},55\n"
    recording = opened(tmp_path, park, text, "cod=wq-x.cod", time_column=columns, time_format=form)
    assert stored(recording) == [(expected, 55.0)]


def test_a_row_that_lacks_a_part_of_its_time_is_counted_not_guessed(tmp_path: Path, park: Park) -> None:
    text = "year,month,day,cod\n2014,7,5,55\n2014,,6,56\n"
    recording = opened(tmp_path, park, text, "cod=wq-x.cod", time_column="year,month,day")
    assert len(stored(recording)) == 1
    assert recording.rows_without_time == 1


def test_an_unknown_part_of_the_time_is_named(tmp_path: Path, park: Park) -> None:
    with pytest.raises(OperatorError, match="unknown column 'minute'"):
        opened(tmp_path, park, "year,cod\n2014,1\n", "cod=wq-x.cod", time_column="year,minute")


def test_a_file_without_names_is_read_from_its_first_line_by_number(tmp_path: Path, park: Park) -> None:
    text = "D-1/3/90,407,?\nD-2/3/90,443,84\n"
    recording = opened(tmp_path, park, text, "2=wq-x.cod", time_column="1", time_format="D-%d/%m/%y", has_header=False)
    days = [datetime(1990, 3, 1, tzinfo=MELBOURNE), datetime(1990, 3, 2, tzinfo=MELBOURNE)]
    assert stored(recording) == list(zip(days, (407.0, 443.0), strict=True))


def test_only_the_wanted_rows_are_played(tmp_path: Path, park: Park) -> None:
    text = "t,asset,cod\n2014-07-05,0,10\n2014-07-05,1,20\n2014-07-06,0,30\n"
    recording = opened(tmp_path, park, text, "cod=wq-x.cod", time_column="t", where=(("asset", "0"),))
    assert [value for _, value in stored(recording)] == [10.0, 30.0]


def test_a_condition_on_an_unknown_column_is_named(tmp_path: Path, park: Park) -> None:
    with pytest.raises(OperatorError, match="unknown column 'machine'"):
        opened(tmp_path, park, "t,cod\n2014-07-05,1\n", "cod=wq-x.cod", time_column="t", where=(("machine", "1"),))


def test_an_amount_stamped_at_its_start_is_stored_at_its_end_and_a_momentary_value_is_not_moved(
    tmp_path: Path, park: Park
) -> None:
    text = "t,cod,kwh,quarter\n2014-07-05,55,1000,7\n"
    recording = opened(
        tmp_path, park, text, "cod=wq-x.cod", "kwh=em-x.active_energy_interval", "quarter=em-y.active_energy_interval",
        time_column="t", stamps_at_start=True,
    )  # fmt: skip
    start = datetime(2014, 7, 5, tzinfo=MELBOURNE)
    assert stored(recording) == [
        (start, 55.0),
        (datetime(2014, 7, 6, tzinfo=MELBOURNE), 1000.0),
        (start + timedelta(minutes=15), 7.0),
    ]


@pytest.mark.parametrize(("day", "hours"), [("2014-04-06", 25), ("2014-10-05", 23), ("2014-07-05", 24)])
def test_a_day_ends_at_the_next_local_midnight_when_the_clock_changes(
    tmp_path: Path, park: Park, day: str, hours: int
) -> None:
    text = f"t,kwh\n{day},1000\n"
    recording = opened(tmp_path, park, text, "kwh=em-x.active_energy_interval", time_column="t", stamps_at_start=True)
    [row] = list(recording.rows())
    [reading] = row.readings
    assert (reading.measured_at_ms - row.measured_at_ms) / 3_600_000 == hours
