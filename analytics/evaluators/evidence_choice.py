"""Which record of evidence.csv counts, and whether what it says can be so; no I/O."""

import math
from collections.abc import Iterable
from datetime import date

from telemetry_model.park_register import EvidenceRecord

YES_NO_UNIT = "yes/no"
PERCENT_UNIT = "%"


def newest_record(
    records: Iterable[EvidenceRecord], last_day: date, first_day: date = date.min
) -> EvidenceRecord | None:
    """The newest dated from ``first_day`` to ``last_day``; of several of one day the one written last."""
    found: EvidenceRecord | None = None
    for record in records:
        if first_day <= record.day <= last_day and (found is None or record.day >= found.day):
            found = record
    return found


def first_yes(records: Iterable[EvidenceRecord], first_day: date, last_day: date) -> EvidenceRecord | None:
    """The earliest that says yes: what was handed in on time is not late because a copy was filed later."""
    there = (record for record in records if first_day <= record.day <= last_day and record.value > 0)
    return min(there, key=lambda record: record.day, default=None)


def is_possible(value: float, unit: str) -> bool:
    """Whether a record may say this: yes or no is 1 or 0, a share lies between 0 and 100 %."""
    if unit == YES_NO_UNIT:
        return value in (0.0, 1.0)
    return 0 <= value <= 100 if unit == PERCENT_UNIT else math.isfinite(value)
