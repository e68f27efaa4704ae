"""The same random rows and questions to both stores: the answers are equal (numbers within a relative 1e-9)."""

import random
from collections.abc import Iterable

import pytest

from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Cell, Select, SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow
from tests.contract.builders import START_MS

pytestmark = pytest.mark.real_server
FIELDS = ("active_power_kw", "voltage_v", "status", "reason")
RANGE_MS = 3_600_000
ORDERED_AGGREGATES = tuple(Aggregate)


def _series(random_: random.Random) -> list[PointSeries]:
    return [
        PointSeries("energy", field, f"em-{n}", "bach-dang", f"em-{n}.{field}", f"firm {n % 3}", random_.choice("ew"))
        for n in range(6)
        for field in FIELDS[:2]
    ]


def _rows(random_: random.Random, series: list[PointSeries]) -> list[ReadingRow]:
    rows = []
    for _ in range(3_000):
        reason = random_.choice([None, None, None, None, "out_of_range", "device_timeout"])
        value = None if reason == "device_timeout" else random_.gauss(0, 1) * 10 ** random_.randint(-3, 6)
        time_ms = START_MS + random_.randrange(RANGE_MS // 1000) * 1000
        rows.append(ReadingRow(random_.choice(series), time_ms, value, random_.choice([0, 0, 0, 1, 2]), reason))
    return rows


def _query(random_: random.Random) -> SeriesQuery:
    start_ms = START_MS + random_.randrange(-RANGE_MS // 10, RANGE_MS // 2)
    buckets = random_.choice([None, 60, 300, 700])
    combine = random_.choice(ORDERED_AGGREGATES) if buckets and random_.random() < 0.4 else None
    aggregates: Iterable[Aggregate] = random_.sample(ORDERED_AGGREGATES, 1 if combine else random_.randint(1, 4))
    select = tuple(
        Select(FIELDS[random_.randrange(2)], aggregate, f"c{index}") for index, aggregate in enumerate(aggregates)
    )
    tags = ("tenant", "zone", "point")
    return SeriesQuery(
        measurement="energy",
        select=select,
        start_ms=start_ms,
        stop_ms=start_ms + random_.randrange(1, RANGE_MS),
        where=random_.choice(
            [(), (("tenant", ("firm 0", "firm 2")),), (("zone", ("e",)), ("device", ("em-1", "em-4")))]
        ),
        group_by=tuple(random_.sample(tags, random_.randint(0, 3))),
        every_seconds=buckets,
        offset_seconds=random_.choice([0, 17, -25_200]),
        measuring_only=random_.random() < 0.5,
        combine=combine,
        descending=random_.random() < 0.3,
        limit=random_.choice([None, None, 3]) if buckets else None,
    )


def _raw_query(random_: random.Random) -> SeriesQuery:
    return SeriesQuery(
        measurement="energy",
        select=tuple(Select(field) for field in random_.sample(FIELDS, random_.randint(1, 4))),
        start_ms=START_MS + random_.randrange(RANGE_MS),
        stop_ms=START_MS + RANGE_MS,
        group_by=("point", *random_.sample(("tenant", "zone"), random_.randint(0, 2))),
        measuring_only=random_.random() < 0.3,
        descending=random_.random() < 0.5,
        limit=random_.choice([None, 1, 5]),
    )


def _close(left: Cell, right: Cell) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        # A sum of numbers of mixed sign may cancel: its rounding error grows with the numbers, not with the result.
        return left == pytest.approx(right, rel=1e-9, abs=1e-6)
    return left == right and type(left) is type(right)


def _differences(left: list[SeriesResult], right: list[SeriesResult]) -> list[object]:
    if [(result.tags, result.columns, len(result.rows)) for result in left] != [
        (result.tags, result.columns, len(result.rows)) for result in right
    ]:
        return [left, right]
    pairs = (pair for one, other in zip(left, right, strict=True) for pair in zip(one.rows, other.rows, strict=True))
    return [
        (mine, theirs) for mine, theirs in pairs if not all(_close(a, b) for a, b in zip(mine, theirs, strict=True))
    ]


@pytest.mark.parametrize("seed", range(8))
async def test_both_stores_give_equal_answers(
    sqlite_store: TelemetryStore, influx_store: TelemetryStore, seed: int
) -> None:
    random_ = random.Random(seed)
    rows = _rows(random_, _series(random_))
    for store in (sqlite_store, influx_store):
        for start in range(0, len(rows), 700):
            assert (await store.write_readings(rows[start : start + 700])).accepted
    answered = 0
    for query in [*(_query(random_) for _ in range(60)), *(_raw_query(random_) for _ in range(20))]:
        embedded, influx = await sqlite_store.select(query), await influx_store.select(query)
        answered += bool(embedded)
        assert _differences(embedded, influx) == [], query
    assert answered > 40
