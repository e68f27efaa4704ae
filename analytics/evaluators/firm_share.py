"""Share of firms with a record of yes, firm by firm: what form B.5 asks, from the records of the firms themselves."""

from datetime import date
from typing import NamedTuple

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import Comparison, Rule
from analytics.windows import Window, local_day
from telemetry_model.park_register import EvidenceRecord, Park, Tenant


class FirmRecord(NamedTuple):
    """A firm and its newest record; ``is_asked`` is false for a firm too small for the duty."""

    firm: Tenant
    record: EvidenceRecord | None
    is_asked: bool


def firm_records(park: Park, indicator: str, over_workers: int, first_day: date, last_day: date) -> list[FirmRecord]:
    """Each firm's newest record of ``indicator`` dated from ``first_day`` to ``last_day``, in register order.

    A firm whose number of workers is not stated is asked too: a duty is not waived for want of a number.
    """
    newest: dict[str, EvidenceRecord] = {}
    for record in park.evidence:
        if record.indicator == indicator and first_day <= record.day <= last_day:
            known = newest.get(record.subject)
            newest[record.subject] = record if known is None or record.day >= known.day else known
    return [
        FirmRecord(firm, newest.get(firm.id), firm.workers is None or firm.workers > over_workers)
        for firm in park.firms()
    ]


def firm_share(context: Context) -> Judge:
    """Judge the share of firms, of those that are asked, whose newest record of the period says yes.

    A firm without a record counts as no. Data capture is the share of firms with a record, or 1 where the others
    could not change the verdict.
    """
    rule, park = context.rule, context.park

    def judge(window: Window) -> Outcome:
        last_day = local_day(window.end_ms - 1, park.timezone)
        first_day = window.day if rule.evidence_within_period else date.min
        asked = [f for f in firm_records(park, rule.id, rule.firms_over_workers, first_day, last_day) if f.is_asked]
        if not asked:
            return nothing((), say("firm_none", workers=rule.firms_over_workers))
        missing = [f.firm.id for f in asked if f.record is None]
        yes = sum(f.record is not None and f.record.value > 0 for f in asked)
        observed, most = 100 * yes / len(asked), 100 * (yes + len(missing)) / len(asked)
        evidence = [
            say("firm_share", yes=yes, firms=len(asked), missing=len(missing), observed=round(observed, 2)),
            *([say("firm_missing", names=", ".join(missing))] if missing else []),
        ]
        capture = 1.0 if _is_settled(rule, observed, most) else 1 - len(missing) / len(asked)
        return Outcome(round(observed, 9), capture, tuple(evidence), ())

    return judge


def _is_settled(rule: Rule, least: float, most: float) -> bool:
    """Whether the missing records cannot change the verdict."""
    if rule.limit is None or rule.comparison is not Comparison.MIN:
        return least == most
    return least >= rule.limit or most < rule.limit
