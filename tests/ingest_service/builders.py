"""A small park, packs, deliveries and a store that misbehaves on request."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ingest_service.batch_identity import identity_of
from ingest_service.settings import IngestSettings
from ingest_service.subscriber import Delivery
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack
from telemetry_store.protocol import StoreDescription, TelemetryStore
from telemetry_store.query import Select, SeriesQuery, SeriesResult
from telemetry_store.rows import ReadingRow, RecordRow, Rejection, RejectReason, WriteOutcome

NOW_MS = 1_750_000_000_000
PARK_FILES = {
    "park.toml": 'id = "thu"\nname_vi = "Thử"\nname_en = "Test"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone\npark,Operator,operator,zone-a\nfirm,Firm,steel,zone-a\n",
    "contacts.csv": "tenant,name,email,language\n",
    "points.csv": (
        "point,tenant,zone,medium,unit,range_low,range_high,gateway\n"
        "em-1.active_power,firm,zone-a,energy,kW,0,500,gw-1\n"
        "em-1.active_energy_import,firm,zone-a,energy,kWh,,,gw-1\n"
        "wq-1.ph,firm,zone-a,wastewater,pH,,,gw-2\n"
        "wm-1.flow,firm,zone-a,water,m3/h,,,\n"
        "wb-1.mass,firm,zone-a,materials,t,,,\n"
        "met-1.humidity,park,zone-a,weather,%,,,dev\n"
    ),
    "topics.csv": "topic,point,path,unit\nshelly/7,wm-1.flow,meter.flow,l/s\nlab/ph,wq-1.ph,,\n",
    "sparkplug.csv": (
        "group,edge,device,metric,point,unit\n"
        "hall,line-1,,Power,em-1.active_power,W\n"
        "hall,line-1,pump,Flow,wm-1.flow,\n"
        "hall,line-1,,Uptime,-,\n"
    ),
}
POWER, ENERGY, PH, FLOW = "em-1.active_power", "em-1.active_energy_import", "wq-1.ph", "wm-1.flow"


def a_park() -> Park:
    return parse_park(PARK_FILES)


def write_park(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in PARK_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def settings_for(folder: Path, mqtt_url: str = "mqtt://127.0.0.1:1", **changes: object) -> IngestSettings:
    values: dict[str, object] = {
        "park_folder": str(write_park(folder / "park")),
        "mqtt_url": mqtt_url,
        "store_url": f"sqlite:///{folder}/store.db",
        "state_path": str(folder / "state.db"),
        "http_port": 0,
    }
    return IngestSettings(**{**values, **changes})  # type: ignore[arg-type]


def a_pack(*values: float, point: str = POWER, start_ms: int = NOW_MS - 60_000) -> bytes:
    """One reading per value, a second apart."""
    return encode_pack([Reading(point, start_ms + 1000 * n, value) for n, value in enumerate(values)], {point: "kW"})


def numbered(run: str, seq: int, oldest: int = 1, created_ms: int = NOW_MS - 100) -> dict[str, str]:
    return {"run": run, "seq": str(seq), "oldest": str(oldest), "created": str(created_ms)}


def a_delivery(
    payload: bytes, properties: dict[str, str] | None = None, gateway: str = "gw-1", received_at_ms: int = NOW_MS
) -> Delivery:
    properties = properties or {}
    topic = f"ecopark/1/thu/{gateway}/readings"
    message = IncomingMessage(topic, payload, properties, "application/senml+json", 1, 1, False, 1)
    return Delivery(message, gateway, identity_of(properties), received_at_ms)


async def stored_values(store: TelemetryStore, point: str = POWER, field: str = "active_power_kw") -> dict[int, object]:
    """Value by time, of one point."""
    query = SeriesQuery("energy", (Select(field),), 0, 2 * NOW_MS, where=(("point", (point,)),))
    return {row[0]: row[1] for series in await store.select(query) for row in series.rows}  # type: ignore[misc]


class TroubledStore:
    """A real store behind a fault: each write first asks ``trouble`` which rows to keep or to reject."""

    def __init__(self, inner: TelemetryStore) -> None:
        self.inner = inner
        self.keep: Callable[[int, ReadingRow], bool] = lambda attempt, row: False
        self.reject: Callable[[ReadingRow], bool] = lambda row: False
        self.retry_after_seconds: float | None = None
        self.attempts = 0
        self.on_write: Callable[[], None] = lambda: None

    async def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        self.attempts += 1
        self.on_write()
        rejected = [i for i, row in enumerate(rows) if self.reject(row)]
        kept = [i for i, row in enumerate(rows) if i not in rejected and self.keep(self.attempts, row)]
        held_back = {*rejected, *kept}
        outcome = await self.inner.write_readings([row for i, row in enumerate(rows) if i not in held_back])
        assert not outcome.rejected
        assert not outcome.kept
        return WriteOutcome(
            len(rows),
            tuple(Rejection(i, RejectReason.TYPE_CONFLICT, "field is text") for i in rejected),
            tuple(kept),
            "store is full" if kept else "",
            self.retry_after_seconds if kept else None,
        )

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        return await self.inner.write_records(rows)

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        return await self.inner.select(query)

    async def check(self) -> StoreDescription:
        return await self.inner.check()

    async def close(self) -> None:
        await self.inner.close()
