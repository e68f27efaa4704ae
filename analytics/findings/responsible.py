"""Who answers for a period when the register names another tenant than before; no I/O.

A closed period stays with the tenant for whom it was judged first. One still open goes to the tenant who is named now,
and what was said of it to the one before is taken back: nobody may find two verdicts on one period.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analytics.finding import Finding, Verdict
from analytics.findings.revision import Basis, Key, Revision, finding_digest, key_of
from analytics.rulebook.evidence import say


class Head(NamedTuple):
    """What the store holds of a finding, without its words."""

    revision: Revision
    digest: str
    verdict: Verdict
    observed: float | None
    data_capture: float
    provisional: bool
    to_confirm: str


def with_first_tenants(
    findings: Sequence[Finding], heads: Mapping[Key, Head], basis: Basis
) -> tuple[Sequence[Finding], Basis]:
    """Whoever the register names now did not answer for a closed period that was judged for another tenant then."""
    owners = {(rule, subject, start): tenant for (rule, subject, tenant, start), head in heads.items()
              if not head.provisional}  # fmt: skip
    kept: list[Finding] = []
    touched = set(basis.touched)
    for finding in findings:
        owner = owners.get((finding.rule, finding.subject, finding.period_start_ms), finding.tenant)
        if owner == finding.tenant or key_of(finding) in heads:
            kept.append(finding)
            continue
        kept.append(dataclasses.replace(finding, tenant=owner))
        if key_of(finding) in touched:
            touched.add(key_of(kept[-1]))
    return kept, basis.with_touched(touched)


def handed_over(findings: Sequence[Finding], heads: Mapping[Key, Head]) -> list[Finding]:
    """For each tenant who was told something of a period that another one answers for now: that it is not his.

    Such a finding stays provisional and without a verdict, so that it owns nothing and may be taken back again.
    """
    before: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for (rule, subject, tenant, start), head in heads.items():
        if head.provisional:
            before[rule, subject, start].append(tenant)
    found: list[Finding] = []
    for finding in findings:
        for tenant in before.get((finding.rule, finding.subject, finding.period_start_ms), ()):
            if tenant == finding.tenant:
                continue
            left = dataclasses.replace(
                finding, tenant=tenant, verdict=Verdict.INSUFFICIENT_DATA, observed=None, limit=None, data_capture=0.0,
                points=(), evidence=(say("handed_over", tenant=finding.tenant),), provisional=True,
            )  # fmt: skip
            if heads[key_of(left)].digest != finding_digest(left):
                found.append(left)
    return found
