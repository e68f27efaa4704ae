"""A set of sequence numbers as disjoint ranges: a run's batches are nearly always one range from its first on."""

from bisect import bisect_right
from collections.abc import Iterator


class SequenceRanges:
    """Sorted, disjoint, non-adjacent ``[low, high]`` ranges."""

    __slots__ = ("_highs", "_lows")

    def __init__(self) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._lows, number) - 1
        return at >= 0 and number <= self._highs[at]

    def add(self, number: int) -> None:
        """Put a number in; joins the ranges it touches."""
        at = bisect_right(self._lows, number) - 1
        if at >= 0 and number <= self._highs[at]:
            return
        joins_left = at >= 0 and self._highs[at] == number - 1
        joins_right = at + 1 < len(self._lows) and self._lows[at + 1] == number + 1
        if joins_left and joins_right:
            self._highs[at] = self._highs.pop(at + 1)
            del self._lows[at + 1]
        elif joins_left:
            self._highs[at] = number
        elif joins_right:
            self._lows[at + 1] = number
        else:
            self._lows.insert(at + 1, number)
            self._highs.insert(at + 1, number)

    def end_of_range_at(self, number: int) -> int | None:
        """The highest number that follows ``number`` without a gap, or ``None`` when it is not in the set."""
        at = bisect_right(self._lows, number) - 1
        return self._highs[at] if at >= 0 and number <= self._highs[at] else None

    def count_between(self, low: int, high: int) -> int:
        """How many numbers of the set lie in ``[low, high]``."""
        return sum(
            min(high, range_high) - max(low, range_low) + 1
            for range_low, range_high in zip(self._lows, self._highs, strict=True)
            if range_low <= high and range_high >= low
        )

    def highest(self) -> int:
        """The highest number in the set; 0 when it is empty."""
        return self._highs[-1] if self._highs else 0

    def gaps(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Ranges of ``[low, high]`` that are not in the set, in order."""
        at = max(bisect_right(self._lows, low) - 1, 0)
        for range_low, range_high in zip(self._lows[at:], self._highs[at:], strict=True):
            if range_low > high:
                break
            if low < range_low:
                yield low, range_low - 1
            low = max(low, range_high + 1)
        if low <= high:
            yield low, high

    def copy(self) -> "SequenceRanges":
        """An independent copy."""
        twin = SequenceRanges()
        twin._lows, twin._highs = self._lows.copy(), self._highs.copy()
        return twin

    def __str__(self) -> str:
        return ",".join(f"{low}-{high}" for low, high in zip(self._lows, self._highs, strict=True))

    @classmethod
    def parse(cls, text: str) -> "SequenceRanges":
        """The inverse of ``str``."""
        ranges = cls()
        for part in text.split(",") if text else ():
            low, _, high = part.partition("-")
            ranges._lows.append(int(low))
            ranges._highs.append(int(high))
        return ranges
