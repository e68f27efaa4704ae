"""Keeps the indicators of whole calendar months in the store: computed again, written only where they changed."""

from collections.abc import Iterable

from analytics.findings.store import write_indicators
from analytics.indicator import MONTH_PREFIX, Indicator
from analytics.indicators.compute import compute_indicators, months_of
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.store_readings import Span
from analytics.windows import HOUR_MS
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore

MINIMUM_DATA_CAPTURE = 0.8
_MONTH_HOURS = 31 * 24


def whole_months(park: Park, span: Span) -> list[Span]:
    """The local calendar months that lie wholly in ``span``."""
    # The months touched by a span that is an hour longer at both ends are cut only where the span itself cuts them.
    wider = months_of(park, Span(span.start_ms - HOUR_MS, span.end_ms + HOUR_MS))
    return [month for month in wider if span.start_ms <= month.start_ms and month.end_ms <= span.end_ms]


def kept_indicators(found: Iterable[ReportedIndicator], park: Park) -> list[Indicator]:
    """As the store keeps them; what could not be told is not kept."""
    return [
        Indicator(
            MONTH_PREFIX + entry.name, park.id, entry.subject, entry.tenant, entry.span.start_ms, entry.span.end_ms,
            entry.value.value, entry.value.unit, round(entry.value.data_capture, 6),
        )
        for entry in found
        if entry.value.value is not None
    ]  # fmt: skip


async def keep_months(store: TelemetryStore, park: Park, months: Iterable[Span]) -> int:
    """Compute and write these months; returns how many values were new or had changed. Raises ``UnreachableError``."""
    written = 0
    for month in months:
        found = await compute_indicators(store, park, month, MINIMUM_DATA_CAPTURE)
        written += await write_indicators(store, kept_indicators(found, park))
    return written


async def keep_last_months(store: TelemetryStore, park: Park, now_ms: int, months: int = 2) -> int:
    """As :func:`keep_months`, for the last whole months.

    Two of them, because the register may have been mended; what comes late has its month made again however old it is.
    """
    span = Span(now_ms - (months + 1) * _MONTH_HOURS * HOUR_MS, now_ms)
    return await keep_months(store, park, whole_months(park, span)[-months:])
