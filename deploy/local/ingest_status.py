"""Reads ``/api/v1/status`` of a local ingest service."""

import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from service_runtime.errors import UnreachableError


class IngestStatus(NamedTuple):
    """The part of the status the local chain needs; counts are readings since the state began."""

    received: int
    stored: int
    quarantined: int
    missing: int
    p50_ms: float | None
    p99_ms: float | None
    raw: dict[str, Any]


def read_ingest_status(url: str) -> IngestStatus:
    """Ask once; raises ``UnreachableError`` with the address."""
    address = f"{url}/api/v1/status"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            raw = json.load(answer)
    except (OSError, ValueError) as error:
        raise UnreachableError(f"ingest at {address}: {_reason(error)}") from error
    readings, latency = raw["readings"], raw["latency_ms"]
    return IngestStatus(
        received=readings["received"],
        stored=readings["stored"],
        quarantined=readings["quarantined"],
        missing=sum(gateway["missing"] for gateway in raw["gateways"].values()),
        p50_ms=latency["p50"],
        p99_ms=latency["p99"],
        raw=raw,
    )


def _reason(error: Exception) -> str:
    return str(error.reason) if isinstance(error, urllib.error.URLError) else str(error)
