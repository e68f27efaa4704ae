"""The life of an incident as data: what arrives, and why it changed something or did not."""

from dataclasses import replace

import pytest

from analytics.alerting.alert import Incident, IncidentState, Sense, Step, begin_incident
from analytics.alerting.hysteresis import HYSTERESIS, AveragingKind, Hysteresis, averaging_kind
from analytics.alerting.stages import MAX_EPISODES_PER_PERIOD, Notice, Reason, Watch, judge, notice_reason
from analytics.finding import Finding, Verdict

from .conftest import COD, DAY_ONE_MS, cod

HOUR_MS = 3_600_000
R = Reason


def table(**changes: float) -> dict[AveragingKind, Hysteresis]:
    return dict.fromkeys(AveragingKind, Hysteresis(**changes))  # type: ignore[arg-type]


class Memory:
    """What the store remembers, in a test's hand."""

    def __init__(self, hysteresis: dict[AveragingKind, Hysteresis]) -> None:
        self.hysteresis = hysteresis
        self.watch: Watch | None = None
        self.incident: Incident | None = None
        self.steps: list[Step] = []

    def judge(self, finding: Finding) -> Reason:
        judgement = judge(finding, self.watch, self.incident, self.hysteresis, now_ms=finding.judged_at_ms)
        self.watch = judgement.watch or self.watch
        self.incident = judgement.incident or self.incident
        self.steps += [judgement.step] if judgement.step else []
        return judgement.reason


LIVES = {
    "one exceeded day fires, one compliant day resolves": (
        {}, [(1, 80), (2, 60)], [R.FIRST_EXCEEDANCE, R.RESOLVED]),
    "a compliant day opens nothing": ({}, [(1, 60)], [R.COMPLIANT]),
    "a day at the limit is compliant": ({}, [(1, 67.5)], [R.COMPLIANT]),
    "a second exceeded day says nothing new": ({}, [(1, 80), (2, 81)], [R.FIRST_EXCEEDANCE, R.STILL_FIRING]),
    "the same day again says nothing new": ({}, [(1, 80), (1, 80)], [R.FIRST_EXCEEDANCE, R.STILL_FIRING]),
    "too little data neither opens": ({}, [(1, None)], [R.INSUFFICIENT_DATA_KEEPS_STATE]),
    "nor resolves": (
        {}, [(1, 80), (2, None), (3, 60)], [R.FIRST_EXCEEDANCE, R.INSUFFICIENT_DATA_KEEPS_STATE, R.RESOLVED]),
    "late data decide a day that had too little": (
        {}, [(1, None), (2, None), (1, 80)],
        [R.INSUFFICIENT_DATA_KEEPS_STATE, R.INSUFFICIENT_DATA_KEEPS_STATE, R.FIRST_EXCEEDANCE]),
    "an older day does not open after a newer one": ({}, [(2, 60), (1, 80)], [R.COMPLIANT, R.OLDER_PERIOD]),
    "an older day does not re-open": (
        {}, [(1, 80), (2, 60), (1, 90)], [R.FIRST_EXCEEDANCE, R.RESOLVED, R.OLDER_PERIOD]),
    "the newest day judged again as compliant resolves": (
        {}, [(1, 80), (1, 60)], [R.FIRST_EXCEEDANCE, R.RESOLVED]),
    "the newest day judged again as exceeded fires": ({}, [(1, 60), (1, 80)], [R.COMPLIANT, R.FIRST_EXCEEDANCE]),
    "two in a row: the second fires": ({"fire_after": 2}, [(1, 80), (2, 80)], [R.PENDING, R.FIRST_EXCEEDANCE]),
    "two in a row: the same day twice is one day": ({"fire_after": 2}, [(1, 80), (1, 80)], [R.PENDING, R.PENDING]),
    "two in a row: a compliant day between starts again": (
        {"fire_after": 2}, [(1, 80), (2, 60), (3, 80)], [R.PENDING, R.NOT_SUSTAINED, R.PENDING]),
    "two in a row: a day without data between does not": (
        {"fire_after": 2}, [(1, 80), (2, None), (3, 80)],
        [R.PENDING, R.INSUFFICIENT_DATA_KEEPS_STATE, R.FIRST_EXCEEDANCE]),
    "release after two": (
        {"release_after": 2}, [(1, 80), (2, 60), (3, 60)], [R.FIRST_EXCEEDANCE, R.BELOW_HYSTERESIS, R.RESOLVED]),
    "release after two: the same day twice is one day": (
        {"release_after": 2}, [(1, 80), (2, 60), (2, 60)],
        [R.FIRST_EXCEEDANCE, R.BELOW_HYSTERESIS, R.BELOW_HYSTERESIS]),
    "release level: 66 of 67.5 is not far enough inside": (
        {"release_percent": 95.0}, [(1, 80), (2, 66), (3, 64)],
        [R.FIRST_EXCEEDANCE, R.BELOW_HYSTERESIS, R.RESOLVED]),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_life_of_an_incident(life: str) -> None:
    changes, days, reasons = LIVES[life]
    memory = Memory(table(**changes))
    assert [memory.judge(cod(day, observed)) for day, observed in days] == reasons


def test_lower_limit_releases_only_above_its_mirrored_level() -> None:
    memory = Memory(table(release_percent=99.0))
    low = replace(COD, observed=0.85, limit=0.90, unit="1")
    assert memory.judge(low) is R.FIRST_EXCEEDANCE
    assert memory.incident is not None
    assert memory.incident.sense is Sense.BELOW
    inside = {"verdict": Verdict.COMPLIANT, "unit": "1", "limit": 0.90}
    assert memory.judge(cod(2, 0.905, **inside)) is R.BELOW_HYSTERESIS
    assert memory.judge(cod(3, 0.910, **inside)) is R.RESOLVED


def test_ph_is_released_at_the_limit_because_percents_of_it_mean_nothing() -> None:
    memory = Memory(table(release_percent=80.0))
    memory.judge(replace(COD, observed=9.4, limit=9.0, unit="pH"))
    assert memory.judge(cod(2, 8.9, verdict=Verdict.COMPLIANT, limit=9.0, unit="pH")) is R.RESOLVED


def test_a_figure_to_date_raises_an_alarm_but_gives_no_all_clear() -> None:
    memory = Memory(table())
    assert memory.judge(cod(1, 80, provisional=True)) is R.FIRST_EXCEEDANCE
    assert memory.judge(cod(1, 60, provisional=True)) is R.PROVISIONAL_KEEPS_STATE
    assert memory.judge(cod(1, 60)) is R.RESOLVED


def test_life_leaves_its_times() -> None:
    memory = Memory(table())
    memory.judge(cod(1, 80))
    memory.judge(cod(2, 90))
    memory.judge(cod(3, 60))
    incident = memory.incident
    assert incident is not None
    assert (incident.state, incident.starts_ms) == (IncidentState.RESOLVED, DAY_ONE_MS)
    assert incident.ends_ms == cod(3).period_end_ms
    assert (incident.opened_by.observed, incident.latest.observed) == (80, 60)
    assert memory.steps == [Step.OPENED, Step.RESOLVED]


def test_identity_depends_on_what_was_judged_alone() -> None:
    assert begin_incident(cod(1), 1, now_ms=1).id == begin_incident(cod(1, 99.0), 1, now_ms=2).id
    assert begin_incident(cod(1), 1, now_ms=1).id != begin_incident(cod(2), 1, now_ms=1).id


def test_the_same_period_opened_anew_is_another_incident() -> None:
    memory = Memory(table())
    ids = []
    for observed in (80, 60, 80):
        memory.judge(cod(1, observed))
        assert memory.incident is not None
        ids.append(memory.incident.id)
    assert ids == [f"{COD.fingerprint}@{DAY_ONE_MS}"] * 2 + [f"{COD.fingerprint}@{DAY_ONE_MS}~2"]


@pytest.mark.parametrize(
    ("hours", "provisional", "kind"),
    [
        (0.25, False, AveragingKind.SHORT), (1, False, AveragingKind.HOURLY), (8, False, AveragingKind.EIGHT_HOURS),
        (24, False, AveragingKind.DAILY), (23, False, AveragingKind.DAILY), (25, False, AveragingKind.DAILY),
        (24, True, AveragingKind.LONG), (720, False, AveragingKind.LONG),
    ],
)  # fmt: skip
def test_averaging_kind_comes_from_the_period(hours: float, provisional: bool, kind: AveragingKind) -> None:
    finding = cod(1, period_end_ms=DAY_ONE_MS + round(hours * HOUR_MS), provisional=provisional)
    assert averaging_kind(finding) is kind


def test_a_legal_day_or_month_needs_nothing_beyond_its_limit() -> None:
    assert HYSTERESIS[AveragingKind.DAILY] == HYSTERESIS[AveragingKind.LONG] == Hysteresis(1, 1, 100)


@pytest.mark.parametrize(
    "nonsense", [{"fire_after": 0}, {"release_after": 0}, {"release_percent": 0}, {"release_percent": 101}]
)
def test_nonsense_hysteresis_is_refused(nonsense: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="counts start at 1"):
        Hysteresis(**nonsense)


FIRED = begin_incident(COD, 1, 1).fire(COD, 1)
NOTICES = {
    "an opening nobody was told of is told": (FIRED, Step.OPENED, set(), R.FIRST_EXCEEDANCE),
    "once": (FIRED, Step.OPENED, {Step.OPENED}, R.ALREADY_NOTIFIED),
    "an end follows an opening": (FIRED, Step.RESOLVED, {Step.OPENED}, R.RESOLVED),
    "an end is told once": (FIRED, Step.RESOLVED, {Step.OPENED, Step.RESOLVED}, R.ALREADY_NOTIFIED),
    "an end without an opening is not told": (FIRED, Step.RESOLVED, set(), R.NOT_TOLD_OF_OPENING),
    "a pending incident is nobody's business": (begin_incident(COD, 1, 1), Step.OPENED, set(), R.NEVER_FIRED),
    "verdicts that keep changing fall silent": (
        begin_incident(COD, MAX_EPISODES_PER_PERIOD + 1, 1).fire(COD, 1), Step.OPENED, set(), R.FLAPPING),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTICES, ids=str)
def test_why_a_person_is_told_or_not(case: str) -> None:
    incident, step, told, reason = NOTICES[case]
    assert notice_reason(Notice(incident, step, frozenset(told))) is reason
