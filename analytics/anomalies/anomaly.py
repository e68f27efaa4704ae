"""An explained observation: what was seen, when, at which points, by which method. Never a verdict on the law."""

from dataclasses import dataclass
from typing import NamedTuple


class AnomalyRule(NamedTuple):
    """A kind of anomaly and the method that finds it; every threshold is a setting."""

    id: str
    title_vi: str
    title_en: str
    method: str

    def title(self, language: str) -> str:
        """In ``vi`` or ``en``."""
        return self.title_vi if language == "vi" else self.title_en


NIGHT_DISCHARGE = AnomalyRule(
    "AN-01", "Xả nước thải ban đêm", "Discharge by night",
    "Minimum night flow (Farley and Trow, Losses in Water Distribution Networks, IWA 2003), applied to an outlet",
)  # fmt: skip
BYPASS = AnomalyRule(
    "AN-02", "Có lưu lượng mà không có tải lượng", "Flow without load",
    "Load of a substance = flow x concentration, against the outlet's own usual concentration",
)  # fmt: skip
FROZEN_SENSOR = AnomalyRule(
    "AN-03", "Đầu đo bị đứng", "Frozen sensor",
    "Length of a run of one value against the chance of an unchanged value in the instrument's own record",
)  # fmt: skip
LABORATORY = AnomalyRule(
    "AN-04", "Đầu đo lệch so với phòng thí nghiệm", "Sensor disagrees with the laboratory",
    "Normalised error E_n = |x - y| / sqrt(U_x^2 + U_y^2) with expanded uncertainties (ISO 13528, JCGM 100:2008)",
)  # fmt: skip
METER_TREE = AnomalyRule(
    "AN-05", "Công tơ không khớp tổng các công tơ con", "Meter disagrees with the sum of its sub-meters",
    "Remainder of the meter tree against its usual share; accuracies as rectangular bounds (JCGM 100:2008, 4.3.7)",
)  # fmt: skip
ENERGY = AnomalyRule(
    "AN-06", "Điện năng ngoài đường cơ sở", "Energy outside its baseline",
    "Regression of daily energy on production and its prediction interval (ISO 50006:2014)",
)  # fmt: skip
RULES = {rule.id: rule for rule in (NIGHT_DISCHARGE, BYPASS, FROZEN_SENSOR, LABORATORY, METER_TREE, ENERGY)}


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a detector found: ``[start_ms, end_ms)`` UTC, a number against what was to be expected, and more facts.

    ``facts`` fill the sentence of the rule; numbers are in the units the sentence names.
    """

    start_ms: int
    end_ms: int
    observed: float
    expected: float
    unit: str
    facts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One anomaly of one subject on the local day ``[day_start_ms, day_end_ms)``, said in both languages.

    ``observed`` and ``expected`` are in ``unit``; ``tenant`` is who answers for the subject.
    """

    rule: str
    park: str
    subject: str
    tenant: str
    day_start_ms: int
    day_end_ms: int
    start_ms: int
    end_ms: int
    observed: float
    expected: float
    unit: str
    points: tuple[str, ...]
    said_vi: str
    said_en: str
    method: str
    noticed_at_ms: int

    def said(self, language: str) -> str:
        """The sentence in ``vi`` or ``en``."""
        return self.said_vi if language == "vi" else self.said_en
