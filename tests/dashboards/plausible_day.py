"""Plausible readings for every point of a park, so that every panel has something to show."""

import math
from collections.abc import Iterator

from analytics.finding import Verdict
from analytics.rollups.keeper import RollupKeeper
from service_runtime.clock import ManualClock, utc_from_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_model.storage_schema import ANOMALIES, FINDINGS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_LEVELS = {
    "active_power": 900.0, "reactive_power": 330.0, "voltage": 22_000.0, "current": 40.0,
    "active_energy_import": 21_000.0, "reactive_energy_import": 8_000.0, "flow": 22.0, "volume": 500.0, "mass": 3.0,
    "cod": 55.0, "nh4_n": 3.2, "tss": 30.0,
    "ph": 7.2, "temperature": 29.0, "nox": 88.0, "co": 42.0, "oxygen": 13.6, "stack_flow": 40_000.0, "pm2_5": 38.0,
    "pm10": 60.0, "no2": 30.0, "so2": 14.0, "o3": 45.0, "humidity": 78.0, "pressure": 1_010.0, "irradiance": 300.0,
    "wind_speed": 3.0, "rain": 0.1, "gas_flow": 900.0, "stack_temperature": 160.0,
}  # fmt: skip
"""Typical level; for counters the growth per day."""


def rows_of_point(
    point: MeasuringPoint, park: str, number: int, start_ms: int, stop_ms: int, every_ms: int
) -> Iterator[ReadingRow]:
    """A daily wave for gauges, steady growth for counters."""
    series = PointSeries.of(point, park)
    level = _LEVELS.get(point.quantity.name, 10.0) * (0.7 + 0.05 * (number % 13))
    for time_ms in range(start_ms, stop_ms, every_ms):
        hour = time_ms % DAY_MS / HOUR_MS
        if point.quantity.kind is Kind.COUNTER:
            value = 1_000_000.0 + level * (time_ms - start_ms) / DAY_MS
        else:
            value = level * (1 + 0.25 * math.sin((hour + number) / 24 * 2 * math.pi) + 0.04 * math.sin(time_ms / 7e5))
        yield ReadingRow(series, time_ms, value, status=0)


def troubled_rows(point: MeasuringPoint, park: str, now_ms: int) -> list[ReadingRow]:
    """Two hours of calibration and one of fault, ten hours ago: what a status timeline must show."""
    series, begin = PointSeries.of(point, park), now_ms - 10 * HOUR_MS
    rows = [ReadingRow(series, begin + minute * 60_000, 999.0, 1) for minute in range(0, 120, 5)]
    return rows + [
        ReadingRow(series, begin + minute * 60_000, None, 2, "instrument_fault") for minute in range(120, 180, 5)
    ]


async def fill_store(store: TelemetryStore, park: Park, now_ms: int, gap_device: str = "wq-central") -> None:
    """24 h of every point, every 5 min, eight days of counters, hourly; ``gap_device`` has a hole and troubles."""
    rows: list[ReadingRow] = []
    start_ms = (now_ms - DAY_MS) // 300_000 * 300_000
    for number, point in enumerate(park.points.values()):
        if point.quantity.kind is Kind.COUNTER:
            first = (now_ms - 9 * DAY_MS) // HOUR_MS * HOUR_MS
            rows += rows_of_point(point, park.id, number, first, now_ms, HOUR_MS // 2)
            continue
        hole = range(now_ms - 10 * HOUR_MS, now_ms - 7 * HOUR_MS) if point.device == gap_device else range(0)
        rows += [
            row for row in rows_of_point(point, park.id, number, start_ms, now_ms, 300_000) if row.time_ms not in hole
        ]
        if point.id == f"{gap_device}.cod":
            rows += troubled_rows(point, park.id, now_ms)
    for index in range(0, len(rows), 5_000):
        outcome = await store.write_readings(rows[index : index + 5_000])
        assert outcome.accepted == outcome.total
    await RollupKeeper(store, park, ManualClock(now_ms)).turn()
    outcome = await store.write_records([*findings(park, now_ms), *ledger_lines(park, now_ms)])
    assert outcome.accepted == outcome.total


def ledger_lines(park: Park, now_ms: int) -> list[RecordRow]:
    """A day of the ledger, hour by hour: one gateway with a hole, one with readings in quarantine."""
    gateways = sorted({point.gateway for point in park.points.values() if point.gateway})
    first = (now_ms - DAY_MS) // HOUR_MS * HOUR_MS
    records = []
    for hour_ms in range(first, now_ms, HOUR_MS):
        for number, gateway in enumerate(gateways):
            troubled = (hour_ms - first) // HOUR_MS == 12
            fields: dict[str, float | int | str | bool] = {
                "received": 3_000 + 200 * number, "stored": 3_000 + 200 * number - 12 * number * troubled,
                "quarantined": 12 * number * troubled, "missing": 3 * troubled * (number == 0), "batches": 16,
                "duplicate": 2 * troubled, "late": 400 * troubled, "refilled": 0,
            }  # fmt: skip
            records.append(RecordRow("ledger", {"park": park.id, "gateway": gateway, "run": "r1"}, hour_ms, fields))
    return records


def findings(park: Park, now_ms: int) -> list[RecordRow]:
    """Yesterday's verdicts: one exceedance, one without sufficient data, others compliant."""
    cases = (
        ("WW-05-COD", "det-may-kien-an-outlet", "det-may-kien-an", Verdict.EXCEEDED, 182.4, 150.0, "mg/l", 0.98),
        ("WW-01-COD", "central-wwtp-outlet", "park", Verdict.COMPLIANT, 52.1, 67.5, "mg/l", 0.99),
        ("WW-01-NH4", "central-wwtp-outlet", "park", Verdict.INSUFFICIENT_DATA, None, 4.5, "mg/l", 0.42),
        ("AIR-02-NOX", "chp-stack", "park", Verdict.EXCEEDED, 131.0, 120.0, "mg/Nm3", 0.95),
        ("AMB-01-PM25", "aq-north", "park", Verdict.COMPLIANT, 36.0, 45.0, "ug/m3", 1.0),
        ("EN-03-PF", "thep-bach-dang-supply", "thep-bach-dang", Verdict.COMPLIANT, 0.94, 0.90, "1", 1.0),
    )
    zone_ms = int(park.timezone.utcoffset(utc_from_ms(now_ms)).total_seconds() * 1000)  # type: ignore[union-attr]
    today_ms = (now_ms + zone_ms) // DAY_MS * DAY_MS - zone_ms
    records = []
    for days_ago in (1, 2):
        for rule, subject, tenant, verdict, observed, limit, unit, capture in cases:
            fields: dict[str, float | int | str | bool] = {
                "verdict": verdict if days_ago == 1 else Verdict.COMPLIANT, "verdict_code": verdict.code,
                "limit": limit, "unit": unit, "data_capture": capture, "provisional": rule == "EN-03-PF",
                "confidence": "permit", "to_confirm": "averaging" if unit == "mg/l" else "", "rule_version": "1",
            }  # fmt: skip
            if observed is not None:
                fields["observed"] = observed
            tags = {"park": park.id, "rule": rule, "subject": subject, "tenant": tenant}
            records.append(RecordRow(FINDINGS, tags, today_ms - days_ago * DAY_MS, fields))
    return [*records, *_anomalies(park, today_ms)]


def _anomalies(park: Park, today_ms: int) -> list[RecordRow]:
    """One that stands for each firm, and one of the operator's that was withdrawn."""
    said = {
        tenant.id: {
            "verdict": "noticed",
            "said_vi": f"{tenant.id}-outlet: đã thấy.",
            "said_en": f"{tenant.id}-outlet: seen.",
        }
        for tenant in park.firms()
    } | {"park": {"verdict": "withdrawn", "said_vi": "Không còn.", "said_en": "No longer."}}
    return [
        RecordRow(
            ANOMALIES, {"park": park.id, "rule": "AN-01", "subject": f"{tenant}-outlet", "tenant": tenant},
            today_ms - DAY_MS, {**fields},
        )
        for tenant, fields in said.items()
    ]  # fmt: skip
