"""Rules no meter can judge: the newest evidence record of the register, its value, its age, or how late it was."""

from datetime import date

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.evidence_choice import first_yes, is_possible, newest_record
from analytics.evaluators.firm_share import firm_share
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import EvidenceMeasure
from analytics.windows import Window, local_day
from telemetry_model.park_register import EvidenceRecord

_OF_A_DATE = (EvidenceMeasure.AGE_DAYS, EvidenceMeasure.AGE_YEARS, EvidenceMeasure.DAYS_LATE)
"""What is judged is the day of the record, so the record itself only says yes or no."""


def evidence_record(context: Context) -> Judge:
    """Judge the newest record dated up to the end of the window; without one there is no value, and why is said.

    A record says what it says with certainty, so data capture is 1. How late something was is told by the first record
    of the period that says yes. A record that says no where its day is judged is a breach without a number.
    """
    rule, park = context.rule, context.park
    if rule.evidence_measure is EvidenceMeasure.FIRM_SHARE and any(
        r.indicator == rule.id and r.subject in park.tenants for r in park.evidence
    ):
        return firm_share(context)
    subject = context.installation.id if context.installation else ""
    owners = ("", park.id) if context.installation is None else (subject, context.installation.tenant)
    records = [record for record in park.evidence if record.indicator == rule.id and record.subject in owners]

    def judge(window: Window) -> Outcome:
        last_day = local_day(window.end_ms - 1, park.timezone)
        newest = newest_record(records, last_day)
        who = subject or park.id
        if newest is None:
            return nothing((), say("evidence_none", indicator=rule.id, subject=who))
        if rule.evidence_within_period and newest.day < window.day:
            day = newest.day.isoformat()
            return nothing((), say("evidence_not_this_period", indicator=rule.id, subject=who, day=day))
        if rule.evidence_measure is EvidenceMeasure.DAYS_LATE:
            newest = first_yes(records, window.day, last_day) or newest
        if rule.evidence_measure in _OF_A_DATE and newest.value <= 0:
            return Outcome(None, 1.0, (_described(newest), say("evidence_denied")), (), is_denied=True)
        if rule.evidence_measure not in _OF_A_DATE and not is_possible(newest.value, rule.unit):
            return nothing((), _described(newest), say("evidence_impossible", value=newest.value, unit=rule.unit))
        observed, *words = _measured(context, newest, last_day)
        return Outcome(float(observed), 1.0, (_described(newest), *map(str, words)), ())

    return judge


def _described(record: EvidenceRecord) -> str:
    return say(
        "evidence_record", day=record.day.isoformat(), value=record.value, document=record.document,
        responsible=record.responsible,
    )  # fmt: skip


def _measured(context: Context, record: EvidenceRecord, last_day: date) -> tuple[float | str, ...]:
    measure, unit = context.rule.evidence_measure, context.rule.unit
    if measure is EvidenceMeasure.AGE_DAYS:
        days = (last_day - record.day).days
        return days, say("evidence_age", observed=days, unit=unit, day=last_day.isoformat())
    if measure is EvidenceMeasure.AGE_YEARS:
        years = years_between(record.day, last_day)
        return years, say("evidence_age", observed=round(years, 2), unit=unit, day=last_day.isoformat())
    if measure is EvidenceMeasure.DAYS_LATE:
        due = date.fromisoformat(f"{last_day.year}-{context.rule.due}")
        late = (record.day - due).days
        return late, say("evidence_late", due=due.isoformat(), observed=late)
    return (record.value,)


def years_between(start: date, end: date) -> float:
    """Whole years by the calendar plus the share of the year that has begun: an anniversary is a whole number."""
    whole = end.year - start.year - ((end.month, end.day) < (start.month, start.day))
    last, following = _anniversary(start, whole), _anniversary(start, whole + 1)
    return round(whole + (end - last).days / (following - last).days, 9)


def _anniversary(start: date, years: int) -> date:
    """A leap day's anniversary is 1 March in other years."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)
