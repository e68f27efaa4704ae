"""Values to register words and back, in every number format and word order the devices use."""

import math
import struct
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

FORMATS: dict[str, str] = {
    "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q",
    "acc32": ">I", "f32": ">f", "f64": ">d",
}  # fmt: skip
FLOATS = ("f32", "f64")
COUNT_TOLERANCE = 1e-6
"""A total of 12.345 t must not become 12 344 kg because 12.345 / 0.001 is a hair below 12 345."""


class WordOrder(StrEnum):
    """How the bytes of a 32-bit value lie on the wire; A is the most significant."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    DCBA = "DCBA"


class Register(NamedTuple):
    """One row of a layout: ``signal`` in its own unit = raw × ``scale``."""

    address: int
    kind: str
    signal: str
    scale: float = 1.0
    order: WordOrder = WordOrder.ABCD
    counts: bool = False
    """A totalizer shows only full counts: rounded down, never up."""


def encode(register: Register, value: float | None, highest_means_none: bool = False) -> tuple[int, ...]:
    """The words of a value; ``None`` becomes the device's mark for "not available".

    Integers are clipped to what the format holds; an ``acc32`` rolls over. ``highest_means_none`` chooses 0x7F..FF
    rather than 0x80..00 as the mark of signed integers.
    """
    packed = struct.pack(FORMATS[register.kind], _raw(register, value, highest_means_none))
    if register.order is WordOrder.DCBA:
        packed = packed[::-1]
    words = struct.unpack(f">{len(packed) // 2}H", packed)
    return words[::-1] if register.order is WordOrder.CDAB else words


def reader_of(register: Register) -> Callable[[float], float]:
    """What somebody who reads the register gets for a value: the value at the device's own resolution."""
    divisor = round(1 / register.scale)
    narrow = register.kind == "f32"

    def read(value: float) -> float:
        raw = _raw(register, value, False)
        return (_shortest_f32(raw) if narrow else raw) / divisor

    return read


def split_count(value: float) -> tuple[int, float]:
    """Full counts and the fraction beyond them."""
    whole = math.floor(value + COUNT_TOLERANCE)
    return whole, max(0.0, value - whole)


def _shortest_f32(value: float) -> float:
    """The shortest decimal that is the same 32-bit float: 8.1, not 8.100000381."""
    single: float = struct.unpack(">f", struct.pack(">f", value))[0]
    for digits in range(6, 9):
        text = f"{single:.{digits}g}"
        if struct.unpack(">f", struct.pack(">f", float(text)))[0] == single:
            return float(text)
    return single


def _raw(register: Register, value: float | None, highest_means_none: bool) -> float:
    kind = register.kind
    if kind in FLOATS:
        return math.nan if value is None else value / register.scale
    if kind == "acc32":
        return 0 if value is None else split_count(value / register.scale)[0] % 2**32
    bits = int(kind[1:])
    signed = kind.startswith("i")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if value is None:
        return low if signed and not highest_means_none else high
    scaled = value / register.scale
    raw = split_count(scaled)[0] if register.counts else round(scaled)
    return min(high, max(low, raw))
