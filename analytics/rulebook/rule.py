"""One rule: what is measured, averaged over what, compared with which limit, for whom, since when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from analytics.finding import Confidence, Verdict
from analytics.rulebook.doubt import Doubt
from telemetry_model.park_register.dated import Attribute
from telemetry_model.park_register.records import Destination
from telemetry_model.quantities import Medium

DEFAULT_MINIMUM_DATA_CAPTURE = 0.80
"""Usual practice, not law (Circular 10/2021 gives no figure that we could read): a setting."""


class EvaluatorKind(StrEnum):
    """Which calculation judges the rule; one module of ``analytics.evaluators`` each."""

    THRESHOLD_MEAN = "threshold_mean"
    RANGE_MEAN = "range_mean"
    RANGE_VALUES = "range_values"
    CORRECTED_MEAN = "corrected_mean"
    POWER_FACTOR = "power_factor"
    SHARE = "share"
    LIVE_DATA = "live_data"
    FLAT_LINE = "flat_line"
    STATUS_SHARE = "status_share"
    STATUS_LENGTH = "status_length"
    SLOT_MAXIMUM = "slot_maximum"
    LICENSED_AMOUNT = "licensed_amount"
    ENERGY_EQUIVALENT = "energy_equivalent"
    MASS_BALANCE = "mass_balance"
    EVIDENCE = "evidence"
    REGISTER_SHARE = "register_share"
    REGISTER_VALUE = "register_value"
    SYMBIOSIS_LINKS = "symbiosis_links"
    AUTOMATIC_POINTS = "automatic_points"
    ANALYSER_RANGE = "analyser_range"
    WASTE_SHARE = "waste_share"
    CIRCULARITY = "circularity"
    SPECIFIC_ENERGY = "specific_energy"
    PEAK_ENERGY_SHARE = "peak_energy_share"

    @property
    def is_of_quantity(self) -> bool:
        """Whether values of one quantity are held against a limit that a licence may replace."""
        return self in _OF_QUANTITY

    @property
    def needs_points(self) -> bool:
        """Whether the rule can be judged from measured values only; the others need the register, or can do with it."""
        return self not in _FROM_REGISTER and not self.takes_firm_meters

    @property
    def takes_firm_meters(self) -> bool:
        """Whether a firm's main electricity meters are read where it has some, and records count where it has none."""
        return self in (EvaluatorKind.SPECIFIC_ENERGY, EvaluatorKind.PEAK_ENERGY_SHARE)


_OF_QUANTITY = frozenset(
    {
        EvaluatorKind.THRESHOLD_MEAN,
        EvaluatorKind.RANGE_MEAN,
        EvaluatorKind.RANGE_VALUES,
        EvaluatorKind.CORRECTED_MEAN,
    }
)
_FROM_REGISTER = frozenset(
    {
        EvaluatorKind.EVIDENCE,
        EvaluatorKind.REGISTER_SHARE,
        EvaluatorKind.REGISTER_VALUE,
        EvaluatorKind.SYMBIOSIS_LINKS,
        EvaluatorKind.AUTOMATIC_POINTS,
        EvaluatorKind.ANALYSER_RANGE,
        EvaluatorKind.WASTE_SHARE,
        EvaluatorKind.CIRCULARITY,
    }
)


class EvidenceMeasure(StrEnum):
    """What is taken from an evidence record and held against the limit."""

    VALUE = "value"
    AGE_DAYS = "age_days"
    AGE_YEARS = "age_years"
    DAYS_LATE = "days_late"
    """Days from the due date to the record's date; negative when it was early."""
    FIRM_SHARE = "firm_share"
    """Share of firms with a record of yes, where firms have records of their own; else the park's record."""


class Averaging(StrEnum):
    """The period a value is formed over, in the park's local time."""

    HOUR = "1h"
    EIGHT_HOURS = "8h"
    """A running mean: one window begins every hour."""
    DAY = "24h"
    MONTH = "month"
    BILLING_PERIOD = "billing_period"
    YEAR = "year"

    @property
    def is_long(self) -> bool:
        """Whether the period is so long that a judgement to date is worth having."""
        return self in (Averaging.MONTH, Averaging.BILLING_PERIOD, Averaging.YEAR)


class Comparison(StrEnum):
    """How the observed value is held against the limit; reaching it is still compliant, except for ``below``."""

    MAX = "max"
    MIN = "min"
    BETWEEN = "between"
    BELOW = "below"
    REPORT = "report"
    """The value is reported and held against nothing."""


class Formula(StrEnum):
    """How a limit is computed from the base value in the pack and the licence in the register."""

    C_KQ_KF = "c_kq_kf"
    """``Cmax = C x Kq x Kf`` (QCVN 40:2011/BTNMT); Kq and Kf as written in the licence."""
    C_KP_KV = "c_kp_kv"
    """``Cmax = C x Kp x Kv`` (QCVN 19:2009/BTNMT); Kp and Kv as written in the licence."""

    @property
    def factors(self) -> tuple[str, str]:
        """The register attributes of the two factors."""
        return ("kq", "kf") if self is Formula.C_KQ_KF else ("kp", "kv")


class Operator(StrEnum):
    """What a condition asks of an installation's attribute."""

    IS = "is"
    NOT_IN = "not_in"
    FROM = "from"
    BEFORE = "before"
    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Condition:
    """One demand on an installation's attributes; an attribute that is absent meets only ``not_in``."""

    attribute: str
    operator: Operator
    value: Any
    """A number, text, date or bool, as TOML gives it."""

    def holds(self, attributes: Mapping[str, Attribute]) -> bool:
        """Whether the attribute is there, of a comparable type, and meets the demand."""
        actual = attributes.get(self.attribute)
        if self.operator is Operator.NOT_IN:
            return actual not in self.value
        if actual is None:
            return False
        if self.operator is Operator.IS:
            return bool(actual == self.value)
        if isinstance(actual, date) and isinstance(self.value, date):
            return actual >= self.value if self.operator is Operator.FROM else actual < self.value
        if isinstance(actual, (int, float)) and isinstance(self.value, (int, float)):
            return {
                Operator.AT_LEAST: actual >= self.value,
                Operator.ABOVE: actual > self.value,
                Operator.AT_MOST: actual <= self.value,
                Operator.BELOW: actual < self.value,
            }.get(self.operator, False)
        return False

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator.replace('_', ' ')} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example of a rule version: with these register ``attributes``, this ``observed`` gives this verdict.

    ``raw`` with ``o2_percent`` in place of ``observed`` is corrected to the rule's reference oxygen first. ``limit``
    is the limit that must come out (``low`` and ``high`` for a range); ``day`` defaults to the first day of validity.
    """

    verdict: Verdict
    observed: float | None = None
    raw: float | None = None
    o2_percent: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    day: date | None = None
    says: str = ""
    """Words the explanation of the limit must contain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One dated version of a rule; several versions share an ``id``. Limits are in ``unit``.

    ``subject`` is an installation kind (``wastewater_outlet``, ``tenant_outlet``, ``stack``, ``ambient_station``,
    ``electricity_supply``, ``facility``, ``noise_point``), ``park``, ``point`` or ``symbiosis_link``.
    ``valid_to`` is the last day on which the rule holds.
    ``permit_attribute`` names the register attribute that, where it is set, gives the limit instead of the pack.
    """

    id: str
    version: str
    title_vi: str
    title_en: str
    evaluator: EvaluatorKind
    subject: str
    averaging: Averaging
    comparison: Comparison
    unit: str
    valid_from: date
    citation: str
    confidence: Confidence
    pack: str = ""
    medium: Medium | None = None
    quantity: str = ""
    limit: float | None = None
    limit_by_column: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    column_attribute: str = "column"
    low: float | None = None
    high: float | None = None
    limit_table_loaded: bool = True
    """False where the official table could not be read: then only the register can give a limit."""
    formula: Formula | None = None
    permit_attribute: str = ""
    notify: bool = True
    """Whether an exceedance is written to people; records and unconfirmed levels are shown on boards only."""
    minimum_data_capture: float = DEFAULT_MINIMUM_DATA_CAPTURE
    applies_to: tuple[Condition, ...] = ()
    valid_to: date | None = None
    note: str = ""
    to_confirm: tuple[Doubt, ...] = ()
    """What the rule rests on besides its number that was not read in a published text."""
    indicator: str = ""
    """Name under which the daily value is written as an indicator; empty: none is written."""
    minimum_hours_to_date: float = 0.0
    """An open period is judged to date only from here on: a share with a daily course says nothing before."""
    o2_reference_percent: float | None = None
    o2_invalid_from_percent: float = 20.5
    """AIR-03: from here on the correction divides by next to nothing, so the value is left out."""
    numerator_roles: tuple[str, ...] = ()
    denominator_roles: tuple[str, ...] = ()
    numerator_attributes: tuple[str, ...] = ()
    denominator_attributes: tuple[str, ...] = ()
    flat_hours: float = 6.0
    flat_minimum_values: int = 6
    quantities: tuple[str, ...] = ()
    """``medium.quantity`` names a point rule looks at."""
    factor: float = 1.0
    """What a measured amount is multiplied with to give ``unit`` (TOE or tCO2e per kWh)."""
    every_years: int = 1
    """A yearly rule counts in every so many years from the year of ``valid_from`` on."""
    evidence_measure: EvidenceMeasure = EvidenceMeasure.VALUE
    evidence_within_period: bool = False
    """Only a record dated within the period counts (a yearly report), not an older one."""
    firms_over_workers: int = 0
    """A firm share is about firms with more workers than this."""
    destinations: tuple[Destination, ...] = ()
    """Which destinations of waste a waste share counts."""
    due: str = ""
    """``MM-DD`` of the period's year on which the duty falls due (``days_late``)."""
    examples: tuple[Example, ...] = ()

    def is_valid_on(self, day: date) -> bool:
        """Whether the rule holds on this local day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def applies(self, attributes: Mapping[str, Attribute]) -> bool:
        """Whether an installation (or park) with these attributes falls under the rule."""
        return all(condition.holds(attributes) for condition in self.applies_to)

    def title(self, language: str) -> str:
        """The title in ``vi`` or ``en``."""
        return self.title_vi if language == "vi" else self.title_en
