"""Write, commit, acknowledge: in this order, for every outcome the store can give."""

import asyncio
import sqlite3
from typing import Any

import pytest

from ingest_service.settings import IngestSettings
from ingest_service.state.settlement import Count
from telemetry_model.reading import InstrumentStatus, Reading
from telemetry_model.senml_json import encode_pack
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, POWER, a_delivery, a_pack, numbered, stored_values
from tests.ingest_service.conftest import Rig


def counts(rig: Rig) -> dict[str, int]:
    return {str(name): number for name, number in rig.state.counts.items() if number}


async def test_accepted_rows_are_stored_counted_and_acknowledged(rig: Rig) -> None:
    deliveries = [a_delivery(a_pack(1, 2), numbered("r", 1)), a_delivery(a_pack(9, start_ms=NOW_MS), numbered("r", 2))]
    await rig.take(*deliveries)
    assert list((await stored_values(rig.store)).values()) == [1, 2, 9]
    assert counts(rig) == {
        "readings_received": 3, "readings_stored": 3, "batches_received": 2, "batches_stored": 2,
    }  # fmt: skip
    assert rig.subscriber.acknowledged == deliveries


async def test_nothing_is_acknowledged_before_store_and_state_have_it(rig: Rig) -> None:
    seen: list[tuple[int, int]] = []
    rig.store.on_write = lambda: seen.append((len(rig.subscriber.acknowledged), rig.state.counts[Count.BATCHES_STORED]))
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    assert seen == [(0, 0)]


async def test_kept_rows_are_tried_again_alone_until_they_are_stored(rig: Rig) -> None:
    rig.store.keep = lambda attempt, row: attempt < 4 and row.value == 2
    await rig.take(a_delivery(a_pack(1, 2, 3), numbered("r", 1)))
    assert rig.store.attempts == 4
    assert list((await stored_values(rig.store)).values()) == [1, 2, 3]
    assert rig.writer.retries == 3


async def test_while_rows_are_kept_the_service_is_not_ready_and_nothing_is_acknowledged(rig: Rig) -> None:
    rig.store.keep = lambda attempt, row: True
    task = asyncio.create_task(rig.take(a_delivery(a_pack(1), numbered("r", 1))))
    async with asyncio.timeout(10):
        while rig.store.attempts < 3:  # noqa: ASYNC110 - the store is the one that knows
            await asyncio.sleep(0.005)
    assert rig.view.problems()["store"] == "store is full"
    assert not rig.subscriber.acknowledged
    rig.store.keep = lambda attempt, row: False
    await asyncio.wait_for(task, 10)
    assert "store" not in rig.view.problems()
    assert len(rig.subscriber.acknowledged) == 1


async def test_the_stores_own_hint_is_honoured(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    really = asyncio.sleep

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await really(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    rig.store.retry_after_seconds = 7.0
    rig.store.keep = lambda attempt, row: attempt < 2
    await rig.take(a_delivery(a_pack(1)))
    assert waited == [7.0]


async def test_a_row_rejected_for_good_goes_to_quarantine_and_its_batch_is_done(rig: Rig) -> None:
    rig.store.reject = lambda row: row.value == 2
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)), a_delivery(a_pack(2, 3), numbered("r", 2)))
    [record] = rig.quarantine.records()
    assert (record.reason, record.topic) == ("store_type_conflict", "ecopark/1/thu/gw-1/readings")
    assert b'"v":2.0' in record.payload
    assert (rig.state.counts[Count.READINGS_STORED], rig.state.counts[Count.READINGS_QUARANTINED]) == (2, 1)
    assert rig.state.latest_runs()["gw-1"].run == "r"


async def test_rejected_and_kept_in_one_write_find_their_own_rows(rig: Rig) -> None:
    rig.store.reject = lambda row: row.value in (2, 5)
    rig.store.keep = lambda attempt, row: attempt < 3 and row.value in (3, 5, 6)
    await rig.take(a_delivery(a_pack(1, 2, 3, 4, 5, 6)))
    assert list((await stored_values(rig.store)).values()) == [1, 3, 4, 6]
    assert [b'"v":2.0' in r.payload or b'"v":5.0' in r.payload for r in rig.quarantine.records()] == [True, True]


async def test_a_batch_that_comes_again_is_acknowledged_counted_and_not_written(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    assert rig.store.attempts == 1
    assert len(rig.subscriber.acknowledged) == 2
    assert (rig.state.counts[Count.READINGS_STORED], rig.state.counts[Count.BATCHES_DUPLICATE]) == (1, 1)


async def test_twice_in_one_round_is_a_duplicate_too(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)), a_delivery(a_pack(1), numbered("r", 1)))
    assert rig.state.counts[Count.READINGS_STORED] == 1


async def test_the_same_numbers_from_another_gateway_or_run_are_not_duplicates(rig: Rig) -> None:
    await rig.take(
        a_delivery(a_pack(1), numbered("r", 1)),
        a_delivery(a_pack(2), numbered("r2", 1)),
        a_delivery(a_pack(3, point="wm-1.flow"), numbered("r", 1), gateway="gw-2"),
    )
    assert rig.state.counts[Count.BATCHES_DUPLICATE] == 0


@pytest.mark.parametrize(
    "properties",
    [{}, {"run": "r"}, {"run": "r", "seq": "0"}, {"run": "r", "seq": "-1"}, {"run": "r", "seq": "9" * 40},
     {"run": "x" * 100, "seq": "1"}, {"seq": "1"}],
)  # fmt: skip
async def test_a_pack_without_usable_numbers_is_accepted(rig: Rig, properties: dict[str, str]) -> None:
    await rig.take(a_delivery(a_pack(1), properties))
    assert rig.state.counts[Count.READINGS_STORED] == 1
    assert not rig.state.cursors


async def test_a_topic_that_names_no_gateway_is_quarantined(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1), gateway=""))
    assert [record.reason for record in rig.quarantine.records()] == ["unknown_topic"]


async def test_a_crash_between_store_and_state_counts_once(settings: IngestSettings) -> None:
    first = Rig(settings)
    intake_rows = a_delivery(a_pack(1, 2), numbered("r", 1))
    first.subscriber.receive(intake_rows.message)
    intake = await first.pipeline.collect()
    await first.writer.write(intake.rows)
    await first.close()
    second = Rig(settings)
    await second.take(intake_rows)
    assert second.state.counts[Count.READINGS_STORED] == 2
    assert list((await stored_values(second.store)).values()) == [1, 2]
    await second.close()


async def test_a_disk_that_takes_no_state_delays_the_acknowledgement(rig: Rig, settings: IngestSettings) -> None:
    rig.state._connection.execute("PRAGMA busy_timeout=10")
    with sqlite3.connect(settings.state_path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(rig.take(a_delivery(a_pack(1), numbered("r", 1))))
        async with asyncio.timeout(10):
            while not rig.pipeline.state_problem:  # noqa: ASYNC110 - another thread reports it
                await asyncio.sleep(0.005)
        assert "state" in rig.view.problems()
        assert not rig.subscriber.acknowledged
        other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(task, 10)
    assert rig.state.counts[Count.BATCHES_STORED] == 1
    assert "state" not in rig.view.problems()


async def test_status_and_reason_reach_the_store(rig: Rig) -> None:
    reading = Reading(POWER, NOW_MS, None, InstrumentStatus.FAULT, "device_timeout")  # type: ignore[arg-type]
    await rig.take(a_delivery(encode_pack([reading], {})))
    query = SeriesQuery("energy", (Select("active_power_kw"), Select("status"), Select("reason")), 0, 2 * NOW_MS)
    [series] = await rig.store.select(query)
    assert series.rows == [(NOW_MS, None, 2, "device_timeout")]
    assert rig.state.counts[Count.READINGS_NO_VALUE] == 1


async def test_latency_is_taken_from_fresh_batches_only(rig: Rig) -> None:
    await rig.take(
        a_delivery(a_pack(1), numbered("r", 1, created_ms=NOW_MS - 250)),
        a_delivery(a_pack(2), numbered("r", 2, created_ms=NOW_MS - 3_600_000)),
        a_delivery(a_pack(3)),
    )
    assert (rig.pipeline.latency.count, rig.pipeline.latency.percentile_ms(0.99)) == (1, 250)


async def test_a_round_ends_at_the_window_so_that_the_broker_never_waits(settings: IngestSettings) -> None:
    changes: dict[str, Any] = {"receive_maximum": 3, "batch_max_age_seconds": 60.0}
    rig = Rig(IngestSettings(**{**{f: getattr(settings, f) for f in settings.__struct_fields__}, **changes}))
    for seq in range(1, 6):
        rig.subscriber.receive(a_delivery(a_pack(seq), numbered("r", seq)).message)
    assert len((await rig.pipeline.collect()).deliveries) == 3
    await rig.close()


async def test_a_full_quarantine_drops_its_oldest_and_says_so(settings: IngestSettings) -> None:
    values = {f: getattr(settings, f) for f in settings.__struct_fields__}
    rig = Rig(IngestSettings(**{**values, "quarantine_max_records": 3}))
    packs = [a_delivery(a_pack(n, point="em-9.active_power"), numbered("r", n)) for n in range(1, 6)]
    for pack in packs:
        await rig.take(pack)
    assert [b'"v":%d.0' % n in r.payload for n, r in zip((3, 4, 5), rig.quarantine.records(), strict=True)] == [
        True
    ] * 3
    assert rig.state.counts[Count.QUARANTINE_DROPPED] == 2
    await rig.close()
