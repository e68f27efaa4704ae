"""One Modbus TCP connection that turns every way a read can fail into a reading's reason."""

import asyncio
import logging
import struct

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest

from gateway.sources.modbus.request_planner import ReadRequest
from gateway.sources.source import SourceError
from telemetry_model.reading import ReadingReason

_GATEWAY_PATH_UNAVAILABLE, _GATEWAY_TARGET_SILENT = 10, 11
_ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 2, 3


class RefusedError(SourceError):
    """The device answered with a protocol exception; ``asked_too_much`` when it has not got all these
    registers, or not in one answer (Modbus Application Protocol V1.1b3, section 7: codes 2 and 3)."""

    def __init__(self, code: int, request: ReadRequest) -> None:
        where = f"function {request.function}, address {request.address}, {request.size} registers"
        super().__init__(_EXCEPTION_REASONS.get(code, ReadingReason.DEVICE_REFUSED), f"exception {code} ({where})")
        self.asked_too_much = code in (_ILLEGAL_ADDRESS, _ILLEGAL_VALUE)


_EXCEPTION_REASONS = {
    _GATEWAY_PATH_UNAVAILABLE: ReadingReason.DEVICE_UNREACHABLE,
    _GATEWAY_TARGET_SILENT: ReadingReason.DEVICE_TIMEOUT,
}


class ReadNothingRequest(ReadHoldingRegistersRequest):
    """A read of no registers: some probes take it as the command to start measuring."""

    def encode(self) -> bytes:
        """Address and a count of 0, which an ordinary read must not have."""
        return struct.pack(">HH", self.address, 0)


class ModbusConnection:
    """Connects on demand; after a time-out it is closed, so that a late answer can never be taken for the next."""

    def __init__(self, host: str, port: int, unit_id: int, timeout_seconds: float) -> None:
        self._host, self._port, self._unit_id, self._timeout_seconds = host, port, unit_id, timeout_seconds
        self._client: AsyncModbusTcpClient | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._client is not None and self._client.connected

    async def open(self) -> None:
        """Connect; raises :class:`SourceError` with ``device_unreachable``."""
        self.close()
        client = AsyncModbusTcpClient(
            self._host, port=self._port, timeout=self._timeout_seconds, retries=0, reconnect_delay=0
        )
        if not await client.connect():
            client.close()
            raise SourceError(ReadingReason.DEVICE_UNREACHABLE, f"no connection to {self._host}:{self._port}")
        self._client = client

    async def read(self, request: ReadRequest) -> list[int]:
        """The words; raises :class:`RefusedError` or :class:`SourceError`, and then may be closed."""
        client = self._client
        if client is None:
            raise SourceError(ReadingReason.DEVICE_UNREACHABLE, f"no connection to {self._host}:{self._port}")
        read = client.read_holding_registers if request.function == 3 else client.read_input_registers
        try:
            answer: ModbusPDU = await read(request.address, count=request.size, device_id=self._unit_id)
        except ConnectionException as error:
            self.close()
            raise SourceError(ReadingReason.DEVICE_UNREACHABLE, str(error)) from error
        except (ModbusException, asyncio.CancelledError) as error:
            dropped = not client.connected
            self.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            reason = ReadingReason.DEVICE_UNREACHABLE if dropped else ReadingReason.DEVICE_TIMEOUT
            raise SourceError(reason, str(error)) from error
        if answer.isError():
            raise RefusedError(answer.exception_code, request)
        if len(answer.registers) != request.size:
            self.close()
            raise SourceError(ReadingReason.DEVICE_REFUSED, f"{len(answer.registers)} registers, not {request.size}")
        return list(answer.registers)

    async def start_measuring(self, address: int) -> None:
        """Send the start command; whether the probe answers it differs, so no answer is needed."""
        if self._client is None:
            return
        command = ReadNothingRequest(address=address, dev_id=self._unit_id)
        try:
            await self._client.execute(False, command)
        except ModbusException as error:
            logging.getLogger(__name__).debug("start command not answered: %s", error)
            await self.open()

    def close(self) -> None:
        """Let go; safe at any time."""
        if self._client is not None:
            self._client.close()
            self._client = None
