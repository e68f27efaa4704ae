"""Readings, records and questions with sensible defaults, for the store's contract tests."""

from collections.abc import Iterable
from typing import Any

from telemetry_store.query import Aggregate, Cell, Select, SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow

START_MS = 1_700_000_040_000
"""A full minute: 2023-11-14T22:14:00Z."""
FIELD = "active_power_kw"
FAR_MS = 4_000_000_000_000


def a_series(
    point: str = "em-1", tenant: str = "steel", field: str = FIELD, measurement: str = "energy"
) -> PointSeries:
    """The series of one meter."""
    quantity = field.rsplit("_", 1)[0]
    return PointSeries(measurement, field, point, "bach-dang", f"{point}.{quantity}", tenant, "east")


def every(series: PointSeries, values: Iterable[float | None], seconds: int = 10) -> list[ReadingRow]:
    """Readings one after the other from :data:`START_MS`; ``None`` is a device that timed out."""
    return [
        ReadingRow(series, START_MS + index * seconds * 1000, value, 0, None if value is not None else "device_timeout")
        for index, value in enumerate(values)
    ]


def raw(*fields: str, **more: Any) -> SeriesQuery:
    """Rows as written, everything by default."""
    settings: dict[str, Any] = {"measurement": "energy", "start_ms": 0, "stop_ms": FAR_MS} | more
    return SeriesQuery(select=tuple(Select(field) for field in fields or (FIELD,)), **settings)


def aggregated(*aggregates: Aggregate, field: str = FIELD, **more: Any) -> SeriesQuery:
    """Aggregates of one field, per minute unless ``every_seconds`` says otherwise."""
    settings: dict[str, Any] = {
        "measurement": "energy", "start_ms": 0, "stop_ms": FAR_MS, "every_seconds": 60,
    } | more  # fmt: skip
    return SeriesQuery(select=tuple(Select(field, aggregate) for aggregate in aggregates), **settings)


def rows_of(results: list[SeriesResult]) -> list[tuple[Cell, ...]]:
    """The rows of an answer that has one group; none when it is empty."""
    assert len(results) <= 1, f"{len(results)} groups"
    return results[0].rows if results else []
