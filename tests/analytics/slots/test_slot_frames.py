"""Slots of many points at once: the same as each point by itself, and as a plain reckoning of every slot."""

import math
import random

import numpy as np
import pytest

from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import SLOT_COLUMNS, SlotFrame
from analytics.slots.frames import MINIMUM_VALID_SHARE, aggregated_frames
from telemetry_model.park_register import MeasuringPoint, parse_park
from telemetry_store.query import Cell, SeriesResult

MINUTE = 60_000
VALUE_COLUMNS = ("low", "high", "mean", "valid")
QUALITY_COLUMNS = ("status", "readings")
Answers = dict[str, SeriesResult]


@pytest.fixture
def points() -> list[MeasuringPoint]:
    """Forty analysers, each with an upper bound of its own."""
    rows = [f"wq-{n}.cod,park,z,wastewater,mg/l,60,{100 + n}" for n in range(40)]
    park = parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\n',
            "tenants.csv": "tenant,name,sector\npark,Operator,operator\n",
            "points.csv": "\n".join(["point,tenant,zone,medium,unit,interval_seconds,range_high", *rows]),
            "contacts.csv": "tenant,name,email,language\n",
        }
    )
    return list(park.points.values())


def answers(points: list[MeasuringPoint], seed: int) -> tuple[Answers, Answers]:
    """Values and quality with gaps of every kind: a point without either, slots that only one of them knows."""
    chance = random.Random(seed)
    values: Answers = {}
    quality: Answers = {}
    for point in points:
        measured: list[tuple[Cell, ...]] = []
        said: list[tuple[Cell, ...]] = []
        for slot in range(chance.choice([0, 1, 30])):
            readings, valid = chance.randint(1, 4), chance.randint(0, 4)
            if valid and chance.random() < 0.9:
                mean = chance.uniform(0, 150)
                measured.append((slot * MINUTE, mean - 1, mean + 1, mean, valid))
            if chance.random() < 0.9:
                said.append((slot * MINUTE, chance.choice([0, 1, 2, 3]), readings))
        if measured:
            values[point.id] = SeriesResult({"point": point.id}, VALUE_COLUMNS, measured)
        if said:
            quality[point.id] = SeriesResult({"point": point.id}, QUALITY_COLUMNS, said)
    return values, quality


def rows_of(frame: SlotFrame) -> list[tuple[object, ...]]:
    """As plain rows, NaN written as ``None`` so that rows can be compared."""
    columns = [getattr(frame, name).tolist() for name in SLOT_COLUMNS]
    return [tuple(None if math.isnan(cell) else cell for cell in row) for row in zip(*columns, strict=True)]


def reckoned(point: MeasuringPoint, values: Answers, quality: Answers) -> list[tuple[object, ...]]:
    """Slot by slot, as the promise reads."""
    measured = {int(str(row[0])): row[1:] for row in values[point.id].rows} if point.id in values else {}
    said = {int(str(row[0])): row[1:] for row in quality[point.id].rows} if point.id in quality else {}
    rows: list[tuple[object, ...]] = []
    for start in sorted(measured | said):
        low, high, mean, valid = (float(cell or 0) for cell in measured.get(start, (0, 0, 0, 0)))
        status, readings = said.get(start, (0, valid))
        total = max(float(readings or 0), valid)
        state: int = status if status in (1, 2) else SlotState.UNCERTAIN  # type: ignore[assignment]
        if start in measured and valid >= MINIMUM_VALID_SHARE * total:
            state = SlotState.IMPOSSIBLE if low < point.low or high > point.high else SlotState.VALID
        cells = (mean, low, high) if state == SlotState.VALID else (None, None, None)
        used = int(valid) if state == SlotState.VALID else 0
        rows.append((start, *cells, None, int(state), int(total - valid), used))
    return rows


@pytest.mark.parametrize("seed", range(20))
def test_every_slot_is_what_a_plain_reckoning_gives(points: list[MeasuringPoint], seed: int) -> None:
    values, quality = answers(points, seed)
    frames = aggregated_frames(values, quality, points)
    assert {point.id: rows_of(frames[point.id]) for point in points} == {
        point.id: reckoned(point, values, quality) for point in points
    }


@pytest.mark.parametrize("with_quality", [True, False])
def test_a_point_among_many_is_as_by_itself(points: list[MeasuringPoint], with_quality: bool) -> None:
    values, quality = answers(points, 99)
    asked = quality if with_quality else None
    together = aggregated_frames(values, asked, points)
    for point in points:
        alone = aggregated_frames(values, asked, [point])[point.id]
        assert rows_of(alone) == rows_of(together[point.id])


def test_types_are_those_promised_also_without_any_answer(points: list[MeasuringPoint]) -> None:
    for frame in (
        *aggregated_frames({}, {}, points).values(),
        *aggregated_frames(*answers(points, 1), points).values(),
    ):
        assert {name: str(getattr(frame, name).dtype) for name in SLOT_COLUMNS} == SLOT_COLUMNS


def test_of_two_rows_of_one_instant_the_first_counts(points: list[MeasuringPoint]) -> None:
    rows: list[tuple[Cell, ...]] = [(MINUTE, 1.0, 1.0, 1.0, 1), (0, 5.0, 5.0, 5.0, 1), (MINUTE, 9.0, 9.0, 9.0, 1)]
    found = aggregated_frames({points[0].id: SeriesResult({}, VALUE_COLUMNS, rows)}, None, points[:1])[points[0].id]
    assert (found.start_ms.tolist(), found.mean.tolist()) == ([0, MINUTE], [5.0, 1.0])


def test_a_frame_out_of_order_is_refused() -> None:
    frame = SlotFrame.of(SlotFrame.empty().table())
    times = np.array([MINUTE, 0])
    nothing = np.zeros(2)
    with pytest.raises(ValueError, match="time order"):
        SlotFrame(times, nothing, nothing, nothing, nothing, np.zeros(2, np.int8), times, times).checked()
    assert len(frame) == 0
