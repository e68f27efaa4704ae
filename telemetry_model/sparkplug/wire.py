"""Protobuf's own encoding, as far as Sparkplug needs it: fields, varints and lengths, all bounds checked."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MASK_64 = (1 << 64) - 1
_MAX_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are not protobuf."""


class WireField(NamedTuple):
    """One field: an integer for varints and fixed numbers (their bits), bytes for everything of a length."""

    number: int
    kind: int
    bits: int
    content: bytes


def read_fields(message: bytes) -> Iterator[WireField]:
    """Each field in order; raises :class:`WireError` at the first byte that cannot be."""
    position, end = 0, len(message)
    while position < end:
        tag, position = read_varint(message, position)
        number, kind = tag >> 3, tag & 7
        if not 1 <= number < 1 << 29:
            raise WireError(f"field number {number}")
        if kind == VARINT:
            bits, position = read_varint(message, position)
            yield WireField(number, kind, bits, b"")
            continue
        if kind == BYTES:
            length, position = read_varint(message, position)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"wire type {kind} of field {number}")
        if length > end - position:
            raise WireError(f"field {number} is longer than the message")
        content = message[position : position + length]
        position += length
        yield WireField(number, kind, 0 if kind == BYTES else int.from_bytes(content, "little"), content)


def read_varint(message: bytes, position: int) -> tuple[int, int]:
    """The number and where the next byte stands."""
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        if position >= len(message):
            raise WireError("ends inside a number")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & _MASK_64, position
    raise WireError("a number of more than ten bytes")


def varint(value: int) -> bytes:
    """An unsigned number of at most 64 bits; a negative one as its two's complement."""
    value &= _MASK_64
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def varint_field(number: int, value: int) -> bytes:
    """A field with a number or a boolean."""
    return varint(number << 3 | VARINT) + varint(value)


def bytes_field(number: int, content: bytes) -> bytes:
    """A field with text, bytes or a message."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def double_field(number: int, value: float) -> bytes:
    """A field with a 64 bit float."""
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def float_field(number: int, value: float) -> bytes:
    """A field with a 32 bit float; one beyond its range becomes infinite."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return varint(number << 3 | FIXED32) + packed
