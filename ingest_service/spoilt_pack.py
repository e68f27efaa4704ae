"""Packs with bad records in them: which records are sound, and what is wrong with each of the others.

:func:`records_with_text` and :func:`sound_records` are for the usual bad pack, an ordinary one in which a few fields
are of the wrong type. They say what :func:`sound_readings` would say, or nothing.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS, PackError, SenmlReading, SenmlRecord
from telemetry_model.senml_json import decode_pack
from telemetry_model.senml_plain import PlainRecord

MAX_BAD_BY_TYPE = 50
"""More bad records than this in one pack are looked for one by one."""
_SEPARATORS = (b"},{", b"}, {")
_PLACE = re.compile(r" at `\$\[(\d+)\]")
"""Where msgspec says that a list's element is wrong."""
_PLACE_OF_FIELD = re.compile(r" at `\$\[(\d+)\]\.\w+`$")
"""Where it says that a field of such an element is of the wrong type."""


class _StrictRecord(PlainRecord):
    """Of whose fields msgspec says what it says of :class:`~telemetry_model.senml.SenmlRecord`'s."""

    v: float | None = None


_strict_records = msgspec.json.Decoder(list[_StrictRecord])
_TEXT_FOR_A_VALUE = "Expected `float | null`, got `str` - at `$[{}].v`"
"""As msgspec says it; places are counted from the bad record before."""
_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
_labels = msgspec.json.Decoder(dict[str, msgspec.Raw])
_records = msgspec.json.Decoder(list[SenmlRecord])


class BadRecord(NamedTuple):
    """What is wrong with a record, and a pack of it alone."""

    problem: str
    pack: bytes


def records_with_text(payload: bytes, records: Sequence[PlainRecord]) -> list[BadRecord]:
    """Those of an ordinary pack's records that have a text for a value; nothing when they cannot be cut out of it."""
    places = [at for at, record in enumerate(records) if isinstance(record.v, str)]
    parts = _between_braces(payload)
    if len(parts) != len(records) or len(places) == len(records) or len(places) > MAX_BAD_BY_TYPE:
        return []
    bad: list[BadRecord] = []
    start = 0
    for at in places:
        part = parts[at]
        if b'"bt"' in part or b"\\" in part:
            return []  # it may say something of other records
        bad.append(BadRecord(_TEXT_FOR_A_VALUE.format(at - start), b"[{" + part + b"}]"))
        start = at + 1
    return bad


def sound_records(payload: bytes) -> tuple[list[PlainRecord], list[BadRecord]]:
    """The sound records of an ordinary pack, and those with fields of the wrong type; nothing when it is another pack.

    The pack is cut at its braces: a brace that stands in a text shows in their number.
    """
    parts = _between_braces(payload)
    bad: dict[int, str] = {}
    rest: list[PlainRecord] | None = None
    start = 0
    while rest is None:
        try:
            rest = _decoded(parts[start:])
        except (ValueError, RecursionError) as error:
            place = _PLACE_OF_FIELD.search(str(error))
            if place is None or len(bad) == MAX_BAD_BY_TYPE:
                return [], []
            bad[start + int(place[1])] = str(error)
            start += int(place[1]) + 1
    try:
        sound = _decoded([part for at, part in enumerate(parts[:start]) if at not in bad]) + rest
    except (ValueError, RecursionError):
        return [], []
    is_whole = len(sound) + len(bad) == len(parts) and len(sound) <= MAX_PACK_RECORDS
    if not is_whole or not all(_stands_alone(b"{" + parts[at] + b"}") for at in bad):
        return [], []
    return sound, [BadRecord(said, b"[{" + parts[at] + b"}]") for at, said in bad.items()]


def sound_readings(
    payload: bytes, problem: str, now_ms: int, allow_relative: bool
) -> tuple[list[SenmlReading], list[BadRecord]]:
    """The readings of a pack without its bad records, and those; nothing when there is no such part.

    Base fields hold for all records that follow (RFC 8428 section 4.1), so a bad record that carries one condemns
    the pack: the others' names, times or values would be guesses. ``problem`` is what the decoder said of the pack.
    """
    try:
        raw_records = _raw_records.decode(payload)
    except (ValueError, RecursionError):
        return [], []
    # The first way is cheap, and finds what nearly every bad record is: a field of another type.
    for is_cheap in (True, False):
        bad = _bad_by_type(raw_records, problem) if is_cheap else _bad_by_themselves(raw_records)
        if any(_has_base_field(raw_records[place]) for place in bad):
            return [], []
        sound = [raw for place, raw in enumerate(raw_records) if place not in bad]
        try:
            if sound:
                readings = decode_pack(_pack_of(sound), now_ms, allow_relative)
                return readings, [BadRecord(said, _pack_of([raw_records[place]])) for place, said in bad.items()]
        except PackError:
            continue
    return [], []


def _between_braces(payload: bytes) -> list[bytes]:
    """What stands between the braces of each record, when the pack has no others and all separators are the same."""
    if len(payload) <= MAX_PACK_BYTES and payload[:2] == b"[{" and payload[-2:] == b"}]":
        braces = payload.count(b"{")
        for separator in _SEPARATORS:
            parts = payload[2:-2].split(separator)
            if len(parts) == braces:
                return parts
    return []


def _decoded(parts: Sequence[bytes]) -> list[PlainRecord]:
    return [*_strict_records.decode(b"[{" + b"},{".join(parts) + b"}]")] if parts else []


def _stands_alone(record: bytes) -> bool:
    """Whether it is a JSON object, and nothing in it holds for other records."""
    try:
        return not any(label.startswith("b") for label in _labels.decode(record))
    except (ValueError, RecursionError):
        return False


def _bad_by_type(raw_records: list[msgspec.Raw], problem: str) -> dict[int, str]:
    """Places of records whose fields have the wrong types, and what is wrong; at most the first so many."""
    bad: dict[int, str] = {}
    start = 0
    while (place := _PLACE.search(problem)) and len(bad) < MAX_BAD_BY_TYPE:
        bad[start + int(place[1])] = problem
        start += int(place[1]) + 1
        try:
            _records.decode(_pack_of(raw_records[start:]))
        except (ValueError, RecursionError) as error:
            problem = str(error)
        else:
            break
    return bad


def _bad_by_themselves(raw_records: list[msgspec.Raw]) -> dict[int, str]:
    """Places of records that would be no pack even alone, and what is wrong."""
    bad: dict[int, str] = {}
    for place, raw in enumerate(raw_records):
        try:
            decode_pack(_pack_of([raw]), 0)
        except PackError as error:
            bad[place] = str(error)
    return bad


def _pack_of(raw_records: Sequence[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(raw_records) + b"]"


def _has_base_field(raw: msgspec.Raw) -> bool:
    try:
        return any(label.startswith("b") for label in _labels.decode(raw))
    except (ValueError, RecursionError):
        return False
