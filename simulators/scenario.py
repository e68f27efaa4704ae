"""What happens in a simulated park, and which findings and alerts must come out of it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from service_runtime.errors import OperatorError
from simulators.deliveries import AnyMishap, Mishap
from simulators.events import AnyEvent, Event
from simulators.plant_models.calendar import local_midnight_ms
from simulators.register_changes import RegisterChanges
from telemetry_model.park_register import Park

MS_PER_HOUR = 3_600_000


class ExpectedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Findings of this rule and subject that are not *compliant*: ``windows`` of them, or at least one.

    ``day`` is the local day its period starts on, relative to today; without it, the period to date.
    """

    rule: str
    subject: str
    verdict: str
    day: int | None = None
    provisional: bool = False
    silent: bool = False
    """The rule writes to nobody: shown on boards only."""
    windows: int | None = None
    note: str = ""


class ExpectedAnomaly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An explained anomaly on a local day relative to today: which rule sees what there."""

    rule: str
    subject: str
    day: int
    note: str = ""


class ExpectedRevision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A verdict on the period that starts on a day relative to today took the place of another: one was *exceeded*."""

    rule: str
    subject: str
    day: int
    verdict: str
    reason: str
    note: str = ""


class ExpectedAlert(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident that must be opened, and who answers for it."""

    rule: str
    subject: str
    tenant: str


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named course of events as the file has it, with days relative to today.

    Everything the rules judge and that is not expected here must come out compliant.
    """

    name: str
    title_vi: str
    title_en: str
    story_vi: str = ""
    """What happens, in one sentence."""
    story_en: str = ""
    park: str = "bach-dang"
    """The folder of its park among those that come with Ecopark."""
    register: RegisterChanges = RegisterChanges()
    today: date | None = None
    """Day 0 when the scenario is run by itself."""
    seed: int = 1
    history_days: int = 3
    """How many local days before today the simulation starts; counters are integrated from there."""
    judged_days: int = 2
    """How many whole days before today are delivered and judged, at most all of the history."""
    until_hour: float = 1.0
    """Delivered and judged up to this local hour of today."""
    step_seconds: int = 60
    events: tuple[AnyEvent, ...] = ()
    deliveries: tuple[AnyMishap, ...] = ()
    expected_findings: tuple[ExpectedFinding, ...] = ()
    expected_before: tuple[ExpectedFinding, ...] = ()
    """With late or corrected readings: what must be concluded just before the first of them comes."""
    expected_revisions: tuple[ExpectedRevision, ...] = ()
    """With late or corrected readings: which exceedances they made or took back, and no others."""
    expected_corrections: tuple[str, ...] = ()
    """``RULE/subject``: about these, and no others, people got a correction of an e-mail."""
    expected_compliant: tuple[str, ...] = ()
    """``RULE/subject``: judged at least once and always compliant. The rest of what is judged is compliant too."""
    expected_quarantined: int = 0
    """How many readings ingest must refuse."""
    expected_anomalies: tuple[ExpectedAnomaly, ...] = ()
    expected_alerts: tuple[ExpectedAlert, ...] = ()

    @property
    def run_days(self) -> int:
        """Whole days before today that a run delivers and judges."""
        return min(self.judged_days, self.history_days)

    def on(self, today: date, timezone: ZoneInfo, seed: int | None = None) -> "PlacedScenario":
        """The scenario on the calendar: ``today`` is its day 0. ``seed`` gives another course of the same events."""
        return PlacedScenario(self, today, timezone, self.seed if seed is None else seed)


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class PlacedEvent(Generic[E_co]):
    """An event with its time: ``[start_ms, end_ms)`` UTC."""

    event: E_co
    start_ms: int
    end_ms: int

    def covers(self, time_ms: int) -> bool:
        """Whether the event is going on."""
        return self.start_ms <= time_ms < self.end_ms


E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=Mishap)
_FOREVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class PlacedScenario:
    """A scenario on the calendar: its relative days have become instants."""

    scenario: Scenario
    today: date
    timezone: ZoneInfo
    seed: int

    @property
    def epoch_ms(self) -> int:
        """Where the simulation begins."""
        return self.day_ms(-self.scenario.history_days)

    def day_ms(self, day: int) -> int:
        """Start of a local day relative to today, UTC milliseconds."""
        return local_midnight_ms(self.today + timedelta(days=day), self.timezone)

    def events(self, kind: type[E]) -> Iterator[PlacedEvent[E]]:
        """All events of a kind, in the file's order."""
        for event in self.scenario.events:
            if not isinstance(event, kind):
                continue
            if event.day is None:
                yield PlacedEvent(event, 0, _FOREVER_MS)
            else:
                yield PlacedEvent(event, *self._hours(event.day, event))

    def mishaps(self, kind: type[M]) -> Iterator[tuple[M, int, int]]:
        """All mishaps of a kind with the beginning and end of their time, UTC milliseconds."""
        for mishap in self.scenario.deliveries:
            if isinstance(mishap, kind):
                yield (mishap, *self._hours(mishap.day, mishap))

    def _hours(self, day: int, when: Event | Mishap) -> tuple[int, int]:
        last = day if when.until_day is None else when.until_day
        start, end = round(when.start_hour * MS_PER_HOUR), round(when.end_hour * MS_PER_HOUR)
        # The end of a day is the next midnight, also on days of 23 or 25 hours.
        closes = self.day_ms(last + 1) if when.end_hour == 24 else self.day_ms(last) + end
        return self.day_ms(day) + start, closes


def scenario_names() -> list[str]:
    """The scenarios that come with the package."""
    folder = resources.files("simulators") / "scenarios"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scenario(name_or_file: str) -> Scenario:
    """A built-in scenario by name, or any TOML file; raises :class:`OperatorError` naming the file and the field."""
    path = Path(name_or_file)
    if path.suffix == ".toml":
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise OperatorError(f"{path}: cannot be read ({error.strerror})") from error
    elif name_or_file in scenario_names():
        text = (resources.files("simulators") / "scenarios" / f"{name_or_file}.toml").read_text(encoding="utf-8")
    else:
        raise OperatorError(
            f"no scenario '{name_or_file}' (known: {', '.join(scenario_names())}; or give a .toml file)"
        )
    return parse_scenario(text, name_or_file)


def check_against_park(scenario: Scenario, park: Park) -> None:
    """Raises :class:`OperatorError` when an event names a tenant, device, gateway or point the park does not have."""
    known: dict[str, set[str]] = {
        "tenant": set(park.tenants),
        "point": set(park.points),
        "device": {point.device for point in park.points.values()},
        "gateway": {point.gateway for point in park.points.values()},
        "link": {link.link for link in park.symbiosis},
    }
    named: list[tuple[str, Event | Mishap]] = [
        *((f"events[{index}]", event) for index, event in enumerate(scenario.events, start=1)),
        *((f"deliveries[{index}]", mishap) for index, mishap in enumerate(scenario.deliveries, start=1)),
    ]
    for place, happening in named:
        for field, names in known.items():
            name = getattr(happening, field, None)
            if name is not None and name not in names:
                where = f"scenario {scenario.name}: {place}.{field}"
                raise OperatorError(f"{where}: '{name}' is not in the register of park {park.id}")


def parse_scenario(text: str, origin: str) -> Scenario:
    """A scenario from TOML text; ``origin`` is named in errors."""
    try:
        scenario = msgspec.convert(_spelled_out(tomllib.loads(text)), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{origin}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise OperatorError(f"{origin}: {error}") from error
    for index, event in enumerate(scenario.events, start=1):
        _check_time(scenario, event, f"{origin}: events[{index}]")
    for index, mishap in enumerate(scenario.deliveries, start=1):
        _check_time(scenario, mishap, f"{origin}: deliveries[{index}]")
    return scenario


def _spelled_out(raw: dict[str, Any]) -> dict[str, Any]:
    """One expectation each, where the file gives lists of days, rules or subjects: each with each."""
    for name in ("expected_findings", "expected_before", "expected_revisions", "expected_anomalies"):
        entries = raw.get(name)
        if not isinstance(entries, list):
            continue
        single: list[Any] = []
        for entry in entries:
            if not isinstance(entry, dict):
                single.append(entry)
                continue
            lists = [(key, value) for key, value in entry.items() if isinstance(value, list)]
            for chosen in product(*(value for _, value in lists)):
                single.append({**entry, **dict(zip((key for key, _ in lists), chosen, strict=True))})
        raw[name] = single
    return raw


def _check_time(scenario: Scenario, when: Event | Mishap, where: str) -> None:
    one_day = when.until_day is None or when.until_day == when.day
    in_day = 0 <= when.start_hour <= 24 and 0 <= when.end_hour <= 24
    if not in_day or (one_day and when.start_hour >= when.end_hour):
        raise OperatorError(f"{where}: hours {when.start_hour:g} to {when.end_hour:g} are not a span of a day")
    if when.until_day is not None and (when.day is None or when.until_day < when.day):
        raise OperatorError(f"{where}: until_day {when.until_day} is before day {when.day}")
    if when.day is not None and when.day < -scenario.history_days:
        raise OperatorError(f"{where}: day {when.day} is before the history ({scenario.history_days} days)")
