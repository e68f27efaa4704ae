"""The one door to admission: by its topic a message gets a decoder and the points it may speak for.

A gateway speaks for its own points. A mapped topic or a Sparkplug metric speaks for the point the register names, and
an HTTP source for the points its file lists: there the mapping itself is the permission.
"""

from collections.abc import Mapping

from ingest_service.admission import Admission, Admitter, RefusalReason, RefusedRecord, short
from ingest_service.bindings import ParkBindings, PointBinding
from ingest_service.http_sources import HttpSource, HttpSources
from ingest_service.payload_formats import JSON_TYPES, decode_readings
from ingest_service.quality_watch import QualityWatch, watched_series
from ingest_service.sparkplug_intake import SparkplugIntake, UnplacedMetric
from telemetry_model.park_register import Park
from telemetry_model.plain_json import PlainValue, decode_plain
from telemetry_model.senml import PackError, SenmlReading
from telemetry_model.senml_cbor import CONTENT_TYPE_SENML_CBOR, looks_like_cbor
from telemetry_model.senml_json import decode_pack
from telemetry_model.sparkplug.addresses import SparkplugAddress, parse_sparkplug_topic
from telemetry_model.sparkplug.payload import PayloadError, decode_payload

HTTP_TOPIC = "http:"
"""What stands for a topic over readings that came by HTTP; the source's name follows."""
UNKNOWN_SOURCE = "unknown"


class Reception:
    """Admits whatever comes in, from wherever; never raises, whatever the bytes."""

    def __init__(self, park: Park, sources: HttpSources | None = None) -> None:
        self.bindings = ParkBindings(park)
        limits = watched_series(park, self.bindings)
        self.live_quality = QualityWatch(limits)
        self.refill_quality = QualityWatch(limits, may_go_back=True)
        """A refill brings the past again while the present goes on: each has a memory of its own."""
        self.sparkplug = SparkplugIntake(park)
        self.sources = sources or HttpSources()
        self._admitter = Admitter(self.bindings)
        self._mapped: dict[str, tuple[PlainValue, ...]] = {}
        for mapping in park.topics:
            place = PlainValue(mapping.point, mapping.path, mapping.unit)
            self._mapped[mapping.topic] = (*self._mapped.get(mapping.topic, ()), place)
        self._allowed: Mapping[str, dict[str, PointBinding]] = {
            source.name: self._points_of(source) for source in self.sources.by_name.values()
        }

    def filters(self) -> list[str]:
        """Topics to subscribe to beside the gateways'."""
        return [*self._mapped, *self.sparkplug.filters()]

    def source_of(self, topic: str) -> str:
        """The name under which the ledger counts a message that is no gateway's; from a closed set."""
        if topic in self._mapped:
            return "mapped-topics"
        address = parse_sparkplug_topic(topic)
        if address is not None and address.node in self.sparkplug.nodes:
            return f"sparkplug:{address.node.group}/{address.node.edge}"
        return topic if topic.startswith(HTTP_TOPIC) else UNKNOWN_SOURCE

    def forbidden(self, source: HttpSource, records: list[SenmlReading]) -> list[str]:
        """Registered points among these that the source may not write."""
        allowed = self._allowed[source.name]
        names = dict.fromkeys(record.name for record in records if record.name not in allowed)
        return [name for name in names if self.bindings.registered_gateway(name) is not None]

    def admit(
        self, topic: str, gateway: str, content_type: str, payload: bytes, now_ms: int, numbered: bool = False
    ) -> Admission:
        """Rows and refusals of one message of the live stream; ``gateway`` is empty when it is no gateway's.

        ``numbered`` marks a batch of a gateway's own outbox.
        """
        if gateway:
            if content_type in JSON_TYPES:
                return self._admitter.admit(gateway, payload, now_ms, numbered)
            return self._admit_typed(self.bindings.for_gateway(gateway), content_type, payload, now_ms)
        if topic in self._mapped:
            return self._admit_plain(self._mapped[topic], payload, now_ms)
        if topic.startswith(HTTP_TOPIC):
            allowed = self._allowed.get(topic.removeprefix(HTTP_TOPIC), {})
            return self._admit_typed(allowed, content_type, payload, now_ms)
        address = parse_sparkplug_topic(topic)
        if address is None:
            return _refused(RefusalReason.UNKNOWN_TOPIC, "", payload)
        return self._admit_sparkplug(address, payload, now_ms, live=True)

    def admit_again(self, topic: str, gateway: str, payload: bytes, now_ms: int) -> Admission:
        """A record from the quarantine. It keeps no content type, but its first byte tells what it is.

        What was refused after decoding lies there as a SenML pack of one record that names its point.
        """
        if looks_like_cbor(payload) and (gateway or topic.startswith(HTTP_TOPIC)):
            return self.admit(topic, gateway, CONTENT_TYPE_SENML_CBOR, payload, now_ms)
        if not gateway and payload.startswith(b"["):
            return self._admit_resolved(topic, payload, now_ms)
        address = parse_sparkplug_topic(topic)
        if address is not None:
            return self._admit_sparkplug(address, payload, now_ms, live=False)
        return self.admit(topic, gateway, "", payload, now_ms)

    def _points_of(self, source: HttpSource) -> dict[str, PointBinding]:
        own = self.bindings.for_gateway(source.gateway) if source.gateway else {}
        return {**own, **{point: self.bindings.all[point] for point in source.points}}

    def _admit_plain(self, wanted: tuple[PlainValue, ...], payload: bytes, now_ms: int) -> Admission:
        try:
            records = decode_plain(payload, wanted, now_ms)
        except PackError as error:
            return _refused(RefusalReason.MALFORMED_PACK, str(error), payload)
        return self._admitter.admit_records(self.bindings.all, records, [], now_ms)

    def _admit_typed(
        self, allowed: dict[str, PointBinding], content_type: str, payload: bytes, now_ms: int
    ) -> Admission:
        try:
            records = decode_readings(content_type, payload, now_ms)
        except PackError as error:
            return _refused(RefusalReason.MALFORMED_PACK, str(error), payload)
        return self._admitter.admit_records(allowed, records, [], now_ms)

    def _admit_resolved(self, topic: str, payload: bytes, now_ms: int) -> Admission:
        allowed = self.bindings.all
        if topic.startswith(HTTP_TOPIC):
            allowed = self._allowed.get(topic.removeprefix(HTTP_TOPIC), {})
        elif topic not in self._mapped and parse_sparkplug_topic(topic) is None:
            return _refused(RefusalReason.UNKNOWN_TOPIC, "", payload)
        try:
            records = decode_pack(payload, now_ms)
        except (PackError, RecursionError) as error:
            return _refused(RefusalReason.MALFORMED_PACK, str(error), payload)
        return self._admitter.admit_records(allowed, self._as_mapped_now(topic, records), [], now_ms)

    def _as_mapped_now(self, topic: str, records: list[SenmlReading]) -> list[SenmlReading]:
        """A record names the point its topic was mapped to when it came; the mapping may have been mended since."""
        points = {place.point for place in self._mapped.get(topic, ())}
        if len(points) != 1:
            return records
        [point] = points
        return [record._replace(name=point) for record in records]

    def _admit_sparkplug(self, address: SparkplugAddress, payload: bytes, now_ms: int, live: bool) -> Admission:
        try:
            message = decode_payload(payload)
        except PayloadError as error:
            return _refused(RefusalReason.MALFORMED_PACK, str(error), payload)
        take = (self.sparkplug.take if live else self.sparkplug.take_again)(address, message, now_ms)
        refused = [_refusal(RefusalReason.UNKNOWN_POINT, "is not in sparkplug.csv", metric) for metric in take.unknown]
        refused += [_refusal(RefusalReason.NO_BIRTH, "is explained by no birth", metric) for metric in take.unborn]
        return self._admitter.admit_records(self.bindings.all, take.readings, refused, now_ms)


def _refused(reason: RefusalReason, detail: str, payload: bytes) -> Admission:
    return Admission([], [RefusedRecord(reason, short(detail), payload)], 0, 0)


def _refusal(reason: RefusalReason, what: str, metric: UnplacedMetric) -> RefusedRecord:
    return RefusedRecord(reason, short(f"{metric.name} {what}"), metric.payload)
