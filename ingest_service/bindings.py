"""What admission must know about each point, prepared once from the park register."""

from collections.abc import Iterable

from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.units import conversion_factor
from telemetry_store.rows import PointSeries


class PointBinding:
    """One point's series, unit and range. Conversion factors are remembered per sent unit, unknown ones too."""

    __slots__ = ("_factors", "high", "low", "series", "unit")

    def __init__(self, point: MeasuringPoint, park: str) -> None:
        self.series = PointSeries.of(point, park)
        self.unit = point.unit
        self.low = point.low
        self.high = point.high
        self._factors: dict[str, float | None] = {"": 1.0, point.unit: 1.0}

    def factor_from(self, unit: str) -> float | None:
        """What a value in ``unit`` is multiplied with; ``None`` when no way is known. No unit means the point's own."""
        if unit in self._factors:
            return self._factors[unit]
        factor = conversion_factor(unit, self.unit)
        if factor is not None:
            self._factors[unit] = factor
        return factor


class ParkBindings:
    """All points of a park, seen from each gateway: a gateway speaks only for the points registered for it.

    A point's gateway is its own, or else its device's, in the register; a point with neither may come from any.
    """

    def __init__(self, park: Park) -> None:
        self.park = park.id
        self._gateway_of = {point.id: _gateway_of(point, park) for point in park.points.values()}
        self.all = {point.id: PointBinding(point, park.id) for point in park.points.values()}
        """Every point, for senders whose permission is a mapping in the register."""
        self._any_gateway = self._of_gateways(("",))
        named = {gateway for gateway in self._gateway_of.values() if gateway}
        self.gateways = frozenset(named)
        """Gateways that the register names."""
        self._by_gateway = {gateway: self._of_gateways(("", gateway)) for gateway in named}

    def for_gateway(self, gateway: str) -> dict[str, PointBinding]:
        """The points this gateway may speak for."""
        return self._by_gateway.get(gateway, self._any_gateway)

    def registered_gateway(self, point: str) -> str | None:
        """The gateway a point belongs to, ``""`` for any, ``None`` for an unknown point."""
        return self._gateway_of.get(point)

    def _of_gateways(self, gateways: Iterable[str]) -> dict[str, PointBinding]:
        wanted = set(gateways)
        return {point: self.all[point] for point, gateway in self._gateway_of.items() if gateway in wanted}


def _gateway_of(point: MeasuringPoint, park: Park) -> str:
    device = park.devices.get(point.device)
    return point.gateway or (device.gateway if device else "")
