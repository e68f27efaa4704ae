"""The public recordings: their ``ecopark`` commands, how they are run, and what is read back from the store."""

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
LAW_OF = "2026-01-01"
Finding = dict[str, object]
"""One line of JSON: a finding, an indicator or a count of exceedances."""


@dataclass(frozen=True)
class Replay:
    """One recording: its register, and per file the arguments of ``ecopark replay``."""

    name: str
    zone: ZoneInfo
    files: tuple[str, ...]
    arguments: tuple[tuple[str, ...], ...]
    first_day: str
    day_after: str
    evaluate: tuple[str, ...] | None = ()
    """Further arguments of ``ecopark analytics evaluate``; ``None``: it is not run. Likewise the next two."""
    exceedances: tuple[str, ...] | None = None
    indicators: tuple[str, ...] | None = None
    is_exported: bool = True

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

    def analytics_command(self, name: str, arguments: tuple[str, ...], work: str) -> list[str]:
        """``ecopark analytics NAME`` of all that was replayed."""
        store = f"sqlite:///{work}/{self.name}/telemetry.db"
        law = () if name == "indicators" else ("--law-of", LAW_OF)
        return ["analytics", name, "--store", store, "--park", self.park, *arguments, *law, "--json"]

    def analyses(self) -> dict[str, tuple[str, ...]]:
        """The analytics commands that are run, with their further arguments."""
        named = {"evaluate": self.evaluate, "exceedances": self.exceedances, "indicators": self.indicators}
        return {name: arguments for name, arguments in named.items() if arguments is not None}

    def commands(self) -> str:
        """The commands as a reader types them."""
        typed = [self.replay_command(place, "$DATA", "replay") for place in range(len(self.files))]
        typed += [self.analytics_command(name, arguments, "replay") for name, arguments in self.analyses().items()]
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
    exceedances: list[Finding] = field(default_factory=list)
    indicators: list[Finding] = field(default_factory=list)

    def indicator(self, name: str, subject: str) -> list[Finding]:
        """Values of an indicator in time order."""
        return [i for i in self.indicators if (i["indicator"], i["subject"]) == (name, subject)]

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
    indicators=("--from", "2018-01-01", "--to", "2018-08-31", "--by-month", "--law-of", LAW_OF),
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


_AIR_COLUMNS = {"PM2.5": "pm2_5", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3"}
STATIONS = ("Aotizhongxin", "Huairou")


def _station(name: str) -> tuple[str, ...]:
    pairs = (("--map", f"{column}=aq-{name.lower()}.{quantity}") for column, quantity in _AIR_COLUMNS.items())
    return ("--time", "year,month,day,hour", *(word for pair in pairs for word in pair))


def _rules(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--rule", name))


YEARLY_RULES = ("AMB-05-PM25", "AMB-05-PM10", "AMB-05-NO2", "AMB-05-SO2")
AIR = Replay(
    "air",
    ZoneInfo("Asia/Shanghai"),
    tuple(f"air-beijing-uci/PRSA_Data_{name}_20130301-20170228.csv.gz" for name in STATIONS),
    tuple(_station(name) for name in STATIONS),
    "2013-03-01", "2017-03-01",
    evaluate=_rules("AMB-01-PM25", *YEARLY_RULES),
    exceedances=_rules(
        "AMB-01-PM25", "AMB-02-PM10", "AMB-02-NO2", "AMB-02-SO2", "AMB-03-NO2", "AMB-03-SO2", "AMB-03-CO",
        "AMB-03-O3", "AMB-04-O3", "AMB-04-CO",
    ),
    is_exported=False,
)  # fmt: skip
MELBOURNE = Replay(
    "melbourne",
    ZoneInfo("Australia/Melbourne"),
    ("wwtp-melbourne/melbourne_wwtp_2014_2017.csv",),
    (("--time", "year,month,day", "--stamps", "start", "--map", "avg_inflow=fm-inflow.flow:m3/s",
      "--map", "total_grid=em-plant.active_energy_interval"),),
    "2014-01-01", "2018-01-01",
    evaluate=None,
    indicators=("--from", "2014-01-01", "--to", "2017-12-31", "--by-month", "--minimum-data-capture", "0.5"),
    is_exported=False,
)  # fmt: skip
MANRESA = Replay(
    "manresa",
    ZoneInfo("Europe/Madrid"),
    ("wwtp-manresa-uci/water-treatment.data",),
    (("--no-header", "--time", "1", "--time-format", "D-%d/%m/%y", "--map", "2=fm-inflow.flow:m3/d",
      "--map", "5=wq-inlet.bod5", "--map", "6=wq-inlet.cod", "--map", "7=wq-inlet.tss", "--map", "24=wq-outlet.ph",
      "--map", "25=wq-outlet.bod5", "--map", "26=wq-outlet.cod", "--map", "27=wq-outlet.tss"),),
    "1990-01-01", "1991-11-01",
    evaluate=_rules("WW-01-COD", "WW-01-BOD5", "WW-01-TSS", "WW-02-PH"),
    indicators=("--from", "1990-01-01", "--to", "1991-10-30", "--minimum-data-capture", "0.5"),
)  # fmt: skip
FACTORY = Replay(
    "factory",
    ZoneInfo("Europe/Rome"),
    ("factory-sme-italy/company_A_assets_0_1.csv",) * 2,
    tuple(
        ("--time", "ts", "--where", f"asset={number}", "--stamps", "start",
         "--map", f"power_avg=mc-{number}.active_power", "--map", f"items=mc-{number}.produced_items_interval")
        for number in (0, 1)
    ),
    "2022-09-01", "2022-09-21",
    evaluate=None,
    indicators=("--from", "2022-09-01", "--to", "2022-09-20", "--minimum-data-capture", "0.5"),
)  # fmt: skip
DISTRICT_NUMBERS = range(1, 11)
DISTRICTS = Replay(
    "districts",
    ZoneInfo("Europe/Rome"),
    ("water-dma-italy/dma_net_inflow_hourly_2021jan_2022jun.csv",),
    (("--time", "Date-time CET-CEST (DD/MM/YYYY HH:mm)", "--time-format", "%d/%m/%Y %H:%M",
      *(word for n in DISTRICT_NUMBERS for word in ("--map", f"DMA {n} (L/s)=fm-dma-{n}.flow:l/s"))),),
    "2021-01-01", "2022-07-01",
    evaluate=None,
    indicators=("--from", "2021-01-01", "--to", "2022-06-30"),
)  # fmt: skip


def play(replay: Replay, data: Path, work: Path) -> Played:
    """Run the commands in ``work``; raises ``CalledProcessError`` when one fails."""
    summaries: list[dict[str, int]] = []
    notes: list[str] = []
    for place in range(len(replay.files)):
        done = _ecopark(replay.replay_command(place, str(data), str(work)))
        summaries.append(json.loads(done.stdout.splitlines()[-1]))
        notes += done.stderr.splitlines()
    found: dict[str, list[Finding]] = {}
    for name, arguments in replay.analyses().items():
        lines = _ecopark(replay.analytics_command(name, arguments, str(work))).stdout.splitlines()
        found[name] = [json.loads(line) for line in lines]
    readings = _exported(replay, work) if replay.is_exported else {}
    return Played(
        replay, summaries, notes, found.get("evaluate", []), readings,
        found.get("exceedances", []), found.get("indicators", []),
    )  # fmt: skip


def file_rows(data: Path, name: str) -> list[dict[str, str]]:
    """A recording as it was published, cell by cell."""
    with (data / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _exported(replay: Replay, work: Path) -> dict[str, list[tuple[datetime, float | None, str]]]:
    table = work / f"{replay.name}.csv"
    store = f"sqlite:///{work}/{replay.name}/telemetry.db"
    until = f"{replay.day_after}T00:00"
    _ecopark(["export", "--store", store, "--park", replay.park, "--from", replay.first_day, "--to", until,
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
        with_next = text
        if word.startswith("--") and place + 1 < len(words):
            with_next += " " + shlex.quote(words[place + 1])
        if len(line) + 1 + len(with_next) > 108:
            lines.append(line + " \\")
            line = "    " + text
        else:
            line += " " + text
    return "\n".join([*lines, line])
