"""Cost of electricity by time of use: dated prices per voltage level, dated hours per customer, local wall clock."""

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.factors import read_table, weakest

QUARTER_MS = 900_000
"""Tariff hours begin at whole quarters, and so do all clock changes: cutting at quarters is exact in every zone."""
MINUTES_PER_DAY = 1440


class Band(StrEnum):
    """The three prices of a day."""

    OFF_PEAK = "off_peak"
    NORMAL = "normal"
    PEAK = "peak"


@dataclass(frozen=True, slots=True)
class TariffHours:
    """Which hours are peak and off-peak; spans are minutes of the local day ``[from, to)``, none over midnight."""

    id: str
    peak: tuple[tuple[int, int], ...]
    peak_weekdays: frozenset[int]
    """ISO weekdays (Monday 1 ... Sunday 7) that have a peak."""
    off_peak: tuple[tuple[int, int], ...]
    basis: Basis
    decided_on: date | None = None
    """From this day on it is in doubt which hours a customer is billed by, and every cost says so."""

    def band(self, local: datetime) -> Band:
        """The band of a local wall-clock time."""
        minute = local.hour * 60 + local.minute
        if local.isoweekday() in self.peak_weekdays and any(start <= minute < end for start, end in self.peak):
            return Band.PEAK
        return Band.OFF_PEAK if any(start <= minute < end for start, end in self.off_peak) else Band.NORMAL


@dataclass(frozen=True, slots=True)
class EnergyPrices:
    """Prices [VND/kWh] before VAT of a voltage level from ``valid_from`` on, until the next ones."""

    voltage_level: str
    valid_from: date
    vnd_per_kwh: tuple[tuple[Band, float], ...]
    basis: Basis

    def of(self, band: Band) -> float:
        """Price of a band, VND/kWh."""
        return dict(self.vnd_per_kwh)[band]


@dataclass(frozen=True, slots=True)
class CustomerTariff:
    """What a customer is billed by: a voltage level, and hours by the first day on which they hold, in order.

    ``later_levels`` are the voltage levels that took the place of the first one, likewise.
    """

    voltage_level: str
    hours: tuple[tuple[date, str], ...] = ((date.min, "legacy"),)
    later_levels: tuple[tuple[date, str], ...] = ()

    def level_on(self, day: date) -> str:
        """The voltage level on a local day."""
        place = bisect.bisect_right([since for since, _ in self.later_levels], day)
        return self.later_levels[place - 1][1] if place else self.voltage_level

    @property
    def levels(self) -> str:
        """Every voltage level by name, in order."""
        return ", ".join(dict.fromkeys((self.voltage_level, *(level for _, level in self.later_levels))))

    def hours_on(self, day: date) -> TariffHours:
        """The hours that hold on a local day; ``LookupError`` before the first ones, or for unknown ones."""
        place = bisect.bisect_right([since for since, _ in self.hours], day) - 1
        if place < 0:
            raise LookupError(f"no tariff hours are set for {day}")
        return _by_id(self.hours[place][1])


class EnergyInterval(NamedTuple):
    """``energy_kwh`` [kWh] used in ``[start_ms, end_ms)`` UTC, evenly as far as anybody knows."""

    start_ms: int
    end_ms: int
    energy_kwh: float


class CostLine(NamedTuple):
    """One line of a bill: energy [kWh] in one band under one price [VND/kWh] and one set of hours; cost [VND]."""

    band: Band
    hours: str
    vnd_per_kwh: float
    energy_kwh: float
    cost_vnd: float


@dataclass(frozen=True, slots=True)
class TimeOfUseCost:
    """The cost with the lines it is made of, in the order of hours, price and band."""

    cost: IndicatorValue
    lines: tuple[CostLine, ...]


def time_of_use_cost(
    intervals: Iterable[EnergyInterval],
    tariff: CustomerTariff,
    zone: ZoneInfo,
    law_day: date | None = None,
    data_capture: float = 1.0,
) -> TimeOfUseCost:
    """Cost [VND] before VAT of ``intervals`` [kWh] under ``tariff``, in local time of ``zone``.

    An interval over a boundary is cut there and its energy shared by time. With ``law_day`` all energy is billed under
    the prices and hours of that day (weekdays stay). Source: Decision 1279/QD-BCT (prices); hours as the tariff sets
    them. Energy on days without a known price gives no cost, and the reason. ``ValueError``: negative energy or time.
    """
    sums: dict[tuple[str, float, Band], list[float]] = {}
    bases: dict[Basis, None] = {}
    unpriced: date | None = None
    for piece in _quarters(intervals):
        local = datetime.fromtimestamp(piece.start_ms / 1000, tz=UTC).astimezone(zone)
        day = law_day or local.date()
        prices = _prices_on(tariff.level_on(day), day)
        if prices is None:
            unpriced = min(unpriced or day, day)
            continue
        hours = tariff.hours_on(day)
        bases |= {prices.basis: None, hours.basis: None} | dict.fromkeys(_doubts(day))
        band = hours.band(local)
        sums.setdefault((hours.id, prices.of(band), band), []).append(piece.energy_kwh)
    lines = tuple(_line(key, energies) for key, energies in sorted(sums.items()))
    return TimeOfUseCost(_cost(lines, _joined(bases), unpriced, tariff, data_capture), lines)


def energy_by_band(
    intervals: Iterable[EnergyInterval], hours: tuple[tuple[date, str], ...], zone: ZoneInfo
) -> dict[tuple[str, Band], float]:
    """Energy [kWh] by id of the hours and band, in local time of ``zone``; no prices are needed for it."""
    tariff, sums = CustomerTariff("", hours), dict[tuple[str, Band], list[float]]()
    for piece in _quarters(intervals):
        local = datetime.fromtimestamp(piece.start_ms / 1000, tz=UTC).astimezone(zone)
        held = tariff.hours_on(local.date())
        sums.setdefault((held.id, held.band(local)), []).append(piece.energy_kwh)
    return {key: math.fsum(energies) for key, energies in sorted(sums.items())}


def peak_share(bill: TimeOfUseCost) -> IndicatorValue:
    """Share [%] of a bill's energy in peak hours, under the hours that the bill was made with."""
    cost, whole = bill.cost, math.fsum(line.energy_kwh for line in bill.lines)
    if cost.value is None or whole <= 0:
        return untold("%", cost.basis, cost.reason or "no energy was used")
    peak = math.fsum(line.energy_kwh for line in bill.lines if line.band is Band.PEAK)
    return IndicatorValue(
        value=100 * peak / whole, unit="%", basis=cost.basis, data_capture=cost.data_capture,
        inputs={"peak_kwh": peak, "energy_kwh": whole},
    )  # fmt: skip


def voltage_levels() -> tuple[str, ...]:
    """The voltage levels that prices are known for."""
    return tuple(dict.fromkeys(prices.voltage_level for prices in load_prices()))


@cache
def load_hours() -> tuple[TariffHours, ...]:
    """The shipped sets of hours; ``ValueError`` when one does not begin at a whole quarter."""
    return tuple(
        TariffHours(
            entry["id"], _spans(entry["peak"]), frozenset(entry["peak_weekdays"]), _spans(entry["off_peak"]),
            Basis(entry["source"], Confidence(entry["confidence"]), entry["note"]), entry.get("decided_on"),
        )
        for entry in read_table("tariff_hours")["hours"]
    )  # fmt: skip


@cache
def load_prices() -> tuple[EnergyPrices, ...]:
    """The shipped prices, in the order of the table."""
    return tuple(
        EnergyPrices(
            entry["voltage_level"], entry["valid_from"],
            tuple((band, float(entry[f"{band.value}_vnd_per_kwh"])) for band in Band),
            Basis(entry["source"], Confidence(entry["confidence"])),
        )
        for entry in read_table("tariff_prices")["prices"]
    )  # fmt: skip


def _quarters(intervals: Iterable[EnergyInterval]) -> Iterator[EnergyInterval]:
    for start_ms, end_ms, energy_kwh in intervals:
        if end_ms <= start_ms or energy_kwh < 0:
            raise ValueError(f"{energy_kwh:g} kWh from {start_ms} to {end_ms} ms is not energy over a time")
        edges = [start_ms, *range((start_ms // QUARTER_MS + 1) * QUARTER_MS, end_ms, QUARTER_MS), end_ms]
        for start, end in itertools.pairwise(edges):
            yield EnergyInterval(start, end, energy_kwh * (end - start) / (end_ms - start_ms))


@cache
def _prices_on(voltage_level: str, day: date) -> EnergyPrices | None:
    known = [prices for prices in load_prices() if prices.voltage_level == voltage_level]
    if not known:
        raise LookupError(f"no prices for voltage level '{voltage_level}' (known: {', '.join(voltage_levels())})")
    valid = [prices for prices in known if prices.valid_from <= day]
    return max(valid, key=lambda prices: prices.valid_from, default=None)


@cache
def _doubts(day: date) -> tuple[Basis, ...]:
    return tuple(hours.basis for hours in load_hours() if hours.decided_on and hours.decided_on <= day)


def _by_id(hours_id: str) -> TariffHours:
    for hours in load_hours():
        if hours.id == hours_id:
            return hours
    raise LookupError(f"no tariff hours '{hours_id}' (known: {', '.join(hours.id for hours in load_hours())})")


def _line(key: tuple[str, float, Band], energies: Sequence[float]) -> CostLine:
    hours, price, band = key
    energy = math.fsum(energies)
    return CostLine(band, hours, price, energy, energy * price)


def _cost(
    lines: Sequence[CostLine], basis: Basis, unpriced: date | None, tariff: CustomerTariff, data_capture: float
) -> IndicatorValue:
    used = ", ".join(dict.fromkeys(line.hours for line in lines))
    inputs: dict[str, float | str] = {"voltage_level": tariff.levels, "hours": used}
    for line in lines:
        name = f"{line.band.value}_kwh"
        inputs[name] = float(inputs.get(name, 0.0)) + line.energy_kwh
    if unpriced is not None:
        return untold("VND", basis, f"no price of '{tariff.level_on(unpriced)}' is known for {unpriced}", inputs)
    if not lines:
        return untold("VND", basis, "no energy was measured", inputs)
    value = math.fsum(line.cost_vnd for line in lines)
    return IndicatorValue(value=value, unit="VND", basis=basis, inputs=inputs, data_capture=data_capture)


def _joined(bases: Iterable[Basis]) -> Basis:
    found = list(bases)
    sources = "; ".join(dict.fromkeys(basis.source for basis in found))
    notes = "; ".join(dict.fromkeys(basis.note for basis in found if basis.note))
    return Basis(sources or "Decision 1279/QD-BCT of 9 May 2025", weakest(b.confidence for b in found), notes)


def _spans(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for text in texts:
        start, end = (_minute(part) for part in text.split("-"))
        spans += [(start, end)] if start < end else [(start, MINUTES_PER_DAY), (0, end)]
    return tuple(spans)


def _minute(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute % 15:
        raise ValueError(f"tariff hour {text} does not begin at a whole quarter")
    return hour * 60 + minute
