"""Late readings leave a mark in the store: after their rows, before the acknowledgement, and only they."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ingest_service.http_intake import HttpIntake
from ingest_service.late_marks import GAP_MS, LateMarks, LateTimes
from ingest_service.quarantine_replay import REPLICA, replay_quarantine
from ingest_service.settings import IngestSettings
from ingest_service.state.settlement import Count
from service_runtime.clock import ManualClock
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack
from telemetry_model.storage_schema import LATE_ARRIVALS, RECORD_FIELDS, RECORD_TAGS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, WriteOutcome
from tests.ingest_service.builders import (
    ENERGY,
    FLOW,
    NOW_MS,
    POWER,
    a_delivery,
    a_pack,
    a_park,
    numbered,
    stored_values,
)
from tests.ingest_service.conftest import Rig

HOUR = 3_600_000
DAY = 24 * HOUR


async def marks_in(store: TelemetryStore) -> list[tuple[str, int, int, int]]:
    """Device, oldest, newest and count of every mark, in the order of their times."""
    columns = tuple(Select(name) for name in RECORD_FIELDS[LATE_ARRIVALS])
    query = SeriesQuery(LATE_ARRIVALS, columns, 0, 2 * NOW_MS, group_by=("device", "replica"))
    rows = [(row[0], result.tags["device"], *row[1:]) for result in await store.select(query) for row in result.rows]
    return [row[1:] for row in sorted(rows)]  # type: ignore[misc]


def bare_pack(point: str, time_ms: int) -> bytes:
    """One reading in the point's own unit."""
    return encode_pack([Reading(point, time_ms, 7.0)], {})


def late_times(*times_ms: int, point: str = POWER) -> LateTimes:
    park = a_park()
    series = PointSeries.of(park.points[point], park.id)
    late = LateTimes()
    late.note([ReadingRow(series, time_ms, 1.0) for time_ms in times_ms], NOW_MS)
    return late


async def test_what_comes_in_time_leaves_no_mark_and_asks_nothing_more_of_the_store(rig: Rig) -> None:
    async def refuse(rows: Sequence[RecordRow]) -> WriteOutcome:
        raise AssertionError(rows)

    rig.store.write_records = refuse  # type: ignore[method-assign]
    await rig.take(a_delivery(a_pack(1, 2), numbered("r", 1)))
    assert len(await stored_values(rig.store)) == 2


async def test_late_readings_of_a_round_are_one_mark_of_their_device(rig: Rig) -> None:
    await rig.take(
        a_delivery(a_pack(1, 2, start_ms=NOW_MS - DAY), numbered("r", 1)),
        a_delivery(bare_pack(ENERGY, NOW_MS - DAY + 2000), numbered("r", 2)),
        a_delivery(a_pack(4, start_ms=NOW_MS), numbered("r", 3)),
    )
    assert await marks_in(rig.store) == [("em-1", NOW_MS - DAY, NOW_MS - DAY + 2000, 3)]


async def test_the_mark_follows_the_rows_and_goes_before_the_acknowledgement(rig: Rig) -> None:
    seen: list[tuple[int, int]] = []
    inner = rig.store.write_records

    async def noted(rows: Sequence[RecordRow]) -> WriteOutcome:
        seen.append((len(await stored_values(rig.store)), len(rig.subscriber.acknowledged)))
        return await inner(rows)

    rig.store.write_records = noted  # type: ignore[method-assign]
    await rig.take(a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1)))
    assert seen == [(1, 0)]


async def test_a_mark_that_is_kept_is_tried_again_before_anything_is_acknowledged(rig: Rig) -> None:
    attempts: list[int] = []
    inner = rig.store.write_records

    async def twice_kept(rows: Sequence[RecordRow]) -> WriteOutcome:
        attempts.append(len(rig.subscriber.acknowledged))
        if len(attempts) < 3:
            return WriteOutcome(len(rows), kept=tuple(range(len(rows))), kept_detail="store is full")
        return await inner(rows)

    rig.store.write_records = twice_kept  # type: ignore[method-assign]
    await rig.take(a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1)))
    assert attempts == [0, 0, 0]
    assert len(await marks_in(rig.store)) == 1


async def test_what_came_in_time_but_waited_for_the_store_is_marked(rig: Rig) -> None:
    inner = rig.store.write_readings

    async def away_for_two_hours(rows: Sequence[ReadingRow]) -> WriteOutcome:
        if rig.clock.now_ms() > NOW_MS:
            return await inner(rows)
        rig.clock.advance(7200)
        return WriteOutcome(len(rows), kept=tuple(range(len(rows))), kept_detail="no answer")

    rig.store.write_readings = away_for_two_hours  # type: ignore[method-assign]
    await rig.take(a_delivery(a_pack(1, start_ms=NOW_MS), numbered("r", 1)))
    assert await marks_in(rig.store) == [("em-1", NOW_MS, NOW_MS, 1)], "its hour may have been summed up meanwhile"


async def test_a_crash_between_rows_and_state_marks_them_when_they_come_again(rig: Rig) -> None:
    delivery = a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1))
    rig.subscriber.receive(delivery.message)
    intake = await rig.pipeline.collect()
    await rig.writer.write(intake.rows)
    await rig.take(delivery)
    assert len(await marks_in(rig.store)) == 1


async def test_what_came_in_time_and_waited_for_the_store_is_marked_when_it_is_written(rig: Rig) -> None:
    def away_for_hours() -> None:
        rig.store.on_write = lambda: None
        rig.clock.advance(2 * 3600)

    rig.store.on_write = away_for_hours
    rig.store.keep = lambda attempt, row: attempt == 1
    await rig.take(
        a_delivery(a_pack(1, 2, start_ms=NOW_MS), numbered("r", 1)),
        a_delivery(a_pack(3, start_ms=NOW_MS - DAY), numbered("r", 2)),
    )
    assert await marks_in(rig.store) == [
        ("em-1", NOW_MS - DAY, NOW_MS - DAY, 1),
        ("em-1", NOW_MS, NOW_MS + 1000, 2),
    ]
    assert (rig.store.attempts, rig.state.counts[Count.READINGS_LATE]) == (2, 1)


async def test_what_waited_for_the_store_but_is_not_late_leaves_no_mark(rig: Rig) -> None:
    rig.store.on_write = lambda: rig.clock.advance(300)
    await rig.take(a_delivery(a_pack(1, start_ms=NOW_MS - 200_000), numbered("r", 1)))
    assert await marks_in(rig.store) == []


async def test_a_mark_that_waited_for_the_store_is_stamped_anew(rig: Rig) -> None:
    inner, stamps = rig.store.write_records, []

    async def slow_at_first(rows: Sequence[RecordRow]) -> WriteOutcome:
        stamps.append(rows[0].time_ms)
        if len(stamps) > 1:
            return await inner(rows)
        rig.clock.advance(3600)
        return WriteOutcome(len(rows), kept=tuple(range(len(rows))), kept_detail="away")

    rig.store.write_records = slow_at_first  # type: ignore[method-assign]
    await rig.take(a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1)))
    assert stamps == [NOW_MS, NOW_MS, NOW_MS + HOUR]
    assert len(await marks_in(rig.store)) == 2


async def test_a_refilled_batch_is_marked(rig: Rig) -> None:
    delivery = a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1))
    await rig.take(delivery)
    await rig.state.begin_refills(NOW_MS - 2 * DAY, (), NOW_MS)
    rig.clock.advance(60)
    await rig.take(delivery)
    assert len(await marks_in(rig.store)) == 2


async def test_a_duplicate_is_not_marked_again(rig: Rig) -> None:
    delivery = a_delivery(a_pack(1, start_ms=NOW_MS - DAY), numbered("r", 1))
    await rig.take(delivery)
    await rig.take(delivery)
    assert len(await marks_in(rig.store)) == 1


async def test_a_correction_without_a_reason_takes_the_stored_reason_back(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(9999, start_ms=NOW_MS - DAY), numbered("r", 1)))
    await rig.take(a_delivery(a_pack(50, start_ms=NOW_MS - DAY)))
    query = SeriesQuery("energy", (Select("active_power_kw"),), 0, NOW_MS, measuring_only=True)
    [series] = await rig.store.select(query)
    assert series.rows == [(NOW_MS - DAY, 50.0)]


async def test_a_correction_uploaded_over_http_counts_at_once_and_is_marked(
    settings: IngestSettings, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[sources]]\nname = "lab"\ntoken_sha256 = "' + "ab" * 32 + '"\ngateway = "gw-1"\n')
    rig = Rig(msgspec.structs.replace(settings, http_sources_file=str(sources)))
    await rig.take(a_delivery(a_pack(9999, 9999, start_ms=NOW_MS - DAY), numbered("r", 1)))
    intake = HttpIntake(rig.reception, rig.subscriber, rig.clock)
    source = rig.reception.sources.by_name["lab"]
    body = a_pack(41, 42, start_ms=NOW_MS - DAY)
    rig.clock.advance(5)
    waiting = asyncio.create_task(intake.submit(source, "application/senml+json", body))
    await rig.pipeline.process(await rig.pipeline.collect())
    assert (await waiting).stored == 2
    query = SeriesQuery("energy", (Select("active_power_kw"),), 0, NOW_MS, measuring_only=True)
    assert [row[1] for series in await rig.store.select(query) for row in series.rows] == [41.0, 42.0]
    assert len(await marks_in(rig.store)) == 2
    await rig.close()


async def test_what_the_quarantine_releases_late_is_marked(rig: Rig) -> None:
    await rig.take(a_delivery(bare_pack("wq-1.ph", NOW_MS - DAY)))
    assert [record.reason for record in rig.quarantine.records()] == ["wrong_gateway"]
    points = Path(rig.settings.park_folder) / "points.csv"
    points.write_text(points.read_text().replace("pH,,,gw-2", "pH,,,gw-1"))
    assert (await replay_quarantine(rig.settings, None)).released == 1
    query = SeriesQuery(LATE_ARRIVALS, (Select("readings"),), 0, 4 * NOW_MS, group_by=("replica",))
    assert [result.tags for result in await rig.store.select(query)] == [{"replica": REPLICA}]


def test_stretches_far_apart_are_marks_of_their_own() -> None:
    late = late_times(NOW_MS - DAY, NOW_MS - DAY + GAP_MS, NOW_MS - DAY - GAP_MS - 1)
    assert [stretch[2:] for stretch in late.stretches()] == [
        (NOW_MS - DAY - GAP_MS - 1, NOW_MS - DAY - GAP_MS - 1, 1),
        (NOW_MS - DAY, NOW_MS - DAY + GAP_MS, 2),
    ]


def test_devices_of_one_message_are_marks_of_their_own_and_counted_apart() -> None:
    park = a_park()
    late = LateTimes()
    series = {point: PointSeries.of(park.points[point], park.id) for point in (POWER, ENERGY, FLOW)}
    late.note([ReadingRow(series[point], NOW_MS - DAY + n, 1.0) for n, point in enumerate(series)], NOW_MS)
    late.note([ReadingRow(series[POWER], NOW_MS - DAY + GAP_MS, 1.0)], NOW_MS)
    assert list(late.stretches()) == [
        ("thu", "em-1", NOW_MS - DAY, NOW_MS - DAY + GAP_MS, 3),
        ("thu", "wm-1", NOW_MS - DAY + 2, NOW_MS - DAY + 2, 1),
    ]


def test_a_message_that_is_partly_late_marks_only_what_is() -> None:
    assert [stretch[2:] for stretch in late_times(NOW_MS - HOUR, NOW_MS - 1000).stretches()] == [
        (NOW_MS - HOUR, NOW_MS - HOUR, 1)
    ]


@pytest.mark.parametrize(("age_ms", "is_late"), [(600_000, False), (600_001, True)])
def test_late_is_what_admission_calls_late(age_ms: int, is_late: bool) -> None:
    assert bool(late_times(NOW_MS - age_ms)) is is_late


def test_the_times_of_marks_grow_strictly_also_when_the_clock_does_not() -> None:
    marks = LateMarks("one", ManualClock(NOW_MS))
    rows = [*marks.rows(late_times(NOW_MS - DAY, NOW_MS - 3 * DAY)), *marks.rows(late_times(NOW_MS - DAY))]
    assert [row.time_ms for row in rows] == [NOW_MS, NOW_MS + 1, NOW_MS + 2]


def test_a_mark_has_the_tags_and_fields_of_the_schema() -> None:
    [row] = LateMarks("one", ManualClock(NOW_MS)).rows(late_times(NOW_MS - DAY))
    assert tuple(row.tags) == RECORD_TAGS[LATE_ARRIVALS]
    assert set(row.fields) == set(RECORD_FIELDS[LATE_ARRIVALS])
