"""Sets of registered points that can be asked for together: same measurement, same field."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry_model.park_register import MeasuringPoint, Park


@dataclass(frozen=True, slots=True)
class PointSet:
    """Point ids that share one measurement and one field; never empty."""

    measurement: str
    field: str
    unit: str
    ids: tuple[str, ...]

    @classmethod
    def of(cls, points: Sequence[MeasuringPoint]) -> "PointSet | None":
        """The set, or ``None`` without points; ``ValueError`` when they do not share measurement and field."""
        if not points:
            return None
        first = points[0]
        for point in points:
            if (point.medium, point.field_name) != (first.medium, first.field_name):
                raise ValueError(f"points {first.id} and {point.id} are stored in different fields")
        return cls(first.medium.value, first.field_name, first.unit, tuple(point.id for point in points))


def points_with_role(park: Park, *roles: str) -> PointSet | None:
    """All points of one or several roles, e.g. ``tenant_electricity``; no sub-meter behind a firm's own meter."""
    return PointSet.of(
        [point for role in roles for point in park.points_with_role(role) if not _is_behind_own(park, point)]
    )


def _is_behind_own(park: Park, point: MeasuringPoint) -> bool:
    """Whether a meter above it has the same role and tenant: sums of the tenant hold it already."""
    above = (park.points[name] for name in park.meters_above(point))
    return any((meter.role, meter.tenant) == (point.role, point.tenant) for meter in above)


def quantity_beside_role(park: Park, role: str, quantity: str) -> PointSet | None:
    """The quantity measured by the devices that carry a role, e.g. active power at each tenant's main meter."""
    devices = [point.device for point in park.points_with_role(role)]
    return quantity_of_devices(park, devices, quantity)


def quantity_of_devices(park: Park, devices: Iterable[str], quantity: str) -> PointSet | None:
    """The quantity at each of the devices that has it, in the order of the devices."""
    ids = [f"{device}.{quantity}" for device in dict.fromkeys(devices)]
    return PointSet.of([park.points[point] for point in ids if point in park.points])
