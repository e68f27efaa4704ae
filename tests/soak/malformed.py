"""Spoils readings: bytes of valid packs in every format, bent until nearly nothing valid is left; seeded."""

import gzip
import json
import random
import struct
import zlib
from collections.abc import Callable, Sequence

from telemetry_model.sparkplug.payload import DataType, Metric, Payload, encode_payload
from tests.ingest_service.builders import FLOW, PH

Document = list[dict[str, object]]
HUGE = ("1e999", "-1e999", "1e308", "9" * 400, "-0", "1E+400", "NaN", "Infinity", "0x10", "1_000", "٣")
STRANGE: tuple[object, ...] = (None, True, "text", [], {}, [[[]]], -1, 1e300, 2**70, "\ud800", "\x00", "x" * 400, 1.5)
LABELS = ("n", "bn", "v", "vs", "vb", "vd", "s", "t", "bt", "u", "bu", "bv", "bver", "st", "q", "zz_", "zz", "")
NESTING = (20, 300, 5_000)
TOO_MANY_RECORDS = 10_001
TOO_MANY_BYTES = 1_000_001


def senml(chance: random.Random, now_s: float) -> Document:
    """A sound pack: base time, then some readings of registered points."""
    point, unit = chance.choice([(FLOW, "m3/h"), (PH, "pH")])
    records: Document = [
        {"n": point, "u": unit, "v": chance.uniform(0, 14), "t": n} for n in range(chance.randint(1, 5))
    ]
    records[0]["bt"] = round(now_s - chance.uniform(10, 86_400), 3)
    return records


def senml_cbor(chance: random.Random, now_s: float) -> bytes:
    """The same in CBOR (RFC 8428 section 6, labels as integers)."""
    labels = {"n": 0, "u": 1, "v": 2, "t": 6, "bt": -3}
    return _cbor([{labels[name]: value for name, value in record.items()} for record in senml(chance, now_s)])


def csv_text(chance: random.Random, now_s: float) -> bytes:
    """A sound CSV body."""
    lines = [f"{now_s - n:.0f},{FLOW},{chance.uniform(0, 9):.3f},m3/h" for n in range(chance.randint(1, 5))]
    return "\n".join(["time,point,value,unit", *lines]).encode()


def plain(chance: random.Random, now_s: float) -> bytes:
    """What a device on a mapped topic sends."""
    return json.dumps({"meter": {"flow": chance.uniform(0, 9), "time": now_s}, "value": 7.1}).encode()


def sparkplug(chance: random.Random, now_s: float) -> bytes:
    """One message of an edge node."""
    at_ms = round(now_s * 1000)
    metrics = (
        Metric("Flow", chance.randint(0, 3), at_ms, DataType.DOUBLE, chance.uniform(0, 9)),
        Metric("Other", 9, at_ms, DataType.STRING, "text"),
    )
    return encode_payload(Payload(at_ms, metrics, chance.randint(0, 255)))


def spoilt_bytes(chance: random.Random, payload: bytes) -> bytes:
    """One or more blows at any format."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        payload = chance.choice(_BLOWS)(chance, payload)
    return payload


def spoilt_senml(chance: random.Random, now_s: float) -> bytes:
    """A pack whose text is JSON, mostly, and whose content is not what it should be."""
    return chance.choice(_BENT)(chance, senml(chance, now_s))


def bomb(chance: random.Random) -> bytes:
    """A few kilobytes that would become megabytes for whoever unpacks them."""
    pack = chance.choice((gzip.compress, zlib.compress))
    return pack(b"[" + b" " * 4_000_000 + b"]")


def _bit_flips(chance: random.Random, payload: bytes) -> bytes:
    spoilt = bytearray(payload)
    for _ in range(chance.randint(1, 8)):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _cut(chance: random.Random, payload: bytes) -> bytes:
    return payload[: chance.randrange(len(payload) + 1)]


def _without_a_slice(chance: random.Random, payload: bytes) -> bytes:
    start = chance.randrange(len(payload) + 1)
    return payload[:start] + payload[start + chance.randint(1, 12) :]


def _slice_twice(chance: random.Random, payload: bytes) -> bytes:
    start = chance.randrange(len(payload) + 1)
    return payload[: start + chance.randint(1, 40)] + payload[start:]


def _foreign_bytes(chance: random.Random, payload: bytes) -> bytes:
    start = chance.randrange(len(payload) + 1)
    intruder = chance.choice((b"\xff\xfe", b"\xc3\x28", b"\x00", b"\xed\xa0\x80", b'"', b"\\u", b"]", b"{", bytes(9)))
    return payload[:start] + intruder + payload[start:]


def _huge_number(chance: random.Random, payload: bytes) -> bytes:
    digits = [at for at, byte in enumerate(payload) if 0x30 <= byte <= 0x39]
    if not digits:
        return payload
    at = chance.choice(digits)
    return payload[:at] + chance.choice(HUGE).encode() + payload[at + 1 :]


def _noise(chance: random.Random, payload: bytes) -> bytes:
    return chance.randbytes(chance.randint(0, 80))


def text(document: object) -> bytes:
    return json.dumps(document).encode()


def _strange_value(chance: random.Random, pack: Document) -> bytes:
    for _ in range(chance.randint(1, 4)):
        chance.choice(pack)[chance.choice(LABELS)] = chance.choice(STRANGE)
    return text(pack)


def _base_fields_again(chance: random.Random, pack: Document) -> bytes:
    for record in pack:
        record["bn"], record["bt"] = chance.choice(["x", "", "é" * 90]), chance.choice([1e9, -1e18, 0, 1e300])
    return text(pack)


def _key_twice(chance: random.Random, pack: Document) -> bytes:
    record = json.dumps(chance.choice(pack))
    label = chance.choice(LABELS[:8])
    return f'[{record[:-1]}, "{label}": 1, "{label}": "x"}}]'.encode()


def _giant_name(chance: random.Random, pack: Document) -> bytes:
    pack[0]["bn"] = "n" * chance.choice((257, 10_000, 200_000))
    return text(pack)


def _nested(chance: random.Random, pack: Document) -> bytes:
    depth = chance.choice(NESTING)
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
    return (opening * depth + chance.choice(("", "1")) + closing * chance.choice((0, depth))).encode()


def _odd_times(chance: random.Random, pack: Document) -> bytes:
    for record in pack:
        record["t"] = chance.choice((-1e12, 1e12, 4e9, -2e9, 1e-9, 86_400 * 400))
    return text(pack)


def _odd_words(chance: random.Random, pack: Document) -> bytes:
    for record in pack:
        record |= {"st": chance.choice((3, 99, -1)), "q": chance.choice(("because", "x" * 300))}
        record["u"] = chance.choice(("furlong", "kWh", "", "u" * 65))
        record["n"] = chance.choice((FLOW, PH, "nobody.knows", "em-1.active_power", "a b,c=d\n"))
    return text(pack)


def _too_large(chance: random.Random, pack: Document) -> bytes:
    if chance.random() < 0.97:
        return text(pack * 20)[: chance.randint(1, 900)]
    if chance.random() < 0.5:
        return b"[" + b" " * TOO_MANY_BYTES + b"]"
    return text([{"n": "x", "v": 1}] * TOO_MANY_RECORDS)


def _not_a_pack(chance: random.Random, pack: Document) -> bytes:
    return chance.choice((b"", b"null", b"7", b'"text"', b"{}", b"[]", b"[null]", b"[[]]", b"[{}]", b'[{"bn":"x"}]'))


def _cbor(value: object) -> bytes:
    """Enough of RFC 8949 for a pack."""
    if isinstance(value, list):
        return bytes([0x80 + len(value)]) + b"".join(map(_cbor, value))
    if isinstance(value, dict):
        return bytes([0xA0 + len(value)]) + b"".join(_cbor(part) for pair in value.items() for part in pair)
    if isinstance(value, str):
        text = value.encode()
        return bytes([0x78, len(text)]) + text
    if isinstance(value, int):
        return bytes([value if value >= 0 else 0x20 - 1 - value])
    return b"\xfb" + struct.pack(">d", value)


_Blow = Callable[[random.Random, bytes], bytes]
_BLOWS: Sequence[_Blow] = (
    _bit_flips, _bit_flips, _cut, _without_a_slice, _slice_twice, _foreign_bytes, _huge_number, _noise,
)  # fmt: skip
_BENT: Sequence[Callable[[random.Random, Document], bytes]] = (
    _strange_value, _strange_value, _base_fields_again, _key_twice, _giant_name, _nested, _odd_times, _odd_words,
    _too_large, _not_a_pack,
)  # fmt: skip
CBOR_ALONE = (
    b"\x81" * 3_000, b"\x9f" * 3_000, b"\x9b" + b"\xff" * 8, b"\xbb" + b"\xff" * 8, b"\x5b" + b"\x7f" * 8,
    b"\xf9\x7e\x00", b"\x81\xa1\x02\xf9\x7e\x00", b"\x81\xa1\x00\x7f\x61\x61", b"\xc1" * 200,
    b"\x81\xa2\x02\x01\x02\x02", b"\x81\xbf",
)  # fmt: skip
"""Nesting, lengths that lie, unfinished ones, tags, a NaN, the same key twice."""
