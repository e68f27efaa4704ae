"""One dead and one slow device among ten: the other eight are read on every tick."""

import asyncio
import struct
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from gateway.events import GatewayEvents
from gateway.polling_schedule import DevicePoller
from gateway.sources.modbus.modbus_source import Binding, ModbusAddress, ModbusSource
from gateway.sources.modbus.profile_files import load_profiles
from service_runtime.clock import SystemClock
from telemetry_model.reading import Reading, ReadingReason
from tests.gateway.modbus_device import ModbusDevice, running
from tests.gateway.waiting import until

TICKS = 8
POLL_SECONDS = 0.1
DEAD, SLOW = "em-0", "em-1"


async def test_a_dead_and_a_slow_device_hold_up_nobody() -> None:
    words = list(struct.unpack(">HH", struct.pack(">f", 230.0)))
    devices = {f"em-{i}": ModbusDevice({0: words}) for i in range(10)}
    profile = msgspec.structs.replace(load_profiles()["eastron-sdm630"], timeout_seconds=20.0)
    taken: dict[str, list[Reading]] = defaultdict(list)

    def sink(readings: Sequence[Reading]) -> None:
        for reading in readings:
            taken[reading.point.partition(".")[0]].append(reading)

    async with running(*devices.values()):
        devices[DEAD].switch_off()
        devices[SLOW].delay_seconds = 15.0
        events = GatewayEvents()
        tasks = [
            asyncio.create_task(
                DevicePoller(
                    name,
                    ModbusSource(
                        ModbusAddress("127.0.0.1", device.port, 1),
                        profile,
                        [Binding(f"{name}.voltage", "voltage", "V")],
                    ),
                    POLL_SECONDS,
                    sink,
                    events,
                    SystemClock(),
                ).run()
            )
            for name, device in devices.items()
        ]
        healthy = [name for name in devices if name not in (DEAD, SLOW)]
        await until(lambda: all(len(taken[name]) >= TICKS for name in healthy), "eight healthy devices")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not taken[SLOW], "the slow one has not answered even once while the others had many ticks"
    assert {reading.reason for reading in taken[DEAD]} == {ReadingReason.DEVICE_UNREACHABLE}
    assert len(taken[DEAD]) < TICKS, "the dead one waits longer and longer"
    assert all(reading.value == 230.0 for name in healthy for reading in taken[name])
    assert all(reading.measured_at_ms % 100 == 0 for name in healthy for reading in taken[name])
    assert events.devices_online == 8
