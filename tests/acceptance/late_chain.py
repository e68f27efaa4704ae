"""A small park's whole way from a gateway's batch to verdict and e-mail, with a clock that the test moves."""

import asyncio
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from analytics.alerting.bootstrap import build_alert_engine
from analytics.bootstrap import AnalyticsService, rules_with_capture
from analytics.finding import Finding
from analytics.findings.revision import KnownFinding
from analytics.findings.store import read_findings, read_revisions
from analytics.judging.evaluate import Judgement, evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.settings import AnalyticsSettings
from ingest_service.batch_identity import identity_of
from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.gateway_board import GatewayBoard
from ingest_service.http_intake import HttpIntake
from ingest_service.http_sources import load_http_sources
from ingest_service.pipeline import Pipeline
from ingest_service.reception import Reception
from ingest_service.settings import IngestSettings
from ingest_service.state.state_file import StateFile
from ingest_service.store_writer import StoreWriter
from ingest_service.subscriber import Subscriber
from service_runtime.clock import ManualClock, utc_from_ms
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LONG_AGO_MS, FAR_AHEAD_MS = 0, 4_000_000_000_000
DAY = date(2025, 10, 8)
"""The day that comes late or is corrected."""
FIRST_DAY = date(2025, 10, 7)
"""When monitoring began."""
COD, NO2, CO = "wq-1.cod", "aq-1.no2", "aq-1.co"
ACTIVE, REACTIVE = "em-1.active_energy_import", "em-1.reactive_energy_import"
PARK = """
id = "thu"
name_vi = "Khu thử"
name_en = "Test park"
timezone = "Asia/Ho_Chi_Minh"
[[installations]]
id = "outlet"
kind = "wastewater_outlet"
device = "wq-1"
tenant = "park"
name_vi = "Cửa xả"
name_en = "Outlet"
standard = "qcvn40-2011"
column = "A"
licensed_on = 2019-05-20
kq = 0.9
kf = {kf}
[[installations]]
id = "station"
kind = "ambient_station"
device = "aq-1"
tenant = "park"
name_vi = "Trạm"
name_en = "Station"
[[installations]]
id = "supply"
kind = "electricity_supply"
device = "em-1"
tenant = "firm"
name_vi = "Công tơ"
name_en = "Supply"
contracted_kw = 500
billing_day = 1
"""
POINTS = f"""point,tenant,zone,medium,unit,interval_seconds,gateway
{COD},park,z,wastewater,mg/l,3600,gw-1
{NO2},park,z,air,ug/m3,3600,gw-1
{CO},park,z,air,ug/m3,3600,gw-1
{ACTIVE},firm,z,energy,kWh,3600,gw-1
{REACTIVE},firm,z,energy,kvarh,3600,gw-1
"""
TENANTS = "tenant,name,sector,zone\npark,Operator,operator,z\nfirm,Firm,steel,z\n"
CONTACTS = "tenant,name,email,language\npark,An,an@park.example,vi\npark,Laura,laura@park.example,en\n"
TOKEN = "a-token-of-the-laboratory"
SOURCES = f'[[sources]]\nname = "lab"\ntoken = "{TOKEN}"\ngateway = "gw-1"\n'


def small_park(kf: float = 1.0) -> Park:
    """An outlet (COD at most 67.5 mg/l with ``kf`` 1), an air station and a meter."""
    texts = {"park.toml": PARK.format(kf=kf), "points.csv": POINTS, "tenants.csv": TENANTS, "contacts.csv": CONTACTS}
    return parse_park(texts)


def local_ms(day: date, hour: float = 0.0) -> int:
    """UTC milliseconds of an hour of a local day."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()
    return round(start * 1000 + hour * HOUR_MS)


def day_readings(day: date, cod: float = 50.0, register_offset: float = 0.0) -> list[Reading]:
    """A day's readings, hour by hour: COD around ``cod``, air well below its limits, registers that rise."""
    found: list[Reading] = []
    for hour in range(24):
        at_ms = local_ms(day, hour)
        elapsed = (at_ms - local_ms(date(2025, 9, 1))) / HOUR_MS
        wave = math.sin(elapsed / 3)
        found += [
            Reading(COD, at_ms, cod + wave),
            Reading(NO2, at_ms, 80 + 20 * wave),
            Reading(CO, at_ms, 4000 + 500 * wave),
            Reading(ACTIVE, at_ms, 100 * elapsed + 10 * wave - register_offset),
            Reading(REACTIVE, at_ms, 40 * elapsed + 5 * wave - register_offset),
        ]
    return found


class Chain:
    """Ingest and analytics on one store and one folder of state; a new one on the same folder is a restart."""

    def __init__(
        self,
        folder: Path,
        store: TelemetryStore,
        smtp_port: int,
        clock: ManualClock,
        kf: float = 1.0,
        **changes: object,
    ) -> None:
        self.park = small_park(kf)
        self.folder = folder
        self.store = store
        self.clock = clock
        sources = folder / "sources.toml"
        sources.write_text(SOURCES)
        sources.chmod(0o600)
        settings = IngestSettings(
            park_folder=str(folder), mqtt_url="mqtt://127.0.0.1:1", store_url="sqlite:///unused.db",
            state_path=str(folder / "ingest.db"), http_sources_file=str(sources),
        )  # fmt: skip
        self._state = StateFile(settings.state_file, settings.quarantine_max_records)
        reception = Reception(self.park, load_http_sources(settings.http_sources_file, self.park))
        board = GatewayBoard()
        self._subscriber = Subscriber(settings, self.park.id, board, clock, reception)
        announcer = CursorAnnouncer(self._subscriber.session, self.park.id, self._state, clock)
        self._pipeline = Pipeline(
            settings, self._subscriber, reception, StoreWriter(store, clock), self._state, announcer, board, clock
        )
        self._intake = HttpIntake(reception, self._subscriber, clock)
        self._seq = 0
        values: dict[str, object] = {
            "park_folder": str(folder), "store_url": "sqlite:///unused.db", "state_path": str(folder / "analytics.db"),
            "smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_starttls": False, "mail_from": "eco@park.example",
            "lookback_days": 4, "late_data_days": 4, "evaluate_from": FIRST_DAY.isoformat(),
        } | changes  # fmt: skip
        chosen = AnalyticsSettings(**values)  # type: ignore[arg-type]
        self.engine = build_alert_engine(chosen, self.park, store, clock)
        self.service = AnalyticsService(chosen, self.park, store, self.engine, clock)

    async def deliver(self, readings: Iterable[Reading]) -> None:
        """From the gateway's log, in batches of 200, one round of ingest each."""
        waiting = list(readings)
        for start in range(0, len(waiting), 200):
            self._seq += 1
            properties = {"run": "r", "seq": str(self._seq), "oldest": "1", "created": str(self.clock.now_ms())}
            payload = encode_pack(waiting[start : start + 200], {})
            topic = f"ecopark/1/{self.park.id}/gw-1/readings"
            message = IncomingMessage(topic, payload, properties, "application/senml+json", 1, 1, False, 1)
            assert identity_of(properties) is not None
            self._subscriber.receive(message)
            await self._pipeline.process(await self._pipeline.collect())

    async def upload(self, readings: Iterable[Reading]) -> None:
        """As CSV over HTTP, as a laboratory corrects values."""
        rows = [f"{utc_from_ms(r.measured_at_ms).isoformat()},{r.point},{r.value!r}" for r in readings]
        source = self._intake.source_of(TOKEN)
        assert source is not None
        body = "\n".join(["time,point,value", *rows]).encode()
        waiting = asyncio.create_task(self._intake.submit(source, "text/csv", body))
        await self._pipeline.process(await self._pipeline.collect())
        assert (await waiting).quarantined == 0

    def move_to(self, day: date, hour: float) -> None:
        """Set the clock, forward only."""
        seconds = (local_ms(day, hour) - self.clock.now_ms()) / 1000
        assert seconds >= 0
        self.clock.advance(seconds)

    async def turn(self) -> Judgement:
        """One evaluation, and all e-mails that are due."""
        found = await self.service.evaluate_once()
        await self.engine.settle()
        return found

    async def live(
        self,
        days: Sequence[date],
        readings: Mapping[date, Sequence[Reading]],
        late: Mapping[date, Sequence[Reading]] = MappingProxyType({}),
    ) -> None:
        """Day by day: readings in the evening, those of :data:`DAY` hour by hour, what is late in the night.

        A turn follows each midnight, and each late arrival.
        """
        for day in days:
            for hour in range(24) if day == DAY and day in readings else (23,):
                self.move_to(day, hour + 0.1)
                came = [r for r in readings.get(day, ()) if day != DAY or r.measured_at_ms == local_ms(day, hour)]
                await self.deliver(came)
            self.move_to(day, 23.5)
            if day in late:
                await self.deliver(late[day])
                self.clock.advance(120)
                await self.turn()
            self.move_to(day + timedelta(days=1), 0.03)
            await self.turn()

    async def on_time(self, readings: Mapping[date, Sequence[Reading]]) -> list[Finding]:
        """What a judgement gives now over all the time, when every reading has been there from the beginning."""
        rows = [
            ReadingRow(PointSeries.of(self.park.points[r.point], self.park.id), r.measured_at_ms, r.value)
            for readings_of_day in readings.values()
            for r in readings_of_day
        ]
        store = SqliteStore(self.folder / f"on-time-{self.clock.now_ms()}.db")
        await store.write_readings(rows)
        since_ms = local_ms(FIRST_DAY)
        span = JudgingRange(since_ms, self.clock.now_ms() - 30_000, since_ms)
        found = await evaluate(store, self.park, rules_with_capture(load_rulebook(), 0.8), span, 0)
        await store.close()
        return found

    async def findings(self) -> list[Finding]:
        """What is known now, without when it was judged."""
        found = await read_findings(self.store, self.park.id, LONG_AGO_MS, FAR_AHEAD_MS)
        return [dataclasses.replace(finding, judged_at_ms=0) for finding in found]

    async def revisions(self, rule: str, day: date = DAY) -> list[KnownFinding]:
        """All versions of one rule's finding that starts with a local day."""
        start = local_ms(day)
        return await read_revisions(self.store, self.park.id, start, start + 1, rules=(rule,))

    async def close(self) -> None:
        """Let go of files; the store stays open."""
        self.service.close()
        await self.engine.close()
        await self._state.close()
