"""Settings: TOML file, then environment, then command line -> one frozen, validated struct per program.

Every field can be set as ``ECOPARK_<PROGRAM>_<FIELD>``. A secret field ``x`` can also be read from a file named by
``x_file``, so that no secret needs to stand in a settings file or an environment listing.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from service_runtime.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)
SECRET_SUFFIXES = ("password", "token", "secret")
PLACEHOLDERS = frozenset({"changeme", "change-me", "change_me", "changethis", "secret", "password", "example", "todo"})


def load_settings(
    kind: type[T],
    program: str,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> T:
    """Build ``kind``; raises :class:`SettingsError` naming the source and the field. ``None`` overrides are ignored."""
    names = {field.name for field in msgspec.structs.fields(kind)}
    raw: dict[str, Any] = {}
    source: dict[str, str] = {}
    for origin, values in (
        (str(file), _from_file(file) if file else {}),
        ("environment", _from_environment(program, environment if environment is not None else os.environ)),
        ("command line", {k: v for k, v in (overrides or {}).items() if v is not None}),
    ):
        for key, value in values.items():
            field, content = _open_secret_file(key, value, names, origin)
            if field not in names:
                raise SettingsError(f"{origin}: unknown setting '{key}' (known: {', '.join(sorted(names))})")
            raw[field], source[field] = content, origin
    _refuse_placeholders(raw, source)
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_explain(error, source)) from error


def environment_name(program: str, field: str) -> str:
    """The variable that sets a field, e.g. ``ECOPARK_INGEST_MQTT_URL``."""
    return f"ECOPARK_{program}_{field}".upper()


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error


def _from_environment(program: str, environment: Mapping[str, str]) -> dict[str, str]:
    prefix = environment_name(program, "")
    return {key.removeprefix(prefix).lower(): value for key, value in environment.items() if key.startswith(prefix)}


def _open_secret_file(key: str, value: Any, names: set[str], origin: str) -> tuple[str, Any]:
    field = key.removesuffix("_file")
    if key in names or field not in names or not field.endswith(SECRET_SUFFIXES):
        return key, value
    try:
        return field, Path(str(value)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{origin}: {key}: {value} cannot be read ({error.strerror})") from error


def _refuse_placeholders(raw: Mapping[str, Any], source: Mapping[str, str]) -> None:
    for field, value in raw.items():
        if field.endswith(SECRET_SUFFIXES) and str(value).strip().lower() in PLACEHOLDERS:
            raise SettingsError(f"{source[field]}: {field} is still a placeholder; set a real secret")


def _explain(error: msgspec.ValidationError, source: Mapping[str, str]) -> str:
    text, _, where = str(error).partition(" - at `$.")
    field = where.rstrip("`")
    if field:
        return f"{source.get(field.split('[')[0], 'settings')}: {field}: {text}"
    return f"settings: {text.replace('Object missing required field', 'missing required setting')}"
