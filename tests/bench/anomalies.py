"""How many anomalies are found and how many are false, on simulated truth over many seeds and on quiet months."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec

from analytics.anomalies.watch import find_anomalies
from analytics.judging.plan import JudgingRange
from deploy.local.scenario_run import DEFAULT_TODAY, day_of, park_of
from simulators.backlog import backlog
from simulators.events import AnyEvent, Bypass, EnergyWaste, HiddenDischarge, MeterError, SensorBias
from simulators.scenario import Scenario, load_scenario
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore
from tests.bench.figures import Figure, Target

SCENARIOS = (
    "night-discharge", "bypass", "frozen-sensor", "sensor-against-laboratory", "sub-meters", "energy-outside-baseline",
)  # fmt: skip
SEEDS = range(1, 9)
QUIET_SEEDS = range(101, 107)
QUIET_DAYS = 28
RULES = ("AN-01", "AN-02", "AN-03", "AN-04", "AN-05", "AN-06")


async def measure(folder: Path) -> list[Figure]:
    """Precision and recall per rule, for incidents as in the scenarios and for half as strong ones."""
    full, half = _Tally(), _Tally()
    for name in SCENARIOS:
        scenario = load_scenario(name)
        for seed in SEEDS:
            full.add(await _watch(folder, scenario, seed))
            half.add(await _watch(folder, _half_as_strong(scenario), seed))
    ordinary = load_scenario("cluster-quiet")
    quiet = msgspec.structs.replace(
        ordinary, history_days=QUIET_DAYS, judged_days=QUIET_DAYS, step_seconds=900,
        register=msgspec.structs.replace(ordinary.register, interval_seconds=900),
    )  # fmt: skip
    alarms: Counter[str] = Counter()
    for seed in QUIET_SEEDS:
        alarms.update(rule for _, rule, _ in (await _watch(folder, quiet, seed)).noticed)
    tenant_days = len(QUIET_SEEDS) * QUIET_DAYS * len(park_of(quiet).tenants)
    return [
        *full.figures("incidents of the scenarios", Target(0.95)),
        *half.figures("incidents half as strong", None),
        Figure("quiet tenant-days", tenant_days, "tenant-days"),
        *(Figure(f"quiet: false {rule}", alarms[rule], "alarms") for rule in RULES if alarms[rule]),
        Figure("quiet: false alarms", alarms.total() / tenant_days, "per tenant-day", Target(0.01, at_most=True)),
    ]


class _Seen(NamedTuple):
    expected: set[tuple[int, str, str]]
    noticed: set[tuple[int, str, str]]


class _Tally:
    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._missed: Counter[str] = Counter()
        self._false: Counter[str] = Counter()

    def add(self, seen: _Seen) -> None:
        self._found.update(rule for _, rule, _ in seen.expected & seen.noticed)
        self._missed.update(rule for _, rule, _ in seen.expected - seen.noticed)
        self._false.update(rule for _, rule, _ in seen.noticed - seen.expected)

    def figures(self, what: str, target: Target | None) -> list[Figure]:
        rows: list[Figure] = []
        for rule in RULES:
            found, missed, false = self._found[rule], self._missed[rule], self._false[rule]
            wanted, noticed = found + missed, found + false
            rows.append(Figure(f"{what}: {rule} recall", found / max(1, wanted), f"of {wanted}", target))
            rows.append(Figure(f"{what}: {rule} precision", found / max(1, noticed), f"of {noticed}", target))
        return rows


async def _watch(folder: Path, scenario: Scenario, seed: int) -> _Seen:
    """What is noticed of a scenario's readings, which go straight into a store."""
    park = park_of(scenario)
    placed = scenario.on(scenario.today or DEFAULT_TODAY, park.timezone, seed)
    span = JudgingRange(placed.day_ms(-scenario.run_days), placed.day_ms(0), placed.day_ms(-scenario.run_days))
    series = {point.id: PointSeries.of(point, park.id) for point in park.points.values()}
    with tempfile.TemporaryDirectory(dir=folder) as own:
        store = SqliteStore(Path(own) / "telemetry.db")
        try:
            rows = [
                ReadingRow(series[r.point], r.measured_at_ms, r.value, int(r.status), r.reason)
                for _, _, taken in backlog(park, placed, span.from_ms, span.to_ms, scenario.step_seconds, coarse=True)
                for r in taken
            ]
            await store.write_readings(rows)
            noticed = await find_anomalies(store, park, span, span.to_ms)
        finally:
            await store.close()
    return _Seen(
        {(e.day, e.rule, e.subject) for e in scenario.expected_anomalies},
        {(day_of(a.day_start_ms, placed), a.rule, a.subject) for a in noticed},
    )


def _half_as_strong(scenario: Scenario) -> Scenario:
    return msgspec.structs.replace(scenario, events=tuple(_halved(event) for event in scenario.events))


def _halved(event: AnyEvent) -> AnyEvent:
    if isinstance(event, HiddenDischarge):
        return msgspec.structs.replace(event, flow_m3_h=event.flow_m3_h / 2)
    if isinstance(event, EnergyWaste):
        return msgspec.structs.replace(event, extra_kw=event.extra_kw / 2)
    if isinstance(event, Bypass):
        return msgspec.structs.replace(event, shown_share=(1 + event.shown_share) / 2)
    if isinstance(event, (MeterError, SensorBias)):
        return msgspec.structs.replace(event, factor=(1 + event.factor) / 2)
    return event
