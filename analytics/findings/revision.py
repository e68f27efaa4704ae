"""What we knew, and since when: each version of a finding, why it took the place of the one before, and on what basis.

A finding is judged anew whenever its data, its rule or the register may have changed. Only a finding that came out
different is a new revision; the ones before stay readable, because an inspector may ask what was known on a given day.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from analytics.finding import Finding
from analytics.rulebook.doubt import is_doubt
from analytics.rulebook.rule import Rule
from telemetry_model.park_register import AttributeChange, Installation, Park

Key = tuple[str, str, str, int]
"""Rule, subject, tenant and start of the period: what a finding is about."""
RuleVersion = tuple[str, str]
_DIGEST_BYTES = 16
_RECORDED = ("meter_exchanges", "manifests", "materials", "products", "production")
"""Tables of the register that verdicts rest on where the park has them."""


class ChangeReason(StrEnum):
    """Why a revision exists. A closed list."""

    FIRST = "first"
    LATE_DATA = "late_data"
    """The share of valid data changed: readings came that were not there before."""
    CORRECTED_DATA = "corrected_data"
    """As much valid data as before, but other values."""
    DATA_MISSING = "data_missing"
    """Less valid data than before, and nothing arrived: the database has lost some, or was restored from a backup."""
    RULE_CHANGED = "rule_changed"
    """The rule's table is another one: a limit, a note, or the operator's minimum data capture."""
    REGISTER_CHANGED = "register_changed"
    PERIOD_WENT_ON = "period_went_on"
    """A period still running has another verdict to date than before."""
    PERIOD_CLOSED = "period_closed"


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a finding: its number (from 1), when it became known, why, and under which rule and register."""

    number: int
    known_at_ms: int
    reason: ChangeReason
    rule_digest: str = ""
    register_digest: str = ""


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding as it was known from ``revision.known_at_ms`` on."""

    finding: Finding
    revision: Revision


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a judgement rests: the rules and the register as digests, and the findings that arrivals touched."""

    rule_digests: Mapping[RuleVersion, str] = dataclasses.field(default_factory=dict)
    register_digest: str = ""
    touched: frozenset[Key] = frozenset()

    @classmethod
    def of(cls, park: Park, rules: Iterable[Rule]) -> "Basis":
        """Digests of a park's register and of the rules as they are used."""
        return cls({(rule.id, rule.version): rule_digest(rule) for rule in rules}, register_digest(park))

    def with_touched(self, touched: Iterable[Key]) -> "Basis":
        """The same basis with the findings whose readings arrived late."""
        return dataclasses.replace(self, touched=frozenset(touched))

    def first(self, finding: Finding) -> Revision:
        """The first revision of a finding."""
        return self.revision(finding, 1, ChangeReason.FIRST)

    def revision(self, finding: Finding, number: int, reason: ChangeReason) -> Revision:
        """A revision known since the finding was judged."""
        digest = self.rule_digests.get((finding.rule, finding.rule_version), "")
        return Revision(number, finding.judged_at_ms, reason, digest, self.register_digest)


def key_of(finding: Finding) -> Key:
    """What a finding is about, whatever came out."""
    return finding.rule, finding.subject, finding.tenant, finding.period_start_ms


def known_at(revisions: Sequence[KnownFinding], at_ms: int) -> dict[Key, KnownFinding]:
    """Per finding the highest revision known at an instant; findings not known then are left out."""
    found: dict[Key, KnownFinding] = {}
    for known in revisions:
        key = key_of(known.finding)
        is_newer = key not in found or _order(found[key].revision) < _order(known.revision)
        if known.revision.known_at_ms <= at_ms and is_newer:
            found[key] = known
    return found


def _order(revision: Revision) -> tuple[int, int]:
    return revision.number, revision.known_at_ms


def finding_digest(finding: Finding) -> str:
    """The same for findings that say the same, whenever they were judged.

    Which part of the rule is still to be confirmed is no part of it: a mark that came or went is no other verdict.
    """
    said = tuple(sentence for sentence in finding.evidence if not is_doubt(sentence))
    return _digest(dataclasses.replace(finding, judged_at_ms=0, evidence=said))


def rule_digest(rule: Rule) -> str:
    """Changes with anything in the rule's table, and with the operator's minimum data capture."""
    return _digest(rule)


def register_digest(park: Park) -> str:
    """Changes with all that verdicts may rest on; whom to write to and how devices are reached is left out."""
    installations = tuple(_as_table(installation) for installation in park.installations.values())
    tables = (
        park.id, str(park.timezone), park.monitoring_since, park.dated.first, tuple(park.tenants.values()),
        tuple(park.points.values()), installations, park.symbiosis, park.evidence, *park.dated.changes,
    )  # fmt: skip
    recorded = {name: getattr(park, name) for name in _RECORDED if getattr(park, name)}
    return _digest((*tables, recorded) if recorded else tables)


def change_digest(change: AttributeChange) -> str:
    """Another one for a change with another day, value or document."""
    return _digest(change)


def _as_table(installation: Installation) -> dict[str, object]:
    """Without changes what it was before there were any: what rests on it has not changed."""
    table: dict[str, object] = {
        name: getattr(installation, name) for name in ("id", "kind", "device", "tenant", "name_vi", "name_en")
    }
    changes = {"changes": installation.dated.changes} if installation.dated.changes else {}
    return table | {"attributes": installation.dated.first} | changes


def _digest(value: object) -> str:
    text = msgspec.json.encode(value, enc_hook=dict, order="sorted")
    return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).hexdigest()
