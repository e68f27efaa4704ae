"""The demo park, its scenarios on fixed days, three days of its history, and raw Modbus TCP without a library."""

import asyncio
import functools
import struct
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from service_runtime.text_folder import read_text_folder
from simulators.scenario import PlacedScenario, load_scenario
from telemetry_model.park_register import Park, parse_park
from tests.simulators.history import MONDAY, THURSDAY, History, record

PARK_FOLDER = Path(__file__).parents[2] / "deploy" / "parks" / "bach-dang"
ReadRegisters = Callable[..., Awaitable[bytes]]
Recorded = Callable[[str, date], History]


@pytest.fixture(scope="session")
def park() -> Park:
    return parse_park(read_text_folder(PARK_FOLDER))


@pytest.fixture(scope="session")
def scenario(park: Park) -> PlacedScenario:
    return load_scenario("bach-dang-demo").on(MONDAY, park.timezone)


@pytest.fixture(scope="session")
def recorded(park: Park) -> Recorded:
    """Each history once, also when the files that read it do not follow one another."""
    return functools.cache(lambda name, today: record(park, load_scenario(name).on(today, park.timezone)))


@pytest.fixture(scope="session", params=[MONDAY, THURSDAY], ids=["winter weekend", "summer weekdays"])
def history(request: pytest.FixtureRequest, recorded: Recorded) -> History:
    return recorded("bach-dang-demo", request.param)


@pytest.fixture(scope="session")
def quiet_history(recorded: Recorded) -> History:
    return recorded("quiet-days", MONDAY)


@pytest.fixture
def read_registers() -> ReadRegisters:
    """``await read_registers(port, unit, function, address, count)`` -> the answer's bytes after the function code.

    For a good answer that is a byte count and the data, for a refusal (function code + 0x80) the exception code.
    """

    async def ask(port: int, unit: int, function: int, address: int, count: int) -> bytes:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 10)
        try:
            writer.write(struct.pack(">HHHBBHH", 1, 0, 6, unit, function, address, count))
            header = await asyncio.wait_for(reader.readexactly(7), 10)
            body = await asyncio.wait_for(reader.readexactly(struct.unpack(">H", header[4:6])[0] - 1), 10)
        finally:
            writer.close()
            await writer.wait_closed()
        return body[1:] if body[0] == function else body

    return ask
