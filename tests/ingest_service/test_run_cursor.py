"""The cursor's rules: base, contiguity, holes, duplicates; by example and by any order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from ingest_service.state.run_cursor import RunCursor
from ingest_service.state.sequence_ranges import SequenceRanges


def cursor_after(*arrivals: tuple[int, int]) -> tuple[RunCursor, list[bool]]:
    """The cursor after ``(seq, oldest)`` pairs, and whether each was new."""
    cursor = RunCursor.starting_at(arrivals[0][1])
    return cursor, [cursor.arrive(seq, oldest) for seq, oldest in arrivals]


def test_in_order_moves_through() -> None:
    cursor, new = cursor_after((1, 1), (2, 1), (3, 2))
    assert (cursor.through, cursor.missing, new) == (3, 0, [True, True, True])


def test_out_of_order_waits_for_the_gap() -> None:
    cursor, _ = cursor_after((1, 1), (3, 1), (4, 1))
    assert (cursor.through, cursor.missing) == (1, 0)
    cursor.arrive(2, 1)
    assert (cursor.through, cursor.missing) == (4, 0)


def test_an_unknown_run_starts_below_what_the_gateway_still_waits_for() -> None:
    cursor, _ = cursor_after((503, 501))
    assert (cursor.base, cursor.through, cursor.missing) == (500, 500, 0)


def test_a_stored_batch_is_a_duplicate() -> None:
    _, new = cursor_after((1, 1), (1, 1), (3, 1), (3, 1))
    assert new == [True, False, True, False]


def test_what_the_gateway_no_longer_holds_is_missing_and_the_cursor_moves_on() -> None:
    cursor, _ = cursor_after((1, 1), (3, 1), (8, 6))
    assert (cursor.through, cursor.missing) == (5, 3)
    cursor.arrive(6, 6)
    cursor.arrive(7, 6)
    assert (cursor.through, cursor.missing) == (8, 3)


def test_a_missing_batch_that_comes_after_all_is_new_and_no_longer_missing() -> None:
    cursor, _ = cursor_after((1, 1), (5, 5))
    assert cursor.arrive(3, 5)
    assert (cursor.through, cursor.missing) == (5, 2)
    assert not cursor.arrive(3, 5)


def test_a_batch_from_before_the_base_is_stored_but_was_never_missing() -> None:
    cursor, _ = cursor_after((10, 10))
    assert cursor.arrive(4, 4)
    assert (cursor.through, cursor.missing) == (10, 0)


@given(st.permutations(list(range(1, 30))), st.data())
def test_any_order_with_duplicates_and_reloads_ends_complete(order: list[int], data: st.DataObject) -> None:
    cursor = RunCursor.starting_at(1)
    for position, seq in enumerate(order):
        assert cursor.arrive(seq, 1)
        again = data.draw(st.sampled_from(order[: position + 1]))
        assert not cursor.arrive(again, 1)
        assert cursor.missing == 0
        # What is written down is all there is.
        cursor = RunCursor(cursor.base, cursor.through, SequenceRanges.parse(str(cursor.stored)))
    assert (cursor.through, str(cursor.stored)) == (29, "1-29")


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=60))
def test_against_a_plain_set(arrivals: list[tuple[int, int]]) -> None:
    cursor = RunCursor.starting_at(arrivals[0][1])
    stored: set[int] = set()
    base = through = arrivals[0][1] - 1
    for seq, oldest in arrivals:
        assert cursor.arrive(seq, oldest) == (seq not in stored)
        stored.add(seq)
        through = max(through, oldest - 1)
        while through + 1 in stored:
            through += 1
        assert cursor.through == through
        assert cursor.missing == len(set(range(base + 1, through + 1)) - stored)


@given(st.lists(st.integers(1, 40)))
def test_ranges_are_a_set(numbers: list[int]) -> None:
    ranges = SequenceRanges()
    for number in numbers:
        ranges.add(number)
    assert {n for n in range(45) if n in ranges} == set(numbers)
    assert str(SequenceRanges.parse(str(ranges))) == str(ranges)
    assert ranges.count_between(5, 20) == len({n for n in numbers if 5 <= n <= 20})
