"""How far a gateway's clock is from ours, from the times it writes on its messages.

A message's own time minus the time of its receipt is the clocks' difference minus the way it took. So the largest
value of the last minute comes nearest, and a positive one proves a clock that is ahead. A batch may have waited in
its log for days: only a health message, which is sent when it is made, can show a clock that is behind.
"""

from telemetry_model.reading import QualityFlag

WINDOW_MS = 30_000
"""The largest of this window and the one before it counts."""
_NEVER = float("-inf")


class GatewayClock:
    """One gateway's clock, as far as its messages tell."""

    __slots__ = ("_best_before_ms", "_best_ms", "_prompt_at_ms", "_window")

    def __init__(self) -> None:
        self._window = 0
        self._best_ms = self._best_before_ms = _NEVER
        self._prompt_at_ms = _NEVER

    def note(self, said_ms: int, received_at_ms: int, is_prompt: bool) -> None:
        """A message that says ``said_ms`` came at ``received_at_ms``; ``is_prompt`` when it cannot have waited."""
        window = received_at_ms // WINDOW_MS
        if window != self._window:
            self._best_before_ms = self._best_ms if window == self._window + 1 else _NEVER
            self._best_ms, self._window = _NEVER, window
        self._best_ms = max(self._best_ms, said_ms - received_at_ms)
        if is_prompt:
            self._prompt_at_ms = received_at_ms

    def skew_seconds(self, now_ms: int) -> float | None:
        """Positive when the gateway is ahead; ``None`` when nothing of the last minute tells.

        Without a prompt message a clock that seems behind is more likely a batch that waited.
        """
        age = now_ms // WINDOW_MS - self._window
        best_ms = max(self._best_ms, self._best_before_ms) if age == 0 else self._best_ms if age == 1 else _NEVER
        if best_ms == _NEVER or (best_ms < 0 and now_ms - self._prompt_at_ms > 2 * WINDOW_MS):
            return None
        return best_ms / 1000


def clock_flag(skew_seconds: float | None, limit_seconds: float) -> QualityFlag | None:
    """Which flag a difference deserves, if any."""
    if skew_seconds is None or abs(skew_seconds) <= limit_seconds:
        return None
    return QualityFlag.CLOCK_AHEAD if skew_seconds > 0 else QualityFlag.CLOCK_BEHIND
