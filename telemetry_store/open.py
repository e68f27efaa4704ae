"""Picks the store backend from a URL, so that no program knows which database it writes to."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from service_runtime.errors import OperatorError
from telemetry_store.protocol import TelemetryStore
from telemetry_store.sqlite_store import SqliteStore

_FORMS = "sqlite:///file.db, sqlite:////absolute/file.db, influxdb://host:8086/bucket?org=name or influxdbs://…"
_INFLUX_SCHEMES = {"influxdb": "http", "influxdbs": "https"}


def open_store(url: str, token: str = "") -> TelemetryStore:
    """The backend for ``url``; nothing is opened or contacted before the first call on it.

    ``token`` is the database's API token, used by InfluxDB only. Raises :class:`OperatorError` naming a bad URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OperatorError(f"store URL '{url}': {error} (known forms: {_FORMS})") from error
    if parts.scheme == "sqlite":
        return SqliteStore(_sqlite_path(url, parts.netloc, parts.path))
    if parts.scheme in _INFLUX_SCHEMES:
        return _open_influx(url, token, port)
    raise OperatorError(f"store URL '{url}': unknown kind '{parts.scheme}' (known forms: {_FORMS})")


def require_existing(url: str) -> None:
    """For commands that only read: raises :class:`OperatorError` when a SQLite URL names a file that is not there.

    An empty answer would look as if nothing had been measured, when the name is wrong or nothing was written yet.
    """
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        return
    path = _sqlite_path(url, parts.netloc, parts.path)
    if path.parent.is_dir() and not path.is_file():
        raise OperatorError(f"store {path}: no such file; the ingest service makes it with its first readings")


def _sqlite_path(url: str, host: str, path: str) -> Path:
    name = unquote(path.removeprefix("/"))
    if host or not name or name.endswith("/"):
        raise OperatorError(f"store URL '{url}': names no file (known forms: {_FORMS})")
    return Path(name)


def _open_influx(url: str, token: str, port: int | None) -> TelemetryStore:
    parts = urlsplit(url)
    bucket = unquote(parts.path.strip("/"))
    if not parts.hostname or not bucket:
        raise OperatorError(f"store URL '{url}': needs a host and a bucket (known forms: {_FORMS})")
    if parts.username or parts.password:
        raise OperatorError("store URL: user and password do not belong in it; set the store token instead")
    try:
        from telemetry_store.influxdb import InfluxAddress, InfluxStore  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        raise OperatorError(f"InfluxDB needs {error.name}: pip install 'ecopark[ingest]'") from error
    options = parse_qs(parts.query)
    unknown = sorted(set(options) - {"org", "rp"})
    if unknown:
        raise OperatorError(f"store URL '{url}': unknown option '{unknown[0]}' (known: org, rp)")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return InfluxStore(
        InfluxAddress(
            base_url=f"{_INFLUX_SCHEMES[parts.scheme]}://{host}:{port or 8086}",
            bucket=bucket,
            org=options.get("org", [""])[0],
            retention_policy=options.get("rp", [""])[0],
        ),
        token=token,
    )
