"""Every device of the demonstration park, simulated with its own register layout, is understood by its profile."""

import dataclasses
from datetime import datetime
from pathlib import Path

import pytest

from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.registry import create_source
from gateway.sources.source import Sample
from service_runtime.clock import ManualClock, ms_from_datetime
from service_runtime.text_folder import read_text_folder
from simulators.devices.device_park import DevicePark
from simulators.scenario import load_scenario
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import InstrumentStatus

PARK_FOLDER = Path(__file__).parents[2] / "deploy" / "parks" / "bach-dang"


@pytest.fixture(scope="module")
def park() -> Park:
    return parse_park(read_text_folder(PARK_FOLDER))


def test_every_device_of_the_park_has_a_profile_that_feeds_all_its_points(park: Park) -> None:
    profiles = load_profiles()
    for device in park.devices.values():
        points = park.points_of_device(device.device)
        assert list(create_source(device, points, profiles).points) == [point.id for point in points]


async def test_every_simulated_device_is_read_as_it_was_shown(park: Park) -> None:
    noon = datetime(2026, 3, 10, 12, 0, tzinfo=park.timezone)
    scenario = load_scenario("bach-dang-demo").on(noon.date(), park.timezone, 1)
    machines = DevicePark(park, scenario, ManualClock(ms_from_datetime(noon)), free_ports=True)
    await machines.start()
    try:
        samples = [sample for device in machines.ports for sample in await _read(park, machines, device)]
    finally:
        await machines.stop()
    assert len(samples) > 100
    assert [s for s in samples if s.value is None and s.status is InstrumentStatus.MEASURING] == []
    outside = [s for s in samples if s.value is not None and not _possible(park, s.point, s.value)]
    assert outside == []


def _possible(park: Park, point: str, value: float) -> bool:
    return park.points[point].low <= value <= park.points[point].high


async def _read(park: Park, machines: DevicePark, device: str) -> list[Sample]:
    connection = dataclasses.replace(park.devices[device], port=machines.ports[device])
    source = create_source(connection, park.points_of_device(device), load_profiles())
    try:
        await source.open()
        return await source.read()
    finally:
        await source.close()
