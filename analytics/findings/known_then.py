"""What was known of each period at an instant, beside what is known now; no I/O."""

from collections.abc import Iterable
from typing import NamedTuple

from analytics.finding import Verdict
from analytics.findings.revision import Key, KnownFinding, key_of, known_at

DAY_MS = 86_400_000


class Then(NamedTuple):
    """One period: what was known at the asked instant (``None``: nothing yet), what is known now, and all versions."""

    then: KnownFinding | None
    now: KnownFinding
    revisions: tuple[KnownFinding, ...]

    @property
    def changed(self) -> bool:
        """Whether another version holds now."""
        return self.then is None or self.then.revision.number != self.now.revision.number

    @property
    def needs_reading(self) -> bool:
        """Whether a limit was not kept or there is no verdict, then or now."""
        return any(k is not None and k.finding.verdict is not Verdict.COMPLIANT for k in (self.then, self.now))


def then_and_now(revisions: Iterable[KnownFinding], at_ms: int) -> list[Then]:
    """Per period, in order; ``revisions`` are in order.

    Left out is what was not known then only because the period was not over, or had been over for less than a day when
    it was first judged: nobody could have known it sooner.
    """
    every = list(revisions)
    then = known_at(every, at_ms)
    versions: dict[Key, list[KnownFinding]] = {}
    for known in every:
        versions.setdefault(key_of(known.finding), []).append(known)
    periods = [Then(then.get(key_of(found[-1].finding)), found[-1], tuple(found)) for found in versions.values()]
    return [period for period in periods if period.then is not None or _came_late(period, at_ms)]


def _came_late(period: Then, at_ms: int) -> bool:
    first, end_ms = period.revisions[0], period.now.finding.period_end_ms
    return end_ms <= at_ms and first.revision.known_at_ms - end_ms > DAY_MS
