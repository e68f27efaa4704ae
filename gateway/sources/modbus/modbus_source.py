"""A Modbus TCP device as a source: opens, finds its SunSpec block if it has one, reads, decodes, names the points."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gateway.sources.modbus.connection import ModbusConnection, RefusedError
from gateway.sources.modbus.decode import RegisterDecoder, RegisterImage
from gateway.sources.modbus.profile import DeviceProfile, SunspecBlock
from gateway.sources.modbus.request_planner import ReadRequest, plans_to_try, split_request
from gateway.sources.source import Sample, SourceError
from telemetry_model.reading import ReadingReason

_SUNSPEC_MARK = [0x5375, 0x6E53]
_SUNSPEC_END = 0xFFFF
_SUNSPEC_MODELS_AT_MOST = 64


class Binding(NamedTuple):
    """Which quantity of the profile feeds which point, in which unit."""

    point: str
    quantity: str
    unit: str


class ModbusAddress(NamedTuple):
    """Where the device answers."""

    host: str
    port: int
    unit_id: int


class ModbusSource:
    """One device behind one TCP connection of its own, so that its silence is nobody else's.

    ``shares_line``: other devices answer at the same host and port, so a bridge to a serial line is there.
    """

    def __init__(
        self, address: ModbusAddress, profile: DeviceProfile, bindings: Sequence[Binding], shares_line: bool = False
    ) -> None:
        self._profile = profile
        self._bindings = tuple(bindings)
        self._connection = ModbusConnection(*address, profile.timeout_seconds)
        self._fields = [f for b in bindings for f in profile.fields_of(profile.registers[b.quantity])]
        self._other_plans = plans_to_try(profile, self._fields, shares_line)
        self._requests = self._other_plans.pop(0)
        self._block_address = 0
        self._wanted: dict[ReadRequest, list[tuple[tuple[int, int], int]]] = {}
        self._decoders = [RegisterDecoder(profile, profile.registers[b.quantity], b.unit) for b in bindings]

    @property
    def points(self) -> Sequence[str]:
        """In the order of the bindings."""
        return [binding.point for binding in self._bindings]

    async def open(self) -> None:
        """Connect if not connected; raises :class:`SourceError`."""
        if self._connection.connected:
            return
        await self._connection.open()
        if self._profile.connect_delay_seconds:
            await asyncio.sleep(self._profile.connect_delay_seconds)
        if self._profile.start is not None:
            await self._connection.start_measuring(self._profile.start.address)
        if self._profile.sunspec is not None:
            self._block_address = await self._find_block(self._profile.sunspec)

    async def read(self) -> list[Sample]:
        """One sample per point; raises :class:`SourceError` when no request was answered with values."""
        image: dict[tuple[int, int], int | ReadingReason] = {}
        failure: SourceError | None = None
        answered = False
        queue = list(self._requests)
        while queue:
            request = queue.pop(0)
            try:
                words: Sequence[int | ReadingReason] = await self._ask(request)
                answered = True
            except RefusedError as error:
                parts = self._in_parts(request) if error.asked_too_much else []
                if parts:
                    queue[:0] = parts
                    continue
                failure, words = error, [error.reason] * request.size
            except SourceError as error:
                self._try_another_plan()
                if not answered:
                    raise
                failure, words = error, [error.reason] * request.size
            image.update((register, words[place]) for register, place in self._wanted_of(request))
        if failure is not None and not answered:
            raise failure
        if failure is None:
            self._other_plans.clear()
        return [self._sample(image, b, decoder) for b, decoder in zip(self._bindings, self._decoders, strict=True)]

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    async def _ask(self, request: ReadRequest) -> list[int]:
        """One read; connects again first when an earlier request of this poll lost the connection."""
        await self.open()
        return await self._connection.read(request._replace(address=request.address + self._block_address))

    def _try_another_plan(self) -> None:
        """A device may keep silent when too much is asked at once, and one that is away looks the same: take turns
        until a plan has worked.
        """
        if self._other_plans:
            self._other_plans.append(self._requests)
            self._requests = self._other_plans.pop(0)

    def _in_parts(self, request: ReadRequest) -> list[ReadRequest]:
        """A joined read the device refused is asked in its parts, now and from now on."""
        if self._profile.blocks:
            return []
        parts = split_request(request, self._fields)
        if parts in ([], [request]):
            return []
        at = self._requests.index(request)
        self._requests[at : at + 1] = parts
        return parts

    def _wanted_of(self, request: ReadRequest) -> list[tuple[tuple[int, int], int]]:
        """Function and address of each register somebody wants, and its place in the answer."""
        wanted = self._wanted.get(request)
        if wanted is None:
            addresses = {f.address + i for f in self._fields if request.holds(f) for i in range(f.type.words)}
            wanted = [((request.function, address), address - request.address) for address in sorted(addresses)]
            self._wanted[request] = wanted
        return wanted

    @staticmethod
    def _sample(image: RegisterImage, binding: Binding, decoder: RegisterDecoder) -> Sample:
        decoded = decoder.decode(image)
        return Sample(binding.point, decoded.value, decoded.status, decoded.reason)

    async def _find_block(self, wanted: SunspecBlock) -> int:
        """Walk the chain of model blocks; raises :class:`SourceError` when the mark or the model is not there."""
        function = self._profile.function
        if await self._connection.read(ReadRequest(function, wanted.base, 2)) != _SUNSPEC_MARK:
            self._connection.close()
            raise SourceError(ReadingReason.DEVICE_REFUSED, f"no SunSpec mark at {wanted.base}")
        address = wanted.base + 2
        for _ in range(_SUNSPEC_MODELS_AT_MOST):
            model, length = await self._connection.read(ReadRequest(function, address, 2))
            if model == wanted.model:
                return address
            if model == _SUNSPEC_END or address + 2 + length + 2 > 65_536:
                break
            address += 2 + length
        self._connection.close()
        raise SourceError(ReadingReason.DEVICE_REFUSED, f"SunSpec model {wanted.model} is not in the chain")
