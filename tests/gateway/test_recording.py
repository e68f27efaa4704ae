"""Small CSV files with every kind of oddity, read as recordings and played into an outbox."""

import gzip
from pathlib import Path

import pytest

from gateway.outbox import Outbox
from gateway.recording_player import PlayCounts, play_recording
from gateway.sources.recording import Recording, RecordingOptions
from gateway.sources.recording_cells import ColumnMapping
from service_runtime.clock import ManualClock, SystemClock
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import Reading, ReadingReason
from telemetry_model.senml_json import decode_pack

EMPTY, NAN, LOSS = ReadingReason.EMPTY_CELL, ReadingReason.NOT_A_NUMBER, ReadingReason.COMMUNICATION_LOSS
TEN_COLUMNS = "t,a,b,c,d,e,f\n"
POINTS = (
    "point,tenant,zone,medium,unit\n"
    "wq-x.temperature,park,z,wastewater,degC\nwq-x.cod,park,z,wastewater,mg/l\nfm-x.flow,park,z,wastewater,m3/h\n"
)


@pytest.fixture(scope="module")
def park() -> Park:
    return parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,z\n",
            "points.csv": POINTS,
            "contacts.csv": "tenant,name,email,language\n",
        }
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox.open(tmp_path / "out.db", SystemClock())


def options(*mappings: str, time: str = "t", **more: object) -> RecordingOptions:
    return RecordingOptions(tuple(ColumnMapping.parse(m) for m in mappings), time_column=time, **more)  # type: ignore[arg-type]


def write(folder: Path, text: str) -> Path:
    (folder / "r.csv").write_text(text, encoding="utf-8")
    return folder / "r.csv"


def readings(recording: Recording) -> list[Reading]:
    return [reading for row in recording.rows() for reading in row.readings]


def test_byte_order_mark_and_local_time(tmp_path: Path, park: Park) -> None:
    path = write(tmp_path, "\ufefft,cod\n2024-01-01 07:00,55.5\n")
    assert readings(Recording(path, options("cod=wq-x.cod"), park)) == [Reading("wq-x.cod", 1_704_067_200_000, 55.5)]


@pytest.mark.parametrize(
    ("cell", "value", "reason"),
    [("", None, EMPTY), ("  ", None, EMPTY), ("?", None, EMPTY), ("-", None, EMPTY), ("NA", None, EMPTY),
     ("NaN", None, NAN), ("inf", None, NAN), ("abc", None, NAN), ("0", 0.0, None), ("-1.5e2", -150.0, None),
     ("-200", None, ReadingReason.NOT_AVAILABLE)],
)  # fmt: skip
def test_a_cell_is_a_number_or_a_reason_and_never_an_invented_zero(
    tmp_path: Path, park: Park, cell: str, value: float | None, reason: ReadingReason | None
) -> None:
    path = write(tmp_path, f"t,cod,other\n2024-01-01 07:00,{cell},1\n")
    [reading] = readings(Recording(path, options("cod=wq-x.cod", missing=(-200.0,)), park))
    assert (reading.value, reading.reason) == (value, reason)


@pytest.mark.parametrize(
    ("mapping", "cell", "value"),
    [("x=wq-x.temperature:K", "285.15", 12.0), ("x=wq-x.temperature:degF", "50", 10.0), ("x=fm-x.flow:l/s", "10", 36.0),
     ("x=fm-x.flow:m3/d", "240", 10.0), ("x=wq-x.cod:g/m3", "7", 7.0), ("x=wq-x.cod", "7", 7.0)],
)  # fmt: skip
def test_units_are_converted(tmp_path: Path, park: Park, mapping: str, cell: str, value: float) -> None:
    path = write(tmp_path, f"t,x\n2024-01-01 07:00,{cell}\n")
    [reading] = readings(Recording(path, options(mapping), park))
    assert reading.value == pytest.approx(value, abs=1e-9)


def test_made_up_times_for_a_file_without_any(tmp_path: Path, park: Park) -> None:
    path = write(tmp_path, "cod\n1\n2\n3\n")
    recording = Recording(path, options("cod=wq-x.cod", time="", step="1h", start="2020-01-01T07:00"), park)
    assert [row.measured_at_ms for row in recording.rows()] == [1_577_836_800_000 + i * 3_600_000 for i in range(3)]


def test_compressed_and_semicolon_separated_with_decimal_comma(tmp_path: Path, park: Park) -> None:
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(b"t;cod\n2024-01-01 07:00;55,5\n"))
    assert [reading.value for reading in readings(Recording(path, options("cod=wq-x.cod"), park))] == [55.5]


def test_rows_without_time_are_counted_not_guessed(tmp_path: Path, park: Park) -> None:
    path = write(tmp_path, "t,cod\n2024-01-01 07:00,1\n,2\n2024-01-01 08:00,3\n")
    recording = Recording(path, options("cod=wq-x.cod"), park)
    assert [reading.value for reading in readings(recording)] == [1.0, 3.0]
    assert recording.rows_without_time == 1


def zero_rows(lost: int, rows: int = 40) -> str:
    """Seven columns, of which the first is zero all night; ``lost`` rows are zeros with a stand-in temperature."""
    lines = ["t,light,a,b,c,d,e,temp"]
    for i in range(rows):
        cells = "0,0,0,0,0,0,255.37" if i in range(10, 10 + lost) else f"{i % 2},{i},2,3,4,5,285.15"
        lines.append(f"2024-01-01 {i // 60:02}:{i % 60:02},{cells}")
    return "\n".join(lines) + "\n"


def test_a_row_of_zeros_is_a_lost_connection_in_every_mapped_column(tmp_path: Path, park: Park) -> None:
    recording = Recording(write(tmp_path, zero_rows(lost=2)), options("a=wq-x.cod", "temp=wq-x.temperature:K"), park)
    found = readings(recording)
    lost = [reading for reading in found if reading.reason is LOSS]
    assert [reading.value for reading in lost] == [None] * 4
    assert {reading.point for reading in lost} == {"wq-x.cod", "wq-x.temperature"}
    assert found[0].value == 0.0, "a single zero beside living columns is a value"


def test_a_file_that_is_mostly_zero_has_no_lost_rows(tmp_path: Path, park: Park) -> None:
    lines = ["t,a,b,c,d,e"] + [f"2024-01-01 00:{i:02},{'1,1,1,1,1' if i == 5 else '0,0,0,0,0'}" for i in range(20)]
    found = readings(Recording(write(tmp_path, "\n".join(lines)), options("a=wq-x.cod"), park))
    assert all(reading.reason is None for reading in found)


def fahrenheit_rows(*special: str, temp: str = "285.1", rows: int = 200) -> str:
    """Columns nh4, flow (zero in one of four rows) and temp; ``special`` are the first rows."""
    lines = [f"{9 + i % 3},{i % 4},{temp}" for i in range(rows)]
    lines[: len(special)] = special
    return "nh4,flow,temp\n" + "\n".join(lines) + "\n"


def first_row(folder: Path, park: Park, text: str) -> dict[str, float | ReadingReason | None]:
    mappings = ("nh4=wq-x.cod", "flow=fm-x.flow", "temp=wq-x.temperature:K")
    recording = Recording(write(folder, text), options(*mappings, time="", step="1m"), park)
    row = next(recording.rows())
    assert not row.lost
    return {reading.point: reading.reason or reading.value for reading in row.readings}


def test_zero_fahrenheit_and_the_rare_zeros_beside_it_are_a_lost_connection(tmp_path: Path, park: Park) -> None:
    found = first_row(tmp_path, park, fahrenheit_rows("0,0,255.372"))
    assert found == {"wq-x.cod": LOSS, "fm-x.flow": 0.0, "wq-x.temperature": LOSS}


@pytest.mark.parametrize(
    ("row", "concentration"),
    [("0,0,285.1", 0.0), ("0,0,255.36", 0.0), ("7,0,255.3765", 7.0)],
    ids=["living temperature", "a cold one", "living concentration"],
)
def test_a_rare_zero_without_the_mark_and_a_value_beside_it_stay(
    tmp_path: Path, park: Park, row: str, concentration: float
) -> None:
    assert first_row(tmp_path, park, fahrenheit_rows(row))["wq-x.cod"] == concentration


def test_a_zero_in_one_row_of_a_hundred_is_not_rare(tmp_path: Path, park: Park) -> None:
    found = first_row(tmp_path, park, fahrenheit_rows("0,1,255.372", "0,1,285.1"))
    assert found["wq-x.cod"] == 0.0


@pytest.mark.parametrize("others", ["450.2", "12.5", "255.372"], ids=["a flow", "degrees Celsius", "always the mark"])
def test_the_mark_counts_only_in_a_kelvin_column(tmp_path: Path, park: Park, others: str) -> None:
    assert first_row(tmp_path, park, fahrenheit_rows("0,0,255.372", temp=others))["wq-x.cod"] == 0.0


def test_too_few_columns_tell_nothing(tmp_path: Path, park: Park) -> None:
    lines = ["t,a,b"] + [f"2024-01-01 00:{i:02},{'0,0' if i == 5 else '1,1'}" for i in range(20)]
    found = readings(Recording(write(tmp_path, "\n".join(lines)), options("a=wq-x.cod"), park))
    assert found[5].value == 0.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (options("cdo=wq-x.cod"), r"unknown column 'cdo' \(columns: t, cod\)"),
        (options("cod=wq-x.cdo"), r"unknown point 'wq-x.cdo' \(there are: wq-x.temperature, wq-x.cod\)"),
        (options("cod=wq-y.cod"), r"unknown point 'wq-y.cod' \(there are: fm-x, wq-x\)"),
        (options("cod=wq-x.cod", "t=wq-x.cod"), "fed by two columns"),
        (options("cod=wq-x.cod:bar"), "'bar' cannot be converted to mg/l"),
        (options("cod=wq-x.cod", time="when"), r"unknown column 'when' \(columns: t, cod\)"),
        (options("cod=wq-x.cod", time=""), "give either --time COLUMN, or --step"),
        (options("cod=wq-x.cod", timezone="Mars/Base"), "unknown time zone 'Mars/Base'"),
        (options(), "at least one COLUMN=POINT"),
    ],
)
def test_what_does_not_fit_is_named_with_what_there_is(
    tmp_path: Path, park: Park, given: RecordingOptions, message: str
) -> None:
    path = write(tmp_path, "t,cod\n2024-01-01 07:00,1\n")
    with pytest.raises(OperatorError, match=message):
        Recording(path, given, park)


@pytest.mark.parametrize("text", ["cod", "=wq-x.cod", "cod=", "cod=:K"])
def test_a_bad_mapping_is_named(text: str) -> None:
    with pytest.raises(OperatorError, match="is not COLUMN=POINT"):
        ColumnMapping.parse(text)


def test_a_column_name_may_hold_an_equals_sign() -> None:
    assert ColumnMapping.parse("a=b=wq-x.cod:g/m3") == ColumnMapping("a=b", "wq-x.cod", "g/m3")


def test_a_file_that_is_not_utf8_or_not_there_is_named(tmp_path: Path, park: Park) -> None:
    (tmp_path / "latin.csv").write_bytes(b"t,temp \xb0C\n")
    with pytest.raises(OperatorError, match=r"latin\.csv: not UTF-8"):
        Recording(tmp_path / "latin.csv", options("cod=wq-x.cod"), park)
    with pytest.raises(OperatorError, match=r"none\.csv: cannot be read"):
        Recording(tmp_path / "none.csv", options("cod=wq-x.cod"), park)


def test_a_stamp_of_another_form_is_named_with_its_line(tmp_path: Path, park: Park) -> None:
    path = write(tmp_path, "t,cod\n2024-01-01 07:00,1\nyesterday,2\n")
    recording = Recording(path, options("cod=wq-x.cod", time_format="iso"), park)
    with pytest.raises(OperatorError, match=r"line 3: 'yesterday' is not a time of the form iso"):
        readings(recording)


def test_playing_commits_batches_of_200_and_counts(tmp_path: Path, park: Park, outbox: Outbox) -> None:
    lines = ["t,cod,x"] + [f"{1_700_000_000 + i},{'' if i % 10 == 0 else i},1" for i in range(450)]
    recording = Recording(write(tmp_path, "\n".join(lines)), options("cod=wq-x.cod", time_format="epoch"), park)
    told: list[PlayCounts] = []
    counts = play_recording(recording, outbox, {"wq-x.cod": "mg/l"}, progress=told.append)
    batches = list(outbox.range(1, 99))
    assert (counts.rows, counts.readings, counts.no_value) == (450, 450, 45)
    assert [batch.readings for batch in batches] == [200, 200, 50]
    assert outbox.readings_committed == 450
    assert decode_pack(batches[0].payload, 0)[1].unit == "mg/l"
    assert told[-1] == counts


def test_paced_play_waits_in_proportion(tmp_path: Path, park: Park, outbox: Outbox) -> None:
    path = write(tmp_path, "t,cod\n2024-01-01 07:00,1\n2024-01-01 08:00,2\n2024-01-01 10:00,3\n")
    clock = ManualClock(0)
    recording = Recording(path, options("cod=wq-x.cod"), park)
    play_recording(recording, outbox, {}, speed=3600, clock=clock, sleep=clock.advance)
    assert clock.monotonic() == pytest.approx(3.0, abs=0.01)
    assert outbox.next_seq == 4, "what is due is committed before the wait"


def test_a_stopped_play_keeps_what_was_read(tmp_path: Path, park: Park, outbox: Outbox) -> None:
    path = write(tmp_path, "t,cod\n2024-01-01 07:00,1\n2024-01-01 08:00,2\n2024-01-01 10:00,3\n")
    clock = ManualClock(0)
    recording = Recording(path, options("cod=wq-x.cod"), park)
    counts = play_recording(
        recording, outbox, {}, speed=3600, clock=clock, sleep=clock.advance, stopped=lambda: clock.monotonic() > 0.5
    )
    assert counts.rows == outbox.readings_committed == 1
