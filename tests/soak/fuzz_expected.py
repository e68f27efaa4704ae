"""What must become of each message of the fuzz, one by one, by the rules of admission alone: no broker, no service."""

from collections import Counter
from typing import NamedTuple

from ingest_service.batch_identity import identity_of
from ingest_service.reception import Reception
from ingest_service.state.run_cursor import RunCursor, RunKey
from telemetry_model.topics import parse_topic
from tests.ingest_service.builders import a_park
from tests.soak.fuzz_cases import MqttCase


class SourceCounts(NamedTuple):
    """What the ledger must say of one sender; batches, then readings."""

    batches: int = 0
    duplicate: int = 0
    received: int = 0
    stored: int = 0
    quarantined: int = 0

    def plus(self, other: "SourceCounts") -> "SourceCounts":
        """The sum."""
        return SourceCounts(*(one + two for one, two in zip(self, other, strict=True)))


class Expectation:
    """Follows the messages in the order they are published."""

    def __init__(self) -> None:
        self._reception = Reception(a_park())
        self._cursors: dict[RunKey, RunCursor] = {}
        self.sources: dict[str, SourceCounts] = {}
        self.outcomes: Counter[str] = Counter()
        """Cases by what became of them."""
        self.reasons: Counter[str] = Counter()

    def take(self, case: MqttCase, now_ms: int) -> None:
        """The next message."""
        address = parse_topic(case.topic)
        gateway = address.gateway if address else ""
        source = gateway or self._reception.source_of(case.topic)
        identity = identity_of(case.properties)
        if identity is not None and gateway:
            key = RunKey(gateway, identity.run)
            cursor = self._cursors.setdefault(key, RunCursor.starting_at(identity.oldest or identity.seq))
            if not cursor.arrive(identity.seq, identity.oldest):
                self.note(source, "duplicate", SourceCounts(duplicate=1))
                return
        rows, refused, _, _ = self._reception.admit(
            case.topic, gateway, case.content_type, case.payload, now_ms, identity is not None
        )
        self.reasons.update(str(record.reason) for record in refused)
        counts = SourceCounts(1, 0, len(rows) + len(refused), len(rows), len(refused))
        self.note(source, outcome_of(len(rows), len(refused)), counts)

    def note(self, source: str, outcome: str, counts: SourceCounts) -> None:
        """One case, and what it adds to the ledger."""
        self.outcomes[outcome] += 1
        self.sources[source] = self.sources.get(source, SourceCounts()).plus(counts)


def outcome_of(stored: int, quarantined: int) -> str:
    """The word for it."""
    if stored and quarantined:
        return "stored in part, the rest quarantined"
    if stored:
        return "stored"
    return "quarantined" if quarantined else "no reading in it"
