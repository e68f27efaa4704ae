"""Who a message says it is: run, sequence, oldest and creation time from its MQTT 5 user properties."""

from collections.abc import Mapping
from typing import NamedTuple

from telemetry_model.control_messages import PROPERTY_CREATED, PROPERTY_OLDEST, PROPERTY_RUN, PROPERTY_SEQ

UNNUMBERED = "unnumbered"
"""The ledger's run for packs that carry no run and sequence."""
REPLAYED = "replayed"
"""The ledger's run for what a replay of the quarantine corrects."""
_MAX_RUN_CHARACTERS = 64
_MAX_NUMBER = 2**53


class BatchIdentity(NamedTuple):
    """``(gateway, run, seq)`` names a batch for ever; ``oldest`` is what the gateway still waits to see stored."""

    run: str
    seq: int
    oldest: int | None


def identity_of(properties: Mapping[str, str]) -> BatchIdentity | None:
    """``None`` for a pack without a usable run and sequence: a plain device, or a person with ``mosquitto_pub``."""
    run = properties.get(PROPERTY_RUN, "")
    seq = _number(properties.get(PROPERTY_SEQ))
    if not is_run_name(run) or not seq:
        return None
    return BatchIdentity(run, seq, _number(properties.get(PROPERTY_OLDEST)))


def is_name(text: str, max_characters: int) -> bool:
    """Whether it can be a key of the state, in whatever database that is."""
    return 0 < len(text) <= max_characters and text.isprintable()


def is_run_name(text: str) -> bool:
    """Whether a gateway may call a run so."""
    return is_name(text, _MAX_RUN_CHARACTERS) and text not in (UNNUMBERED, REPLAYED)


def created_ms_of(properties: Mapping[str, str]) -> int | None:
    """When the gateway committed the batch, UTC milliseconds, if it says so."""
    return _number(properties.get(PROPERTY_CREATED))


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 16:
        return None
    number = int(text)
    return number if number <= _MAX_NUMBER else None
