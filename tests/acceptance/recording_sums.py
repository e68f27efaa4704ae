"""Plain sums over the recordings, reckoned without the product, and the cells of the document to hold them against."""

import csv
import gzip
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
DOCUMENT = ROOT / "docs" / "replays.md"
AIR = "air-beijing-uci/PRSA_Data_{}_20130301-20170228.csv.gz"
MELBOURNE = "wwtp-melbourne/melbourne_wwtp_2014_2017.csv"
MANRESA = "wwtp-manresa-uci/water-treatment.data"
FACTORY = "factory-sme-italy/company_A_assets_0_1.csv"
DISTRICTS = "water-dma-italy/dma_net_inflow_hourly_2021jan_2022jun.csv"
MELBOURNE_ZONE = ZoneInfo("Australia/Melbourne")


class Sums(NamedTuple):
    """What an exceedance line must say of one station."""

    judged: int
    exceeded: int
    p50: float
    p95: float
    p98: float
    highest: float


def row_of(*cells: str) -> list[str]:
    """The one table row of the document that begins with these cells; what follows them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    found = [row[len(cells) :] for row in rows if row[: len(cells)] == list(cells)]
    assert len(found) == 1, (cells, found)
    return found[0]


def number(cell: str) -> float:
    return float(cell.replace(",", "").replace("%", ""))


def rows_of(name: str) -> list[dict[str, str]]:
    path = DATA / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


def headless_rows(name: str) -> list[list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as text:
        return [row for row in csv.reader(text) if row]


def not_frozen(hours: dict[datetime, float]) -> dict[datetime, float]:
    """Without each day's hours of one value that came six or more times in a row, counted from six hours before it."""
    frozen: set[datetime] = set()
    for day in {at.date() for at in hours}:
        begin = datetime.combine(day, time())
        run: list[datetime] = []
        for at in (begin + timedelta(hours=n) for n in range(-6, 25)):
            goes_on = at in hours and hours[at] != 0 and at < begin + timedelta(days=1)
            if not goes_on or (run and hours[at] != hours[run[-1]]):
                frozen |= {hour for hour in run if hour >= begin} if len(run) >= 6 else set()
                run = []
            run += [at] if goes_on else []
    return {at: value for at, value in hours.items() if at not in frozen}


def hours_of(station: str, column: str, days: int = 0) -> dict[datetime, float]:
    found: dict[datetime, float] = {}
    for row in rows_of(AIR.format(station))[: 24 * days or None]:
        if row[column] != "NA":
            at = datetime(*(int(row[part]) for part in ("year", "month", "day", "hour")))  # type: ignore[arg-type]  # noqa: DTZ001 - local hours
            found[at] = float(row[column])
    return found


def without_frozen(hours: dict[datetime, float]) -> dict[datetime, float]:
    """A day sees six hours before it and no hour after it; a zero never counts as frozen."""
    hour, frozen = timedelta(hours=1), set[datetime]()
    for day in {at.replace(hour=0) for at in hours}:
        run: list[datetime] = []
        for place in range(-6, 25):
            at = day + place * hour
            value = hours.get(at) if place < 24 else None
            if value is not None and value != 0 and run and hours[run[-1]] == value and run[-1] == at - hour:
                run.append(at)
                continue
            frozen |= {moment for moment in run if len(run) >= 6 and moment >= day}
            run = [at] if value else []
    return {at: value for at, value in hours.items() if at not in frozen}


def sums(means: Iterable[float], limit: float) -> Sums:
    ordered = sorted(means)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    return Sums(
        len(ordered), sum(mean > limit for mean in ordered), statistics.median(ordered), cuts[94], cuts[97], ordered[-1]
    )


def hourly_sums(station: str, column: str, limit: float, days: int = 0) -> Sums:
    return sums(without_frozen(hours_of(station, column, days)).values(), limit)


def daily_sums(station: str, column: str, limit: float, days: int = 0) -> Sums:
    found: dict[date, list[float]] = defaultdict(list)
    for at, value in without_frozen(hours_of(station, column, days)).items():
        found[at.date()].append(value)
    return sums((math.fsum(day) / len(day) for day in found.values() if len(day) >= 20), limit)


def melbourne_months() -> dict[tuple[int, int], tuple[float, float, int]]:
    """Energy, volume and days of each month; a day of 23 or 25 hours has as many hours of flow."""
    energy: dict[tuple[int, int], list[float]] = defaultdict(list)
    volume: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows_of(MELBOURNE):
        start = datetime(int(row["year"]), int(row["month"]), int(row["day"]), tzinfo=MELBOURNE_ZONE)
        hours = ((start + timedelta(days=1)).timestamp() - start.timestamp()) / 3600
        energy[start.year, start.month].append(float(row["total_grid"]))
        volume[start.year, start.month].append(float(row["avg_inflow"]) * 3600 * hours)
    return {month: (math.fsum(energy[month]), math.fsum(volume[month]), len(energy[month])) for month in energy}


def enough_days() -> dict[tuple[int, int], tuple[float, float]]:
    months = melbourne_months()
    lengths = {(y, m): ((date(y + m // 12, m % 12 + 1, 1)) - date(y, m, 1)).days for y, m in months}
    return {month: entry[:2] for month, entry in months.items() if entry[2] >= lengths[month] / 2}


def manresa_loads(into: int, out: int) -> tuple[float, float, int]:
    """Mean loads in and out, kg/d, of days with flow, inlet and outlet."""
    days = [
        (float(row[1]), float(row[into]), float(row[out]))
        for row in headless_rows(MANRESA)
        if "?" not in (row[1], row[into], row[out])
    ]
    count = len(days)
    return (math.fsum(q * c / 1000 for q, c, _ in days) / count, math.fsum(q * c / 1000 for q, _, c in days) / count,
            count)  # fmt: skip


def machine_sums(asset: str) -> tuple[float, float, float, float]:
    """Energy, items, idle energy and idle slots of the five-minute slots that have both power and items."""
    powers: dict[int, list[float]] = defaultdict(list)
    items: dict[int, list[float]] = defaultdict(list)
    for row in rows_of(FACTORY):
        if row["asset"] == asset:
            at = round(datetime.fromisoformat(row["ts"]).timestamp())
            powers[at // 300].append(float(row["power_avg"]))
            # Stored at the end of its five minutes: a stamp between two slots ends in the next one.
            items[(at + 299) // 300].append(float(row["items"]))
    both = sorted(powers.keys() & items.keys())
    energies = {slot: statistics.fmean(powers[slot]) / 12 for slot in both}
    idle = [slot for slot in both if sum(items[slot]) == 0]
    return (math.fsum(energies.values()), math.fsum(v for slot in both for v in items[slot]),
            math.fsum(energies[slot] for slot in idle), len(idle))  # fmt: skip


def district_sums(number_: int, first: str = "", last: str = "9999") -> tuple[float, float, int]:
    """Mean flow, median of the nights' lowest hours, and nights, in m3/h."""
    flows: list[float] = []
    nights: dict[str, list[float]] = defaultdict(list)
    for row in rows_of(DISTRICTS):
        stamp = row["Date-time CET-CEST (DD/MM/YYYY HH:mm)"]
        day, cell = f"{stamp[6:10]}-{stamp[3:5]}-{stamp[:2]}", row[f"DMA {number_} (L/s)"]
        if cell and first <= day <= last:
            flows.append(float(cell) * 3.6)
            if stamp[11:13] in ("02", "03"):
                nights[day].append(flows[-1])
    lowest = [min(night) for night in nights.values()]
    return math.fsum(flows) / len(flows), statistics.median(lowest), len(lowest)
