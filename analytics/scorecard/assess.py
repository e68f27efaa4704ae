"""Findings and records -> cells: one park, one year, nothing guessed; no I/O."""

from collections.abc import Iterator, Sequence
from datetime import date

from analytics.evaluators.evidence_choice import PERCENT_UNIT, YES_NO_UNIT, is_possible, newest_record
from analytics.evaluators.firm_share import firm_records
from analytics.finding import Confidence, Finding, Verdict
from analytics.rulebook import Rule
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import Limit, keeps
from analytics.rulebook.rule import EvaluatorKind, EvidenceMeasure
from analytics.scorecard.catalogue import IndicatorSpec, IndicatorTable, ValueKind
from analytics.scorecard.cells import Cell, FirmCell, FirmState, Origin, Outcome, Period, Proof
from telemetry_model.park_register import EvidenceRecord, Park

UNITS = {ValueKind.YES_NO: YES_NO_UNIT, ValueKind.PERCENT: PERCENT_UNIT, ValueKind.NUMBER: "1"}
_OUTCOMES = {
    Verdict.COMPLIANT: Outcome.MET,
    Verdict.EXCEEDED: Outcome.NOT_MET,
    Verdict.INSUFFICIENT_DATA: Outcome.UNKNOWN,
}
_OF_DOCUMENTS = (EvaluatorKind.EVIDENCE, EvaluatorKind.WASTE_SHARE, EvaluatorKind.CIRCULARITY)


def assess(
    park: Park,
    tables: Sequence[IndicatorTable],
    rules: Sequence[Rule],
    findings: Sequence[Finding],
    first_day: date,
    last_day: date,
) -> list[Cell]:
    """A cell for each indicator of the tables over the local days from ``first_day`` to ``last_day``."""
    newest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.period_start_ms, f.verdict is not Verdict.INSUFFICIENT_DATA)):
        if finding.subject == park.id and _is_news(newest.get(finding.rule), finding):
            newest[finding.rule] = finding
    by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.valid_from) if rule.valid_from <= last_day}
    cells: list[Cell] = []
    for table in tables:
        for spec in table.indicators:
            if spec.rule and spec.rule in by_id:
                rule = by_id[spec.rule]
                cells.append(_judged(park, table, spec, rule, newest.get(spec.rule), first_day, last_day))
            else:
                cells.append(_recorded(park, table, spec, first_day, last_day))
    return cells


def firm_cells(
    park: Park, specs: Sequence[IndicatorSpec], rules: Sequence[Rule], first_day: date, last_day: date
) -> Iterator[FirmCell]:
    """Firm by firm what stands on record for the indicators that are shares of firms."""
    for spec in specs:
        rule = next((rule for rule in rules if rule.id == spec.rule), None)
        if rule is None or rule.evidence_measure is not EvidenceMeasure.FIRM_SHARE:
            continue
        since = first_day if rule.evidence_within_period else date.min
        for firm, record, is_asked in firm_records(park, rule.id, rule.firms_over_workers, since, last_day):
            state = FirmState.MISSING if is_asked else FirmState.NOT_ASKED
            if record is not None:
                state = FirmState.YES if record.value > 0 else FirmState.NO
            proof = _proof(record) if record is not None else None
            yield FirmCell(firm.id, firm.name, firm.workers, spec.id, state, proof)


def _is_news(known: Finding | None, found: Finding) -> bool:
    """Of several months the newest that was judged counts; one without a verdict only where there is no other."""
    return known is None or found.verdict is not Verdict.INSUFFICIENT_DATA or known.verdict is found.verdict


def _judged(
    park: Park,
    table: IndicatorTable,
    spec: IndicatorSpec,
    rule: Rule,
    finding: Finding | None,
    first_day: date,
    last_day: date,
) -> Cell:
    """A cell that a rule of the rulebook decides."""
    proof = _proof_of_rule(park, rule, finding, first_day, last_day)
    value = finding.observed if finding else None
    origin = Origin.EVIDENCED if proof is not None else Origin.EMPTY if value is None else Origin.COMPUTED
    citation = spec.citation or table.citation or (finding.citation if finding else rule.citation)
    confidence = _confidence(table, spec, finding.confidence if finding else rule.confidence)
    outcome = _OUTCOMES[finding.verdict] if finding else Outcome.UNKNOWN
    target, word = (finding.limit if finding else rule.limit), rule.comparison.value
    if spec.target is not None:
        target, word = spec.target, spec.comparison.value
        if value is not None and outcome is not Outcome.UNKNOWN:
            outcome = _outcome(spec, value, spec.target)
    if spec.is_reported_only:
        target, word = None, "report"
        outcome = Outcome.REPORTED if outcome is not Outcome.UNKNOWN else outcome
    is_measured = rule.evaluator.needs_points or rule.evaluator is EvaluatorKind.WASTE_SHARE
    period = Period(finding.period_start_ms, finding.period_end_ms, finding.provisional) if finding else None
    return Cell(
        spec=spec, table=table, origin=origin, outcome=outcome, value=value, unit=rule.unit, target=target,
        comparison_word=word, citation=citation, confidence=confidence, rule=rule.id,
        data_capture=finding.data_capture if finding and origin is Origin.COMPUTED and is_measured else None,
        period=period, proof=proof, notes=finding.evidence if finding else (),
    )  # fmt: skip


def _recorded(park: Park, table: IndicatorTable, spec: IndicatorSpec, first_day: date, last_day: date) -> Cell:
    """A cell that only a document can fill."""
    since = first_day if spec.is_within_year else date.min
    record = _newest(park, spec.record_name, since, last_day)
    unit = UNITS[spec.kind]
    target = 1.0 if spec.kind is ValueKind.YES_NO else spec.target
    outcome = Outcome.UNKNOWN
    is_odd = record is not None and not is_possible(record.value, unit)
    if record is not None and not is_odd:
        outcome = Outcome.REPORTED if spec.is_reported_only else _outcome(spec, record.value, target or 0.0)
    return Cell(
        spec=spec, table=table, origin=Origin.EVIDENCED if record else Origin.EMPTY, outcome=outcome,
        value=record.value if record else None, unit=unit, target=None if spec.is_reported_only else target,
        comparison_word=spec.comparison.value, citation=spec.citation or table.citation,
        confidence=_confidence(table, spec, Confidence.SETTING), proof=_proof(record) if record else None,
        notes=(say("evidence_impossible", value=record.value, unit=unit),) if record is not None and is_odd else (),
    )  # fmt: skip


def _confidence(table: IndicatorTable, spec: IndicatorSpec, of_level: Confidence) -> Confidence:
    """The surest thing said of the level: what the table says goes first, except that a setting stays a setting."""
    stated = spec.confidence or table.confidence
    if spec.rule and stated is Confidence.SOURCE and not spec.is_reported_only:
        return of_level
    return stated or of_level


def _outcome(spec: IndicatorSpec, value: float, target: float) -> Outcome:
    limit = Limit(target, None, None, UNITS[spec.kind], "", Confidence.SETTING, "")
    return Outcome.MET if keeps(spec.comparison, value, limit) else Outcome.NOT_MET


def _proof_of_rule(park: Park, rule: Rule, finding: Finding | None, first_day: date, last_day: date) -> Proof | None:
    """The record that a rule was judged by; ``None`` where meters, the register or single firms gave the value."""
    has_verdict = finding is not None and finding.verdict is not Verdict.INSUFFICIENT_DATA
    if finding is None or (finding.observed is None and not has_verdict) or rule.evaluator not in _OF_DOCUMENTS:
        return None
    if rule.evidence_measure is EvidenceMeasure.FIRM_SHARE and _has_firm_records(park, rule):
        return None
    if rule.evaluator is EvaluatorKind.WASTE_SHARE and any(first_day <= f.day <= last_day for f in park.manifests):
        return None
    if rule.evaluator is EvaluatorKind.CIRCULARITY and any(p.year == first_day.year for p in park.products):
        return None
    record = _newest(park, rule.id, first_day if rule.evidence_within_period else date.min, last_day)
    return _proof(record) if record else None


def _has_firm_records(park: Park, rule: Rule) -> bool:
    firms = {firm.id for firm in park.firms()}
    return any(record.indicator == rule.id and record.subject in firms for record in park.evidence)


def _newest(park: Park, name: str, since: date, last_day: date) -> EvidenceRecord | None:
    known = (r for r in park.evidence if r.indicator == name and r.subject in ("", park.id))
    return newest_record(known, last_day, since)


def _proof(record: EvidenceRecord) -> Proof:
    return Proof(record.document, record.day, record.responsible)
