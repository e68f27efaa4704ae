"""Malformed messages and HTTP bodies: each stored, in quarantine or refused with a reason; good traffic unharmed."""

import argparse
import asyncio
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from service_runtime.mqtt_session import MqttOptions, MqttSession
from telemetry_store.open import open_store
from tests.ingest_service.builders import FLOW, POWER, stored_values
from tests.ingest_service.ingest_process import IngestProcess
from tests.ingest_service.log_gateway import LogGateway
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.soak.fuzz_cases import HttpCase, MqttCase, a_case
from tests.soak.fuzz_expected import Expectation, SourceCounts, outcome_of
from tests.soak.part import SoakPart, SoakReport
from tests.soak.raw_http import RawAnswer, RawHttp

TOKEN = "token-of-the-fuzzed-meter"
SOURCE = "http:fuzz"
HTTP_WORKERS = 6
"""Below what one source may have under way at a time."""
MQTT_IN_FLIGHT = 100
RSS_LIMIT_MB = 300.0
GOOD_EVERY_SECONDS = 0.05
BUSY = 503


@dataclass
class FuzzRun:
    """What a run came to; ``failures`` are in words."""

    outcomes: Counter[str]
    reasons: Counter[str]
    good_committed: int
    good_stored: int
    rss_mb: list[float]
    failures: list[str] = field(default_factory=list)


class _Fuzz:
    """One real ingest process, spoilt traffic by MQTT and HTTP, and one good gateway beside it."""

    def __init__(self, process: IngestProcess, mqtt_url: str, seed: int) -> None:
        self.process = process
        self.expected = Expectation()
        self.rss_mb: list[float] = []
        self.failures: list[str] = []
        self._chance = random.Random(seed)
        self._session = MqttSession(MqttOptions(url=mqtt_url, client_id="fuzz"), lambda _message: None)
        self._in_flight = asyncio.Semaphore(MQTT_IN_FLIGHT)

    async def send(self, cases: int, good: LogGateway) -> None:
        """All cases; the good gateway commits as long as they take."""
        helpers = [asyncio.create_task(part) for part in (self._session.run(), self._watch(), _keep_good(good))]
        feed = self._feed(cases)
        try:
            while not self._session.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.gather(*(self._work(feed) for _ in range(HTTP_WORKERS)))
            async with asyncio.timeout(60):
                for _ in range(MQTT_IN_FLIGHT):
                    await self._in_flight.acquire()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._session.close()

    def _feed(self, cases: int) -> Iterator[MqttCase | HttpCase]:
        for _ in range(cases):
            yield a_case(self._chance, time.time(), TOKEN)

    async def _work(self, feed: Iterator[MqttCase | HttpCase]) -> None:
        http = RawHttp(self.process.port)
        try:
            for case in feed:
                if isinstance(case, HttpCase):
                    await self._post(http, case)
                else:
                    await self._in_flight.acquire()
                    self.expected.take(case, time.time_ns() // 1_000_000)
                    task = asyncio.create_task(self._publish(case))
                    task.add_done_callback(lambda _task: self._in_flight.release())
                    await asyncio.sleep(0)
        finally:
            http.close()

    async def _publish(self, case: MqttCase) -> None:
        if not await self._session.publish(
            case.topic, case.payload, content_type=case.content_type, properties=case.properties
        ):
            self.failures.append(f"the broker did not take {case}"[:500])

    async def _post(self, http: RawHttp, case: HttpCase) -> None:
        try:
            answer = await http.post("/api/v1/readings", case.body, case.headers)
            while answer.status == BUSY:
                await asyncio.sleep(0.2)
                answer = await http.post("/api/v1/readings", case.body, case.headers)
        except (OSError, EOFError) as error:
            self.failures.append(f"no answer ({error!r}) to {case}"[:500])
            return
        self._note(case, answer)

    def _note(self, case: HttpCase, answer: RawAnswer) -> None:
        if answer.status == httpx.codes.OK:
            came = json.loads(answer.body)
            counts = SourceCounts(1, 0, came["received"], came["stored"], came["quarantined"])
            self.expected.note(SOURCE, outcome_of(came["stored"], came["quarantined"]), counts)
            self.expected.reasons.update(came["reasons"])
            return
        self.expected.outcomes[f"refused with {answer.status}"] += 1
        has_reason = bool(answer.body) and (
            not answer.content_type.startswith("application/problem+json") or bool(json.loads(answer.body)["detail"])
        )
        if not httpx.codes.is_client_error(answer.status) or not has_reason:
            self.failures.append(f"{answer} to {case}"[:500])

    async def _watch(self) -> None:
        ingest = psutil.Process(self.process.process.pid)
        while True:
            self.rss_mb.append(round(ingest.memory_info().rss / 1e6, 1))
            await asyncio.sleep(0.5)


async def _keep_good(gateway: LogGateway) -> None:
    while True:
        await gateway.commit(1)
        await asyncio.sleep(GOOD_EVERY_SECONDS)


async def run_fuzz(folder: Path, mqtt_url: str, store_url: str, cases: int, seed: int) -> FuzzRun:
    """Send the cases, wait until all is settled, and add up."""
    sources = folder / "sources.toml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    sources.write_text(f'[[sources]]\nname = "fuzz"\ntoken_sha256 = "{digest}"\npoints = ["{FLOW}"]\n')
    process = IngestProcess(folder, mqtt_url, store_url=store_url, http_sources_file=str(sources))
    process.start()
    try:
        await process.until_ready()
        fuzz = _Fuzz(process, mqtt_url, seed)
        good = LogGateway(folder, mqtt_url, "gw-1")
        async with good.running():
            await fuzz.send(cases, good)
            await good.until_stored(120)
        run = FuzzRun(fuzz.expected.outcomes, fuzz.expected.reasons, len(good.committed), 0, fuzz.rss_mb, fuzz.failures)
        await _add_up(process, fuzz.expected, run, cases)
        rows = await _rows(store_url)
        run.good_stored = len(rows)
        if rows != good.committed:
            run.failures.append(f"good traffic: {len(rows)} rows of {len(good.committed)}, or other values")
        if max(run.rss_mb) > RSS_LIMIT_MB:
            run.failures.append(f"{max(run.rss_mb)} MB of memory")
    finally:
        process.kill()
    return run


async def _add_up(process: IngestProcess, expected: Expectation, run: FuzzRun, cases: int) -> None:
    """The service's own ledger must say of each sender what the rules say."""
    wanted = expected.sources
    total = sum(counts.batches + counts.duplicate for counts in wanted.values())
    received = total + run.good_committed
    await process.status_until(lambda status: status["batches"]["received"] >= received, seconds=120)
    found: dict[str, SourceCounts] = {}
    async with httpx.AsyncClient(timeout=30) as http:
        address = f"http://127.0.0.1:{process.port}"
        document = (await http.get(f"{address}/api/v1/ledger?from=2000-01-01T00:00:00Z")).json()
        if (await http.get(f"{address}/health/ready")).status_code != httpx.codes.OK:
            run.failures.append("not ready afterwards")
    for line in document["lines"]:
        found[line["gateway"]] = found.get(line["gateway"], SourceCounts()).plus(_counts(line))
    good = found.pop("gw-1")
    if (good.stored, good.quarantined) != (run.good_committed, 0):
        run.failures.append(f"the ledger of the good gateway says {good}, {run.good_committed} were committed")
    if found != wanted:
        run.failures.append(f"the ledger says {found}, the rules {wanted}")
    if sum(run.outcomes.values()) != cases:
        run.failures.append(f"{sum(run.outcomes.values())} outcomes of {cases} cases")
    if "Traceback" in process.log.read_text(errors="replace"):
        run.failures.append("the service's log has a trace")


def _counts(line: dict[str, Any]) -> SourceCounts:
    batches, readings = line["batches"], line["readings"]
    of_readings = (readings["received"], readings["stored"], readings["quarantined"])
    return SourceCounts(batches["received"], batches["duplicate"], *of_readings)


async def _rows(store_url: str) -> dict[int, object]:
    store = open_store(store_url)
    try:
        return await stored_values(store, POWER)
    finally:
        await store.close()


def run(folder: Path, options: argparse.Namespace) -> SoakReport:
    """Against a real Mosquitto and a real InfluxDB."""
    server, broker = InfluxServer(folder / "influxdb"), MosquittoServer(folder / "mosquitto")
    try:
        server.start()
        broker.start()
        url = InfluxDatabase(server, "soak").url
        done = asyncio.run(run_fuzz(folder, broker.url, url, options.cases, options.seed))
    finally:
        broker.kill()
        server.kill()
    figures = {
        "cases": options.cases,
        "outcomes": dict(sorted(done.outcomes.items())),
        "quarantined_readings_by_reason": dict(sorted(done.reasons.items())),
        "good_readings": {"committed": done.good_committed, "stored": done.good_stored},
        "rss_mb": {"at_the_start": done.rss_mb[0], "highest": max(done.rss_mb), "at_the_end": done.rss_mb[-1]},
    }
    return SoakReport([figures], done.failures)


PART = SoakPart("malformed packs and HTTP bodies", {"cases": 100_000, "seed": 7}, run)
