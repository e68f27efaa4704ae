"""Stamps of recordings: forms found or asked for, clock changes, and midnights stamped on the wrong date."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.sources.recording_times import FormatFinder, StampReader, parse_start, parse_step
from service_runtime.errors import OperatorError

ROME, CHICAGO, HANOI = ZoneInfo("Europe/Rome"), ZoneInfo("America/Chicago"), ZoneInfo("Asia/Ho_Chi_Minh")


def utc(reader: StampReader, *stamps: str) -> list[str]:
    return [f"{datetime.fromtimestamp(reader.utc_ms(stamp) / 1000, tz=UTC):%m-%d %H:%M}" for stamp in stamps]


def found(*stamps: str) -> str:
    finder = FormatFinder()
    for stamp in stamps:
        finder.look_at(stamp)
    return finder.result("date")


@pytest.mark.parametrize(
    ("stamps", "form"),
    [
        (["2022-03-11 07:30:00", "2022-03-11T07:35"], "iso"),
        (["2022-03-11T07:30:00Z", "2022-03-11T07:30:00+07:00"], "iso"),
        (["01/02/2018 00:15", "13/02/2018 00:15"], "%d/%m/%Y %H:%M"),
        (["01/02/2018 00:15", "02/13/2018 00:15"], "%m/%d/%Y %H:%M"),
        (["1/31/17 0:00", "2/1/17 0:10"], "%m/%d/%y %H:%M"),
        (["31.12.2020 23:00:00"], "%d.%m.%Y %H:%M:%S"),
    ],
)
def test_a_form_is_found_when_the_file_leaves_no_doubt(stamps: list[str], form: str) -> None:
    assert found(*stamps) == form


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["01/02/2018 00:15", "03/04/2018 00:15"], r"could be %d/%m/%Y %H:%M or %m/%d/%Y %H:%M; give --time-format"),
        (["D-1/3/90"], "no known form; give --time-format"),
        (["13/01/2018 00:15", "01/13/2018 00:15"], "no known form"),
        ([], "no time stamp at all"),
    ],
)
def test_doubt_is_the_operators_to_settle(stamps: list[str], message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        found(*stamps)


def test_midnight_stamped_on_the_day_it_ends_is_moved_and_counted() -> None:
    reader = StampReader("%d/%m/%Y %H:%M", HANOI)
    assert utc(reader, "01/01/2018 23:30", "01/01/2018 23:45", "01/01/2018 00:00", "02/01/2018 00:15") == [
        "01-01 16:30", "01-01 16:45", "01-01 17:00", "01-01 17:15"
    ]  # fmt: skip
    assert reader.oddities.shifted_midnights == 1


def test_an_ordinary_midnight_is_left_alone() -> None:
    reader = StampReader("iso", HANOI)
    utc(reader, "2018-01-01 23:45", "2018-01-02 00:00", "2018-01-02 00:15")
    assert reader.oddities.shifted_midnights == 0


def test_a_midnight_far_from_its_neighbour_is_disorder_not_the_quirk() -> None:
    reader = StampReader("iso", HANOI)
    utc(reader, "2018-01-01 10:00", "2018-01-01 10:15", "2018-01-01 00:00")
    assert reader.oddities.shifted_midnights == 0


def test_repeated_hour_second_occurrence_is_an_hour_later() -> None:
    reader = StampReader("iso", ROME)
    assert utc(reader, "2021-10-31 01:00", "2021-10-31 02:00", "2021-10-31 02:00", "2021-10-31 03:00") == [
        "10-30 23:00", "10-31 00:00", "10-31 01:00", "10-31 02:00"
    ]  # fmt: skip
    assert reader.oddities.repeated_hour == 1


def test_repeated_hour_at_half_hour_steps() -> None:
    reader = StampReader("iso", ROME)
    stamps = [f"2021-10-31 {hm}" for hm in ("02:00", "02:30", "02:00", "02:30", "03:00")]
    assert utc(reader, *stamps) == ["10-31 00:00", "10-31 00:30", "10-31 01:00", "10-31 01:30", "10-31 02:00"]
    assert reader.oddities.repeated_hour == 2


def test_jump_to_summer_time_leaves_no_gap_in_utc() -> None:
    reader = StampReader("iso", CHICAGO)
    assert utc(reader, "2022-03-13 01:55:00", "2022-03-13 03:00:00") == ["03-13 07:55", "03-13 08:00"]
    assert reader.oddities.nonexistent == 0


def test_a_stamp_in_the_missing_hour_is_taken_on_the_old_clock_and_counted() -> None:
    reader = StampReader("iso", CHICAGO)
    assert utc(reader, "2022-03-13 02:30:00") == ["03-13 08:30"]
    assert reader.oddities.nonexistent == 1


def test_an_offset_in_the_stamp_beats_the_zone() -> None:
    assert utc(StampReader("iso", ROME), "2022-01-01T00:00:00+07:00") == ["12-31 17:00"]


@pytest.mark.parametrize(("form", "stamp"), [("epoch", "1600000000"), ("epoch_ms", "1600000000000")])
def test_epochs(form: str, stamp: str) -> None:
    assert StampReader(form, ROME).utc_ms(stamp) == 1_600_000_000_000


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("1h", 3600), ("1d", 86_400), ("0.5h", 1800)])
def test_steps(text: str, seconds: float) -> None:
    assert parse_step(text) == seconds


@pytest.mark.parametrize("text", ["1", "h", "-1h", "0s", "1 week"])
def test_a_bad_step_is_named(text: str) -> None:
    with pytest.raises(OperatorError, match="--step"):
        parse_step(text)


def test_start_is_local_or_epoch() -> None:
    assert parse_start("2020-01-01T00:00", HANOI) == 1_577_811_600_000
    assert parse_start("1577811600", HANOI) == 1_577_811_600_000
    with pytest.raises(OperatorError, match="--start: 'soon'"):
        parse_start("soon", HANOI)
