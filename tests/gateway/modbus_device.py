"""A real Modbus TCP server of pymodbus as a device under test: its own register words, slowness and refusals."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

SILENCE_SECONDS = 1.0


class ModbusDevice:
    """Answers only the registers it was given; remembers what it was asked for."""

    def __init__(self, blocks: Mapping[int, Sequence[int]], unit_id: int = 1) -> None:
        self.blocks = {address: list(words) for address, words in blocks.items()}
        self.unit_id = unit_id
        self.asked: list[tuple[int, int, int]] = []
        self.delay_seconds = 0.0
        self.silent_above = 125
        """A read of more registers than this gets its answer when nobody waits any more."""
        self.exception: ExcCodes | None = None
        self.port = 0
        self._server: ModbusTcpServer | None = None

    async def switch_on(self) -> None:
        """Listen on a free port, or on the port it had before."""
        data = [
            SimData(address=address, count=1, values=words, datatype=DataType.REGISTERS)
            for address, words in self.blocks.items()
        ]
        server = ModbusTcpServer(SimDevice(self.unit_id, data, action=self._answer), address=("127.0.0.1", self.port))
        assert await server.listen()
        self.port = cast(asyncio.Server, server.transport).sockets[0].getsockname()[1]
        self._server = server

    def switch_off(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(
        self, function: int, start: int, address: int, count: int, registers: list[int], written: object
    ) -> ExcCodes | None:
        self.asked.append((function, address, count))
        if count > self.silent_above:
            await asyncio.sleep(SILENCE_SECONDS)
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        for first, words in self.blocks.items():
            for i, word in enumerate(words):
                registers[first + i - start] = word
        return self.exception


@asynccontextmanager
async def running(*devices: ModbusDevice) -> AsyncIterator[None]:
    """All devices on, and off again afterwards."""
    try:
        for device in devices:
            await device.switch_on()
        yield
    finally:
        for device in devices:
            device.switch_off()
