"""The replays of air, treatment plants, machines and districts: the document against plain sums over the whole files,
and the document's own commands, run on those files or on a slice, against the same sums."""

import gzip
import json
import math
import shlex
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.recording_sums import (
    AIR,
    DATA,
    DISTRICTS,
    DOCUMENT,
    MANRESA,
    MELBOURNE,
    MELBOURNE_ZONE,
    ROOT,
    Sums,
    daily_sums,
    district_sums,
    enough_days,
    headless_rows,
    hourly_sums,
    hours_of,
    machine_sums,
    manresa_loads,
    not_frozen,
    number,
    row_of,
    without_frozen,
)

SLICE_DAYS = 62
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not there: {DATA}"),
]
Line = dict[str, Any]


# ---- air: hours as they were written, those of a run of six equal ones left out


AIR_ROWS: list[tuple[str, Callable[..., Sums], str, float]] = [
    ("AMB-01-PM25", daily_sums, "PM2.5", 45),
    ("AMB-02-PM10", daily_sums, "PM10", 100),
    ("AMB-03-NO2", hourly_sums, "NO2", 200),
    ("AMB-03-O3", hourly_sums, "O3", 200),
]


@pytest.mark.parametrize("station", ["Aotizhongxin", "Huairou"])
@pytest.mark.parametrize(("rule", "calculate", "column", "limit"), AIR_ROWS, ids=[row[0] for row in AIR_ROWS])
def test_the_air_table_says_what_the_whole_file_says(
    station: str, rule: str, calculate: Callable[..., Sums], column: str, limit: float
) -> None:
    cells = row_of(f"`{rule}`", station.lower())
    expected = calculate(station, column, limit)
    assert number(cells[0]) == limit
    assert number(cells[2].split(" of ")[0]) == expected.judged
    assert [number(cell) for cell in cells[3:8]] == pytest.approx(expected[1:], abs=0.0501)


@pytest.mark.parametrize(("year", "verdict"), [(2014, "**exceeded**"), (2016, "**exceeded**")])
def test_the_yearly_mean_of_the_document(year: int, verdict: str) -> None:
    """Without frozen stretches, which no day counts either."""
    hours = [value for at, value in not_frozen(hours_of("Aotizhongxin", "PM2.5")).items() if at.year == year]
    mean, limit, basis, capture, said = row_of("`AMB-05-PM25`", "aotizhongxin", str(year))
    assert number(mean) == pytest.approx(math.fsum(hours) / len(hours), abs=0.00501)
    length = (date(year + 1, 1, 1) - date(year, 1, 1)).days * 24
    assert number(capture) == pytest.approx(100 * len(hours) / length, abs=0.0501)
    assert (number(limit), basis, said) == (25, "law", verdict)


# ---- plants, machines, districts


def test_the_melbourne_table_says_what_the_file_says() -> None:
    months = enough_days()
    assert len(months) == 47
    for year in (2014, 2015, 2016, 2017):
        energy, treated, ratio, *_ = row_of(str(year))
        part = [entry for month, entry in months.items() if month[0] == year]
        assert number(energy) == pytest.approx(math.fsum(e for e, _ in part), abs=1)
        assert number(treated) == pytest.approx(math.fsum(v for _, v in part), abs=1)
        assert number(ratio) == pytest.approx(number(energy) / number(treated), abs=5e-5)


@pytest.mark.parametrize(("title", "into", "out"), [("COD", 5, 25), ("BOD5", 4, 24), ("suspended solids", 6, 26)])
def test_the_manresa_table_says_what_the_file_says(title: str, into: int, out: int) -> None:
    enters, leaves, days = manresa_loads(into, out)
    cells = [number(cell) for cell in row_of(title)]
    assert cells == pytest.approx([enters, leaves, 100 * (1 - leaves / enters), 100 * days / 668], abs=0.0501)


@pytest.mark.parametrize("asset", ["0", "1"])
def test_the_machine_table_says_what_the_file_says(asset: str) -> None:
    energy, items, idle, _ = machine_sums(asset)
    cells = [number(cell) for cell in row_of(f"machine {asset}")]
    assert cells[:4] == pytest.approx([energy, items, energy * 3.6 / items, 100 * idle / energy], abs=0.00501)


@pytest.mark.parametrize("district", [1, 9, 10])
def test_the_district_table_says_what_the_file_says(district: int) -> None:
    mean, night, nights = district_sums(district)
    cells = [number(cell) for cell in row_of(str(district))]
    assert cells[:2] == pytest.approx([mean, night], abs=0.000501)
    assert (cells[3], cells[4]) == (nights, pytest.approx(100 * night / mean, abs=0.00501))


# ---- the document's commands


def documented(words: str) -> list[str]:
    text = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("ecopark ") and words in line]
    assert len(lines) == 1, (words, lines)
    return shlex.split(lines[0])[1:]


def run(command: list[str], work: Path, data: Path) -> list[Line]:
    words = [word.replace("replay/", f"{work}/").replace("$DATA", str(data)) for word in command]
    full = [sys.executable, "-m", "ecopark", "--log-level", "WARNING", *words]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def slices(folder: Path) -> Path:
    """The first two months of a station, and the month of the clock change of the districts."""
    station, districts = folder / AIR.format("Aotizhongxin"), folder / DISTRICTS
    for path in (station, districts):
        path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(DATA / AIR.format("Aotizhongxin"), "rt") as text, gzip.open(station, "wt") as part:
        part.writelines(line for number_, line in enumerate(text) if number_ <= 24 * SLICE_DAYS)
    with (DATA / DISTRICTS).open(encoding="utf-8") as text:
        head, *lines = text
    districts.write_text(head + "".join(line for line in lines if line[3:10] == "10/2021"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Line]]:
    """By command: what it printed. Two chains at a time, because each starts a broker and an ingest service."""
    work = tmp_path_factory.mktemp("further")
    part = slices(tmp_path_factory.mktemp("slices"))

    def chain(name: str, words: str, data: Path, *analyses: str, **changes: str) -> dict[str, list[Line]]:
        found = {name: run(documented(words), work, data)}
        for analysis in analyses:
            command = documented(f"analytics {analysis} --store sqlite:///replay/{name}/")
            found[f"{name} {analysis}"] = run([changes.get(word, word) for word in command], work, data)
        return found

    october = {"2021-01-01": "2021-10-01", "2022-06-30": "2021-10-31"}
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(chain, "air", f"$DATA/{AIR.format('Aotizhongxin')}", part, "evaluate", "exceedances"),
            pool.submit(chain, "districts", f"$DATA/{DISTRICTS}", part, "indicators", **october),
            pool.submit(chain, "manresa", f"$DATA/{MANRESA}", DATA, "evaluate", "indicators"),
            pool.submit(chain, "melbourne", f"$DATA/{MELBOURNE}", DATA, "indicators"),
            pool.submit(chain, "factory", "asset=1", DATA, "indicators"),
        ]
        return {name: lines for job in jobs for name, lines in job.result().items()}


def indicator(lines: list[Line], name: str, subject: str) -> Line:
    [found] = [line for line in lines if (line["indicator"], line["subject"]) == (name, subject)]
    return found


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("air", 24 * SLICE_DAYS, 6), ("districts", 745, 10), ("manresa", 527, 8), ("melbourne", 1016, 2),
     ("factory", 4584, 2)],
)  # fmt: skip
def test_every_row_is_stored(played: dict[str, list[Line]], name: str, rows: int, columns: int) -> None:
    summary = played[name][-1]
    assert (summary["rows"], summary["published"]) == (rows, rows * columns)
    assert (summary["stored"], summary["quarantined"], summary["missing"]) == (rows * columns, 0, 0)


@pytest.mark.parametrize(("rule", "calculate", "column", "limit"), AIR_ROWS, ids=[row[0] for row in AIR_ROWS])
def test_exceedances_of_two_months_of_air(
    played: dict[str, list[Line]], rule: str, calculate: Callable[..., Sums], column: str, limit: float
) -> None:
    [found] = [e for e in played["air exceedances"] if (e["rule"], e["subject"]) == (rule, "aotizhongxin")]
    expected = calculate("Aotizhongxin", column, limit, SLICE_DAYS)
    names = ("judged", "exceeded", "p50", "p95", "p98", "highest")
    assert [found[name] for name in names] == pytest.approx(list(expected), abs=1e-6)
    assert found["windows"] == SLICE_DAYS * (24 if calculate is hourly_sums else 1)
    assert found["hours"] == expected.exceeded * (1 if calculate is hourly_sums else 24)


def test_daily_pm25_of_two_months_and_no_year_yet(played: dict[str, list[Line]]) -> None:
    hours: dict[date, list[float]] = defaultdict(list)
    for at, value in without_frozen(hours_of("Aotizhongxin", "PM2.5", SLICE_DAYS)).items():
        hours[at.date()].append(value)
    found = [f for f in played["air evaluate"] if f["subject"] == "aotizhongxin"]
    assert {f["rule"] for f in found} == {"AMB-01-PM25"}, "no year has closed"
    assert len(found) == SLICE_DAYS
    zone = ZoneInfo("Asia/Shanghai")
    for finding in found:
        values = hours.get(datetime.fromisoformat(finding["period_start"]).astimezone(zone).date(), [])
        if values:
            assert finding["observed"] == pytest.approx(math.fsum(values) / len(values), abs=1e-8)
        assert finding["data_capture"] == pytest.approx(len(values) / 24, abs=1e-6)
        assert (finding["verdict"] == "insufficient_data") == (len(values) < 20)
        assert (finding["limit"], finding["confidence"]) == (45.0, "setting")


def test_energy_per_cubic_metre_of_every_month(played: dict[str, list[Line]]) -> None:
    months = enough_days()
    found = {
        (start.year, start.month): line
        for line in played["melbourne indicators"]
        if line["indicator"] == "treatment_energy"
        for start in [datetime.fromisoformat(line["period_start"]).astimezone(MELBOURNE_ZONE)]
    }
    assert len(found) == 48
    for month, line in found.items():
        if month in months:
            energy, volume = months[month]
            assert line["value"] == pytest.approx(energy / volume, rel=1e-9)
        else:
            assert line["value"] is None
            assert "of the expected data are there" in line["reason_en"]


@pytest.mark.parametrize(("quantity", "into", "out"), [("cod", 5, 25), ("bod5", 4, 24), ("tss", 6, 26)])
def test_removal_of_the_urban_plant(played: dict[str, list[Line]], quantity: str, into: int, out: int) -> None:
    enters, leaves, _ = manresa_loads(into, out)
    found = indicator(played["manresa indicators"], f"{quantity}_removal", "outlet")
    assert found["value"] == pytest.approx(100 * (1 - leaves / enters), rel=1e-9)


@pytest.mark.parametrize(
    ("rule", "column", "low", "high"),
    [("WW-01-COD", 25, 0, 150), ("WW-01-BOD5", 24, 0, 50), ("WW-01-TSS", 26, 0, 100), ("WW-02-PH", 23, 5.5, 9)],
)
def test_outlet_verdicts_of_the_urban_plant(
    played: dict[str, list[Line]], rule: str, column: int, low: float, high: float
) -> None:
    values = [float(row[column]) for row in headless_rows(MANRESA) if row[column] != "?"]
    kept = sum(low <= value <= high for value in values)
    found = Counter(f["verdict"] for f in played["manresa evaluate"] if f["rule"] == rule)
    expected = (kept, len(values) - kept, 668 - len(values))
    assert (found["compliant"], found["exceeded"], found["insufficient_data"]) == expected
    basis, *cells = row_of(f"`{rule}`", {"WW-02-PH": "5.5 to 9"}.get(rule, f"{high} mg/l"))
    assert basis.endswith("to confirm")
    assert tuple(int(cell) for cell in cells) == expected


def test_energy_per_item_and_idle_share_of_a_machine(played: dict[str, list[Line]]) -> None:
    energy, items, idle, slots = machine_sums("1")
    found = {name: indicator(played["factory indicators"], name, "machine-1") for name in (
        "electricity", "specific_energy", "idle_energy_share", "idle_load")}  # fmt: skip
    assert found["electricity"]["value"] == pytest.approx(energy, rel=1e-9)
    assert found["electricity"]["inputs"]["items"] == pytest.approx(items)
    assert found["specific_energy"]["value"] == pytest.approx(energy * 3.6 / items, rel=1e-9)
    assert found["idle_energy_share"]["value"] == pytest.approx(100 * idle / energy, rel=1e-9)
    assert found["idle_load"]["value"] == pytest.approx(idle * 12 / slots, rel=1e-9)


def test_night_flow_over_the_month_of_the_clock_change(played: dict[str, list[Line]]) -> None:
    for number_ in (1, 9, 10):
        mean, night, nights = district_sums(number_, "2021-10-01", "2021-10-31")
        found = indicator(played["districts indicators"], "night_flow", f"dma-{number_}")
        assert found["value"] == pytest.approx(night, rel=1e-9)
        assert found["inputs"]["nights"] == nights
        share = indicator(played["districts indicators"], "night_flow_share", f"dma-{number_}")
        assert share["value"] == pytest.approx(100 * night / mean, rel=1e-9)
