"""Sends lines in requests of bounded size and finds out, row by row, what became of them."""

from collections.abc import Awaitable, Callable, Sequence

from telemetry_store.influx_status import (
    Handling,
    WriteAnswer,
    dropped_rows,
    handling,
    reject_reason,
    retry_after_seconds,
)
from telemetry_store.line_protocol import body
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
            await self._send_slices(start, min(start + MAX_ROWS_PER_REQUEST, len(self._lines)))
        answer = self._refusal
        return WriteOutcome(
            total=total,
            rejected=tuple(sorted((*refused, *self._rejected), key=lambda rejection: rejection.index)),
            kept=tuple(self._kept),
            kept_detail=f"{self._database}: {answer.status or 'no answer'}: {answer.message}" if answer else "",
            retry_after_seconds=retry_after_seconds(answer.retry_after) if answer else None,
        )

    async def _send_slices(self, start: int, stop: int) -> None:
        waiting = [(start, stop)]
        while waiting:
            start, stop = waiting.pop()
            if self._refusal is not None:
                self._kept.extend(self._indices[start:stop])
                continue
            text = body(self._lines[start:stop])
            if len(text) > MAX_REQUEST_BYTES and stop - start > 1:
                waiting += _halves(start, stop)
                continue
            answer = await self._post(text)
            verdict = handling(answer)
            if verdict is Handling.KEEP:
                self._refusal = answer
                self._kept.extend(self._indices[start:stop])
            elif verdict is not Handling.ACCEPTED and not self._settle(verdict, answer, start, stop):
                waiting += _halves(start, stop)

    def _settle(self, verdict: Handling, answer: WriteAnswer, start: int, stop: int) -> bool:
        """Reject the slice when its fate is clear; ``False`` when it has to be halved."""
        alone = stop - start == 1
        if verdict is Handling.SPLIT:
            if alone:
                self._reject(start, stop, RejectReason.OTHER, f"one row is too large: {answer.message}")
            return alone
        if alone or dropped_rows(answer.message) == stop - start:
            self._reject(start, stop, reject_reason(answer.message), answer.message)
            return True
        return False

    def _reject(self, start: int, stop: int, reason: RejectReason, detail: str) -> None:
        self._rejected.extend(Rejection(index, reason, detail) for index in self._indices[start:stop])


def _halves(start: int, stop: int) -> list[tuple[int, int]]:
    """Both halves, the first one last: that is the one taken next."""
    middle = (start + stop) // 2
    return [(middle, stop), (start, middle)]
