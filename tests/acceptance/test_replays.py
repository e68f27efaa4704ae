"""The three recordings, replayed with the commands of docs/replays.md and compared with plain sums over the files."""

import csv
import json
import math
import shlex
import sqlite3
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
DOCUMENT = ROOT / "docs" / "replays.md"
STEEL_FILE, TURBINE_FILE, PLANT_FILE = (
    "steel-daewoo/steel_2018_jan_aug.csv",
    "gas-turbine/gt_2011.csv",
    "wwtp-ecorecover/ecorecover_scada_5min_2022mar11_apr14.csv",
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not there: {DATA}"),
]


class Replayed(NamedTuple):
    """What two commands and the store say."""

    summary: dict[str, int]
    last_line: str
    notes: str
    findings: list[dict[str, Any]]
    usable: dict[str, dict[int, float]]
    """By point: UTC milliseconds -> value, of readings without a reason and with status 0."""
    stored: int

    def verdicts(self, rule: str) -> dict[datetime, dict[str, Any]]:
        """Findings by the start of their period, UTC."""
        return {datetime.fromisoformat(f["period_start"]): f for f in self.findings if f["rule"] == rule}


def documented(words: str) -> list[list[str]]:
    """The commands of the document in which all of ``words`` occur, split as a shell would."""
    text = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("ecopark ")]
    return [shlex.split(line)[1:] for line in lines if words in line]


def run(command: list[str], work: Path) -> "subprocess.CompletedProcess[str]":
    words = [word.replace("replay/", f"{work}/").replace("$DATA", str(DATA)) for word in command]
    full = [sys.executable, "-m", "ecopark", "--log-level", "WARNING", *words]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def replayed(file: str, work: Path) -> Replayed:
    [replay] = documented(f"replay $DATA/{file}")
    place = Path(replay[replay.index("--local") + 1]).name
    [evaluate] = documented(f"evaluate --store sqlite:///replay/{place}/")
    played = run(replay, work)
    line = played.stdout.splitlines()[-1]
    findings = [json.loads(text) for text in run(evaluate, work).stdout.splitlines()]
    usable: dict[str, dict[int, float]] = defaultdict(dict)
    with closing(sqlite3.connect(work / place / "telemetry.db")) as store:
        rows = store.execute(
            "SELECT point, time_ms, value, status, reason FROM reading JOIN series ON series.id = series_id"
        ).fetchall()
    for point, time_ms, value, status, reason in rows:
        if status == 0 and reason is None:
            usable[point][time_ms] = value
    return Replayed(json.loads(line), line, played.stderr, findings, usable, len(rows))


@pytest.fixture(scope="module")
def all_three(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replayed]:
    work = tmp_path_factory.mktemp("replays")
    files = (STEEL_FILE, TURBINE_FILE, PLANT_FILE)
    with ThreadPoolExecutor(len(files)) as pool:
        return dict(zip(files, pool.map(lambda file: replayed(file, work), files), strict=True))


@pytest.fixture
def steel(all_three: dict[str, Replayed]) -> Replayed:
    return all_three[STEEL_FILE]


@pytest.fixture
def turbine(all_three: dict[str, Replayed]) -> Replayed:
    return all_three[TURBINE_FILE]


@pytest.fixture
def plant(all_three: dict[str, Replayed]) -> Replayed:
    return all_three[PLANT_FILE]


def file_rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def utc_ms(local: datetime) -> int:
    return round(local.timestamp() * 1000)


@pytest.mark.parametrize(
    ("file", "rows", "columns"), [(STEEL_FILE, 23_328, 2), (TURBINE_FILE, 7_411, 2), (PLANT_FILE, 9_978, 7)]
)
def test_every_row_is_stored_and_the_document_says_so(
    all_three: dict[str, Replayed], file: str, rows: int, columns: int
) -> None:
    result = all_three[file]
    assert len(file_rows(file)) == rows
    assert result.summary["rows"] == rows
    assert result.summary["published"] == rows * columns
    assert result.summary["published"] == result.summary["stored"] + result.summary["quarantined"]
    assert result.summary["missing"] == 0
    assert result.stored == result.summary["stored"]
    assert result.last_line in DOCUMENT.read_text(encoding="utf-8")


def test_steel_intervals_stand_at_their_ends_in_file_order(steel: Replayed) -> None:
    first = datetime(2018, 1, 1, 0, 15, tzinfo=ZoneInfo("Asia/Seoul"))
    rows = file_rows(STEEL_FILE)
    expected = {
        utc_ms(first + timedelta(minutes=15 * place)): float(row["Usage_kWh"]) for place, row in enumerate(rows)
    }
    assert steel.usable["em-steel.active_energy_interval"] == expected
    assert sum(row["date"].endswith(" 00:00") for row in rows) == 243
    assert "243 00:00 stamps that end their day, moved to the next midnight" in steel.notes


def test_steel_energy_adds_up(steel: Replayed) -> None:
    total = math.fsum(float(row["Usage_kWh"]) for row in file_rows(STEEL_FILE))
    assert math.fsum(steel.usable["em-steel.active_energy_interval"].values()) == pytest.approx(total, abs=1e-6)


def test_steel_power_factor_of_every_month(steel: Replayed) -> None:
    active: dict[int, float] = defaultdict(float)
    reactive: dict[int, float] = defaultdict(float)
    for row in file_rows(STEEL_FILE):
        month = int(row["date"][3:5])  # the last interval's 00:00 bears the date of its own day
        active[month] += float(row["Usage_kWh"])
        reactive[month] += float(row["Lagging_Current_Reactive_Power_kVarh"])
    zone = ZoneInfo("Asia/Seoul")
    found = {start.astimezone(zone).month: f for start, f in steel.verdicts("EN-03-PF").items()}
    assert sorted(found) == list(range(1, 9))
    for month, finding in found.items():
        factor = active[month] / math.sqrt(active[month] ** 2 + reactive[month] ** 2)
        assert finding["observed"] == pytest.approx(factor, abs=1e-8)
        assert finding["verdict"] == ("compliant" if factor >= 0.9 else "exceeded")
        assert finding["data_capture"] == 1.0
    assert [month for month, f in found.items() if f["verdict"] == "exceeded"] == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("day", "first_row"),
    [(datetime(2011, 1, 1), 0), (datetime(2011, 7, 1), 181 * 24 - 1)],  # noqa: DTZ001 - the zone is added below
    ids=["first day", "in summer time, one hour was left out before"],
)
def test_turbine_day_mean_by_hand(turbine: Replayed, day: datetime, first_row: int) -> None:
    rows = file_rows(TURBINE_FILE)[first_row : first_row + 24]
    start = day.replace(tzinfo=ZoneInfo("Europe/Istanbul")).astimezone(UTC)
    for rule, column, limit in (("AIR-02-NOX", "NOX", 120), ("AIR-02-CO", "CO", 100)):
        finding = turbine.verdicts(rule)[start]
        assert finding["observed"] == pytest.approx(math.fsum(float(row[column]) for row in rows) / 24, abs=1e-8)
        assert (finding["verdict"], finding["limit"]) == ("compliant", limit)
        assert any("already_at_reference_o2" in said["en"] for said in finding["evidence"])
        assert any("Judged under the law of 2026-01-01" in said["en"] for said in finding["evidence"])


def test_turbine_frozen_nox_has_no_verdict_while_co_has(turbine: Replayed) -> None:
    frozen = sum(row["NOX"] == "60.38" for row in file_rows(TURBINE_FILE)[24 * 55 : 24 * 61])
    assert frozen >= 102
    start = datetime(2011, 2, 27, tzinfo=ZoneInfo("Europe/Istanbul")).astimezone(UTC)
    assert turbine.verdicts("AIR-02-NOX")[start]["verdict"] == "insufficient_data"
    assert turbine.verdicts("AIR-02-NOX")[start]["observed"] is None
    assert turbine.verdicts("AIR-02-CO")[start]["verdict"] == "compliant"


def plant_rows() -> dict[int, dict[str, float]]:
    zone = ZoneInfo("America/Chicago")
    found: dict[int, dict[str, float]] = {}
    for row in file_rows(PLANT_FILE):
        moment = datetime.fromisoformat(row.pop("t_stamp")).replace(tzinfo=zone)
        found[utc_ms(moment)] = {name: float(cell) for name, cell in row.items()}
    return found


def test_plant_communication_loss_is_never_usable(plant: Replayed) -> None:
    rows = plant_rows()
    silent = {at for at, row in rows.items() if sum(value == 0 for value in row.values()) >= 14}
    no_ammonium = {at for at, row in rows.items() if row["nh4_eff"] == 0}
    cold = {at for at, row in rows.items() if row["temp"] < 256}
    assert (len(silent), len(no_ammonium), len(cold)) == (23, 28, 36)
    assert all(not silent & set(values) for values in plant.usable.values())
    assert not no_ammonium & set(plant.usable["wq-effluent.nh4_n"])
    assert not no_ammonium & set(plant.usable["wq-effluent.no3_n"])
    assert not cold & set(plant.usable["wq-effluent.temperature"])
    assert min(plant.usable["wq-effluent.temperature"].values()) > 0
    assert min(plant.usable["wq-effluent.nh4_n"].values()) > 0


def test_plant_zeros_that_are_values_stay(plant: Replayed) -> None:
    rows = plant_rows().values()
    dry = sum(row["flow_eff"] == 0 and row["tss_ret"] > 0 for row in rows)
    assert dry == 145
    assert sum(value == 0 for value in plant.usable["fm-effluent.flow"].values()) == dry


def test_plant_daily_ammonium_without_lost_rows(plant: Replayed) -> None:
    zone = ZoneInfo("America/Chicago")
    days: dict[str, list[float]] = defaultdict(list)
    for at, row in plant_rows().items():
        days[datetime.fromtimestamp(at / 1000, tz=zone).date().isoformat()].append(row["nh4_eff"])
    found = {start.astimezone(zone).date().isoformat(): f for start, f in plant.verdicts("WW-01-NH4").items()}
    assert set(found) == set(days) - {"2022-03-11"}, "11 March begins at 07:30"
    for day, finding in found.items():
        real = [value for value in days[day] if value != 0]
        assert finding["observed"] == pytest.approx(math.fsum(real) / len(real), abs=1e-8)
        assert finding["data_capture"] == pytest.approx(len(real) / (276 if day == "2022-03-13" else 288), abs=1e-6)
        assert finding["verdict"] == "exceeded"
