"""Finds the register layout of each device of a park by its profile name."""

from service_runtime.errors import OperatorError
from simulators.devices.layout import RegisterLayout
from simulators.devices.meter_layouts import meter_layouts
from simulators.devices.station_layouts import station_layouts
from telemetry_model.park_register import Park


def layouts_by_profile() -> dict[str, RegisterLayout]:
    """Every device the simulator can be."""
    return {layout.name: layout for layout in (*meter_layouts(), *station_layouts())}


def layouts_of_park(park: Park) -> dict[str, RegisterLayout]:
    """Layout by device id; raises :class:`OperatorError` for an unknown profile or a quantity it does not give."""
    known = layouts_by_profile()
    found: dict[str, RegisterLayout] = {}
    for device, connection in park.devices.items():
        layout = known.get(connection.profile)
        if layout is None:
            names = ", ".join(sorted(known))
            raise OperatorError(f"devices.csv: {device}: no simulated device '{connection.profile}' (known: {names})")
        for point in park.points_of_device(device):
            if layout.register_of(point.quantity.name) is None:
                raise OperatorError(f"devices.csv: {device}: a {connection.profile} has no {point.quantity.name}")
        found[device] = layout
    return found
