"""What happens in a simulated park, and which findings and alerts must come out of it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from service_runtime.errors import OperatorError
from simulators.plant_models.calendar import local_midnight_ms
from telemetry_model.park_register import Park

MS_PER_HOUR = 3_600_000


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """When: local hours of a day relative to today (0); no ``day`` means the whole time."""

    day: int | None = None
    start_hour: float = 0.0
    end_hour: float = 24.0
    note: str = ""


class EffluentSurge(Event, frozen=True, tag="effluent_surge"):
    """A firm's wastewater carries ``cod_factor`` times its usual COD."""

    tenant: str = msgspec.field(default="")
    cod_factor: float = 1.0


class StackUpset(Event, frozen=True, tag="stack_upset"):
    """The burner makes ``nox_factor`` times its usual NOx, in flue gas with ``oxygen_shift_percent`` more oxygen."""

    device: str = ""
    nox_factor: float = 1.0
    oxygen_shift_percent: float = 0.0


class PoorPowerFactor(Event, frozen=True, tag="poor_power_factor"):
    """A firm draws its load at this power factor (its compensation is out of order)."""

    tenant: str = ""
    power_factor: float = 0.9


class FrozenSensor(Event, frozen=True, tag="frozen_sensor"):
    """A point repeats the value it had when the event began; its status stays *measuring*."""

    point: str = ""


class Calibration(Event, frozen=True, tag="calibration"):
    """A device reports *calibrating*; ``values`` (by quantity) are the span gas it then sees."""

    device: str = ""
    values: dict[str, float] = {}


class InstrumentFault(Event, frozen=True, tag="instrument_fault"):
    """A device reports *fault* and gives no value."""

    device: str = ""


class DeviceOffline(Event, frozen=True, tag="device_offline"):
    """A device does not answer at all."""

    device: str = ""


class GatewayOutage(Event, frozen=True, tag="gateway_outage"):
    """A gateway is switched off: nothing is read from any of its devices, and nothing says so."""

    gateway: str = ""


AnyEvent = (
    EffluentSurge
    | StackUpset
    | PoorPowerFactor
    | FrozenSensor
    | Calibration
    | InstrumentFault
    | DeviceOffline
    | GatewayOutage
)


class ExpectedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At least one finding of this rule and subject that is not *compliant*.

    ``day`` is the local day its period starts on, relative to today; without it, the period to date.
    """

    rule: str
    subject: str
    verdict: str
    day: int | None = None
    provisional: bool = False
    silent: bool = False
    """The rule writes to nobody: shown on boards only."""
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
    seed: int = 1
    history_days: int = 3
    """How many local days before today the simulation starts; counters are integrated from there."""
    events: tuple[AnyEvent, ...] = ()
    expected_findings: tuple[ExpectedFinding, ...] = ()
    expected_alerts: tuple[ExpectedAlert, ...] = ()

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
                continue
            midnight = self.day_ms(event.day)
            start, end = round(event.start_hour * MS_PER_HOUR), round(event.end_hour * MS_PER_HOUR)
            yield PlacedEvent(event, midnight + start, midnight + end)


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
    }
    for index, event in enumerate(scenario.events, start=1):
        for field, names in known.items():
            named = getattr(event, field, None)
            if named is not None and named not in names:
                where = f"scenario {scenario.name}: events[{index}].{field}"
                raise OperatorError(f"{where}: '{named}' is not in the register of park {park.id}")


def parse_scenario(text: str, origin: str) -> Scenario:
    """A scenario from TOML text; ``origin`` is named in errors."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{origin}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise OperatorError(f"{origin}: {error}") from error
    for index, event in enumerate(scenario.events, start=1):
        if not 0 <= event.start_hour < event.end_hour <= 24:
            raise OperatorError(
                f"{origin}: events[{index}]: hours {event.start_hour:g} to {event.end_hour:g} are not a span of a day"
            )
        if event.day is not None and event.day < -scenario.history_days:
            raise OperatorError(
                f"{origin}: events[{index}]: day {event.day} is before the history ({scenario.history_days} days)"
            )
    return scenario
