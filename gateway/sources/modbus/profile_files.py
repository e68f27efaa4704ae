"""Reads device profiles from TOML files and refuses what cannot work, one line naming file and field."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.sources.modbus.profile import DeviceProfile, Field, Register, StatusRegister
from service_runtime.errors import OperatorError
from telemetry_model.quantities import QUANTITIES
from telemetry_model.units import conversion_factor

T = TypeVar("T")
PROFILES_FOLDER = Path(__file__).parents[2] / "device_profiles"


def load_profiles(extra_folder: Path | None = None) -> dict[str, DeviceProfile]:
    """Every profile by name; one in ``extra_folder`` replaces a built-in one of the same name."""
    folders = [PROFILES_FOLDER, *([extra_folder] if extra_folder else [])]
    found: dict[str, DeviceProfile] = {}
    for folder in folders:
        if not folder.is_dir():
            raise OperatorError(f"{folder}: no such folder of device profiles")
        for path in sorted(folder.glob("*.toml")):
            found[path.stem] = load_profile(path)
    return found


def load_profile(path: Path) -> DeviceProfile:
    """One profile; raises :class:`OperatorError` naming the file and the field."""
    try:
        return parse_profile(path.stem, path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise OperatorError(f"{path}: not UTF-8 text") from error


def parse_profile(name: str, text: str, where: str = "") -> DeviceProfile:
    """A profile from its text; ``where`` is what errors call it."""
    where = where or f"{name}.toml"
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{where}: not valid TOML: {error}") from error
    rows: Any = raw.pop("registers", {})
    if not isinstance(rows, dict) or not rows:
        raise OperatorError(f"{where}: registers: at least one register is required")
    registers = {key: _convert(row, Register, f"{where}: registers.{key}") for key, row in rows.items()}
    profile = _convert({**raw, "name": name, "registers": {}}, DeviceProfile, where)
    profile = msgspec.structs.replace(profile, registers=registers)
    for field, problem in _problems(profile):
        raise OperatorError(f"{where}: {field}: {problem}")
    return profile


def _convert(raw: Any, kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        separator = "." if "registers." in where else ": "
        raise OperatorError(f"{where}{separator + field if field else ''}: {text}") from error


def _problems(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    if not profile.media:
        yield "media", "at least one medium is required"
    if profile.status is not None:
        yield from _status_problems("status", profile.status)
    for name, register in profile.registers.items():
        here = f"registers.{name}"
        units = {QUANTITIES[medium, name].unit for medium in profile.media if (medium, name) in QUANTITIES}
        if not units:
            yield here, f"unknown quantity '{name}' for {', '.join(profile.media)}"
        yield from _unit_problems(here, register, units)
        yield from _shape_problems(here, register)
        for field in profile.fields_of(register):
            if profile.blocks and not _in_a_block(profile, field):
                yield here, f"address {field.address} (0x{field.address:04X}) lies in none of the blocks"


def _unit_problems(here: str, register: Register, expected: set[str]) -> Iterator[tuple[str, str]]:
    if (register.unit == "") == (register.unit_code is None):
        yield f"{here}.unit", "give either unit or unit_code"
        return
    sent = register.unit_code.units.values() if register.unit_code else [register.unit]
    for unit in sent:
        for target in expected:
            if conversion_factor(unit, target) is None:
                yield f"{here}.unit", f"'{unit}' cannot be converted to {target}"
    if register.unit_code and not all(code.isdecimal() for code in register.unit_code.units):
        yield f"{here}.unit_code.units", "codes must be whole numbers"


def _shape_problems(here: str, register: Register) -> Iterator[tuple[str, str]]:
    is_float = register.type.startswith("f")
    if register.scale == 0:
        yield f"{here}.scale", "must not be 0"
    if register.address + register.type.words > 65_536:
        yield f"{here}.address", f"{register.type} at {register.address} reaches beyond 65535"
    if is_float and register.not_available:
        yield f"{here}.not_available", "applies to integers (a float says NaN)"
    if register.status is not None:
        yield from _status_problems(f"{here}.status", register.status)


def _status_problems(here: str, status: StatusRegister) -> Iterator[tuple[str, str]]:
    if status.type.startswith("f"):
        yield f"{here}.type", "a status is an integer"
    if bool(status.fault_bits) == bool(status.measuring):
        yield here, "give either fault_bits, or measuring with calibrating and fault"
    codes = [*status.measuring, *status.calibrating, *status.fault]
    if len(codes) != len(set(codes)):
        yield here, "a code is listed twice"


def _in_a_block(profile: DeviceProfile, field: Field) -> bool:
    return any(
        (block.function or profile.function) == field.function
        and block.address <= field.address
        and field.address + field.type.words <= block.address + block.count
        for block in profile.blocks
    )
