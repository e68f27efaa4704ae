"""How many runs of one gateway are remembered: a sender that invents run after run must not make the state grow. Pure.

A gateway begins a new run only with a new outbox file, or with one restored from an older copy.
"""

from collections.abc import Iterable

from ingest_service.state.run_cursor import RunCursor, RunKey

MAX_RUNS_PER_GATEWAY = 64
RESTED_MS = 86_400_000
"""A run without holes in which nothing came for so long gives its place to a new one: no more than that many a day."""
HOLDS_NO_MORE_MS = 60 * 86_400_000
"""No log of a gateway reaches back further, so holes that are older never close."""


def give_room(runs: Iterable[tuple[RunKey, RunCursor]], now_ms: int) -> list[RunKey] | None:
    """The runs of a gateway that must go so that one more can begin, those at rest for longest; ``None``: no room."""
    known = sorted(runs, key=lambda run: run[1].changed_ms)
    too_many = len(known) - MAX_RUNS_PER_GATEWAY + 1
    if too_many <= 0:
        return []
    may_go = [key for key, cursor in known if _may_go(cursor, now_ms - cursor.changed_ms)]
    return may_go[:too_many] if len(may_go) >= too_many else None


def _may_go(cursor: RunCursor, rested_ms: int) -> bool:
    is_finished = next(cursor.holes(), None) is None
    return rested_ms >= (RESTED_MS if is_finished else HOLDS_NO_MORE_MS)
