"""Every simulated device over a real TCP socket, its registers decoded here by hand with struct."""

import math
import struct
from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest

from service_runtime.clock import ManualClock
from service_runtime.errors import OperatorError
from simulators.devices.catalogue import layouts_by_profile
from simulators.devices.device_park import DevicePark
from simulators.devices.modbus_server import ModbusDevice
from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario, parse_scenario
from telemetry_model.park_register import Park
from telemetry_model.reading import InstrumentStatus
from tests.simulators.conftest import ReadRegisters

HOUR_MS = 3_600_000


def f32(data: bytes) -> float:
    return float(struct.unpack(">f", data)[0])


def low_word_first(code: str) -> Callable[[bytes], float]:
    return lambda data: float(struct.unpack(code, data[2:4] + data[0:2])[0])


def little_endian_f32(data: bytes) -> float:
    return float(struct.unpack("<f", data)[0])


def integer(code: str, scale: float) -> Callable[[bytes], float]:
    return lambda data: struct.unpack(code, data)[0] * scale


CASES = [
    # point, function, address, registers, decode, tolerance
    ("em-nhua.voltage", 4, 0, 2, f32, 0.01),
    ("em-nhua.active_power", 4, 52, 2, lambda d: f32(d) / 1000, 0.01),
    ("em-nhua.reactive_power", 4, 60, 2, lambda d: f32(d) / 1000, 0.01),
    ("em-nhua.active_energy_import", 4, 72, 2, f32, 1),
    ("em-nhua.reactive_energy_import", 4, 76, 2, f32, 1),
    ("em-thep.voltage", 3, 3035, 2, f32, 0.01),
    ("em-thep.active_power", 3, 3059, 2, f32, 0.01),
    ("em-thep.reactive_power", 3, 3067, 2, f32, 0.01),
    ("em-thep.active_energy_import", 3, 3203, 4, integer(">q", 1e-3), 0.001),
    ("em-thep.reactive_energy_import", 3, 3219, 4, integer(">q", 1e-3), 0.001),
    ("em-lop-xe.current", 3, 3009, 2, f32, 0.01),
    ("em-chp.active_power", 3, 65, 2, lambda d: f32(d) / 1000, 0.01),
    ("em-chp.active_power", 4, 65, 2, lambda d: f32(d) / 1000, 0.01),
    ("em-chp.active_energy_import", 3, 801, 4, integer(">d", 1e-3), 1e-6),
    ("em-wwtp.active_power", 3, 1369, 2, lambda d: f32(d) / 1000, 0.01),
    ("em-wwtp.active_energy_import", 3, 9851, 2, lambda d: f32(d) / 1000, 0.2),
    ("em-sub-3.active_power", 3, 0x5B14, 2, integer(">i", 1e-5), 1e-4),
    ("em-sub-3.voltage", 3, 0x5B00, 2, integer(">I", 0.1), 0.06),
    ("em-sub-3.active_energy_import", 3, 0x5000, 4, integer(">Q", 0.01), 0.011),
    ("pv-1.active_power", 4, 5030, 2, lambda d: low_word_first(">I")(d) / 1000, 0.001),
    ("pv-1.active_energy_import", 4, 5003, 2, low_word_first(">I"), 1),
    ("pv-2.active_power", 3, 32080, 2, integer(">i", 1e-3), 0.001),
    ("pv-2.active_energy_import", 3, 32106, 2, integer(">I", 0.01), 0.011),
    ("wm-thep.flow", 3, 0, 2, low_word_first(">f"), 0.001),
    ("wm-thep.volume", 3, 8, 2, low_word_first(">i"), 1),
    ("fm-central.flow", 3, 0, 2, low_word_first(">f"), 0.001),
    ("wq-thuc-pham-nh4.nh4_n", 3, 0x2800, 2, little_endian_f32, 0.001),
    ("wq-thuc-pham-nh4.ph", 3, 0x2602, 2, little_endian_f32, 0.001),
    ("wq-det-may-ph.ph", 3, 0x2800, 2, little_endian_f32, 0.001),
    ("wq-central.cod", 4, 2, 2, f32, 0.001),
    ("wq-central.tss", 4, 6, 2, f32, 0.001),
    ("st-chp.nox", 3, 10, 2, f32, 0.001),
    ("st-chp.gas_flow", 3, 20, 2, f32, 0.01),
    ("aq-north.pm2_5", 4, 1, 1, integer(">H", 0.1), 0.051),
    ("aq-north.co", 4, 6, 2, integer(">I", 0.1), 0.051),
    ("wb-thep.mass", 3, 0, 2, integer(">I", 0.001), 0.0011),
    ("met-1.temperature", 4, 1, 1, integer(">h", 0.1), 0.051),
    ("met-1.pressure", 4, 3, 1, integer(">H", 0.1), 0.051),
]


def trouble(park: Park, events: str) -> PlacedScenario:
    text = f'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\nhistory_days = 0\n{events}'
    return parse_scenario(text, "x").on(date(2026, 3, 10), park.timezone)


@pytest.fixture
async def noon(park: Park) -> AsyncIterator[tuple[DevicePark, dict[str, Sample]]]:
    """All devices at noon of an ordinary day, and the true values of that instant."""
    scenario = trouble(park, "")
    at = scenario.day_ms(0) + 12 * HOUR_MS
    devices = DevicePark(park, scenario, ManualClock(at), free_ports=True)
    await devices.start()
    try:
        yield devices, PlantModel(park, scenario, at).step(at)
    finally:
        await devices.stop()


async def test_devices_answer_in_their_own_layouts(
    park: Park, noon: tuple[DevicePark, dict[str, Sample]], read_registers: ReadRegisters
) -> None:
    devices, true = noon
    for point, function, address, count, decode, tolerance in CASES:
        device = point.partition(".")[0]
        answer = await read_registers(devices.ports[device], park.devices[device].unit_id, function, address, count)
        assert answer[0] == 2 * count, point
        assert decode(answer[1:]) == pytest.approx(true[point].value, abs=tolerance), (point, function)


async def test_every_device_is_there(
    park: Park, noon: tuple[DevicePark, dict[str, Sample]], read_registers: ReadRegisters
) -> None:
    layouts = layouts_by_profile()
    for device, connection in park.devices.items():
        layout = layouts[connection.profile]
        start, _ = layout.blocks()[0]
        answer = await read_registers(noon[0].ports[device], connection.unit_id, layout.function_codes[0], start, 1)
        assert answer[0] == 2, device


async def test_the_flow_meters_integer_and_fraction_make_the_volume(
    noon: tuple[DevicePark, dict[str, Sample]], read_registers: ReadRegisters
) -> None:
    devices, true = noon
    answer = await read_registers(devices.ports["fm-central"], 1, 3, 8, 4)
    volume = low_word_first(">i")(answer[1:5]) + low_word_first(">f")(answer[5:9])
    assert volume == pytest.approx(true["fm-central.volume"].value, abs=1e-4)


async def test_the_sunspec_block_is_found_by_walking_the_models(
    noon: tuple[DevicePark, dict[str, Sample]], read_registers: ReadRegisters
) -> None:
    devices, true = noon
    port, at = devices.ports["pv-3"], 40_000
    assert (await read_registers(port, 1, 3, at, 2))[1:] == b"SunS"
    at += 2
    while (head := struct.unpack(">HH", (await read_registers(port, 1, 3, at, 2))[1:]))[0] != 103:
        at += 2 + head[1]
    words = struct.unpack(">52h", (await read_registers(port, 1, 3, at, 52))[1:])
    power_kw = words[14] * 10 ** words[15] / 1000
    energy_kwh = struct.unpack(">I", struct.pack(">hh", *words[24:26]))[0] * 10 ** words[26] / 1000
    assert power_kw == pytest.approx(true["pv-3.active_power"].value, abs=0.06)
    assert energy_kwh == pytest.approx(true["pv-3.active_energy_import"].value, abs=0.011)


async def test_a_cod_probe_has_no_values_before_it_is_told_to_start(
    noon: tuple[DevicePark, dict[str, Sample]], read_registers: ReadRegisters
) -> None:
    devices, true = noon
    port = devices.ports["wq-hoa-chat"]
    before = await read_registers(port, 4, 3, 0x2600, 5)
    started = await read_registers(port, 4, 3, 0x2500, 0)
    after = await read_registers(port, 4, 3, 0x2600, 5)
    assert math.isnan(little_endian_f32(before[5:9]))
    assert started == b"\x00"
    assert little_endian_f32(after[5:9]) == pytest.approx(true["wq-hoa-chat.cod"].value, abs=0.001)
    assert after[9] == 0


@pytest.mark.parametrize(
    ("device", "unit", "function", "address"),
    [("em-nhua", 1, 3, 52), ("em-thep", 1, 4, 3059), ("wq-det-may-ph", 13, 3, 0x2600), ("em-nhua", 1, 4, 9000)],
)
async def test_wrong_function_or_address_is_refused(
    noon: tuple[DevicePark, dict[str, Sample]],
    read_registers: ReadRegisters,
    device: str,
    unit: int,
    function: int,
    address: int,
) -> None:
    answer = await read_registers(noon[0].ports[device], unit, function, address, 2)
    assert answer[0] == function + 0x80
    assert answer[1] in (1, 2)


async def test_registers_follow_the_clock(park: Park, read_registers: ReadRegisters) -> None:
    scenario = trouble(park, "")
    clock = ManualClock(scenario.day_ms(0))
    devices = DevicePark(park, scenario, clock, free_ports=True)
    await devices.start()
    try:
        first = await read_registers(devices.ports["em-thep"], 1, 3, 3203, 4)
        clock.advance(1)
        await devices.refresh()
        second = await read_registers(devices.ports["em-thep"], 1, 3, 3203, 4)
    finally:
        await devices.stop()
    gained_wh = struct.unpack(">q", second[1:])[0] - struct.unpack(">q", first[1:])[0]
    assert 500 < gained_wh < 2500


async def test_a_calibrating_analyser_says_so(
    park: Park, scenario: PlacedScenario, read_registers: ReadRegisters
) -> None:
    devices = DevicePark(park, scenario, ManualClock(scenario.day_ms(-1) + 10 * HOUR_MS), free_ports=True)
    await devices.start()
    try:
        answer = await read_registers(devices.ports["st-chp"], 1, 3, 0, 12)
    finally:
        await devices.stop()
    assert struct.unpack(">H", answer[1:3])[0] == InstrumentStatus.CALIBRATING
    assert f32(answer[21:25]) == pytest.approx(450, rel=0.01)


async def test_a_faulty_station_reports_fault_and_no_values(park: Park, read_registers: ReadRegisters) -> None:
    scenario = trouble(park, '[[events]]\nkind = "instrument_fault"\nday = 0\ndevice = "aq-north"\n')
    devices = DevicePark(park, scenario, ManualClock(scenario.day_ms(0)), free_ports=True)
    await devices.start()
    try:
        answer = await read_registers(devices.ports["aq-north"], 1, 4, 0, 2)
    finally:
        await devices.stop()
    assert answer[1:] == struct.pack(">HH", 2, 0xFFFF)


async def test_an_offline_device_closes_its_port_and_comes_back(park: Park, read_registers: ReadRegisters) -> None:
    event = '[[events]]\nkind = "device_offline"\nday = 0\nstart_hour = 1\nend_hour = 2\ndevice = "aq-north"\n'
    scenario = trouble(park, event)
    clock = ManualClock(scenario.day_ms(0))
    devices = DevicePark(park, scenario, clock, free_ports=True)
    await devices.start()
    try:
        clock.advance(3600)
        await devices.refresh()
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            await read_registers(devices.ports["aq-north"], 1, 4, 0, 2)
        clock.advance(3600)
        await devices.refresh()
        answer = await read_registers(devices.ports["aq-north"], 1, 4, 0, 1)
    finally:
        await devices.stop()
    assert answer == b"\x02\x00\x00"


async def test_a_taken_port_is_named() -> None:
    layout = layouts_by_profile()["eastron-sdm630"]
    first = ModbusDevice("em-1", layout, "127.0.0.1", 0, 1)
    await first.switch_on()
    try:
        with pytest.raises(OperatorError, match=f"127.0.0.1:{first.port}: device em-2 cannot listen"):
            await ModbusDevice("em-2", layout, "127.0.0.1", first.port, 1).switch_on()
    finally:
        await first.switch_off()
