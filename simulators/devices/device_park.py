"""All simulated devices of a park in one process, kept up to date from the plant model."""

import asyncio
import logging

from service_runtime.clock import Clock
from service_runtime.logs import event
from simulators.devices.catalogue import layouts_of_park
from simulators.devices.modbus_server import ModbusDevice
from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park

_log = logging.getLogger(__name__)
REFRESH_SECONDS = 1.0


class DevicePark:
    """Serves every device of ``devices.csv``.

    ``base_port`` moves all ports so that the lowest becomes ``base_port``; ``free_ports`` takes any free ones (then
    :attr:`ports` tells which).
    """

    def __init__(
        self,
        park: Park,
        scenario: PlacedScenario,
        clock: Clock,
        base_port: int | None = None,
        free_ports: bool = False,
    ) -> None:
        self._clock = clock
        self._model = PlantModel(park, scenario, clock.now_ms())
        shift = 0 if base_port is None else base_port - min(c.port for c in park.devices.values())
        layouts = layouts_of_park(park)
        self._devices = {
            device: ModbusDevice(device, layouts[device], c.host, 0 if free_ports else c.port + shift, c.unit_id)
            for device, c in park.devices.items()
        }
        self._quantities = {
            device: [(point.quantity.name, point.id) for point in park.points_of_device(device)]
            for device in park.devices
        }

    @property
    def ports(self) -> dict[str, int]:
        """TCP port by device."""
        return {device: machine.port for device, machine in self._devices.items()}

    async def start(self) -> None:
        """Fill all registers, then open all ports."""
        await self.refresh()
        event(_log, logging.INFO, "simulated devices are listening", devices=len(self._devices))

    async def refresh(self) -> None:
        """Bring every device to the clock's present; devices the scenario silences are switched off, others on."""
        now_ms = self._clock.now_ms()
        samples = self._model.step(now_ms)
        silent = set(self._model.offline_devices(now_ms))
        for device, machine in self._devices.items():
            if device in silent:
                await machine.switch_off()
                continue
            machine.show(self._samples_of(device, samples))
            await machine.switch_on()

    async def run(self) -> None:
        """Refresh every second until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def stop(self) -> None:
        """Close every port."""
        for machine in self._devices.values():
            await machine.switch_off()

    def _samples_of(self, device: str, samples: dict[str, Sample]) -> dict[str, Sample]:
        return {quantity: samples[point] for quantity, point in self._quantities[device]}
