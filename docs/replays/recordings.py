"""The three public recordings: their ``ecopark`` commands, how they are run, and what is read back from the store."""

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
LAW_OF = "2026-01-01"
Finding = dict[str, object]


@dataclass(frozen=True)
class Replay:
    """One recording: its register, and per file the arguments of ``ecopark replay``."""

    name: str
    zone: ZoneInfo
    files: tuple[str, ...]
    arguments: tuple[tuple[str, ...], ...]
    first_day: str
    day_after: str

    @property
    def park(self) -> str:
        """The register's folder."""
        return f"deploy/parks/replayed-{self.name}"

    def replay_command(self, place: int, data: str, work: str) -> list[str]:
        """``ecopark replay`` of one file."""
        arguments = self.arguments[place]
        return [
            "replay",
            f"{data}/{self.files[place]}",
            "--park",
            self.park,
            *arguments,
            "--local",
            f"{work}/{self.name}",
        ]

    def evaluate_command(self, work: str) -> list[str]:
        """``ecopark analytics evaluate`` of all that was replayed."""
        store = f"sqlite:///{work}/{self.name}/telemetry.db"
        return ["analytics", "evaluate", "--store", store, "--park", self.park, "--law-of", LAW_OF, "--json"]

    def commands(self) -> str:
        """The commands as a reader types them."""
        typed = [self.replay_command(place, "$DATA", "replay") for place in range(len(self.files))]
        typed.append(self.evaluate_command("replay"))
        return "\n".join(_wrapped(["ecopark", *words]) for words in typed)


@dataclass(frozen=True)
class Played:
    """What the commands gave: per file the JSON summary and the notes about oddities; the findings; the readings."""

    replay: Replay
    summaries: list[dict[str, int]]
    notes: list[str]
    findings: list[Finding]
    readings: dict[str, list[tuple[datetime, float | None, str]]]
    """By point: local time, value, reason; without a value or with a reason it enters no mean."""

    def of_rule(self, rule: str, subject: str = "") -> list[Finding]:
        """Findings of a rule in time order."""
        return [f for f in self.findings if f["rule"] == rule and subject in ("", f["subject"])]

    def day(self, finding: Finding) -> datetime:
        """Local start of a finding's period."""
        return datetime.fromisoformat(str(finding["period_start"])).astimezone(self.replay.zone)


STEEL = Replay(
    "steel",
    ZoneInfo("Asia/Seoul"),
    ("steel-daewoo/steel_2018_jan_aug.csv",),
    (("--time", "date", "--timezone", "Asia/Seoul", "--map", "Usage_kWh=em-steel.active_energy_interval",
      "--map", "Lagging_Current_Reactive_Power_kVarh=em-steel.reactive_energy_interval"),),
    "2018-01-01", "2018-09-02",
)  # fmt: skip
_STACK = ("--map", "NOX=st-turbine.nox", "--map", "CO=st-turbine.co")
TURBINE = Replay(
    "turbine",
    ZoneInfo("Europe/Istanbul"),
    ("gas-turbine/gt_2011.csv", "gas-turbine/gt_2012.csv", "gas-turbine/gt_2013.csv"),
    tuple(("--step", "1h", "--start", f"{year}-01-01T00:00", *_STACK) for year in (2011, 2012, 2013)),
    "2011-01-01", "2014-01-01",
)  # fmt: skip
ECORECOVER = Replay(
    "ecorecover",
    ZoneInfo("America/Chicago"),
    ("wwtp-ecorecover/ecorecover_scada_5min_2022mar11_apr14.csv",),
    (("--time", "t_stamp", "--timezone", "America/Chicago", "--map", "nh4_eff=wq-effluent.nh4_n",
      "--map", "no3_eff=wq-effluent.no3_n", "--map", "po4_eff=wq-effluent.po4_p",
      "--map", "temp=wq-effluent.temperature:K", "--map", "flow_eff=fm-effluent.flow:m3/d",
      "--map", "tss_ret=wq-reactor.tss", "--map", "do=wq-reactor.dissolved_oxygen"),),
    "2022-03-11", "2022-04-16",
)  # fmt: skip


def play(replay: Replay, data: Path, work: Path) -> Played:
    """Run the commands in ``work``; raises ``CalledProcessError`` when one fails."""
    summaries: list[dict[str, int]] = []
    notes: list[str] = []
    for place in range(len(replay.files)):
        done = _ecopark(replay.replay_command(place, str(data), str(work)))
        summaries.append(json.loads(done.stdout.splitlines()[-1]))
        notes += done.stderr.splitlines()
    found = _ecopark(replay.evaluate_command(str(work))).stdout
    findings = [json.loads(line) for line in found.splitlines()]
    return Played(replay, summaries, notes, findings, _exported(replay, work))


def file_rows(data: Path, name: str) -> list[dict[str, str]]:
    """A recording as it was published, cell by cell."""
    with (data / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _exported(replay: Replay, work: Path) -> dict[str, list[tuple[datetime, float | None, str]]]:
    table = work / f"{replay.name}.csv"
    store = f"sqlite:///{work}/{replay.name}/telemetry.db"
    _ecopark(["export", "--store", store, "--park", replay.park, "--from", replay.first_day, "--to", replay.day_after,
              "--output", str(table)])  # fmt: skip
    readings: dict[str, list[tuple[datetime, float | None, str]]] = {}
    for row in file_rows(work, table.name):
        moment = datetime.fromisoformat(row["time"]).astimezone(replay.zone)
        value = float(row["value"]) if row["value"] else None
        readings.setdefault(row["point"], []).append((moment, value, row["reason"]))
    return readings


def _ecopark(words: list[str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ecopark", "--log-level", "WARNING", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    return done


def _wrapped(words: list[str]) -> str:
    """One command in lines of readable length; an option stays with its value."""
    lines, line = [], words[0]
    for place, word in enumerate(words[1:], start=1):
        text = word if word.startswith("$") else shlex.quote(word)
        with_next = text + " " + words[place + 1] if word.startswith("--") and place + 1 < len(words) else text
        if len(line) + 1 + len(with_next) > 108:
            lines.append(line + " \\")
            line = "    " + text
        else:
            line += " " + text
    return "\n".join([*lines, line])
