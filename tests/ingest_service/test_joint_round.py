"""A round judged alone is judged once more by what all replicas have: it stands as a whole, or it is stale."""

import pytest

from ingest_service.state.ingest_state import StaleRoundError
from ingest_service.state.joint_round import first_arrivals, settle_jointly
from ingest_service.state.refill import Refill
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.settlement import Arrival, Fate, LedgerKey, Settlement

KEY = RunKey("gw-1", "r")
LINE = LedgerKey("gw-1", "r", 0)


def a_round(*batches: tuple[int, Fate], oldest: int = 1) -> Settlement:
    return Settlement(arrivals=[Arrival(LINE, seq, oldest, 100 + seq, fate) for seq, fate in batches])


def a_cursor(*stored: int) -> RunCursor:
    cursor = RunCursor.starting_at(1)
    for seq in stored:
        cursor.arrive(seq, 1)
    return cursor


def test_batches_join_what_others_have_stored() -> None:
    cursor, settlement = a_cursor(2, 3), a_round((1, Fate.NEW), (5, Fate.NEW), (1, Fate.DUPLICATE))
    settle_jointly(settlement, {KEY: cursor}, {})
    assert (cursor.through, str(cursor.stored)) == (3, "1-3,5-5")
    assert settlement.ledger[LINE].through_seq == 3


def test_a_batch_that_is_no_longer_new_makes_the_round_stale() -> None:
    with pytest.raises(StaleRoundError, match="batch 2 of gw-1 is no longer new"):
        settle_jointly(a_round((1, Fate.NEW), (2, Fate.NEW)), {KEY: a_cursor(2)}, {})


def test_a_duplicate_that_nobody_has_makes_the_round_stale() -> None:
    with pytest.raises(StaleRoundError):
        settle_jointly(a_round((2, Fate.DUPLICATE)), {KEY: a_cursor(1)}, {})


@pytest.mark.parametrize(
    ("begun", "fate", "is_stale"),
    [(True, Fate.REFILLED, False), (True, Fate.DUPLICATE, True), (False, Fate.REFILLED, True)],
)
def test_a_refill_is_what_all_replicas_say_it_is(begun: bool, fate: Fate, is_stale: bool) -> None:
    refills = {KEY: Refill(0, 1, 2, 0)} if begun else {}
    settlement = a_round((1, fate))
    if is_stale:
        with pytest.raises(StaleRoundError):
            settle_jointly(settlement, {KEY: a_cursor(1, 2)}, refills)
    else:
        settle_jointly(settlement, {KEY: a_cursor(1, 2)}, refills)
        assert list(refills[KEY].outstanding()) == [(2, 2)]


def test_a_new_batch_within_a_refill_has_arrived_for_it_too() -> None:
    refill = Refill(0, 1, 2, 0)
    settle_jointly(a_round((2, Fate.NEW)), {KEY: a_cursor(1)}, {KEY: refill})
    assert refill.arrived_count == 1


def test_what_the_gateway_gave_up_moves_the_joint_cursor() -> None:
    cursor = a_cursor(1)
    settle_jointly(a_round((7, Fate.NEW), oldest=7), {KEY: cursor}, {})
    assert (cursor.through, cursor.missing, cursor.through_created_ms) == (7, 5, 107)


def test_runs_are_locked_in_one_order() -> None:
    arrivals = [Arrival(LedgerKey(gateway, "r", 0), 1, 1, 0, Fate.NEW) for gateway in ("gw-2", "gw-1", "gw-2")]
    assert [key.gateway for key in first_arrivals(Settlement(arrivals=arrivals))] == ["gw-1", "gw-2"]
