"""One Modbus TCP server per device, answering from the device's register image in its own layout."""

import asyncio
import logging
import struct
from collections.abc import Mapping
from typing import cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from service_runtime.errors import OperatorError
from service_runtime.logs import event
from simulators.devices.derived_signals import with_derived
from simulators.devices.layout import RegisterLayout
from simulators.plant_models.signals import Sample
from telemetry_model.reading import InstrumentStatus

_log = logging.getLogger(__name__)


class ReadOrStart(ReadHoldingRegistersRequest):
    """A read that may ask for no registers at all: how optical probes are told to start."""

    def decode(self, data: bytes) -> None:
        """Accept a count of 0, which the specification does not know."""
        self.address, self.count = struct.unpack(">HH", data[:4])
        if self.count:
            super().decode(data)


class ModbusDevice:
    """A device on its own TCP port; ``port`` 0 takes a free one, which :attr:`port` tells after :meth:`switch_on`."""

    def __init__(self, device: str, layout: RegisterLayout, host: str, port: int, unit_id: int) -> None:
        self.device = device
        self.host = host
        self.port = port
        self.unit_id = unit_id
        self._layout = layout
        self._image: dict[int, int] = {}
        self._started = layout.start_address is None
        self._samples: Mapping[str, Sample] = {}
        self._server: ModbusTcpServer | None = None

    def show(self, samples: Mapping[str, Sample]) -> None:
        """Put new values, by quantity name, into the registers."""
        self._samples = samples
        statuses = [sample.status for sample in samples.values()]
        status = max(statuses, default=InstrumentStatus.MEASURING)
        signals = with_derived({quantity: sample.value for quantity, sample in samples.items()})
        self._image = self._layout.image(signals if self._started else {}, status)

    async def switch_on(self) -> None:
        """Start to listen; raises :class:`OperatorError` naming the address when the port is taken."""
        if self._server is not None:
            return
        blocks = [
            SimData(address=start, count=count, values=0, datatype=DataType.REGISTERS)
            for start, count in self._layout.blocks()
        ]
        machine = SimDevice(id=self.unit_id, simdata=blocks, action=self._answer)
        self._started = self._layout.start_address is None
        requests: list[type[ModbusPDU]] | None = None if self._started else [ReadOrStart]
        server = ModbusTcpServer(machine, address=(self.host, self.port), custom_pdu=requests)
        if not await server.listen():
            raise OperatorError(f"{self.host}:{self.port}: device {self.device} cannot listen there (port in use?)")
        self._server = server
        listener = cast(asyncio.Server, server.transport)
        self.port = listener.sockets[0].getsockname()[1]

    async def switch_off(self) -> None:
        """Close the port and every connection: the device is gone."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        event(_log, logging.DEBUG, "device switched off", device=self.device, port=self.port)

    def _start(self, address: int) -> None:
        if address == self._layout.start_address and not self._started:
            self._started = True
            self.show(self._samples)

    async def _answer(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        current_registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if set_values is not None or function_code not in self._layout.function_codes:
            return ExcCodes.ILLEGAL_FUNCTION
        if count == 0:
            self._start(address)
        for asked in range(address, address + count):
            current_registers[asked - start_address] = self._image.get(asked, 0)
        return None
