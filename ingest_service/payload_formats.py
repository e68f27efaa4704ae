"""Which decoder a payload gets: by its content type, never by guessing, and never one that decompresses."""

from telemetry_model.control_messages import CONTENT_TYPE_SENML_JSON
from telemetry_model.readings_csv import CONTENT_TYPE_CSV, decode_csv
from telemetry_model.senml import PackError, SenmlReading
from telemetry_model.senml_cbor import CONTENT_TYPE_SENML_CBOR, decode_cbor_pack
from telemetry_model.senml_json import decode_pack

JSON_TYPES = frozenset({"", CONTENT_TYPE_SENML_JSON, "application/json", "text/plain"})
"""What may stand over SenML JSON on a topic; a person with ``mosquitto_pub`` writes none at all."""
HTTP_TYPES = (CONTENT_TYPE_SENML_JSON, "application/json", CONTENT_TYPE_SENML_CBOR, CONTENT_TYPE_CSV)


def media_type(content_type: str) -> str:
    """Without parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def decode_readings(content_type: str, payload: bytes, now_ms: int) -> list[SenmlReading]:
    """SenML or CSV; raises :class:`PackError`, also for a content type nobody here reads."""
    kind = media_type(content_type)
    if kind in JSON_TYPES:
        try:
            return decode_pack(payload, now_ms)
        except RecursionError as error:
            raise PackError("nested too deeply") from error
    if kind == CONTENT_TYPE_SENML_CBOR:
        return decode_cbor_pack(payload, now_ms)
    if kind == CONTENT_TYPE_CSV:
        return decode_csv(payload)
    raise PackError(f"content type '{kind[:80]}' is not read here")
