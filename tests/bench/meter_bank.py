"""Simulated Modbus meters in a process of their own: ``python -m tests.bench.meter_bank FIRST_PORT COUNT``."""

import asyncio
import math
import sys
import time

from service_runtime.supervision import run_until_stopped, stop_on_signals
from simulators.devices.catalogue import layouts_by_profile
from simulators.devices.modbus_server import ModbusDevice
from simulators.plant_models.signals import Sample
from tests.bench.workload import METER_PROFILE

REFRESH_SECONDS = 1.0


def samples_at(seconds: float, meter: int) -> dict[str, Sample]:
    """What a meter shows: a load that moves, and counters that grow."""
    power_kw = 120 + 40 * math.sin(seconds / 60 + meter) + 7 * math.sin(seconds * 1.7 + meter)
    energy_kwh = 100_000 + meter * 1_000 + (seconds % 1e6) / 30
    return {
        "active_power": Sample(power_kw),
        "reactive_power": Sample(0.31 * power_kw),
        "active_energy_import": Sample(energy_kwh),
        "reactive_energy_import": Sample(0.31 * energy_kwh),
    }


async def serve(first_port: int, count: int) -> None:
    """Until SIGTERM."""
    stop = stop_on_signals()
    layout = layouts_by_profile()[METER_PROFILE]
    meters = [ModbusDevice(f"em-{n:03d}", layout, "127.0.0.1", first_port + n, 1) for n in range(count)]
    _show(meters)
    try:
        for meter in meters:
            await meter.switch_on()
        await run_until_stopped(stop, {"refresh": _refresh(meters)})
    finally:
        for meter in meters:
            await meter.switch_off()


async def _refresh(meters: list[ModbusDevice]) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        _show(meters)


def _show(meters: list[ModbusDevice]) -> None:
    now = time.time()
    for number, meter in enumerate(meters):
        meter.show(samples_at(now, number))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
