"""The explicit table of device protocols, and the step from a register's device to its source."""

from collections.abc import Callable, Mapping, Sequence

from gateway.sources.modbus.modbus_source import Binding, ModbusAddress, ModbusSource
from gateway.sources.modbus.profile import DeviceProfile
from gateway.sources.source import Source
from service_runtime.errors import OperatorError
from telemetry_model.park_register import DeviceConnection, MeasuringPoint

SourceFactory = Callable[[DeviceConnection, DeviceProfile, Sequence[Binding], bool], Source]


def _modbus_tcp(
    device: DeviceConnection, profile: DeviceProfile, bindings: Sequence[Binding], shares_line: bool
) -> Source:
    return ModbusSource(ModbusAddress(device.host, device.port, device.unit_id), profile, bindings, shares_line)


SOURCES: dict[str, SourceFactory] = {"modbus-tcp": _modbus_tcp}


def create_source(
    device: DeviceConnection,
    points: Sequence[MeasuringPoint],
    profiles: Mapping[str, DeviceProfile],
    shares_line: bool = False,
) -> Source:
    """The source of one device; raises :class:`OperatorError` when profile, protocol or quantity do not exist.

    ``shares_line``: other devices of the register have the same host and port.
    """
    profile = profiles.get(device.profile)
    if profile is None:
        known = ", ".join(sorted(profiles))
        raise OperatorError(f"devices.csv: {device.device}: unknown profile '{device.profile}' (known: {known})")
    factory = SOURCES.get(profile.protocol)
    if factory is None:
        known = ", ".join(SOURCES)
        raise OperatorError(f"profile {profile.name}: unknown protocol '{profile.protocol}' (known: {known})")
    return factory(device, profile, [_binding(point, profile) for point in points], shares_line)


def _binding(point: MeasuringPoint, profile: DeviceProfile) -> Binding:
    if point.quantity.name not in profile.registers or point.medium not in profile.media:
        known = ", ".join(profile.registers)
        what = f"{point.medium} {point.quantity.name}"
        raise OperatorError(f"points.csv: {point.id}: profile '{profile.name}' has no {what} (has: {known})")
    return Binding(point.id, point.quantity.name, point.unit)
