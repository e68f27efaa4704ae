"""The stages a finding passes on its way to a person; each can say why it let something pass or stopped it.

Judging stages look at one finding and what is remembered about its fingerprint. Notice stages look at one person and
one step of an incident. All are pure: the store and the clock stay outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from analytics.alerting.alert import Incident, IncidentState, Sense, Step, begin_incident
from analytics.alerting.hysteresis import AveragingKind, Hysteresis, Weight, averaging_kind, weigh
from analytics.finding import Finding

MAX_EPISODES_PER_PERIOD = 3
"""A period judged over and over with changing verdicts stops writing to people after this many incidents."""


class Reason(StrEnum):
    """Why a finding or a notice went on or stopped. A closed list: logs, reports and tests use it."""

    FIRST_EXCEEDANCE = "first_exceedance"
    RESOLVED = "resolved"

    PENDING = "pending"
    STILL_FIRING = "still_firing"
    BELOW_HYSTERESIS = "below_hysteresis"
    """Compliant, but not for long enough or not far enough inside the limit."""
    NOT_SUSTAINED = "not_sustained"
    """A pending incident went away before it fired."""
    COMPLIANT = "compliant"
    INSUFFICIENT_DATA_KEEPS_STATE = "insufficient_data_keeps_state"
    PROVISIONAL_KEEPS_STATE = "provisional_keeps_state"
    """A period still running can raise an alarm worth acting on, but cannot give the all-clear."""
    OLDER_PERIOD = "older_period"
    """A newer period of the same fingerprint was judged already."""
    CORRECTED = "corrected"
    """An e-mail said something else of this period."""
    LATE_EXCEEDANCE = "late_exceedance"
    """An exceedance that came to light after newer periods were judged, and belongs to no known incident."""
    TOO_LATE_TO_TELL = "too_late_to_tell"
    DATA_MISSING_KEEPS_STATE = "data_missing_keeps_state"
    """The database has lost data it had: what was known before stands."""

    NO_CONTACT = "no_contact"
    ALREADY_NOTIFIED = "already_notified"
    NEVER_FIRED = "never_fired"
    NOT_TOLD_OF_OPENING = "not_told_of_opening"
    """An all-clear goes only to those who were told of the trouble."""
    FLAPPING = "flapping"


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered about a fingerprint: the newest judged period, and the streaks *before* it.

    Keeping the streaks from before the period lets the same period be judged again, with the same or another verdict.
    """

    through_ms: int
    weight: Weight
    over_before: int = 0
    released_before: int = 0

    def streaks(self) -> tuple[int, int]:
        """Exceeded and released periods in a row, this period included."""
        return _advance(self.over_before, self.released_before, self.weight)


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with what is known before it: the watch, and the newest incident of its fingerprint."""

    finding: Finding
    watch: Watch | None
    incident: Incident | None
    hysteresis: Hysteresis
    now_ms: int

    @property
    def open_incident(self) -> Incident | None:
        """The incident, unless it is over."""
        return self.incident if self.incident and self.incident.state is not IncidentState.RESOLVED else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a finding; ``step`` is what people must now be told, if anything."""

    reason: Reason
    watch: Watch | None = None
    incident: Incident | None = None
    step: Step | None = None


def judge(
    finding: Finding,
    watch: Watch | None,
    incident: Incident | None,
    table: Mapping[AveragingKind, Hysteresis],
    now_ms: int,
) -> Judgement:
    """Pass a finding through the judging stages; the first that stops it gives the reason."""
    case = Case(finding, watch, incident, table[averaging_kind(finding)], now_ms)
    for stage in (stop_older_period, stop_insufficient_data, stop_provisional_all_clear):
        reason = stage(case)
        if reason is not None:
            return Judgement(reason)
    return move(case)


def stop_older_period(case: Case) -> Reason | None:
    """A period older than the newest judged one changes nothing any more."""
    older = case.watch is not None and case.finding.period_start_ms < case.watch.through_ms
    return Reason.OLDER_PERIOD if older else None


def stop_insufficient_data(case: Case) -> Reason | None:
    """No verdict, no change; the period stays open, so that late data can still decide it."""
    unknown = _weight(case) is Weight.UNKNOWN
    return Reason.INSUFFICIENT_DATA_KEEPS_STATE if unknown else None


def stop_provisional_all_clear(case: Case) -> Reason | None:
    """A to-date figure that is fine today may slip tomorrow: only the closed period resolves."""
    return Reason.PROVISIONAL_KEEPS_STATE if case.finding.provisional and _weight(case) is not Weight.OVER else None


def move(case: Case) -> Judgement:
    """The life of an incident: nothing -> pending -> firing -> resolved."""
    watch = _next_watch(case.watch, case.finding, _weight(case))
    over, released = watch.streaks()
    incident = case.open_incident
    if watch.weight is Weight.OVER:
        return _move_over(case, watch, over)
    if incident is None:
        return Judgement(Reason.COMPLIANT, watch)
    if incident.state is IncidentState.PENDING:
        return Judgement(Reason.NOT_SUSTAINED, watch, incident.resolve(case.finding, case.now_ms))
    if released >= case.hysteresis.release_after:
        return Judgement(Reason.RESOLVED, watch, incident.resolve(case.finding, case.now_ms), Step.RESOLVED)
    return Judgement(Reason.BELOW_HYSTERESIS, watch, incident.seen(case.finding, case.now_ms))


def _move_over(case: Case, watch: Watch, over: int) -> Judgement:
    incident = case.open_incident or begin_incident(case.finding, _episode(case), case.now_ms)
    if incident.state is IncidentState.FIRING:
        return Judgement(Reason.STILL_FIRING, watch, incident.seen(case.finding, case.now_ms))
    if over < case.hysteresis.fire_after:
        return Judgement(Reason.PENDING, watch, incident.seen(case.finding, case.now_ms))
    return Judgement(Reason.FIRST_EXCEEDANCE, watch, incident.fire(case.finding, case.now_ms), Step.OPENED)


def _episode(case: Case) -> int:
    last = case.incident
    return last.episode + 1 if last is not None and last.starts_ms == case.finding.period_start_ms else 1


def _weight(case: Case) -> Weight:
    return weigh(case.finding, case.hysteresis, case.incident.sense if case.incident else Sense.ABOVE)


def _next_watch(watch: Watch | None, finding: Finding, weight: Weight) -> Watch:
    if watch is None:
        return Watch(finding.period_start_ms, weight)
    if watch.through_ms == finding.period_start_ms:
        return replace(watch, weight=weight)
    return Watch(finding.period_start_ms, weight, *watch.streaks())


def _advance(over: int, released: int, weight: Weight) -> tuple[int, int]:
    if weight is Weight.OVER:
        return over + 1, 0
    if weight is Weight.RELEASED:
        return 0, released + 1
    return 0, 0


@dataclass(frozen=True, slots=True)
class Notice:
    """One person who may be told one step of an incident, with what he was told before."""

    incident: Incident
    step: Step
    told: frozenset[Step]


def notice_reason(notice: Notice) -> Reason:
    """Pass a notice through its stages: ``first_exceedance`` and ``resolved`` mean write to him, all others do not."""
    for stage in (stop_never_fired, stop_flapping, stop_already_notified, stop_unheard_opening):
        reason = stage(notice)
        if reason is not None:
            return reason
    return Reason.FIRST_EXCEEDANCE if notice.step is Step.OPENED else Reason.RESOLVED


def stop_never_fired(notice: Notice) -> Reason | None:
    """A pending incident is nobody's business yet."""
    return Reason.NEVER_FIRED if notice.incident.fired_ms is None else None


def stop_flapping(notice: Notice) -> Reason | None:
    """A period whose verdict keeps changing has been written about often enough."""
    return Reason.FLAPPING if notice.incident.episode > MAX_EPISODES_PER_PERIOD else None


def stop_already_notified(notice: Notice) -> Reason | None:
    """One e-mail for each incident, step and person."""
    return Reason.ALREADY_NOTIFIED if notice.step in notice.told else None


def stop_unheard_opening(notice: Notice) -> Reason | None:
    """Nobody wants to hear that something is over which he never heard of."""
    unheard = notice.step is Step.RESOLVED and not {Step.OPENED, Step.CORRECTED} & notice.told
    return Reason.NOT_TOLD_OF_OPENING if unheard else None
