"""The examples of RFC 8428 in JSON and CBOR against their resolved forms."""

import json
from pathlib import Path

import pytest

from telemetry_model.senml import SenmlReading
from telemetry_model.senml_cbor import decode_cbor_pack
from telemetry_model.senml_json import decode_pack

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "senml-examples"
NAMES = [f"ex{number}" for number in range(1, 14)]
NOW_MS = 1_498_780_179_000

# The same example in this file, for where the folder is absent: RFC 8428 section 5.1.3 and its CBOR in section 6.
MULTIPLE = b"""[{"bn": "urn:dev:ow:10e2073a0108006:", "bt": 1276020076.001, "bu": "A", "bver": 5,
 "n": "voltage", "u": "V", "v": 120.1}, {"n": "current", "t": -5, "v": 1.2}, {"n": "current", "t": -4, "v": 1.30},
 {"n": "current", "t": -3, "v": 0.14e1}, {"n": "current", "t": -2, "v": 1.5}, {"n": "current", "t": -1, "v": 1.6},
 {"n": "current", "t": 0, "v": 1.7}]"""
MULTIPLE_CBOR = bytes.fromhex(
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c7461"
    "676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cc"
    "cccccccccda3006763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e7406"
    "2002fb3ff999999999999aa3006763757272656e74060002fb3ffb333333333333"
)


def read(name: str) -> bytes:
    if not FOLDER.is_dir():
        pytest.skip("the examples of RFC 8428 are not on this machine (../shared/data/senml-examples)")
    return (FOLDER / name).read_bytes()


def shown(readings: list[SenmlReading]) -> list[tuple[str, str, float, float | None]]:
    return [(r.name, r.unit, r.time_ms / 1000, r.value) for r in readings]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ex13"])
def test_each_example_resolves_as_published(name: str) -> None:
    resolved = json.loads(read(f"{name}.gen.resolved.json"))
    # The generated forms carry the moment of their making where the source gives no time.
    made_at = resolved[0]["t"]
    now_ms = round(made_at * 1000) if made_at > 1.4e9 else NOW_MS
    expected = [
        (r["n"], r.get("u", ""), r["t"], float(r["vb"]) if "vb" in r else r.get("v")) for r in resolved
    ]  # fmt: skip
    got = shown(decode_pack(read(f"{name}.json"), now_ms))
    if name == "ex7":
        # The generated form leaves out the data value; RFC 8428 section 4.6 does not.
        assert got.pop() == ("urn:dev:ow:10e2073a01080063:nfv-reader", "", now_ms / 1000, None)
    assert got == expected


def test_the_example_without_a_resolved_form() -> None:
    got = shown(decode_pack(read("ex13.json"), NOW_MS))
    assert got == [
        ("2001:db8::3", "/", 1_320_078_429.0, 0.5),
        ("2001:db8::4", "/", 1_320_078_429.0, 0.5),
        ("2001:db8::3", "/", 1_320_078_429.1, 0.0),
        ("2001:db8::4", "/", 1_320_078_429.1, 0.0),
    ]


def test_the_published_cbor_says_the_same_as_the_json() -> None:
    lines = read("ex3.gen.cbor.hex").decode().splitlines()
    payload = b"".join(bytes.fromhex(line[4:].split("|")[0]) for line in lines if "|" in line)
    assert decode_cbor_pack(payload, NOW_MS) == decode_pack(read("ex3.json"), NOW_MS)


def test_cbor_and_json_of_the_rfc_agree() -> None:
    readings = decode_cbor_pack(MULTIPLE_CBOR, NOW_MS)
    assert readings == decode_pack(MULTIPLE, NOW_MS)
    assert (len(readings), readings[0].unit, readings[1].unit, readings[1].time_ms) == (7, "V", "A", 1_276_020_071_001)
