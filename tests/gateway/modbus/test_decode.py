"""Register words -> values: one case per trap that real devices show, as data."""

import math
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.sources.modbus.decode import decode_number, decode_register
from gateway.sources.modbus.profile import DeviceProfile, RegisterType, WordOrder
from gateway.sources.modbus.profile_files import load_profiles, parse_profile
from telemetry_model.reading import InstrumentStatus, ReadingReason

PROFILES = load_profiles()


def words(fmt: str, value: float, order: str = "ABCD") -> list[int]:
    data = struct.pack(">" + fmt, value)
    found = list(struct.unpack(f">{len(data) // 2}H", data))
    if order in ("CDAB", "DCBA"):
        found.reverse()
    if order in ("DCBA", "BADC"):
        found = [(w >> 8) | (w & 0xFF) << 8 for w in found]
    return found


def image(function: int, blocks: dict[int, list[int]]) -> dict[tuple[int, int], int | ReadingReason]:
    return {(function, at + i): word for at, block in blocks.items() for i, word in enumerate(block)}


CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("decode_cases.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_trap(case: dict[str, Any]) -> None:
    profile = PROFILES[case["profile"]]
    blocks = {int(at): [int(word, 16) for word in text.split()] for at, text in case["words"].items()}
    register = profile.registers[case["quantity"]]
    found = decode_register(image(profile.function, blocks), profile, register, case["unit"])
    assert found.value == (pytest.approx(case["value"], rel=1e-12) if "value" in case else None)
    assert found.reason == case.get("reason")
    assert found.status.name == case.get("status", "MEASURING")


def test_manual_number_used_as_wire_address_reads_a_shifted_float() -> None:
    registers = words("f", 230.4) + words("f", 230.6)
    right = decode_number(registers[:2], RegisterType.F32, WordOrder.ABCD)
    shifted = decode_number(registers[1:3], RegisterType.F32, WordOrder.ABCD)
    assert right == 230.4
    assert not math.isclose(shifted, 230.4, rel_tol=0.5)


def test_ratio_labelled_percent_is_mended_by_scale() -> None:
    profile = _one('humidity = { address = 0, type = "f32", scale = 100, unit = "%", word_order = "DCBA" }', "weather")
    found = decode_register(image(3, {0: words("f", 0.875, "DCBA")}), profile, profile.registers["humidity"], "%")
    assert found.value == 87.5


@pytest.mark.parametrize("order", list(WordOrder))
@pytest.mark.parametrize(
    ("kind", "fmt", "value"),
    [("u16", "H", 513), ("i16", "h", -2), ("u32", "I", 70_000), ("i32", "i", -70_000), ("u64", "Q", 2**40 + 7),
     ("i64", "q", -(2**40)), ("f32", "f", -12.5), ("f64", "d", 0.1)],
)  # fmt: skip
def test_every_type_in_every_order(kind: str, fmt: str, value: float, order: WordOrder) -> None:
    assert decode_number(words(fmt, value, order), RegisterType(kind), order) == value


@pytest.mark.parametrize("value", [0.0, 41.2, 1e-40, 3.4028234663852886e38, 16_777_219.0, -0.001])
def test_f32_is_the_shortest_decimal_that_is_the_same_f32(value: float) -> None:
    found = decode_number(words("f", value), RegisterType.F32, WordOrder.ABCD)
    assert struct.pack(">f", found) == struct.pack(">f", value)
    assert len(repr(found)) <= len(repr(struct.unpack(">f", struct.pack(">f", value))[0]))


def test_status_per_parameter() -> None:
    profile = _one(
        """cod = { address = 0, type = "f32", unit = "mg/l", status = { address = 20, measuring = [0], fault = [2] } }
        tss = { address = 2, type = "f32", unit = "mg/l", status = { address = 21, measuring = [0], fault = [2] } }""",
        "wastewater",
    )
    read = image(3, {0: words("f", 50.0) + words("f", 30.0), 20: [2, 0]})
    assert decode_register(read, profile, profile.registers["cod"], "mg/l").status is InstrumentStatus.FAULT
    assert decode_register(read, profile, profile.registers["tss"], "mg/l").status is InstrumentStatus.MEASURING


def test_a_register_that_was_not_read_gives_its_reason() -> None:
    profile = PROFILES["eastron-sdm630"]
    read: dict[tuple[int, int], int | ReadingReason] = {(4, 52): 1, (4, 53): ReadingReason.DEVICE_REFUSED}
    found = decode_register(read, profile, profile.registers["active_power"], "kW")
    assert found == (None, InstrumentStatus.MEASURING, ReadingReason.DEVICE_REFUSED)


def _one(registers: str, medium: str) -> DeviceProfile:
    text = f'title = "t"\nmaker = "m"\nsource = "s"\nmedia = ["{medium}"]\n[registers]\n'
    return parse_profile("one", text + "\n".join(line.strip() for line in registers.splitlines()))
