"""A device profile as checked data: which register of a model feeds which quantity. Addresses are as on the wire."""

from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec

from telemetry_model.quantities import Medium

Address = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
FunctionCode = Annotated[int, msgspec.Meta(ge=3, le=4)]
MAX_REGISTERS_PER_REQUEST = 125
"""Modbus Application Protocol V1.1b3, section 6.3: a read returns at most 125 registers."""


class RegisterType(StrEnum):
    """How the words are to be understood."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"

    @property
    def words(self) -> int:
        """How many registers the value takes."""
        return _WORDS[self]


_WORDS = {kind: int(kind.value[1:]) // 16 for kind in RegisterType}


class WordOrder(StrEnum):
    """The order of the bytes A (most significant) to D as they come from the wire."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    DCBA = "DCBA"
    BADC = "BADC"


class Sentinel(StrEnum):
    """A bit pattern that means "no value", whatever the width."""

    ONES = "ones"
    SIGNED_MAX = "signed_max"
    SIGNED_MIN = "signed_min"
    ZERO = "zero"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class FractionRegister(_Table, frozen=True):
    """The part behind the decimal point, held apart from the integer part."""

    address: Address
    type: RegisterType = RegisterType.F32


class UnitCode(_Table, frozen=True):
    """A register that says which unit the device was set to; ``units`` translates its codes."""

    address: Address
    units: dict[str, str]


class StatusRegister(_Table, frozen=True):
    """What the instrument says of itself: a code that is listed, or bits that mean a fault."""

    address: Address
    type: RegisterType = RegisterType.U16
    function: FunctionCode | None = None
    word_order: WordOrder | None = None
    measuring: tuple[int, ...] = ()
    calibrating: tuple[int, ...] = ()
    fault: tuple[int, ...] = ()
    fault_bits: int = 0


class Register(_Table, frozen=True):
    """One row: value = raw x scale (x 10^scale factor), in ``unit``, negated when ``invert``."""

    address: Address
    type: RegisterType
    unit: str = ""
    function: FunctionCode | None = None
    word_order: WordOrder | None = None
    scale: float = 1.0
    invert: bool = False
    not_available: tuple[Sentinel, ...] = ()
    scale_factor_address: Address | None = None
    fraction: FractionRegister | None = None
    unit_code: UnitCode | None = None
    status: StatusRegister | None = None


class ReadBlock(_Table, frozen=True):
    """A read the device answers as a whole and only as a whole."""

    address: Address
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_REGISTERS_PER_REQUEST)]
    function: FunctionCode | None = None


class StartCommand(_Table, frozen=True):
    """A read of no registers that tells the probe to begin measuring."""

    address: Address


class SunspecBlock(_Table, frozen=True):
    """The model block that register addresses are offsets of; found by walking the chain from ``base``."""

    base: Address
    model: Annotated[int, msgspec.Meta(ge=1, le=65_534)]


class Field(NamedTuple):
    """One value on the wire, nothing left to default."""

    function: int
    address: int
    type: RegisterType
    word_order: WordOrder


class DeviceProfile(_Table, frozen=True):
    """All that the gateway knows of a device model. ``name`` is the file's name."""

    name: str
    title: str
    maker: str
    source: str
    media: tuple[Medium, ...]
    registers: dict[str, Register]
    protocol: str = "modbus-tcp"
    example: bool = False
    function: FunctionCode = 3
    word_order: WordOrder = WordOrder.ABCD
    max_gap: Annotated[int, msgspec.Meta(ge=0, le=MAX_REGISTERS_PER_REQUEST)] | None = None
    """How many unwanted registers may be read to save a request; not given, the device's place on the network says it
    (:mod:`gateway.sources.modbus.request_planner`). 0 for a device that answers nothing but what it lists."""
    max_registers: Annotated[int, msgspec.Meta(ge=4, le=MAX_REGISTERS_PER_REQUEST)] = 100
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 3.0
    connect_delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    blocks: tuple[ReadBlock, ...] = ()
    start: StartCommand | None = None
    sunspec: SunspecBlock | None = None
    status: StatusRegister | None = None

    def value_field(self, register: Register) -> Field:
        """Where the value itself lies."""
        return Field(
            register.function or self.function, register.address, register.type, register.word_order or self.word_order
        )

    def status_field(self, status: StatusRegister) -> Field:
        """Where the status lies."""
        return Field(
            status.function or self.function, status.address, status.type, status.word_order or self.word_order
        )

    def status_of(self, register: Register) -> StatusRegister | None:
        """The register's own status, else the device's."""
        return register.status or self.status

    def side_field(self, register: Register, address: int, kind: RegisterType) -> Field:
        """A scale factor, fraction or unit code beside the value: same function and word order."""
        return self.value_field(register)._replace(address=address, type=kind)

    def fields_of(self, register: Register) -> list[Field]:
        """Everything that must be read to know the register's value and status."""
        fields = [self.value_field(register)]
        if register.scale_factor_address is not None:
            fields.append(self.side_field(register, register.scale_factor_address, RegisterType.I16))
        if register.fraction is not None:
            fields.append(self.side_field(register, register.fraction.address, register.fraction.type))
        if register.unit_code is not None:
            fields.append(self.side_field(register, register.unit_code.address, RegisterType.U16))
        status = self.status_of(register)
        if status is not None:
            fields.append(self.status_field(status))
        return fields
