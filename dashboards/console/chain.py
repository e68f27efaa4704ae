"""Asks ingest how the chain is doing: ``GET /api/v1/status`` as typed, tolerant structs."""

from typing import TypeVar

import httpx
import msgspec

from service_runtime.errors import UnreachableError
from telemetry_model.control_messages import GatewayHealth

TIMEOUT_SECONDS = 3.0
T = TypeVar("T")


class ReadingCounts(msgspec.Struct, frozen=True):
    """Readings since ingest started."""

    received: int = 0
    stored: int = 0
    quarantined: int = 0
    no_value: int = 0
    late: int = 0


class BatchCounts(msgspec.Struct, frozen=True):
    """Batches since ingest started."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0


class GatewayState(msgspec.Struct, frozen=True):
    """One gateway as ingest knows it; ``through`` is the highest batch up to which all are stored."""

    state: str = ""
    run: str = ""
    through: int = 0
    missing: int = 0
    last_seen_ms: int | None = None
    health: GatewayHealth | None = None


class StoreState(msgspec.Struct, frozen=True):
    """The database behind ingest."""

    kind: str = ""
    version: str = ""
    reachable: bool = False
    detail: str = ""


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds from a batch's commit at the gateway to its rows being durable in the store."""

    p50: float | None = None
    p99: float | None = None
    count: int = 0


class Quarantine(msgspec.Struct, frozen=True):
    """Records that were refused, by reason."""

    records: int = 0
    by_reason: dict[str, int] = {}


class ChainStatus(msgspec.Struct, frozen=True):
    """The whole answer; fields this console does not know are ignored, absent ones are zero."""

    park: str = ""
    readings: ReadingCounts = ReadingCounts()
    batches: BatchCounts = BatchCounts()
    gateways: dict[str, GatewayState] = {}
    store: StoreState = StoreState()
    latency_ms: Latency = Latency()
    quarantine: Quarantine = Quarantine()

    @property
    def missing_batches(self) -> int:
        """Batches no gateway can bring any more, counted by the ledger."""
        return sum(gateway.missing for gateway in self.gateways.values())


async def fetch_status(ingest_url: str) -> ChainStatus:
    """The status; raises :class:`UnreachableError` naming the address and what is wrong with its answer."""
    return await ask_ingest(ingest_url, "status", ChainStatus)


async def ask_ingest(ingest_url: str, subject: str, kind: type[T]) -> T:
    """One document of ingest; raises :class:`UnreachableError`."""
    address = f"{ingest_url.rstrip('/')}/api/v1/{subject}"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            response = await client.get(address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(f"{address}: {error or type(error).__name__}") from error
    if response.status_code != httpx.codes.OK:
        raise UnreachableError(f"{address}: HTTP {response.status_code}")
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as error:
        raise UnreachableError(f"{address}: not a {subject} answer ({error})") from error
