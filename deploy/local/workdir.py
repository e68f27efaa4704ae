"""The working folder of a local chain: where its databases, outboxes, letters, logs and settings lie."""

import csv
import io
import re
import shutil
from datetime import date
from pathlib import Path

from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park

PARKS = Path(__file__).resolve().parent.parent / "parks"


class Workdir:
    """Paths, all below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.settings = self.root / "settings"
        self.park = self.root / "park"
        self.mailbox = self.root / "mailbox"
        self.store = self.root / "telemetry.db"
        self.ingest_state = self.root / "ingest-state.db"
        self.analytics_state = self.root / "analytics-state.db"

    @property
    def store_url(self) -> str:
        """The embedded store's URL."""
        return f"sqlite:///{self.store}"

    def outbox(self, gateway: str) -> Path:
        """A gateway's outbox file."""
        return self.root / f"outbox-{gateway}.db"

    @property
    def holds_a_run(self) -> bool:
        """Whether a run began here, also one that was broken off before its store was made."""
        return self.store.exists() or any(self.root.glob("outbox-*.db"))

    def create(self) -> None:
        """Make the folders; raises ``OperatorError`` naming the one that cannot be made."""
        for folder in (self.root, self.logs, self.settings, self.mailbox):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OperatorError(f"{folder}: cannot be created ({error.strerror})") from error

    def adopt_park(
        self,
        source: Path,
        first_port: int | None = None,
        monitoring_since: date | None = None,
        poll_seconds: float | None = None,
    ) -> Park:
        """Copy a register here; for a simulated park also move its devices to free ports, set its first day and pace.

        The copy is what all programs read, so a register edited meanwhile cannot change a running chain.
        """
        texts = read_text_folder(source)
        if first_port is not None and "devices.csv" in texts:
            texts["devices.csv"] = _simulated_devices(texts["devices.csv"], first_port, poll_seconds)
        if monitoring_since is not None:
            texts["park.toml"] = _with_first_day(texts["park.toml"], monitoring_since)
        park = parse_park(texts)
        if self.park.exists():
            shutil.rmtree(self.park)
        self.park.mkdir(parents=True)
        for name, text in texts.items():
            (self.park / name).write_text(text, encoding="utf-8")
        return park

    def write_settings(self, program: str, values: dict[str, str | int | float | bool]) -> Path:
        """A settings file for one program."""
        path = self.settings / f"{program}.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in values.items()), encoding="utf-8")
        return path


def _with_first_day(park_toml: str, day: date) -> str:
    line = f"monitoring_since = {day.isoformat()}"
    replaced, count = re.subn(r"(?m)^monitoring_since\s*=.*$", line, park_toml, count=1)
    return replaced if count else f"{line}\n{park_toml}"


def _toml(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _simulated_devices(devices_csv: str, first_port: int, poll_seconds: float | None) -> str:
    rows = list(csv.DictReader(io.StringIO(devices_csv)))
    for offset, row in enumerate(rows):
        row["port"] = str(first_port + offset)
        if poll_seconds is not None:
            row["poll_seconds"] = str(poll_seconds)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
