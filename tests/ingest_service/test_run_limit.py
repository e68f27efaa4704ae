"""Inventing runs does not make the state grow: those at rest give way, and when none is, new ones are refused."""

import pytest

from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.run_limit import HOLDS_NO_MORE_MS, MAX_RUNS_PER_GATEWAY, RESTED_MS, give_room
from tests.ingest_service.builders import NOW_MS


def runs(*ages_ms: int, with_hole: tuple[int, ...] = ()) -> list[tuple[RunKey, RunCursor]]:
    """Fresh ones first, up to one less than the limit; then one of each age, those at ``with_hole`` with a hole."""
    fresh = [0] * (MAX_RUNS_PER_GATEWAY - len(ages_ms))
    made = []
    for place, age_ms in enumerate([*ages_ms, *fresh]):
        cursor = RunCursor.starting_at(1)
        for seq in (1, 3) if place in with_hole else (1, 2):
            cursor.arrive(seq, 1)
        cursor.changed_ms = NOW_MS - age_ms
        made.append((RunKey("gw-1", str(place)), cursor))
    return made


def test_below_the_limit_nothing_goes() -> None:
    assert give_room(runs(RESTED_MS)[1:], NOW_MS) == []


def test_the_one_at_rest_for_longest_goes() -> None:
    assert give_room(runs(RESTED_MS, 3 * RESTED_MS, 2 * RESTED_MS), NOW_MS) == [RunKey("gw-1", "1")]


@pytest.mark.parametrize(
    ("age_ms", "with_hole", "goes"),
    [
        (RESTED_MS - 1, False, False),
        (RESTED_MS, False, True),
        (HOLDS_NO_MORE_MS - 1, True, False),
        (HOLDS_NO_MORE_MS, True, True),
    ],
)
def test_only_what_is_finished_or_can_no_longer_be_goes(age_ms: int, with_hole: bool, goes: bool) -> None:
    found = give_room(runs(age_ms, with_hole=(0,) if with_hole else ()), NOW_MS)
    assert found == ([RunKey("gw-1", "0")] if goes else None)


def test_a_state_with_far_too_many_comes_down_to_the_limit() -> None:
    many = runs(*[RESTED_MS] * 10) + [(RunKey("gw-1", f"more {n}"), RunCursor.starting_at(1)) for n in range(5)]
    going = give_room(many, NOW_MS)
    assert going is not None
    assert len(many) - len(going) == MAX_RUNS_PER_GATEWAY - 1
