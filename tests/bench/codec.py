"""SenML packs of 200: how many records one CPU second encodes and decodes."""

import time
from pathlib import Path

from telemetry_model.senml_json import decode_pack, encode_pack
from tests.bench.cpu import cpu_seconds_of
from tests.bench.figures import Figure
from tests.bench.workload import PACK_READINGS, batches, demo_park, packs, readings, units_of

PACKS = 500


async def measure(_folder: Path) -> list[Figure]:
    """Encode and decode the same readings."""
    park, now_ms = demo_park(), time.time_ns() // 1_000_000
    units = units_of(park)
    split = list(batches(readings(park, PACKS * PACK_READINGS, now_ms - 3_600_000)))
    payloads = packs(park, PACKS, PACK_READINGS, now_ms - 3_600_000)
    records = PACKS * PACK_READINGS
    encoding = cpu_seconds_of(lambda batch: encode_pack(batch, units), split)
    decoding = cpu_seconds_of(lambda payload: decode_pack(payload, now_ms), payloads)
    return [
        Figure("encode, packs of 200", records / encoding, "records/CPU s"),
        Figure("decode, packs of 200", records / decoding, "records/CPU s"),
        Figure("size on the wire", sum(map(len, payloads)) / records, "bytes/record"),
    ]
