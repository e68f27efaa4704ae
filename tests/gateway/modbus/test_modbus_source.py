"""A device read over a real Modbus TCP connection: values, refusals, silence, and what is asked of it."""

import asyncio
import struct
import tomllib

import msgspec
import pytest
from pymodbus.constants import ExcCodes

from gateway.command import probe_bindings
from gateway.sources.modbus.modbus_source import Binding, ModbusAddress, ModbusSource
from gateway.sources.modbus.profile import DeviceProfile
from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.source import Sample, SourceError
from telemetry_model.reading import ReadingReason
from tests.gateway.modbus_device import ModbusDevice, running

PROFILES = load_profiles()
POWER = Binding("em-1.active_power", "active_power", "kW")
IMPORT = Binding("em-1.active_energy_import", "active_energy_import", "kWh")
VOLTAGE = Binding("em-1.voltage", "voltage", "V")


def f32(value: float) -> list[int]:
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def source_for(device: ModbusDevice, profile: DeviceProfile, *bindings: Binding) -> ModbusSource:
    return ModbusSource(ModbusAddress("127.0.0.1", device.port, device.unit_id), profile, bindings)


def impatient(name: str) -> DeviceProfile:
    return msgspec.structs.replace(PROFILES[name], timeout_seconds=0.3)


async def read_once(source: ModbusSource) -> list[Sample]:
    try:
        await source.open()
        return await source.read()
    finally:
        await source.close()


async def test_reads_values_in_the_points_unit() -> None:
    device = ModbusDevice({0: f32(230.4), 52: f32(41_200.0), 72: f32(1234.5)}, unit_id=7)
    async with running(device):
        samples = await read_once(source_for(device, PROFILES["eastron-sdm630"], VOLTAGE, POWER, IMPORT))
    assert [(sample.point, sample.value, sample.reason) for sample in samples] == [
        ("em-1.voltage", 230.4, None), ("em-1.active_power", 41.2, None), ("em-1.active_energy_import", 1234.5, None)
    ]  # fmt: skip


async def test_a_refused_joined_read_is_asked_in_parts_from_then_on() -> None:
    device = ModbusDevice({0: f32(230.0), 6: f32(5.0)})
    current = Binding("em-1.current", "current", "A")
    async with running(device):
        source = source_for(device, PROFILES["eastron-sdm630"], VOLTAGE, current)
        await source.open()
        first, second = await source.read(), await source.read()
        await source.close()
    assert [sample.value for sample in first] == [230.0, 5.0]
    assert first == second
    assert device.asked == [(4, 0, 2), (4, 6, 2), (4, 0, 2), (4, 6, 2)]


async def test_a_device_that_keeps_silent_when_asked_for_much_is_asked_for_less() -> None:
    device = ModbusDevice({0: f32(230.0) + [0] * 50 + f32(41_200.0)})
    device.silent_above = 50
    async with running(device):
        source = source_for(device, impatient("eastron-sdm630"), VOLTAGE, POWER)
        await source.open()
        with pytest.raises(SourceError):
            await source.read()
        samples = await read_once(source)
    assert [sample.value for sample in samples] == [230.0, 41.2]
    assert device.asked == [(4, 0, 54), (4, 0, 2), (4, 52, 2)]


async def test_a_plan_that_has_worked_is_kept_when_the_device_falls_silent() -> None:
    device = ModbusDevice({0: f32(230.0) + [0] * 50 + f32(41_200.0)})
    async with running(device):
        source = source_for(device, impatient("eastron-sdm630"), VOLTAGE, POWER)
        await source.open()
        await source.read()
        device.silent_above = 0
        with pytest.raises(SourceError):
            await source.read()
        device.silent_above = 125
        await read_once(source)
    assert device.asked == [(4, 0, 54)] * 3


async def test_one_refused_register_does_not_cost_the_others() -> None:
    device = ModbusDevice({0: f32(230.0)})
    async with running(device):
        samples = await read_once(source_for(device, PROFILES["eastron-sdm630"], VOLTAGE, POWER))
    assert [(sample.value, sample.reason) for sample in samples] == [
        (230.0, None), (None, ReadingReason.DEVICE_REFUSED)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (ExcCodes.DEVICE_BUSY, ReadingReason.DEVICE_REFUSED),
        (ExcCodes.GATEWAY_PATH_UNAVIABLE, ReadingReason.DEVICE_UNREACHABLE),
        (ExcCodes.GATEWAY_NO_RESPONSE, ReadingReason.DEVICE_TIMEOUT),
    ],
)
async def test_protocol_exceptions_have_their_reason(code: ExcCodes, reason: ReadingReason) -> None:
    device = ModbusDevice({0: f32(230.0)})
    device.exception = code
    async with running(device):
        with pytest.raises(SourceError) as caught:
            await read_once(source_for(device, PROFILES["eastron-sdm630"], VOLTAGE))
    assert caught.value.reason is reason


async def test_silence_is_a_timeout_and_the_next_read_recovers() -> None:
    device = ModbusDevice({0: f32(230.0)})
    async with running(device):
        source = source_for(device, impatient("eastron-sdm630"), VOLTAGE)
        device.delay_seconds = 1.0
        await source.open()
        with pytest.raises(SourceError) as caught:
            await source.read()
        device.delay_seconds = 0
        [sample] = await read_once(source)
    assert caught.value.reason is ReadingReason.DEVICE_TIMEOUT
    assert sample.value == 230.0


async def test_a_closed_port_is_unreachable_and_its_return_is_noticed() -> None:
    device = ModbusDevice({0: f32(230.0)})
    async with running(device):
        source = source_for(device, impatient("eastron-sdm630"), VOLTAGE)
        device.switch_off()
        with pytest.raises(SourceError) as caught:
            await source.open()
        await device.switch_on()
        [sample] = await read_once(source)
    assert caught.value.reason is ReadingReason.DEVICE_UNREACHABLE
    assert sample.value == 230.0


async def test_a_connection_lost_between_reads_is_made_again() -> None:
    device = ModbusDevice({0: f32(230.0)})
    async with running(device):
        source = source_for(device, impatient("eastron-sdm630"), VOLTAGE)
        await source.open()
        await source.read()
        device.switch_off()
        await asyncio.sleep(0)
        with pytest.raises(SourceError):
            await read_once(source)
        await device.switch_on()
        [sample] = await read_once(source)
    assert sample.value == 230.0


SUNSPEC = [0x5375, 0x6E53, 1, 66, *[0] * 66, 103, 50, *[0] * 50, 0xFFFF, 0]


def sunspec(power: int, factor: int) -> ModbusDevice:
    words = list(SUNSPEC)
    block = 70
    words[block + 14], words[block + 15], words[block + 38] = power & 0xFFFF, factor & 0xFFFF, 4
    return ModbusDevice({40_000: words})


async def test_sunspec_block_is_found_and_its_scale_factor_may_change() -> None:
    device = sunspec(250, 1)
    async with running(device):
        source = source_for(device, PROFILES["sunspec-103"], POWER)
        await source.open()
        [first] = await source.read()
        device.blocks[40_000][70 + 15] = 0xFFFF
        [second] = await source.read()
        await source.close()
    assert (first.value, second.value) == (2.5, 0.025)


async def test_a_missing_sunspec_model_is_said() -> None:
    device = sunspec(250, 1)
    async with running(device):
        with pytest.raises(SourceError, match="model 203 is not in the chain"):
            await source_for(device, PROFILES["sunspec-203"], POWER).open()


async def test_a_device_without_the_sunspec_mark_is_refused() -> None:
    device = ModbusDevice({40_000: [0] * 60})
    async with running(device):
        with pytest.raises(SourceError, match="no SunSpec mark"):
            await source_for(device, PROFILES["sunspec-103"], POWER).open()


async def test_probe_is_told_to_start_and_asked_only_for_listed_reads() -> None:
    little = [int.from_bytes(struct.pack("<f", value)[i : i + 2], "big") for value in (18.5, 55.5) for i in (0, 2)]
    device = ModbusDevice({0x2600: [*little, 0]})
    cod = Binding("wq-1.cod", "cod", "mg/l")
    async with running(device):
        [sample] = await read_once(source_for(device, impatient("yosemitech-y551"), cod))
    assert sample == Sample("wq-1.cod", 55.5)
    assert set(device.asked) == {(3, 0x2600, 5)}


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_can_be_planned_whole(name: str) -> None:
    profile = PROFILES[name]
    source = ModbusSource(ModbusAddress("127.0.0.1", 502, 1), profile, probe_bindings(profile))
    assert len(source.points) == len(tomllib.loads(_text(name))["registers"])


def _text(name: str) -> str:
    from gateway.sources.modbus.profile_files import PROFILES_FOLDER

    return (PROFILES_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
