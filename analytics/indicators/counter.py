"""What a register counted over a period, across an exchange of the meter whose readings were written down."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple


class RegisterReading(NamedTuple):
    """A register's value at an instant, in the unit of the meter."""

    time_ms: int
    value: float


class MeterExchange(NamedTuple):
    """The old meter's last value and the new one's first, as the fitter wrote them down."""

    time_ms: int
    last_value: float
    first_value: float


class RegisterFellError(ValueError):
    """A register fell where no exchange is on record: the difference would mean nothing."""

    def __init__(self, before: RegisterReading, after: RegisterReading) -> None:
        self.before, self.after = before, after
        super().__init__(f"the register fell from {before.value:g} to {after.value:g} and no exchange is on record")


def counted_amount(readings: Sequence[RegisterReading], exchanges: Sequence[MeterExchange] = ()) -> float | None:
    """Amount between the first and the last of ``readings`` (time order), unit of the meter; ``None`` for fewer than 2.

    At an exchange the old meter counts up to its last value and the new one from its first. Raises
    :class:`RegisterFellError` for a fall that no exchange explains.
    """
    if len(readings) < 2:
        return None
    ordered = sorted(exchanges)
    return sum(_step(before, after, ordered) for before, after in itertools.pairwise(readings))


def _step(before: RegisterReading, after: RegisterReading, exchanges: Sequence[MeterExchange]) -> float:
    amount, here = 0.0, before
    for exchange in exchanges:
        if before.time_ms < exchange.time_ms <= after.time_ms:
            amount += _rise(here, RegisterReading(exchange.time_ms, exchange.last_value))
            here = RegisterReading(exchange.time_ms, exchange.first_value)
    return amount + _rise(here, after)


def _rise(before: RegisterReading, after: RegisterReading) -> float:
    if after.value < before.value:
        raise RegisterFellError(before, after)
    return after.value - before.value
