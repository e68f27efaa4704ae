"""What a register layout is, and the image of all its words for one set of values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simulators.devices.encoding import Register, encode, reader_of, split_count
from telemetry_model.reading import InstrumentStatus


class StatusWord(NamedTuple):
    """A register that says what the device is doing: its words for measuring, calibrating and fault."""

    address: int
    codes: tuple[int, int, int] = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """A device's register table.

    ``constants`` are words that never change, by address; ``statuses`` follow what the device is doing.
    """

    name: str
    function_codes: tuple[int, ...]
    registers: tuple[Register, ...]
    constants: tuple[tuple[int, tuple[int, ...]], ...] = ()
    statuses: tuple[StatusWord, ...] = ()
    highest_means_none: bool = False
    start_address: int | None = None
    """Where a read of no registers starts the measurement; before that the device has no values to give."""
    gaps_answer: bool = True
    """Whether registers between the listed ones can be read (as zero)."""

    def register_of(self, signal: str) -> Register | None:
        """The first register that gives a signal."""
        return next((row for row in self.registers if row.signal == signal), None)

    def reader_of(self, signal: str) -> Callable[[float], float]:
        """What a reader of this device gets for a value of ``signal``; unchanged when the device does not give it."""
        whole, fraction = self.register_of(signal), self.register_of(f"{signal}_fraction")
        if whole is None:
            return float
        read_whole = reader_of(whole)
        if fraction is None:
            return read_whole
        read_fraction = reader_of(fraction)
        return lambda value: read_whole(value) + read_fraction(split_count(value)[1])

    def image(self, signals: Mapping[str, float | None], status: InstrumentStatus) -> dict[int, int]:
        """Every word by address; a signal that is not there reads as "not available"."""
        words: dict[int, int] = {}
        for address, constant in self.constants:
            words.update(enumerate(constant, start=address))
        for row in self.registers:
            encoded = encode(row, signals.get(row.signal), self.highest_means_none)
            words.update(enumerate(encoded, start=row.address))
        words.update({word.address: word.codes[status] for word in self.statuses})
        return words

    def blocks(self) -> list[tuple[int, int]]:
        """Address ranges that answer, as (start, count)."""
        addresses = sorted(self.image({}, InstrumentStatus.MEASURING))
        if self.gaps_answer:
            return [(addresses[0], addresses[-1] - addresses[0] + 1)]
        ranges: list[tuple[int, int]] = []
        for address in addresses:
            if ranges and address == sum(ranges[-1]):
                ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
            else:
                ranges.append((address, 1))
        return ranges
