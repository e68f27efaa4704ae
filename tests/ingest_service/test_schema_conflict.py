"""A field that the database already keeps as another type: the quarantine says which field, where, and both types."""

import asyncio
from pathlib import Path

import pytest

from ingest_service.state.quarantine import Quarantine
from telemetry_store.open import open_store
from telemetry_store.rows import RecordRow
from tests.ingest_service.builders import ENERGY, NOW_MS, POWER, a_pack, numbered
from tests.ingest_service.ingest_process import IngestProcess, a_sender
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer

pytestmark = pytest.mark.real_server


async def test_a_type_conflict_names_field_measurement_and_both_types(
    tmp_path: Path, mosquitto: MosquittoServer, influxdb: InfluxDatabase
) -> None:
    store = open_store(influxdb.url)
    strangers = [
        RecordRow("energy", {"point": "x"}, NOW_MS, {"active_power_kw": "forty"}),
        RecordRow("energy", {"point": "x"}, NOW_MS, {"active_energy_import_kwh": 40}),
    ]
    assert (await store.write_records(strangers)).accepted == 2
    process = IngestProcess(tmp_path, mosquitto.url, store_url=influxdb.url)
    process.start()
    try:
        await process.until_ready()
        async with a_sender(mosquitto.url) as sender:
            await sender.send(a_pack(1.0, start_ms=NOW_MS), numbered("r", 1))
            energy = f'[{{"n":"{ENERGY}","bt":{NOW_MS / 1000},"v":7}}]'.encode()
            await sender.send(energy, numbered("r", 2))
            await sender.cursor_until("r", 2)
        status = await process.status_until(lambda said: said["readings"]["quarantined"] == 2)
        assert status["quarantine"]["by_reason"] == {"store_type_conflict": 2}
        records = await asyncio.to_thread(Quarantine(process.settings.state_place).records)
        said = {record.detail.partition(":")[0]: record.detail for record in records}
        for point, field, before in (
            (POWER, "active_power_kw", "string"),
            (ENERGY, "active_energy_import_kwh", "integer"),
        ):
            assert f'input field "{field}" on measurement "energy" is type float' in said[point]
            assert f"already exists as type {before}" in said[point]
    finally:
        process.kill()
        await store.close()
