"""What ingest receives of a scenario, message by message in the order of arrival: packs as gateways number them."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulators.backlog import backlog
from simulators.deliveries import BrokerOutage, ClockShift, LateDelivery, WrongValues
from simulators.plant_models.calendar import MS_PER_MINUTE
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack

MS_PER_DAY = 86_400_000
BATCH_MINUTES = 8
"""A batch closes after this long: what is older than ten minutes at receipt counts as late."""
PASSAGE_MS = 1_500
"""From the last reading of a batch to ingest when all is well."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One pack at ingest: the gateway's number for it, when it was made and when it comes, UTC milliseconds."""

    received_at_ms: int
    gateway: str
    seq: int
    created_at_ms: int
    readings: int
    payload: bytes


def arrivals(park: Park, scenario: PlacedScenario, start_ms: int, end_ms: int) -> list[Arrival]:
    """All packs with what is measured in ``[start_ms, end_ms)``, sorted by arrival; later corrections included."""
    units = {point.id: point.unit for point in park.points.values()}
    course = _Course(scenario, units)
    found: list[Arrival] = []
    seqs: dict[str, int] = {}
    for gateway, created_ms, readings in _batches(park, scenario, start_ms, end_ms):
        seq = seqs[gateway] = seqs.get(gateway, 0) + 1
        sent = encode_pack(course.as_sent(gateway, readings), course.labels)
        for at_ms in course.received_at_ms(gateway, created_ms, seq):
            found.append(Arrival(at_ms, gateway, seq, created_ms, len(readings), sent))
        found += course.corrections(gateway, readings, end_ms)
    # A correction is a batch of its own: it is numbered when it is made, after all that was made before.
    found.sort(key=lambda a: (a.received_at_ms, a.gateway, a.seq))
    for index, arrival in enumerate(found):
        if not arrival.seq:
            seqs[arrival.gateway] += 1
            found[index] = dataclasses.replace(arrival, seq=seqs[arrival.gateway])
    return found


def first_mishap_ms(scenario: PlacedScenario) -> int | None:
    """When the first late or corrected pack reaches ingest; ``None`` without any."""
    times = [end + round(late.days_late * MS_PER_DAY) for late, _, end in scenario.mishaps(LateDelivery)]
    times += [
        end + round(wrong.corrected_days_later * MS_PER_DAY)
        for wrong, _, end in scenario.mishaps(WrongValues)
        if wrong.corrected_days_later is not None
    ]
    return min(times, default=None)


def _batches(
    park: Park, scenario: PlacedScenario, start_ms: int, end_ms: int
) -> Iterator[tuple[str, int, list[Reading]]]:
    """Gateway, creation time and readings, closed in the order of creation."""
    step_seconds = scenario.scenario.step_seconds
    steps = max(1, BATCH_MINUTES * 60 // step_seconds)
    open_batches: dict[str, tuple[int, list[Reading]]] = {}
    for time_ms, gateway, readings in backlog(park, scenario, start_ms, end_ms, step_seconds, step_seconds > 60):
        count, gathered = open_batches.get(gateway, (0, []))
        gathered += readings
        if count + 1 < steps:
            open_batches[gateway] = (count + 1, gathered)
            continue
        open_batches.pop(gateway, None)
        yield gateway, time_ms + 500, gathered
    for gateway, (_, gathered) in open_batches.items():
        yield gateway, end_ms - 500, gathered


class _Course:
    """What the scenario's mishaps make of each batch."""

    def __init__(self, scenario: PlacedScenario, units: Mapping[str, str]) -> None:
        self._late = list(scenario.mishaps(LateDelivery))
        self._outages = list(scenario.mishaps(BrokerOutage))
        self._shifts = list(scenario.mishaps(ClockShift))
        self._wrong = list(scenario.mishaps(WrongValues))
        self._units = dict(units)
        # A point's wrong label holds for the whole scenario: a device keeps the unit it was set to.
        self.labels = {**units, **{wrong.point: wrong.unit for wrong, _, _ in self._wrong if wrong.unit}}

    def as_sent(self, gateway: str, readings: list[Reading]) -> list[Reading]:
        """The readings as the gateway stamps and scales them."""
        return [self._scaled(self._stamped(gateway, reading)) for reading in readings]

    def received_at_ms(self, gateway: str, created_ms: int, seq: int) -> Iterator[int]:
        """When a batch arrives; more than once where the broker sends it again."""
        for late, start, end in self._late:
            if late.gateway == gateway and start <= created_ms < end:
                yield end + round(late.days_late * MS_PER_DAY) + seq
                return
        for outage, start, end in self._outages:
            if start <= created_ms < end:
                yield end + seq
                if outage.resent_share > 0 and seq % round(1 / outage.resent_share) == 0:
                    yield end + MS_PER_MINUTE + seq
                return
        yield created_ms + PASSAGE_MS

    def corrections(self, gateway: str, readings: list[Reading], end_ms: int) -> Iterator[Arrival]:
        """Packs with the right values of what this batch had wrong; their number is still to come."""
        for wrong, start, end in self._wrong:
            if wrong.corrected_days_later is None:
                continue
            right = [r for r in readings if r.point == wrong.point and start <= r.measured_at_ms < end]
            if right:
                at_ms = max(end + round(wrong.corrected_days_later * MS_PER_DAY), end_ms + MS_PER_MINUTE)
                payload = encode_pack(right, self._units)
                yield Arrival(at_ms + PASSAGE_MS, gateway, 0, at_ms, len(right), payload)

    def _stamped(self, gateway: str, reading: Reading) -> Reading:
        for shift, start, end in self._shifts:
            if shift.gateway == gateway and start <= reading.measured_at_ms < end:
                moved = reading.measured_at_ms + round(shift.minutes * MS_PER_MINUTE)
                return Reading(reading.point, moved, reading.value, reading.status, reading.reason)
        return reading

    def _scaled(self, reading: Reading) -> Reading:
        for wrong, start, end in self._wrong:
            if wrong.point == reading.point and reading.value is not None and start <= reading.measured_at_ms < end:
                value = reading.value * wrong.factor
                return Reading(reading.point, reading.measured_at_ms, value, reading.status, reading.reason)
        return reading
