"""The cases of the fuzz: which spoilt bytes go where, by MQTT with which properties, by HTTP with which headers."""

import random
from collections.abc import Mapping
from typing import NamedTuple

from telemetry_model.readings_csv import CONTENT_TYPE_CSV
from telemetry_model.senml_cbor import CONTENT_TYPE_SENML_CBOR
from tests.soak import malformed

HTTP_SHARE = 0.3
SOUND_SHARE = 0.1
"""So that what is sound beside the spoilt is seen to pass."""
JSON = "application/senml+json"
TOPICS = {
    "ecopark/1/thu/gw-2/readings": "senml",
    "shelly/7": "plain",
    "lab/ph": "plain",
    "spBv1.0/hall/NDATA/line-1": "sparkplug",
    "spBv1.0/hall/DDATA/line-1/pump": "sparkplug",
    "spBv1.0/hall/NBIRTH/line-1": "sparkplug",
}
ODD_TYPES = (
    "application/gzip",
    "text/html",
    "APPLICATION/JSON; charset=x",
    "x" * 200,
    "application/senml+xml",
    ";",
    "é",
)
RUNS = ("run", "r" * 64, "r" * 65, "unnumbered", "", "; DROP TABLE", "ü", "../..")
NUMBERS = ("1", "2", "7", "0", "-1", "1e3", "9" * 16, str(2**53), str(2**53 + 1), "9" * 40, "x", " 5", "٣", "")


class MqttCase(NamedTuple):
    """One message."""

    topic: str
    payload: bytes
    content_type: str
    properties: Mapping[str, str]


class HttpCase(NamedTuple):
    """One request; ``length`` is what Content-Length claims, beside what the body has."""

    body: bytes
    headers: Mapping[str, str]


def a_case(chance: random.Random, now_s: float, token: str) -> MqttCase | HttpCase:
    """The next one."""
    if chance.random() < HTTP_SHARE:
        return _http(chance, now_s, token)
    topic = chance.choice(list(TOPICS))
    sound = chance.random() < SOUND_SHARE
    if TOPICS[topic] == "plain":
        return MqttCase(topic, _maybe(chance, malformed.plain(chance, now_s), sound), "", {})
    if TOPICS[topic] == "sparkplug":
        return MqttCase(topic, _maybe(chance, malformed.sparkplug(chance, now_s), sound), "", {})
    kind, payload = _pack(chance, now_s, sound)
    if chance.random() < 0.1:
        kind = chance.choice(ODD_TYPES)
    return MqttCase(topic, payload, kind, _properties(chance))


def _http(chance: random.Random, now_s: float, token: str) -> HttpCase:
    kind, body = _pack(chance, now_s, chance.random() < SOUND_SHARE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    turn = chance.randrange(20)
    if turn == 0:
        headers["Authorization"] = chance.choice(
            ("", "Bearer", "Bearer ü", "Basic eDp5", f"Bearer {token}x", "Bearer " * 50)
        )
    elif turn == 1:
        headers["Content-Type"] = chance.choice(ODD_TYPES)
    elif turn == 2:
        headers["Content-Encoding"] = chance.choice(("gzip", "deflate", "br", "gzip, gzip", "identity, gzip"))
        body = malformed.bomb(chance)
    elif turn == 3:
        headers["Content-Length"] = chance.choice(("-1", "1e3", "9" * 30, "x", ""))
    return HttpCase(body, headers)


def _pack(chance: random.Random, now_s: float, sound: bool) -> tuple[str, bytes]:
    """Content type and bytes of one of the formats that may come both ways."""
    turn = chance.randrange(10)
    if turn == 0:
        return CONTENT_TYPE_SENML_CBOR, chance.choice(malformed.CBOR_ALONE)
    if turn <= 2:
        return CONTENT_TYPE_SENML_CBOR, _maybe(chance, malformed.senml_cbor(chance, now_s), sound)
    if turn <= 4:
        return CONTENT_TYPE_CSV, _maybe(chance, malformed.csv_text(chance, now_s), sound)
    if turn == 5:
        return JSON, malformed.bomb(chance)
    if turn <= 7 and not sound:
        return JSON, malformed.spoilt_senml(chance, now_s)
    return JSON, _maybe(chance, malformed.text(malformed.senml(chance, now_s)), sound)


def _maybe(chance: random.Random, payload: bytes, sound: bool) -> bytes:
    return payload if sound else malformed.spoilt_bytes(chance, payload)


def _properties(chance: random.Random) -> dict[str, str]:
    if chance.random() < 0.7:
        return {}
    names = chance.sample(("run", "seq", "oldest", "created", "nonsense"), chance.randint(1, 5))
    return {name: chance.choice(RUNS) if name == "run" else chance.choice(NUMBERS) for name in names}
