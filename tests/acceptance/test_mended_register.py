"""Mend the register, replay the quarantine, refill: rows and verdicts are those of a register right from the start."""

import asyncio
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from analytics.command import analytics
from deploy.local.workdir import PARKS
from gateway.outbox import Outbox
from ingest_service.command import ingest
from ingest_service.quarantine_command import quarantine
from service_runtime.clock import SystemClock, ms_from_datetime
from service_runtime.mqtt_session import MqttOptions, MqttSession
from service_runtime.text_folder import read_text_folder
from simulators.backlog import backlog
from simulators.scenario import load_scenario
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import Reading
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery
from tests.acceptance.committed_set import END_OF_TIME_MS
from tests.ingest_service.ingest_process import IngestProcess
from tests.ingest_service.log_gateway import LogGateway
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer

HOURS = 6
GATEWAY = "gw-utilities"
DEVICES = ("wq-central", "fm-central", "st-chp")
TOPICS = "topic,point,path,unit\nlab/ph,wq-central.ph,,\nlab/heat,wq-central.temperature,,\n"
WRONG_TOPICS = "topic,point,path,unit\nlab/ph,wq-central.cod,,\nlab/heating,wq-central.temperature,,\n"
WRONG_POINTS: dict[str, Callable[[str], str]] = {
    "wq-central.nh4_n": lambda line: "",
    "wq-central.tss": lambda line: line.replace(GATEWAY, "gw-east"),
    "wq-central.cod": lambda line: line.replace("mg/l,60,,,", "mg/l,60,0,1,"),
}
GROUPS = {"quarantine": quarantine, "ingest": ingest, "analytics": analytics}
AllRows = set[tuple[object, ...]]


def register(folder: Path, right: bool) -> Path:
    """The demo park with two laboratory topics; wrong: a point missing, one misplaced, a limit and a mapping amiss."""
    texts = read_text_folder(PARKS / "bach-dang") | {"topics.csv": TOPICS if right else WRONG_TOPICS}
    if not right:
        lines = texts["points.csv"].splitlines()
        spoilt = [WRONG_POINTS.get(line.partition(",")[0], str)(line) for line in lines]
        texts["points.csv"] = "\n".join(filter(None, spoilt)) + "\n"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Feed:
    """A gateway's log with some hours of some devices, and messages of a laboratory."""

    park: Park
    log: Path
    batches: int
    lab: list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = tmp_path_factory.mktemp("feed")
    park = parse_park(read_text_folder(register(folder / "park", right=True)))
    midnight = datetime.now(park.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    start_ms, end_ms = ms_from_datetime(midnight - timedelta(hours=HOURS)), ms_from_datetime(midnight)
    placed = load_scenario("bach-dang-demo").on(midnight.date(), park.timezone)
    readings: list[Reading] = []
    for _, gateway, polled in backlog(park, placed, start_ms, end_ms):
        if gateway == GATEWAY:
            readings += [reading for reading in polled if reading.point.partition(".")[0] in DEVICES]
    outbox = Outbox.open(folder / f"{GATEWAY}.db", SystemClock())
    batches = [readings[at : at + 200] for at in range(0, len(readings), 200)]
    outbox.commit(batches, {point.id: point.unit for point in park.points.values()})
    outbox.close()
    lab: list[tuple[str, bytes]] = []
    for turn in range(5):
        at_seconds = start_ms / 1000 + 3000 * turn + 7
        lab.append(("lab/ph", json.dumps({"value": 7 + turn / 10, "unit": "pH", "time": at_seconds}).encode()))
        lab.append(("lab/heat", json.dumps({"value": 21.5 + turn, "time": at_seconds}).encode()))
    return Feed(park, folder / f"{GATEWAY}.db", len(batches), lab)


def typed(group: str, *words: str) -> str:
    """What the command prints; it runs in this process, which saves the start of another."""
    result = CliRunner().invoke(GROUPS[group], words)
    assert result.exit_code == 0, result.output
    return result.stdout


class Installation:
    """One broker, one database, one ingest; the feed comes in, and an operator types commands."""

    def __init__(self, folder: Path, feed: Feed, database: InfluxDatabase) -> None:
        folder.mkdir()
        self._feed, self._folder = feed, folder
        self._broker = MosquittoServer(folder / "mosquitto")
        self._park = register(folder / "register", right=True)
        self.process = IngestProcess(
            folder, self._broker.url, store_url=database.url, park_folder=str(self._park), resend_grace_seconds=0.2
        )
        shutil.copy(feed.log, folder / feed.log.name)

    async def restart_with(self, right: bool) -> None:
        register(self._park, right)
        await asyncio.to_thread(self.process.stop)
        await asyncio.to_thread(self._broker.start)
        await asyncio.to_thread(self.process.start)
        await self.process.until_ready()

    async def take_the_feed(self) -> None:
        async with self.gateway().running() as gateway:
            await gateway.until_stored(60)
        lab = MqttSession(MqttOptions(url=self._broker.url, client_id="lab"), lambda _message: None)
        running = asyncio.create_task(lab.run())
        for topic, payload in self._feed.lab:
            while not await lab.publish(topic, payload):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await lab.close()
        batches = self._feed.batches + len(self._feed.lab)
        await self.process.status_until(lambda status: status["batches"]["stored"] == batches)

    def gateway(self) -> LogGateway:
        return LogGateway(self._folder, self._broker.url, GATEWAY, park=self._feed.park.id)

    def command(self, *words: str) -> str:
        return typed(*words, "--settings", str(self._folder / "ingest.toml"))

    def verdicts(self) -> list[dict[str, object]]:
        store = self.process.settings.store_url
        lines = typed("analytics", "evaluate", "--store", store, "--park", str(self._park), "--json")
        findings = [json.loads(line) for line in lines.splitlines()]
        return [{key: value for key, value in one.items() if "judged_at" not in key} for one in findings]

    async def ledger(self) -> dict[str, list[int]]:
        """Readings received, stored, quarantined and late by sender; batches expected and missing of all of them."""
        async with httpx.AsyncClient() as http:
            address = f"http://127.0.0.1:{self.process.port}/api/v1/ledger?from=2000-01-01T00:00:00Z"
            lines = (await http.get(address)).json()["lines"]
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for line in lines:
            readings = zip(sums[line["gateway"]], line["readings"].values(), strict=True)
            sums[line["gateway"]] = [before + more for before, more in readings]
            sums["batches"][0] += line["batches"]["expected"]
            sums["batches"][1] += line["batches"]["missing"]
        return {sender: numbers for sender, numbers in sums.items() if any(numbers)}

    async def rows(self) -> AllRows:
        """Everything a row says, point by point."""
        store = open_store(self.process.settings.store_url)
        rows: AllRows = set()
        try:
            for point in self._feed.park.points.values():
                select = (Select(point.field_name), Select("status"), Select("reason"))
                query = SeriesQuery(point.medium, select, 0, END_OF_TIME_MS, (("point", (point.id,)),))
                rows |= {(point.id, *row) for answer in await store.select(query) for row in answer.rows}
        finally:
            await store.close()
        return rows

    def end(self) -> None:
        self.process.kill()
        self._broker.kill()


@pytest.mark.slow
@pytest.mark.real_server
async def test_a_mended_register_and_a_replay_give_what_a_right_one_would_have(
    tmp_path: Path, feed: Feed, influxdb: InfluxDatabase
) -> None:
    never_failed = Installation(tmp_path / "right", feed, influxdb)
    mended = Installation(tmp_path / "wrong", feed, InfluxDatabase(influxdb.server, f"{influxdb.name}_mended"))
    try:
        await never_failed.restart_with(right=True)
        await never_failed.take_the_feed()
        wanted = await never_failed.rows()

        # A subscription that was there before the mapping was spoilt is still the broker's.
        await mended.restart_with(right=True)
        await mended.restart_with(right=False)
        await mended.take_the_feed()
        spoilt = await mended.rows()
        assert len(spoilt) < len(wanted)
        held = (await mended.process.status())["quarantine"]["by_reason"]
        assert {"unknown_point", "wrong_gateway", "unit_unknown", "unknown_topic"} == set(held)
        listed = await asyncio.to_thread(mended.command, "quarantine", "list", "--limit", "5000")
        assert "wq-central.nh4_n is not in the park register" in listed

        since = datetime.fromtimestamp(time.time() - 3600).astimezone().isoformat()
        await mended.restart_with(right=True)
        replayed = await asyncio.to_thread(mended.command, "quarantine", "replay")
        assert replayed.endswith("still refused: 0\n")
        async with mended.gateway().running():
            await asyncio.to_thread(mended.command, "ingest", "refill", "--since", since, "--gateway", GATEWAY)
        assert await mended.rows() == wanted
        assert (await mended.process.status())["quarantine"]["records"] == 0
        assert await mended.ledger() == await never_failed.ledger()
        verdicts = await asyncio.to_thread(never_failed.verdicts)
        assert len(verdicts) > 0
        assert await asyncio.to_thread(mended.verdicts) == verdicts
    finally:
        never_failed.end()
        mended.end()
