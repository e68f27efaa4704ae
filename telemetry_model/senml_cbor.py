"""SenML CBOR packs (RFC 8428 section 6): a strict decoder of just the CBOR that SenML uses, bounded in every way.

Why not a CBOR library: one pack may hold arrays of maps of plain values and nothing else. Whatever CBOR offers beyond
that (shared references, dates, big numbers, deep nesting) is a way to make a decoder work or allocate without end.
"""

import math
import struct
from typing import NamedTuple

import msgspec

from telemetry_model.senml import (
    MAX_PACK_RECORDS,
    PackError,
    PackTooLargeError,
    SenmlReading,
    SenmlRecord,
    check_must_understand,
    check_pack_bytes,
    resolve_records,
)

CONTENT_TYPE_SENML_CBOR = "application/senml+cbor"
LABELS = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""RFC 8428 table 4."""
MAX_DEPTH = 4
"""A pack is an array of maps of values; a decimal fraction is one array more."""
_DECIMAL_FRACTION = 4
_BREAK = 0xFF
_INDEFINITE = 31


class _Break(NamedTuple):
    """The end of an array or map of indefinite length."""


_END = _Break()


def decode_cbor_pack(payload: bytes, now_ms: int) -> list[SenmlReading]:
    """All records that carry a reading, resolved; raises :class:`PackError` when the pack as a whole is unusable."""
    check_pack_bytes(payload)
    reader = _CborReader(payload)
    try:
        pack = reader.item(0)
        rest = len(payload) - reader.position
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise PackError(f"CBOR is truncated or malformed at byte {reader.position}") from error
    if rest:
        raise PackError(f"{rest} bytes after the CBOR pack")
    if not isinstance(pack, list):
        raise PackError("Expected a CBOR array of records")
    return resolve_records([_record(raw) for raw in pack], now_ms)


def looks_like_cbor(payload: bytes) -> bool:
    """Whether the first byte opens a CBOR array, which no JSON text can begin with."""
    return bool(payload) and payload[0] >> 5 == 4


def _record(raw: object) -> SenmlRecord:
    if not isinstance(raw, dict):
        raise PackError("Expected a CBOR map as a record")
    fields: dict[str, object] = {}
    for label, value in raw.items():
        name = LABELS.get(label) if isinstance(label, int) else label
        if isinstance(name, str):
            fields[name] = value.hex() if isinstance(value, bytes) else value
    check_must_understand(fields)
    try:
        return msgspec.convert(fields, SenmlRecord)
    except msgspec.ValidationError as error:
        raise PackError(str(error)) from error


class _CborReader:
    """Reads one item after the other; every length is checked against what is left before anything is made of it."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.position = 0

    def item(self, depth: int) -> object:
        """The next item."""
        if depth > MAX_DEPTH:
            raise PackError("nested too deeply")
        initial = self._payload[self.position]
        self.position += 1
        if initial == _BREAK:
            return _END
        major, short = initial >> 5, initial & 0x1F
        if major == 7:
            return self._simple(short)
        if major in (4, 5):
            return self._array(short, depth) if major == 4 else self._map(short, depth)
        argument = self._argument(short)
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 6:
            return self._tagged(argument, depth)
        text = self._take(argument)
        return text.decode("utf-8") if major == 3 else text

    def _argument(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise PackError(f"CBOR length of an unsupported kind at byte {self.position - 1}")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self._payload):
            raise IndexError(length)
        taken = self._payload[self.position : end]
        self.position = end
        return taken

    def _simple(self, short: int) -> object:
        if short in (20, 21):
            return short == 21
        if short in (22, 23):
            return None
        formats = {25: ">e", 26: ">f", 27: ">d"}
        if short not in formats:
            raise PackError(f"CBOR simple value {short} has no place in SenML")
        (number,) = struct.unpack(formats[short], self._take(2 << (short - 25)))
        return float(number)

    def _array(self, short: int, depth: int) -> list[object]:
        items: list[object] = []
        count = self._count(short)
        while count is None or len(items) < count:
            item = self.item(depth + 1)
            if item is _END:
                if count is not None:
                    raise PackError("CBOR break inside an array of definite length")
                break
            items.append(item)
            if len(items) > MAX_PACK_RECORDS:
                raise PackTooLargeError(f"pack of more than {MAX_PACK_RECORDS} records is over the limit")
        return items

    def _map(self, short: int, depth: int) -> dict[object, object]:
        entries: dict[object, object] = {}
        count = self._count(short)
        read = 0
        while count is None or read < count:
            label = self.item(depth + 1)
            if label is _END and count is None:
                break
            if not isinstance(label, int | str) or isinstance(label, bool):
                raise PackError("CBOR label is neither a number nor a text")
            if label in entries:
                raise PackError(f"label {label!r} is there twice in one record")
            value = self.item(depth + 1)
            if value is _END:
                raise PackError("CBOR break where a value is due")
            entries[label] = value
            read += 1
        return entries

    def _count(self, short: int) -> int | None:
        if short == _INDEFINITE:
            return None
        count = self._argument(short)
        if count > len(self._payload) - self.position:
            raise PackError(f"CBOR says {count} items, more than there are bytes left")
        return count

    def _tagged(self, tag: int, depth: int) -> float:
        """A decimal fraction, ``[exponent, mantissa]``: the one tag RFC 8428 section 6 allows."""
        if tag != _DECIMAL_FRACTION:
            raise PackError(f"CBOR tag {tag} has no place in SenML")
        match self.item(depth + 1):
            case [int(exponent), int(mantissa)] if abs(exponent) <= 400:
                number = float(f"{mantissa}e{exponent}")
            case _:
                raise PackError("CBOR decimal fraction is malformed")
        if not math.isfinite(number):
            raise PackError("CBOR decimal fraction is not finite")
        return number
