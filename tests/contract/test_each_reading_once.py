"""A point whose tags were edited: each instant counts once, in both stores, as if it had been stored once."""

import dataclasses
import random
from collections.abc import Iterator

import pytest

from telemetry_model.park_register import Park, parse_park
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow

START_MS = 1_795_194_000_000
MINUTE_MS = 60_000
MINUTES = 240
POWER = "em-1.active_power"
FIELD = "active_power_kw"
FORMER = (("beta", "z1"), ("alpha", "z0"))
"""In the order in which they come after the present tags, when both are as valid."""


def park_of(name: str) -> Park:
    return parse_park(
        {
            "park.toml": f'id = "{name}"\nname_vi = "P"\nname_en = "P"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,O,operator,\nalpha,A,steel,\nbeta,B,steel,\n",
            "contacts.csv": "tenant,name,email,language\n",
            "points.csv": (
                "point,tenant,zone,medium,unit,interval_seconds\n"
                f"{POWER},beta,z2,energy,kW,60\nem-2.active_power,beta,z2,energy,kW,60\n"
            ),
        }
    )


MESSY, CLEAN = park_of("messy"), park_of("clean")


def rows(chance: random.Random) -> Iterator[ReadingRow]:
    """The messy park's readings under three sets of tags, and the clean park's: those that must count, once."""
    present = PointSeries.of(MESSY.points[POWER], MESSY.id)
    clean = PointSeries.of(CLEAN.points[POWER], CLEAN.id)
    # As after a refill: the former series end, the present one begins, with gaps, before they do.
    stretches = [(present, chance.randrange(MINUTES), MINUTES, chance.choice([1.0, 0.8]))]
    for tenant, zone in FORMER:
        series = dataclasses.replace(present, tenant=tenant, zone=zone)
        stretches.append((series, 0, chance.randrange(1, MINUTES), chance.choice([1.0, 0.8])))
    best: dict[int, tuple[tuple[int, bool, str], ReadingRow]] = {}
    for series, first, end, share in stretches:
        for minute in range(first, end):
            if chance.random() > share:
                continue
            status, reason = chance.choice([(0, None)] * 6 + [(2, None), (0, "out_of_range")])
            row = ReadingRow(series, START_MS + minute * MINUTE_MS, float(chance.randrange(1000)), status, reason)
            rank = (series is not present, bool(status or reason), series.tenant)
            if minute not in best or rank < best[minute][0]:
                best[minute] = rank, row
            yield row
    for _, row in best.values():
        yield ReadingRow(clean, row.time_ms, row.value, row.status, row.reason)
    for park in (MESSY, CLEAN):
        other = PointSeries.of(park.points["em-2.active_power"], park.id)
        yield from (ReadingRow(other, START_MS + minute * MINUTE_MS, 2.0 * minute) for minute in range(MINUTES))


def question(chance: random.Random, park: str) -> SeriesQuery:
    start_ms = START_MS + chance.randrange(60) * MINUTE_MS
    plain = SeriesQuery(
        "energy", (Select(FIELD, name="v"),), start_ms, start_ms + chance.randrange(1, 180) * MINUTE_MS,
        where=(("park", (park,)), ("point", (POWER, "em-2.active_power"))), group_by=("point",),
        measuring_only=chance.random() < 0.7,
    )  # fmt: skip
    kind = chance.randrange(5)
    if kind == 0:
        return plain
    if kind == 1:
        return dataclasses.replace(plain, limit=1, descending=chance.random() < 0.5)
    every, offset = chance.choice([60, 300, 1800, 3600]), chance.choice([0, 0, 60])
    if kind == 4:
        extremes = (Select(FIELD, Aggregate.MIN), Select(FIELD, Aggregate.MAX))
        return dataclasses.replace(plain, select=extremes, every_seconds=every, offset_seconds=offset)
    if kind == 2:
        select = (Select(FIELD, chance.choice(list(Aggregate)), "v"),)
        return dataclasses.replace(
            plain, select=select, group_by=chance.choice([(), ("park",)]),
            combine=chance.choice([Aggregate.SUM, Aggregate.MAX, Aggregate.COUNT]), every_seconds=every,
        )  # fmt: skip
    several = (*(Select(FIELD, aggregate, aggregate.value) for aggregate in Aggregate), Select("status", Aggregate.MAX))
    return dataclasses.replace(plain, select=several, every_seconds=every, offset_seconds=offset)


def comparable(results: list[SeriesResult]) -> list[object]:
    return [
        (result.tags.get("point"), result.columns, [tuple(map(_rounded, row)) for row in result.rows])
        for result in results
    ]


def _rounded(cell: object) -> object:
    return round(cell, 9) if isinstance(cell, float) else cell


@pytest.mark.parametrize("seed", range(6))
async def test_every_answer_is_that_of_a_park_that_was_never_edited(store: TelemetryStore, seed: int) -> None:
    chance = random.Random(seed)
    await store.write_readings(list(rows(chance)))
    for _ in range(25):
        asked = chance.random()
        messy = question(random.Random(asked), MESSY.id)
        clean = question(random.Random(asked), CLEAN.id)
        assert comparable(await select_once(store, MESSY, messy)) == comparable(await store.select(clean)), messy


async def test_a_register_sent_again_with_losses_is_read_bucket_by_bucket(store: TelemetryStore) -> None:
    """Only the hour that the register was edited in, and those whose edges came once, are read reading by reading."""
    present = PointSeries.of(MESSY.points[POWER], MESSY.id)
    former = dataclasses.replace(present, zone="z0")
    registers = [ReadingRow(former, START_MS + n * MINUTE_MS, 1000.0 + n) for n in range(MINUTES)]
    await store.write_readings(registers[:-30])
    again = [ReadingRow(present, row.time_ms, row.value) for n, row in enumerate(registers) if n >= 30 and n % 7 != 5]
    await store.write_readings(again)
    counting = CountingStore(store)
    aggregates = (Aggregate.FIRST, Aggregate.LAST, Aggregate.MIN, Aggregate.MAX)
    query = SeriesQuery(
        "energy", tuple(Select(FIELD, a) for a in aggregates), START_MS, START_MS + MINUTES * MINUTE_MS,
        where=(("park", (MESSY.id,)), ("point", (POWER,))), group_by=("point",), every_seconds=3600,
        measuring_only=True,
    )  # fmt: skip
    (found,) = await select_once(counting, MESSY, query)  # type: ignore[arg-type]
    hours = [(START_MS + h * 60 * MINUTE_MS, 1000.0 + 60 * h, 1059.0 + 60 * h) for h in range(4)]
    assert [(row[0], row[1], row[2]) for row in found.rows] == hours
    assert [(row[0], row[3], row[4]) for row in found.rows] == hours
    assert counting.asked <= 4


async def test_each_tenant_keeps_what_only_its_series_holds(store: TelemetryStore) -> None:
    present = PointSeries.of(MESSY.points[POWER], MESSY.id)
    former = dataclasses.replace(present, tenant="alpha")
    await store.write_readings([ReadingRow(former, START_MS + n * MINUTE_MS, 1.0) for n in range(40)])
    await store.write_readings([ReadingRow(present, START_MS + n * MINUTE_MS, 5.0) for n in range(30, 60)])
    query = SeriesQuery(
        "energy", (Select(FIELD, Aggregate.SUM, "v"),), START_MS, START_MS + 60 * MINUTE_MS,
        where=(("park", (MESSY.id,)),), group_by=("tenant",), every_seconds=3600, measuring_only=True,
    )  # fmt: skip
    found = {result.tags["tenant"]: result.rows for result in await select_once(store, MESSY, query)}
    assert found == {"alpha": [(START_MS, 30.0)], "beta": [(START_MS, 150.0)]}


async def test_a_fault_written_later_takes_a_valid_value_back(store: TelemetryStore) -> None:
    present = PointSeries.of(MESSY.points[POWER], MESSY.id)
    former = dataclasses.replace(present, zone="z0")
    await store.write_readings([ReadingRow(former, START_MS, 7.0), ReadingRow(former, START_MS + MINUTE_MS, 8.0)])
    await store.write_readings([ReadingRow(present, START_MS, 7.0, 2)])
    query = SeriesQuery(
        "energy", (Select(FIELD, Aggregate.MEAN, "v"),), START_MS, START_MS + 60 * MINUTE_MS,
        where=(("park", (MESSY.id,)),), group_by=("point",), every_seconds=3600, measuring_only=True,
    )  # fmt: skip
    assert [result.rows for result in await select_once(store, MESSY, query)] == [[(START_MS, 8.0)]]


class CountingStore:
    """Passes questions on and counts them."""

    def __init__(self, store: TelemetryStore) -> None:
        self._store = store
        self.asked = 0

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        """As the store."""
        self.asked += 1
        return await self._store.select(query)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


async def test_a_register_that_was_never_edited_costs_no_further_question(store: TelemetryStore) -> None:
    await store.write_readings(list(rows(random.Random(1))))
    counting = CountingStore(store)
    query = SeriesQuery(
        "energy", (Select(FIELD, Aggregate.MEAN, "v"),), START_MS, START_MS + 60 * MINUTE_MS,
        where=(("park", (CLEAN.id,)),), group_by=("point",), every_seconds=60, measuring_only=True,
    )  # fmt: skip
    found = await select_once(counting, CLEAN, query)  # type: ignore[arg-type]
    assert found == await store.select(query)
    assert counting.asked == 1
