"""What varies from one viewing to the next: park, time range, bucket, tenant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueryScope:
    """Time range ``[start_ms, stop_ms)`` UTC, bucket length, and whose data.

    ``offset_seconds`` shifts the buckets' alignment from UTC, so that a day's bucket is a day of the park's calendar.
    ``tenant`` is only read by the tenant board's queries; for Grafana it is the variable ``$tenant``.
    """

    park: str
    start_ms: int
    stop_ms: int
    every_seconds: int
    tenant: str = ""
    offset_seconds: int = 0
