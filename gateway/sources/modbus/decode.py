"""Register words -> a value in the point's unit, its status, or the reason why there is none. Pure."""

import math
import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from gateway.sources.modbus.profile import (
    DeviceProfile,
    Field,
    Register,
    RegisterType,
    Sentinel,
    StatusRegister,
    WordOrder,
)
from telemetry_model.reading import InstrumentStatus, ReadingReason
from telemetry_model.units import conversion_factor

RegisterImage = Mapping[tuple[int, int], int | ReadingReason]
"""What a read brought, by function code and address: the word, or why there is no word."""

_FORMATS = {RegisterType.F32: ">f", RegisterType.F64: ">d"}
_SCALE_FACTOR_LIMIT = 10
"""SunSpec: a scale factor lies between -10 and 10; 0x8000 (and anything else) is none."""


class Decoded(NamedTuple):
    """A register's value in the asked unit, or ``None`` with the reason."""

    value: float | None
    status: InstrumentStatus
    reason: ReadingReason | None


class RegisterDecoder:
    """Decodes one register into one unit; what does not change from poll to poll is worked out once."""

    def __init__(self, profile: DeviceProfile, register: Register, unit: str) -> None:
        self._profile = profile
        self._register = register
        self._unit = unit
        self._field = profile.value_field(register)
        self._status = profile.status_of(register)
        self._status_field = profile.status_field(self._status) if self._status is not None else None
        plain = register.scale_factor_address is None and register.fraction is None and register.unit_code is None
        self._multiplier = _multiplier(register.scale, register.invert, 0, register.unit, unit) if plain else None

    def decode(self, image: RegisterImage) -> Decoded:
        """The register's value. A broken instrument is always a reason, with a value or without."""
        status = InstrumentStatus.MEASURING
        if self._status is not None and self._status_field is not None:
            raw_status = _words(image, self._status_field)
            if isinstance(raw_status, ReadingReason):
                return Decoded(None, status, raw_status)
            status = _instrument_status(unsigned_value(raw_status, self._status_field.word_order), self._status)
        value = self._value(image)
        fault = ReadingReason.INSTRUMENT_FAULT if status is InstrumentStatus.FAULT else None
        if isinstance(value, ReadingReason):
            return Decoded(None, status, fault or value)
        return Decoded(value, status, fault)

    def _value(self, image: RegisterImage) -> float | ReadingReason:
        if self._multiplier is None:
            return _value(image, self._profile, self._register, self._unit)
        raw = _number(image, self._field, self._register.not_available)
        return raw if isinstance(raw, ReadingReason) else raw * self._multiplier[0] / self._multiplier[1]


def decode_register(image: RegisterImage, profile: DeviceProfile, register: Register, unit: str) -> Decoded:
    """The register's value in ``unit``, once."""
    return RegisterDecoder(profile, register, unit).decode(image)


def decode_number(words: Sequence[int], kind: RegisterType, order: WordOrder) -> int | float:
    """The plain number in the words. An f32 is given as the shortest decimal that is that very f32."""
    data = _ordered(words, order)
    if kind in _FORMATS:
        value: float = struct.unpack(_FORMATS[kind], data)[0]
        return _shortest_f32(value) if kind is RegisterType.F32 else value
    return int.from_bytes(data, "big", signed=kind.startswith("i"))


def unsigned_value(words: Sequence[int], order: WordOrder) -> int:
    """The words as one unsigned integer."""
    return int.from_bytes(_ordered(words, order), "big")


def is_not_available(words: Sequence[int], order: WordOrder, sentinels: Sequence[Sentinel]) -> bool:
    """Whether the device said "no value" by one of these patterns."""
    if not sentinels:
        return False
    bits = 16 * len(words)
    patterns = {
        Sentinel.ONES: (1 << bits) - 1,
        Sentinel.SIGNED_MAX: (1 << (bits - 1)) - 1,
        Sentinel.SIGNED_MIN: 1 << (bits - 1),
        Sentinel.ZERO: 0,
    }
    raw = unsigned_value(words, order)
    return any(raw == patterns[sentinel] for sentinel in sentinels)


def _ordered(words: Sequence[int], order: WordOrder) -> bytes:
    """Most significant byte first."""
    if order is WordOrder.ABCD:
        return struct.pack(f">{len(words)}H", *words)
    low_word_first = order in (WordOrder.CDAB, WordOrder.DCBA)
    swap_bytes = order in (WordOrder.BADC, WordOrder.DCBA)
    return struct.pack(f"{'<' if swap_bytes else '>'}{len(words)}H", *(reversed(words) if low_word_first else words))


def _shortest_f32(value: float) -> float:
    """41.2 as f32 is 41.20000076...; the digits behind are invented by widening, so they are dropped again."""
    if not math.isfinite(value):
        return value
    exact = struct.pack(">f", value)
    for digits in (6, 7, 8):
        candidate = float(f"{value:.{digits}g}")
        if abs(candidate) <= _F32_MAX and struct.pack(">f", candidate) == exact:
            return candidate
    return value


_F32_MAX = 3.4028234e38


def _words(image: RegisterImage, field: Field) -> list[int] | ReadingReason:
    function, first = field.function, field.address
    words: list[int] = []
    for address in range(first, first + field.type.words):
        word = image[function, address]
        if isinstance(word, ReadingReason):
            return word
        words.append(word)
    return words


def _value(image: RegisterImage, profile: DeviceProfile, register: Register, unit: str) -> float | ReadingReason:
    raw = _number(image, profile.value_field(register), register.not_available)
    if isinstance(raw, ReadingReason):
        return raw
    exponent = 0
    if register.scale_factor_address is not None:
        field = profile.side_field(register, register.scale_factor_address, RegisterType.I16)
        factor = _number(image, field, (Sentinel.SIGNED_MIN,))
        if isinstance(factor, ReadingReason):
            return factor
        exponent = int(factor)
        if abs(exponent) > _SCALE_FACTOR_LIMIT:
            return ReadingReason.NOT_AVAILABLE
    if register.fraction is not None:
        fraction = _number(image, profile.side_field(register, register.fraction.address, register.fraction.type), ())
        if isinstance(fraction, ReadingReason):
            return fraction
        raw += fraction
    sent_unit = register.unit
    if register.unit_code is not None:
        code = _number(image, profile.side_field(register, register.unit_code.address, RegisterType.U16), ())
        if isinstance(code, ReadingReason):
            return code
        sent_unit = register.unit_code.units.get(str(code), "")
    multiplier = _multiplier(register.scale, register.invert, exponent, sent_unit, unit)
    if multiplier is None:
        return ReadingReason.NOT_AVAILABLE
    return raw * multiplier[0] / multiplier[1]


def _number(image: RegisterImage, field: Field, sentinels: Sequence[Sentinel]) -> int | float | ReadingReason:
    words = _words(image, field)
    if isinstance(words, ReadingReason):
        return words
    if is_not_available(words, field.word_order, sentinels):
        return ReadingReason.NOT_AVAILABLE
    number = decode_number(words, field.type, field.word_order)
    return number if math.isfinite(number) else ReadingReason.NOT_A_NUMBER


@lru_cache(maxsize=4096)
def _multiplier(scale: float, invert: bool, exponent: int, sent: str, wanted: str) -> tuple[int, int] | None:
    """Numerator and denominator: one correctly rounded division, so 2305 x 0.1 is 230.5. ``None``: no way there."""
    factor = conversion_factor(sent, wanted)
    if factor is None:
        return None
    total = Fraction(str(scale)) * Fraction(str(factor)) * Fraction(10) ** exponent
    return (-total if invert else total).as_integer_ratio()


def _instrument_status(raw: int, status: StatusRegister) -> InstrumentStatus:
    """A code that is in no list counts as a fault: what we do not understand we do not trust."""
    if status.fault_bits:
        return InstrumentStatus.FAULT if raw & status.fault_bits else InstrumentStatus.MEASURING
    if raw in status.measuring:
        return InstrumentStatus.MEASURING
    return InstrumentStatus.CALIBRATING if raw in status.calibrating else InstrumentStatus.FAULT
