"""The register and a period's readings side by side: what the formulas ask for by role, device and quantity."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Measured, total
from analytics.indicators.store_readings import SLOT_MS, Missing, PointReadings, Slot, Span
from analytics.registers.amount import Amount
from analytics.registers.together import together
from analytics.windows import Window, local_day
from telemetry_model.park_register import Installation, MeasuringPoint, Park
from telemetry_model.park_register.dated import Attribute

ACCURACY_ATTRIBUTE = "meter_accuracy_percent"


@dataclass(frozen=True, slots=True)
class ReportedIndicator:
    """An indicator of a subject (tenant, installation, link or park) over a span."""

    name: str
    subject: str
    tenant: str
    span: Span
    value: IndicatorValue


@dataclass(frozen=True, slots=True)
class ParkView:
    """A park and what its points measured over ``span``; ``law_day``: prices and hours of that day for all."""

    park: Park
    span: Span
    readings: dict[str, PointReadings]
    law_day: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The park's time zone."""
        return self.park.timezone

    @property
    def first_day(self) -> date:
        """The local day on which the span begins."""
        return local_day(self.span.start_ms, self.zone)

    @property
    def end_day(self) -> date:
        """The local day after the last one touched."""
        return date.fromordinal(local_day(self.span.end_ms - 1, self.zone).toordinal() + 1)

    def attributes(self, installation: Installation) -> Mapping[str, Attribute]:
        """What the register says of an installation on the first day of the span."""
        return installation.attributes_on(self.first_day)

    def point(self, device: str, quantity: str) -> MeasuringPoint | None:
        """A device's point of a quantity."""
        return self.park.points.get(f"{device}.{quantity}")

    def amount(self, point_id: str) -> Measured | Missing:
        """What a point counted, with the accuracy of its meter where the register states one."""
        found = self.readings.get(point_id)
        if found is None:
            return Missing(f"{point_id} is not in the register")
        if isinstance(found.amount, Missing):
            return found.amount
        return self._with_spread(point_id, found.amount)

    def amount_of(self, points: Sequence[MeasuringPoint], what: str) -> Measured | Missing:
        """The sum over points; one that cannot be told makes the sum untold. ``what`` names them when there is none."""
        if not points:
            return Missing(f"no point measures {what}")
        return _sum([self.amount(point.id) for point in points])

    def amount_of_role(self, role: str, tenant: str = "") -> Measured | Missing:
        """The sum over the points with a role, of one tenant or of all; no sub-meter beside the meter above it."""
        return self.amount_of(self.park.summed_with_role(role, tenant), role.replace("_", " "))

    def together(self, *points: str) -> dict[str, Measured | Missing]:
        """What points counted, over the stretch of the span in which all their registers are known.

        Of what is divided or subtracted: a register counts on through a gap, and two that are counted over different
        stretches give a ratio of nothing. Where one is not a register, each is taken as :meth:`amount` gives it.
        """
        found = {point: self.amount(point) for point in points}
        series = [self.readings[point].series for point in points if point in self.readings]
        registers = [one for one in series if one is not None]
        if len(registers) < len(found):
            return found
        window = Window(self.span.start_ms, self.span.end_ms, self.first_day)
        both = together(self.park, registers, window)
        share = (both.stretch.end_ms - both.stretch.start_ms) / (window.end_ms - window.start_ms)
        return {point: self._measured(point, both.amounts[point], share) for point in points}

    def sums(self, *groups: Sequence[MeasuringPoint]) -> list[Measured | Missing]:
        """The sum of each group of points, all over the same stretch; an empty group adds up to zero."""
        amounts = self.together(*dict.fromkeys(point.id for group in groups for point in group))
        return [_sum([amounts[point.id] for point in group]) for group in groups]

    def _measured(self, point: str, amount: Amount, share: float) -> Measured | Missing:
        if amount.value is None:
            return Missing(amount.reason)
        found = self.readings[point]
        capture = min(share, found.capture) if isinstance(found.amount, Measured) else share
        return self._with_spread(point, Measured(amount.value, 0.0, capture))

    def slots(self, device: str, quantity: str) -> tuple[Slot, ...]:
        """The half hours of a device's point; empty when it has none."""
        found = self.readings.get(f"{device}.{quantity}")
        return found.slots if found else ()

    def slot_ms(self, device: str, quantity: str) -> int:
        """How long the slots of a device's point are."""
        found = self.readings.get(f"{device}.{quantity}")
        return found.slot_ms if found else SLOT_MS

    def capture(self, device: str, quantity: str) -> float:
        """Share (0-1) of the expected data of a device's point."""
        found = self.readings.get(f"{device}.{quantity}")
        return found.capture if found else 0.0

    def report(self, name: str, subject: str, tenant: str, value: IndicatorValue) -> ReportedIndicator:
        """A value with what it is about."""
        return ReportedIndicator(name, subject, tenant, self.span, value)

    def _with_spread(self, point_id: str, amount: Measured) -> Measured:
        # An accuracy class is a bound: taken as the half-width of a rectangular distribution (JCGM 100:2008, 4.3.7).
        spread = amount.value * self._accuracy(point_id) / 100 / math.sqrt(3)
        return Measured(amount.value, spread, amount.data_capture)

    def _accuracy(self, point_id: str) -> float:
        device = point_id.partition(".")[0]
        stated = (self.attributes(i).get(ACCURACY_ATTRIBUTE) for i in self.park.installations_at(device))
        return next((float(value) for value in stated if isinstance(value, (int, float))), 0.0)


def _sum(amounts: Sequence[Measured | Missing]) -> Measured | Missing:
    missing = [amount.reason for amount in amounts if isinstance(amount, Missing)]
    if missing:
        return Missing("; ".join(dict.fromkeys(missing)))
    return total(amount for amount in amounts if isinstance(amount, Measured))


def number(attributes: Mapping[str, Attribute], attribute: str) -> float | None:
    """A number among an installation's attributes."""
    value = attributes.get(attribute)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def as_measured(amount: Measured | Missing, unit: str, basis: Basis) -> IndicatorValue:
    """An amount straight from the meters as an indicator."""
    return untold(unit, basis, amount.reason) if isinstance(amount, Missing) else amount.report(unit, basis, {})


def captured(value: IndicatorValue, capture: float) -> IndicatorValue:
    """The same value with the data capture of the slots it was made of; one that cannot be told stays as it is."""
    return value if value.value is None else dataclasses.replace(value, data_capture=capture)


def reasons(amounts: Iterable[Measured | Missing]) -> str:
    """Why the amounts that cannot be told cannot; empty when all are told."""
    return "; ".join(dict.fromkeys(amount.reason for amount in amounts if isinstance(amount, Missing)))
