"""What a scenario changes in the park it plays in: another time zone, missing meters, other limits, a further link."""

import csv
import io
import tomllib
from datetime import date
from typing import Any

import msgspec

from service_runtime.errors import OperatorError

_HEAD, _CHANGES = "park.toml", "changes"
Attributes = dict[str, Any]


class RegisterChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of a park folder's texts; everything not named stays as it is.

    ``installations`` overwrites or adds attributes and dated ``changes`` by installation id; ``rows`` adds whole lines
    to tables by file name (``symbiosis.csv``); ``without_devices`` takes away devices with their points and
    installations.
    """

    timezone: str = ""
    interval_seconds: int | None = None
    without_devices: tuple[str, ...] = ()
    without_installations: tuple[str, ...] = ()
    attributes: Attributes = {}
    installations: dict[str, Attributes] = {}
    rows: dict[str, tuple[str, ...]] = {}

    def applied(self, texts: dict[str, str], first_day: date) -> dict[str, str]:
        """The texts of the park as the scenario has it, monitored since ``first_day``."""
        changed = dict(texts)
        head = tomllib.loads(texts[_HEAD]) | {"monitoring_since": first_day}
        if self.timezone:
            head["timezone"] = self.timezone
        head["attributes"] = {**head.get("attributes", {}), **self.attributes}
        head["installations"] = self._installations(head.get("installations", []))
        changed[_HEAD] = _as_toml(head)
        changed["points.csv"] = self._points(texts["points.csv"])
        for name, lines in self.rows.items():
            if name not in changed:
                raise OperatorError(f"register.rows: the park has no {name}")
            changed[name] = "\n".join((changed[name].rstrip("\n"), *lines)) + "\n"
        return changed

    def _installations(self, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = {entry["id"] for entry in known}
        for name in (*self.installations, *self.without_installations):
            if name not in ids:
                raise OperatorError(f"register.installations: the park has no '{name}'")
        return [
            {**entry, **self.installations.get(entry["id"], {})}
            for entry in known
            if entry.get("device") not in self.without_devices and entry["id"] not in self.without_installations
        ]

    def _points(self, text: str) -> str:
        rows = list(csv.DictReader(io.StringIO(text)))
        devices = {row["point"].partition(".")[0] for row in rows}
        for device in self.without_devices:
            if device not in devices:
                raise OperatorError(f"register.without_devices: the park has no '{device}'")
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if row["point"].partition(".")[0] in self.without_devices:
                continue
            if row.get("parent", "").partition(".")[0] in self.without_devices:
                row["parent"] = ""
            if self.interval_seconds is not None:
                row["interval_seconds"] = str(max(self.interval_seconds, int(row.get("interval_seconds") or 0)))
            writer.writerow(row)
        return out.getvalue()


def _as_toml(head: dict[str, Any]) -> str:
    """A register's head: plain values, one table of attributes, and a list of installations; each with its changes."""
    lines = [f"{key} = {_value(value)}" for key, value in head.items() if not isinstance(value, (dict, list))]
    lines += ["", "[attributes]", *(f"{key} = {_value(value)}" for key, value in head["attributes"].items())]
    lines += _tables("changes", head.get(_CHANGES, []))
    for entry in head["installations"]:
        attributes = {key: value for key, value in entry.items() if key != _CHANGES}
        lines += _tables("installations", [attributes])
        lines += _tables("installations.changes", entry.get(_CHANGES, []))
    return "\n".join(lines) + "\n"


def _tables(name: str, tables: list[Attributes]) -> list[str]:
    lines: list[str] = []
    for table in tables:
        lines += ["", f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return lines


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return repr(value)
