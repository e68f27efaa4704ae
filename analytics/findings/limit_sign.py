"""Which way a limit holds: the sign that stands before it wherever it is printed."""

from analytics.finding import Finding, Verdict
from analytics.rulebook.rule import Comparison, Rule

_SIGNS = {Comparison.MAX: "≤", Comparison.MIN: "≥", Comparison.BELOW: "<", Comparison.REPORT: ""}


def limit_sign(finding: Finding, rule: Rule) -> str:
    """How the observed value has to stand to the finding's limit; of two limits a finding carries the nearer one."""
    if rule.comparison is not Comparison.BETWEEN:
        return _SIGNS[rule.comparison]
    if finding.observed is None or finding.limit is None:
        return "≤"
    if finding.verdict is Verdict.EXCEEDED:
        return "≤" if finding.observed > finding.limit else "≥"
    return "≥" if finding.observed > finding.limit or finding.observed == finding.limit == rule.low else "≤"
