"""What a replay releases moves from quarantined to stored in the ledger, by a correction that adds up."""

from pathlib import Path

from ingest_service.batch_identity import REPLAYED, identity_of
from ingest_service.quarantine_replay import replay_quarantine
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, POWER, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig

NEW_POINT = "em-2.active_power"


def sums(rig: Rig) -> tuple[int, int, int]:
    """Readings received, stored and quarantined, over all lines; each line adds up by itself."""
    lines = rig.book.lines(0, 4_000_000_000_000)
    assert all(line.received == line.stored + line.quarantined for line in lines)
    return (
        sum(line.received for line in lines),
        sum(line.stored for line in lines),
        sum(line.quarantined for line in lines),
    )


def register(rig: Rig) -> None:
    points = Path(rig.settings.park_folder) / "points.csv"
    points.write_text(points.read_text() + f"{NEW_POINT},firm,zone-a,energy,kW,,,gw-1\n")


async def test_a_released_reading_is_corrected_in_a_line_of_its_own(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(5, 6, point=NEW_POINT), numbered("r", 1)), a_delivery(a_pack(1), numbered("r", 2)))
    assert sums(rig) == (3, 1, 2)
    register(rig)
    await replay_quarantine(rig.settings, None)
    assert sums(rig) == (3, 3, 0)
    [correction] = [line for line in rig.book.lines(0, 4_000_000_000_000) if line.run == REPLAYED]
    assert (correction.gateway, correction.stored, correction.quarantined) == ("gw-1", 2, -2)
    assert correction in await rig.state.unwritten_ledger(100)


async def test_a_reading_that_was_refused_twice_is_corrected_twice(rig: Rig) -> None:
    payload = a_pack(5, point=NEW_POINT)
    await rig.take(a_delivery(payload), a_delivery(payload))
    register(rig)
    await replay_quarantine(rig.settings, None)
    assert sums(rig) == (2, 2, 0)


async def test_what_a_refill_brings_again_is_counted_once(rig: Rig) -> None:
    batch = a_delivery(a_pack(5, point=NEW_POINT), numbered("r", 1))
    await rig.take(batch)
    await rig.state.begin_refills(0, [], NOW_MS)
    await rig.take(batch)
    assert [record.times for record in rig.quarantine.records()] == [1]
    register(rig)
    await replay_quarantine(rig.settings, None)
    assert sums(rig) == (1, 1, 0)


async def test_a_stored_reading_that_a_refill_finds_refused_is_kept_and_changes_no_count(rig: Rig) -> None:
    batch = a_delivery(a_pack(5), numbered("r", 1))
    await rig.take(batch)
    await rig.state.begin_refills(0, [], NOW_MS)
    rig.store.reject = lambda row: True
    await rig.take(batch)
    assert [record.times for record in rig.quarantine.records()] == [0]
    await replay_quarantine(rig.settings, None)
    assert (sums(rig), len(rig.quarantine.records())) == ((1, 1, 0), 0)


async def test_a_refill_takes_back_what_was_said_against_a_value(rig: Rig) -> None:
    batch = a_delivery(a_pack(501), numbered("r", 1))
    await rig.take(batch)
    rig.reception.bindings.all[POWER].high = 1_000.0
    await rig.state.begin_refills(0, [], NOW_MS)
    await rig.take(batch)
    query = SeriesQuery("energy", (Select("active_power_kw"), Select("reason")), 0, 2 * NOW_MS)
    [series] = await rig.store.select(query)
    assert [row[1:] for row in series.rows] == [(501.0, None)]


async def test_a_mended_mapping_decides_whose_reading_it_was(rig: Rig) -> None:
    admission = rig.reception.admit_again("lab/ph", "", b'[{"n":"wm-1.flow","t":1749999000,"v":7.1,"u":"pH"}]', NOW_MS)
    assert [row.series.point for row in admission.rows] == ["wq-1.ph"]


def test_no_gateway_may_call_its_run_like_the_ledgers_corrections() -> None:
    assert identity_of({"run": "replays", "seq": "1"}) is not None
    assert identity_of({"run": REPLAYED, "seq": "1"}) is None
