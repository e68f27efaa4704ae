"""How findings and rules are printed: JSON lines for programs, a table for people."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analytics.commands.both_languages import evidence_objects
from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.limit_sign import limit_sign
from analytics.rulebook.doubt import doubtful_parts
from analytics.rulebook.limits import permit_attributes
from analytics.rulebook.rule import Comparison, EvaluatorKind, Rule
from analytics.rulebook.text import (
    CONFIDENCE_MARK,
    averaging_text,
    basis_mark,
    comparison_text,
    confidence_text,
    verdict_title,
)
from analytics.windows import local_text

_DIGITS, _MOST_DIGITS = 5, 12
HEADER = (
    f"{'period (local)':<16} {'rule':<18} {'subject':<28} {'verdict':<18} {'observed':>10} {'limit':>12} "
    f"{'unit':<7} {'data':>5}  basis"
)

_VERDICT_MEANING = {
    Verdict.COMPLIANT: "the observed value keeps the limit",
    Verdict.EXCEEDED: "it does not: above a highest value, or below a lowest one",
    Verdict.INSUFFICIENT_DATA: "too few valid values, or no limit known; never a pass",
}


def as_json(finding: Finding) -> str:
    """One line: :func:`finding_fields`."""
    return json.dumps(finding_fields(finding), ensure_ascii=False)


def finding_fields(finding: Finding) -> dict[str, object]:
    """Every field of the finding; times as ISO 8601 UTC, evidence in both languages."""
    return {
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "park": finding.park,
        "subject": finding.subject,
        "tenant": finding.tenant,
        "period_start": utc_text(finding.period_start_ms),
        "period_end": utc_text(finding.period_end_ms),
        "verdict": finding.verdict.value,
        "observed": finding.observed,
        "limit": finding.limit,
        "unit": finding.unit,
        "data_capture": finding.data_capture,
        "minimum_data_capture": finding.minimum_data_capture,
        "citation": finding.citation,
        "confidence": finding.confidence.value,
        "to_confirm": list(doubtful_parts(finding.evidence)),
        "judged_at": utc_text(finding.judged_at_ms),
        "points": list(finding.points),
        "evidence": evidence_objects(finding.evidence),
        "provisional": finding.provisional,
    }


def as_row(finding: Finding, zone: ZoneInfo, rule: Rule | None = None) -> str:
    """One line of the table; ``*`` marks a period judged to date. With its ``rule`` the limit has its sign."""
    observed, limit = numbers_of(finding)
    limit = signed_limit(finding, limit, rule)
    start = local_text(finding.period_start_ms, zone)
    return (
        f"{start:<16} {finding.rule:<18} {finding.subject:<28} {finding.verdict + '*' * finding.provisional:<18} "
        f"{observed:>10} {limit:>12} {finding.unit:<7} {100 * finding.data_capture:>4.0f}%  "
        f"{basis_mark(finding.confidence, doubtful_parts(finding.evidence))}"
    )


def numbers_of(finding: Finding) -> tuple[str, str]:
    """The observed value and the limit, with enough digits that a value over its limit never reads like the limit."""
    observed, limit = finding.observed, finding.limit
    digits = _DIGITS
    while digits < _MOST_DIGITS and observed != limit and _text(observed, digits) == _text(limit, digits):
        digits += 1
    return _text(observed, digits), _text(limit, digits)


def signed_limit(finding: Finding, limit: str, rule: Rule | None) -> str:
    """The limit as :func:`numbers_of` has it with its sign; bare for a rule that is no longer in the rulebook."""
    return limit if rule is None or finding.limit is None else f"{limit_sign(finding, rule)} {limit}".strip()


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}g}"


def legend() -> Iterable[str]:
    """What the words of the table mean, a line each."""
    yield "limit: ≤ at most, ≥ at least, < less than; verdict*: a period that has not closed yet"
    for verdict, meaning in _VERDICT_MEANING.items():
        yield f"verdict {verdict} ({verdict_title(verdict, 'vi')}): {meaning}"
    yield "data: share of the expected values that were measured and valid"
    yield from basis_legend()


def basis_legend() -> Iterable[str]:
    """What the last column means, a line each."""
    for confidence in Confidence:
        words = f"{confidence_text(confidence, 'en')} ({confidence_text(confidence, 'vi')})"
        yield f"basis {CONFIDENCE_MARK[confidence]}: the limit is {words}"
    yield "... to confirm: that part of the rule (averaging, formula ...) is a setting, not law (cần xác nhận)"


def rule_line(rule: Rule) -> str:
    """A rule version in one line that begins with its id; ``+?``: parts besides its number are to be confirmed."""
    is_marked = rule.to_confirm and rule.confidence is not Confidence.SETTING
    mark = CONFIDENCE_MARK[rule.confidence] + ("+?" if is_marked else "")
    return f"{rule.id:<18} {mark:<9} {rule.version:<32} {rule.title_en}"


def explain(rule: Rule) -> Iterable[str]:
    """Everything about one rule version, a line each."""
    yield f"{rule.id}, version {rule.version} (pack {rule.pack})"
    yield f"  {rule.title_en}"
    yield f"  {rule.title_vi}"
    yield f"  judges        {rule.subject.replace('_', ' ')}, {averaging_text(rule.averaging, 'en')}"
    yield f"  limit         {limit_text(rule)}"
    if rule.evaluator is EvaluatorKind.EVIDENCE:
        yield f"  judged by     the records '{rule.id}' of evidence.csv: no meter tells it"
    yield f"  applies if    {'; '.join(map(str, rule.applies_to)) or 'always'}"
    yield f"  valid         {rule.valid_from} to {rule.valid_to or 'further notice'}"
    share = f"{100 * rule.minimum_data_capture:g} %"
    yield f"  data capture  at least {share} of the expected values must be valid (a setting, not law)"
    yield f"  citation      {rule.citation}"
    if rule.factor != 1:
        yield f"  factor        {rule.factor:.10g} {rule.unit}/kWh"
    if not rule.notify:
        yield "  letters       none: shown on boards only"
    yield f"  examples      {len(rule.examples)}, run by `ecopark rules check`"
    yield f"  confidence    {CONFIDENCE_MARK[rule.confidence]}: {confidence_text(rule.confidence, 'en')}"
    for doubt in rule.to_confirm:
        yield f"  to confirm    {doubt.part.name_in('en')}, not law: {doubt.clause('en')}"
        yield f"  cần xác nhận  {doubt.part.name_in('vi')}, không phải luật: {doubt.clause('vi')}"
    if rule.note:
        yield f"  note          {rule.note}"


def limit_text(rule: Rule) -> str:
    """The limit in words, for all columns and with its formula."""
    if rule.comparison is Comparison.REPORT:
        return "none: the value is reported"
    ends = "_low, _high" if rule.comparison is Comparison.BETWEEN else ""
    if rule.low is not None and rule.high is not None:
        return f"between {rule.low:g} and {rule.high:g} {rule.unit}{_permit_words(rule, ends)}"
    words: list[str] = []
    if rule.limit is not None:
        words.append(f"{rule.limit:g} {rule.unit}")
    elif rule.limit_by_column:
        columns = ", ".join(f"{column} {value:g}" for column, value in rule.limit_by_column.items())
        words.append(f"by {rule.column_attribute}: {columns} {rule.unit}")
    if not rule.limit_table_loaded:
        words.append("table not loaded: load it from the official annex")
    if rule.formula is not None:
        first, second = rule.formula.factors
        words.append(f"times {first.capitalize()} and {second.capitalize()} of the licence in the register")
    return f"{comparison_text(rule.comparison, 'en')} {'; '.join(words)}{_permit_words(rule, ends)}".strip()


def _permit_words(rule: Rule, ends: str = "") -> str:
    names = " or ".join(permit_attributes(rule))
    return f"; '{names}'{f' ({ends})' if ends else ''} of the register goes first" if names else ""


def utc_text(time_ms: int) -> str:
    """ISO 8601 in UTC, to the second, or the millisecond where there is one."""
    moment = datetime.fromtimestamp(time_ms / 1000, tz=UTC)
    spec = "milliseconds" if time_ms % 1000 else "seconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")
