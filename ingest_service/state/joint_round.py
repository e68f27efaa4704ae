"""Judges a round's numbered batches once more, by what all replicas together have settled. Pure."""

from collections.abc import Mapping

from ingest_service.state.ingest_state import StaleRoundError
from ingest_service.state.refill import Refill
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.settlement import Arrival, Fate, Settlement


def first_arrivals(settlement: Settlement) -> dict[RunKey, Arrival]:
    """The first batch of each run in the round, by run in sorted order: all replicas lock runs in the same order."""
    found: dict[RunKey, Arrival] = {}
    for arrival in settlement.arrivals:
        found.setdefault(RunKey(arrival.key.gateway, arrival.key.run), arrival)
    return dict(sorted(found.items()))


def settle_jointly(
    settlement: Settlement, cursors: Mapping[RunKey, RunCursor], refills: Mapping[RunKey, Refill]
) -> None:
    """Let the round's batches arrive at the joint ``cursors`` and ``refills``, which are changed.

    Counts and rows of the round hold only if every batch is still what the round took it for; a batch that another
    replica has stored meanwhile is a duplicate by now. Then :class:`StaleRoundError` is raised, and cursors and refills
    are to be thrown away.
    """
    for arrival in settlement.arrivals:
        key = RunKey(arrival.key.gateway, arrival.key.run)
        is_new = cursors[key].arrive(arrival.seq, arrival.oldest, arrival.created_ms)
        refill = refills.get(key)
        is_wanted = refill is not None and refill.wants(arrival.seq)
        if refill is not None and is_wanted:
            refill.arrived.add(arrival.seq)
        if arrival.fate is not (Fate.NEW if is_new else Fate.REFILLED if is_wanted else Fate.DUPLICATE):
            raise StaleRoundError(f"batch {arrival.seq} of {key.gateway} is no longer {arrival.fate}")
        settlement.line(arrival.key).through_seq = cursors[key].through
