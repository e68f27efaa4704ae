"""The ordinary SenML pack, decoded without asking what else it might be: what gateways send, thousands a second.

Names in full, values as numbers, no base field but the time. Whatever else a pack has in it is read by
:func:`telemetry_model.senml_json.decode_pack`, which knows all of RFC 8428 and says what is wrong with a bad one.
"""

import msgspec

from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS


class PlainRecord(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One record as it stands in the pack; ``bt`` holds for the records that follow, too.

    A text in the place of the value is read and left to whoever judges the record: the most usual of all faults shall
    not cost the whole pack a second look.
    """

    n: str
    v: float | str | None = None
    t: float = 0.0
    u: str = ""
    st: int = 0
    q: str = ""
    bt: float = 0.0


class NotPlainError(ValueError):
    """This is another kind of pack, or none at all."""


_decoder = msgspec.json.Decoder(list[PlainRecord])


def decode_plain_pack(payload: bytes) -> list[PlainRecord]:
    """Its records, base time unresolved; raises :class:`NotPlainError`."""
    if len(payload) > MAX_PACK_BYTES:
        raise NotPlainError(f"{len(payload)} bytes")
    try:
        records = _decoder.decode(payload)
    except (ValueError, RecursionError) as error:
        raise NotPlainError(str(error)) from error
    if len(records) > MAX_PACK_RECORDS:
        raise NotPlainError(f"{len(records)} records")
    return records
