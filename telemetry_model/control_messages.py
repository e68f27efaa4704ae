"""The small JSON messages beside the readings: a gateway's status and health, ingest's cursor and its requests."""

import msgspec

PROPERTY_RUN = "run"
"""MQTT 5 user property: the outbox run a batch belongs to."""
PROPERTY_SEQ = "seq"
"""MQTT 5 user property: the batch's number within the run."""
PROPERTY_CREATED = "created"
"""MQTT 5 user property: when the batch was committed at the gateway, UTC milliseconds."""
PROPERTY_OLDEST = "oldest"
"""MQTT 5 user property: the lowest sequence of the run the gateway has not yet seen stored (and still holds)."""
CONTENT_TYPE_SENML_JSON = "application/senml+json"


class GatewayStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Retained birth (``online``) and last will (``offline``) of a gateway."""

    state: str
    at_ms: int = 0
    run: str = ""
    next_seq: int = 0
    oldest_seq: int = 0
    """Lowest sequence still in the outbox log: what a resend can still bring."""
    version: str = ""
    since_ms: int = 0
    """Repeats what a :class:`ResendRequest` asked about; 0: nobody asked."""
    since_seq: int = 0
    """The first sequence of the log that was created then or later; ``next_seq`` when there is none."""


class GatewayHealth(msgspec.Struct, frozen=True):
    """How a gateway is doing, published every few seconds; counts are since the process started."""

    at_ms: int
    run: str
    readings: int
    bad_readings: int
    batches_pending: int
    batches_sent: int
    batches_stored: int
    dropped_unstored_batches: int
    """Batches the outbox had to give up before they were stored (age or size): reported, never silent."""
    devices_online: int
    devices_offline: int
    oldest_unstored_age_seconds: float


class StoredCursor(msgspec.Struct, frozen=True):
    """Retained on ``…/stored``: every batch of ``run`` up to and including ``through`` is stored or in quarantine.

    ``session`` is new whenever the broker had forgotten ingest: what was sent before that may be lost in the broker.
    ``through_created_ms`` is when the gateway committed batch ``through`` (0: not known): a gateway whose file holds
    another batch under that number is an older copy of itself.
    """

    run: str
    through: int
    at_ms: int = 0
    session: str = ""
    through_created_ms: int = 0


class ResendRequest(msgspec.Struct, frozen=True):
    """On ``…/resend``, not retained: publish the batches ``from_seq`` to ``to_seq`` of ``run`` again, both included.

    With ``run`` empty it asks for a :class:`GatewayStatus` alone, which says what the log holds since ``since_ms``.
    """

    run: str
    from_seq: int
    to_seq: int
    at_ms: int = 0
    since_ms: int = 0


def encode_control(message: GatewayStatus | GatewayHealth | StoredCursor | ResendRequest) -> bytes:
    """JSON bytes."""
    return msgspec.json.encode(message)


def decode_status(payload: bytes) -> GatewayStatus:
    """Raises ``msgspec.MsgspecError`` (a ``ValueError``) on anything else."""
    return msgspec.json.decode(payload, type=GatewayStatus)


def decode_health(payload: bytes) -> GatewayHealth:
    """Raises ``msgspec.MsgspecError`` (a ``ValueError``) on anything else."""
    return msgspec.json.decode(payload, type=GatewayHealth)


def decode_stored(payload: bytes) -> StoredCursor:
    """Raises ``msgspec.MsgspecError`` (a ``ValueError``) on anything else."""
    return msgspec.json.decode(payload, type=StoredCursor)


def decode_resend(payload: bytes) -> ResendRequest:
    """Raises ``msgspec.MsgspecError`` (a ``ValueError``) on anything else."""
    return msgspec.json.decode(payload, type=ResendRequest)
