"""The entities of a park register: frozen, checked, cross-referenced by id."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from telemetry_model.park_register.dated import Attribute, DatedAttributes
from telemetry_model.park_register.records import (
    CircularProduct,
    MaterialLot,
    MeterExchange,
    MonthlyProduction,
    WasteFlow,
)
from telemetry_model.quantities import Medium, Quantity

PARK_TENANT = "park"
"""The tenant id of the park operator itself; its points and findings belong to no firm."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A firm in the park (or the park operator, id ``park``); ``workers`` is ``None`` where it is not stated."""

    id: str
    name: str
    sector: str
    zone: str
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class MeasuringPoint:
    """One quantity at one place. ``low`` and ``high`` bound what is possible here, in ``unit``."""

    id: str
    device: str
    quantity: Quantity
    medium: Medium
    unit: str
    tenant: str
    zone: str
    interval_seconds: int
    low: float
    high: float
    gateway: str
    role: str
    """What the point is for in park-wide sums, e.g. ``tenant_main``, ``grid_import``, ``pv_generation``, or empty."""
    since: date | None
    until: date | None
    max_change_per_minute: float = math.inf
    """A value that moves further than this within a minute is flagged, in ``unit``; it stays in use."""
    frozen_after_minutes: float = math.inf
    """A value that has not changed at all for so long is flagged; it stays in use."""
    parent: str = ""
    """The point whose amount this one's is a part of: a sub-meter names the meter before it."""

    @property
    def field_name(self) -> str:
        """The stored field, e.g. ``active_power_kw``."""
        return self.quantity.field_name(self.unit)

    def title(self, language: str) -> str:
        """The quantity's name in ``vi`` or ``en``."""
        return self.quantity.title_vi if language == "vi" else self.quantity.title_en


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to about a tenant, and in which language (``vi`` or ``en``)."""

    tenant: str
    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class DeviceConnection:
    """How a gateway reaches a device."""

    device: str
    gateway: str
    profile: str
    host: str
    port: int
    unit_id: int
    poll_seconds: float


INSTALLATION_KINDS = (
    "wastewater_outlet", "tenant_outlet", "stack", "ambient_station", "electricity_supply", "facility", "noise_point",
    "machine", "water_district",
)  # fmt: skip
"""What rules and indicators are for. A misspelt kind would match none, and nobody would notice that nothing is judged.
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A thing the law has rules for: an outlet, a stack, a supply meter ... Its attributes decide which rules apply.

    They hold by the day: :meth:`attributes_on`. ``dated.first`` is what held before the first change.
    """

    id: str
    kind: str
    device: str
    tenant: str
    name_vi: str
    name_en: str
    dated: DatedAttributes = field(default_factory=DatedAttributes)

    def attributes_on(self, day: date) -> Mapping[str, Attribute]:
        """What holds for it on a local day."""
        return self.dated.on(day)


@dataclass(frozen=True, slots=True)
class SymbiosisLink:
    """One tenant's output that is another's input."""

    link: str
    giver: str
    taker: str
    material: str
    giver_point: str
    taker_point: str
    agreement: str


@dataclass(frozen=True, slots=True)
class TopicMapping:
    """A value of plain JSON on an MQTT topic that is a point's; ``unit`` is what it is sent in (empty: the point's)."""

    topic: str
    point: str
    path: str
    unit: str


@dataclass(frozen=True, slots=True)
class SparkplugMapping:
    """A Sparkplug metric that is a point's, or one that is known and not wanted (``point`` is empty).

    ``device`` is empty for a metric of the edge node itself; ``unit`` as in :class:`TopicMapping`.
    """

    group: str
    edge: str
    device: str
    metric: str
    point: str
    unit: str


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """Something no meter measures, with the document that proves it; ``value`` is in the unit of the rule it feeds.

    ``indicator`` is the rule's id; ``subject`` is a tenant or installation id, or empty for the park as a whole.
    """

    indicator: str
    subject: str
    value: float
    document: str
    day: date
    responsible: str


T = TypeVar("T")
K = TypeVar("K")


def _grouped(entries: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


@dataclass(frozen=True, slots=True)
class Park:
    """The whole register."""

    id: str
    name_vi: str
    name_en: str
    timezone: ZoneInfo
    monitoring_since: date | None
    dated: DatedAttributes
    """Facts about the park by the day; of those that say what it is there is one for good, in ``dated.first``."""
    tenants: Mapping[str, Tenant]
    points: Mapping[str, MeasuringPoint]
    contacts: tuple[Contact, ...]
    devices: Mapping[str, DeviceConnection]
    installations: Mapping[str, Installation]
    symbiosis: tuple[SymbiosisLink, ...]
    topics: tuple[TopicMapping, ...] = ()
    sparkplug: tuple[SparkplugMapping, ...] = ()
    evidence: tuple[EvidenceRecord, ...] = ()
    meter_exchanges: tuple[MeterExchange, ...] = ()
    manifests: tuple[WasteFlow, ...] = ()
    materials: tuple[MaterialLot, ...] = ()
    products: tuple[CircularProduct, ...] = ()
    production: tuple[MonthlyProduction, ...] = ()
    _of_device: Mapping[str, Sequence[MeasuringPoint]] = field(init=False, repr=False, compare=False)
    _with_role: Mapping[str, Sequence[MeasuringPoint]] = field(init=False, repr=False, compare=False)
    _with_role_of: Mapping[tuple[str, str], Sequence[MeasuringPoint]] = field(init=False, repr=False, compare=False)
    _at_device: Mapping[str, Sequence[Installation]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Looked up once for every rule and installation: a search through all points would grow with their square.
        object.__setattr__(self, "_of_device", _grouped(self.points.values(), attrgetter("device")))
        object.__setattr__(self, "_with_role", _grouped(self.points.values(), attrgetter("role")))
        object.__setattr__(self, "_with_role_of", _grouped(self.points.values(), attrgetter("role", "tenant")))
        object.__setattr__(self, "_at_device", _grouped(self.installations.values(), attrgetter("device")))

    def attributes_on(self, day: date) -> Mapping[str, Attribute]:
        """Facts about the park that hold on a local day."""
        return self.dated.on(day)

    def exchanges_of(self, point: str, start_ms: int, end_ms: int) -> list[MeterExchange]:
        """Exchanges of a point's meter in ``(start_ms, end_ms)``, in the order of time."""
        return [e for e in self.meter_exchanges if e.point == point and start_ms < e.time_ms < end_ms]

    def points_of_device(self, device: str) -> list[MeasuringPoint]:
        """In register order."""
        return list(self._of_device.get(device, ()))

    def points_with_role(self, role: str) -> list[MeasuringPoint]:
        """In register order."""
        return list(self._with_role.get(role, ()))

    def summed_with_role(self, role: str, tenant: str = "") -> list[MeasuringPoint]:
        """Points with a role, of one tenant or of all, that may be added up: no sub-meter beside the meter above it."""
        found = self._with_role_of.get((role, tenant), ()) if tenant else self._with_role.get(role, ())
        ids = {point.id for point in found}
        return [point for point in found if not (point.parent and self.meters_above(point) & ids)]

    def meters_above(self, point: MeasuringPoint) -> frozenset[str]:
        """The points that count what a sub-meter counts too: its parent, the parent of that and so on."""
        found: list[str] = []
        while point.parent and point.parent not in found and point.parent in self.points:
            found.append(point.parent)
            point = self.points[point.parent]
        return frozenset(found)

    def installations_at(self, device: str) -> list[Installation]:
        """Those the device measures for, in register order."""
        return list(self._at_device.get(device, ()))

    def name(self, language: str) -> str:
        """The park's name in ``vi`` or ``en``."""
        return self.name_vi if language == "vi" else self.name_en

    def firms(self) -> list[Tenant]:
        """All tenants except the operator itself."""
        return [t for t in self.tenants.values() if t.id != PARK_TENANT]
