"""The result of one rule for one subject over one period: never a bare yes or no."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding concludes."""

    COMPLIANT = "compliant"
    EXCEEDED = "exceeded"
    INSUFFICIENT_DATA = "insufficient_data"

    @property
    def code(self) -> int:
        """For boards: 0 compliant, 1 exceeded, 2 insufficient data."""
        return list(Verdict).index(self)


class Confidence(StrEnum):
    """How sure we are that a limit is the law; only ``source`` may be shown as law."""

    SOURCE = "source"
    """Read in a public text or a faithful copy."""
    PERMIT = "permit"
    """Comes from the operator's own licence or contract, through the park register."""
    SETTING = "setting"
    """To be confirmed by the operator: a default of ours, or something we only remember."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict and its evidence.

    ``subject`` is an installation, tenant, point or park id; ``tenant`` is who answers for it (``park`` = operator).
    The period is ``[period_start_ms, period_end_ms)`` UTC. ``observed`` and ``limit`` are in ``unit``;
    ``observed`` is ``None`` when no valid value exists. ``data_capture`` is the share (0-1) of the expected data that
    was valid. ``provisional`` marks a period that has not closed yet (a billing period to date).
    """

    rule: str
    rule_version: str
    park: str
    subject: str
    tenant: str
    period_start_ms: int
    period_end_ms: int
    verdict: Verdict
    observed: float | None
    limit: float | None
    unit: str
    data_capture: float
    minimum_data_capture: float
    citation: str
    confidence: Confidence
    judged_at_ms: int
    points: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    """Sentences an inspector can follow: counts of valid, calibrating, faulty and missing values, corrections made."""
    provisional: bool = False

    @property
    def fingerprint(self) -> str:
        """Identity of what is judged, without the period: one incident per fingerprint."""
        return f"{self.rule}/{self.subject}"
