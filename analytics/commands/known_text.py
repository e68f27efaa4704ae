"""How ``ecopark analytics findings`` prints what was known and what is known: lines for people, JSON for programs."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from analytics.commands.report import finding_fields, numbers_of, signed_limit, utc_text
from analytics.finding import Finding, Verdict
from analytics.findings.known_then import Then
from analytics.findings.revision import KnownFinding, Revision
from analytics.rulebook.doubt import doubtful_parts
from analytics.rulebook.rule import Rule
from analytics.rulebook.text import basis_mark, find_rule
from analytics.windows import local_text

HEADER = (
    f"  {'period (local)':<16} {'rule':<18} {'subject':<28} {'verdict':<18} {'observed':>10} {'limit':>12} "
    f"{'unit':<7} {'data':>5}  revision, known since, reason; basis"
)
_WORST_FIRST = (Verdict.EXCEEDED, Verdict.INSUFFICIENT_DATA, Verdict.COMPLIANT)


def as_rows(period: Then, zone: ZoneInfo, rules: Sequence[Rule]) -> Iterable[str]:
    """One line, or two when another version holds now; ``rules`` give limits their signs."""
    if period.then is None:
        finding = period.now.finding
        start = local_text(finding.period_start_ms, zone)
        yield f"! {start:<16} {finding.rule:<18} {finding.subject:<28} not known yet"
    else:
        yield ("! " if period.changed else "  ") + _row(period.then.finding, period.then.revision, zone, rules)
    if period.changed:
        yield "> " + _row(period.now.finding, period.now.revision, zone, rules)


def as_json(period: Then, at_ms: int) -> str:
    """One line: what was known then and what is known now, and every version with reason and digests."""
    document = {
        "as_of": utc_text(at_ms),
        "changed": period.changed,
        "then": _version(period.then) if period.then is not None else None,
        "now": _version(period.now),
        "revisions": [_version(known) for known in period.revisions],
    }
    return json.dumps(document, ensure_ascii=False)


def _version(known: KnownFinding) -> dict[str, object]:
    revision = known.revision
    return {
        "revision": revision.number,
        "known_at": utc_text(revision.known_at_ms),
        "reason": revision.reason.value,
        "rule_digest": revision.rule_digest,
        "register_digest": revision.register_digest,
        "finding": finding_fields(known.finding),
    }


def _row(finding: Finding, revision: Revision, zone: ZoneInfo, rules: Sequence[Rule]) -> str:
    observed, limit = numbers_of(finding)
    limit = signed_limit(finding, limit, find_rule(rules, finding.rule, finding.rule_version))
    return (
        f"{local_text(finding.period_start_ms, zone):<16} {finding.rule:<18} {finding.subject:<28} "
        f"{finding.verdict + '*' * finding.provisional:<18} {observed:>10} {limit:>12} {finding.unit:<7} "
        f"{100 * finding.data_capture:>4.0f}%  {revision.number}, {local_text(revision.known_at_ms, zone)}, "
        f"{revision.reason.value}; {basis_mark(finding.confidence, doubtful_parts(finding.evidence))}"
    )


def totals(periods: Sequence[Then], shown: Sequence[Then]) -> Iterable[str]:
    """How many periods there are by verdict, as known then; how many are known otherwise now, what is left out."""
    if not periods:
        yield "no finding of a period that starts in this range"
        return
    counts = Counter(p.then.finding.verdict for p in periods if p.then is not None)
    words = [f"{counts[verdict]} {verdict}" for verdict in _WORST_FIRST]
    unknown = sum(period.then is None for period in periods)
    words += [f"{unknown} not known yet"] if unknown else []
    yield f"{len(periods)} periods: {', '.join(words)}; {sum(p.changed for p in periods)} known otherwise now"
    compliant = sum(not period.needs_reading for period in periods)
    if compliant and not any(not period.needs_reading for period in shown):
        yield f"the {compliant} that are, and were, compliant are left out: --all prints them"
