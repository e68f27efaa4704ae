"""Sends lines in requests of bounded size and finds out, row by row, what became of them."""

from collections.abc import Awaitable, Callable, Sequence

from telemetry_store.influx_status import (
    Handling,
    WriteAnswer,
    blamed_field,
    dropped_rows,
    handling,
    reject_reason,
    retry_after_seconds,
)
from telemetry_store.line_protocol import body, escape_key
from telemetry_store.rows import Rejection, RejectReason, WriteOutcome

MAX_ROWS_PER_REQUEST = 5_000
MAX_REQUEST_BYTES = 1_000_000
"""Larger bodies would hold up the event loop while they are handed to the socket."""
Post = Callable[[bytes], Awaitable[WriteAnswer]]


class LineDelivery:
    """One write call: its lines, and the verdict on each.

    Rows go in order and one request at a time. After an answer that keeps its rows nothing more is sent: what
    follows is kept too, so that a database in trouble gets one request, not all of them.
    """

    def __init__(self, database: str, post: Post, lines: Sequence[str], indices: Sequence[int]) -> None:
        self._database = database
        self._post = post
        self._lines = lines
        self._indices = indices
        self._rejected: list[Rejection] = []
        self._kept: list[int] = []
        self._refusal: WriteAnswer | None = None

    async def send(self, total: int, refused: Sequence[Rejection]) -> WriteOutcome:
        """Send everything; ``refused`` are the rows of ``total`` that were not turned into lines at all."""
        for start in range(0, len(self._lines), MAX_ROWS_PER_REQUEST):
            await self._send_parts(range(start, min(start + MAX_ROWS_PER_REQUEST, len(self._lines))))
        answer = self._refusal
        return WriteOutcome(
            total=total,
            rejected=tuple(sorted((*refused, *self._rejected), key=lambda rejection: rejection.index)),
            kept=tuple(self._kept),
            kept_detail=f"{self._database}: {answer.status or 'no answer'}: {answer.message}" if answer else "",
            retry_after_seconds=retry_after_seconds(answer.retry_after) if answer else None,
        )

    async def _send_parts(self, whole: range) -> None:
        waiting: list[Sequence[int]] = [whole]
        while waiting:
            places = waiting.pop()
            if self._refusal is not None:
                self._kept.extend(self._indices[place] for place in places)
                continue
            text = body(self._lines_at(places))
            if len(text) > MAX_REQUEST_BYTES and len(places) > 1:
                waiting += _halves(places)
                continue
            answer = await self._post(text)
            verdict = handling(answer)
            if verdict is Handling.KEEP:
                self._refusal = answer
                self._kept.extend(self._indices[place] for place in places)
            elif verdict is not Handling.ACCEPTED:
                waiting += self._settle(verdict, answer, places)

    def _settle(self, verdict: Handling, answer: WriteAnswer, places: Sequence[int]) -> list[Sequence[int]]:
        """Reject the rows whose fate is clear; returns the others in parts to send again, the next one last."""
        alone = len(places) == 1
        if verdict is Handling.SPLIT:
            if alone:
                self._reject(places, RejectReason.OTHER, f"one row is too large: {answer.message}")
            return [] if alone else _halves(places)
        if not alone and dropped_rows(answer.message) != len(places):
            return _halves(places)
        # All are bad, but the answer speaks of one field: what has another one is asked about by itself.
        field = blamed_field(answer.message)
        blamed = [place for place in places if field and _has_field(self._lines[place], field)] or places
        self._reject(blamed, reject_reason(answer.message), answer.message)
        known = set(blamed)
        others = [place for place in places if place not in known]
        return [others] if others else []

    def _lines_at(self, places: Sequence[int]) -> Sequence[str]:
        first, last = places[0], places[-1]
        if last - first + 1 == len(places):
            return self._lines[first : last + 1]
        return [self._lines[place] for place in places]

    def _reject(self, places: Sequence[int], reason: RejectReason, detail: str) -> None:
        self._rejected.extend(Rejection(self._indices[place], reason, detail) for place in places)


def _halves(places: Sequence[int]) -> list[Sequence[int]]:
    """Both halves, the first one last: that is the one taken next."""
    middle = len(places) // 2
    return [places[middle:], places[:middle]]


def _has_field(line: str, field: str) -> bool:
    key = f"{escape_key(field)}="
    return f" {key}" in line or f",{key}" in line
