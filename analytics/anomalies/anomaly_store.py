"""Anomalies to and from the telemetry store; what is no longer seen stays there as withdrawn, so nothing vanishes."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from analytics.anomalies.anomaly import Anomaly
from service_runtime.errors import UnreachableError
from telemetry_model.storage_schema import ANOMALIES
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import FieldValue, RecordRow

NOTICED = "noticed"
WITHDRAWN = "withdrawn"
"""Seen once, and no longer seen with the readings that are there now (late or corrected ones came)."""
_FIELDS = (
    "verdict", "day_start_ms", "day_end_ms", "start_ms", "end_ms", "observed", "expected", "unit", "points",
    "said_vi", "said_en", "method", "noticed_at_ms",
)  # fmt: skip

Key = tuple[str, str, int]


class StoredAnomaly(NamedTuple):
    """An anomaly and whether it still stands: ``noticed`` or ``withdrawn``."""

    anomaly: Anomaly
    verdict: str


async def write_anomalies(
    store: TelemetryStore,
    park: str,
    anomalies: Sequence[Anomaly],
    from_ms: int,
    to_ms: int,
    asked: Collection[tuple[str, str]] | None = None,
) -> int:
    """Make the store hold exactly these of ``[from_ms, to_ms)``; returns how many rows were written.

    What the store holds and is not among them is withdrawn, never deleted; of ``asked`` rules and subjects alone, where
    only these were looked at. Raises ``UnreachableError``.
    """
    stored = await read_anomalies(store, park, from_ms, to_ms)
    looked_at = (s for s in stored if asked is None or (s.anomaly.rule, s.anomaly.subject) in asked)
    known = {_key(s.anomaly): s for s in looked_at}
    seen = {_key(anomaly): anomaly for anomaly in anomalies}
    rows = [
        _record(anomaly, NOTICED)
        for key, anomaly in seen.items()
        if key not in known or known[key].verdict != NOTICED or _said(known[key].anomaly) != _said(anomaly)
    ]
    rows += [_record(s.anomaly, WITHDRAWN) for key, s in known.items() if key not in seen and s.verdict == NOTICED]
    if rows:
        outcome = await store.write_records(rows)
        if outcome.kept or outcome.rejected:
            detail = outcome.kept_detail or outcome.rejected[0].detail
            raise UnreachableError(f"store: anomalies could not be written: {detail}")
    return len(rows)


async def read_anomalies(store: TelemetryStore, park: str, from_ms: int, to_ms: int) -> list[StoredAnomaly]:
    """What is stored of ``[from_ms, to_ms)``, by the time at which it began, with what was withdrawn."""
    query = SeriesQuery(
        ANOMALIES, tuple(Select(name) for name in _FIELDS), from_ms, to_ms,
        where=(("park", (park,)),), group_by=("rule", "subject", "tenant"),
    )  # fmt: skip
    found: list[StoredAnomaly] = []
    for result in await store.select(query):
        for _, *cells in result.rows:
            found.append(_stored(park, result.tags, dict(zip(_FIELDS, cells, strict=True))))
    return sorted(found, key=lambda s: (s.anomaly.day_start_ms, s.anomaly.rule, s.anomaly.subject, s.anomaly.start_ms))


def _stored(park: str, tags: dict[str, str], cells: dict[str, object]) -> StoredAnomaly:
    numbers = {name: int(str(cells[name])) for name in _FIELDS if name.endswith("_ms")}
    anomaly = Anomaly(
        rule=tags["rule"],
        park=park,
        subject=tags["subject"],
        tenant=tags["tenant"],
        observed=float(str(cells["observed"])),
        expected=float(str(cells["expected"])),
        unit=str(cells["unit"]),
        points=tuple(str(cells["points"]).split()),
        said_vi=str(cells["said_vi"]),
        said_en=str(cells["said_en"]),
        method=str(cells["method"]),
        **numbers,
    )
    return StoredAnomaly(anomaly, str(cells["verdict"]))


def _record(anomaly: Anomaly, verdict: str) -> RecordRow:
    fields: dict[str, FieldValue] = {
        "verdict": verdict,
        "day_start_ms": anomaly.day_start_ms,
        "day_end_ms": anomaly.day_end_ms,
        "start_ms": anomaly.start_ms,
        "end_ms": anomaly.end_ms,
        "observed": float(anomaly.observed),
        "expected": float(anomaly.expected),
        "unit": anomaly.unit,
        "points": " ".join(anomaly.points),
        "said_vi": anomaly.said_vi,
        "said_en": anomaly.said_en,
        "method": anomaly.method,
        "noticed_at_ms": anomaly.noticed_at_ms,
    }
    tags = {"park": anomaly.park, "rule": anomaly.rule, "subject": anomaly.subject, "tenant": anomaly.tenant}
    return RecordRow(ANOMALIES, tags, _time_ms(anomaly), fields)


def _time_ms(anomaly: Anomaly) -> int:
    """Where it lies in its day: what began the day before is placed at midnight, a day's samples each at their own."""
    return max(anomaly.start_ms, anomaly.day_start_ms)


def _key(anomaly: Anomaly) -> Key:
    return anomaly.rule, anomaly.subject, _time_ms(anomaly)


def _said(anomaly: Anomaly) -> tuple[str, str, int]:
    return anomaly.said_en, anomaly.tenant, anomaly.end_ms
