"""Public recordings of real plants through the formulas; figures checked against plain sums over the files."""

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.indicators.energy import idle_energy_share
from analytics.indicators.power_factor_charge import power_factor_charge
from analytics.indicators.tariff import CustomerTariff, EnergyInterval, time_of_use_cost
from analytics.indicators.wastewater import removal_efficiency, treatment_energy
from analytics.indicators.water import minimum_night_flow

Find = Callable[[str], Path]
SEOUL, ROME = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Rome")
QUARTER = timedelta(minutes=15)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def test_a_steel_works_pays_by_the_hour_month_by_month(recording: Find) -> None:
    energies: dict[str, list[tuple[datetime, float, float]]] = defaultdict(list)
    for row in rows_of(recording("steel-daewoo/steel_2018_jan_aug.csv")):
        end = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=SEOUL)
        # The last interval of a day is stamped 00:00 of the same date.
        begin = end - QUARTER + (timedelta(days=1) if (end.hour, end.minute) == (0, 0) else timedelta())
        lagging = float(row["Lagging_Current_Reactive_Power_kVarh"])
        energies[f"{begin:%Y-%m}"].append((begin, float(row["Usage_kWh"]), lagging))
    costs: dict[str, tuple[int, int]] = {}
    for month, entries in energies.items():
        intervals = [
            EnergyInterval(round(at.timestamp() * 1000), round((at + QUARTER).timestamp() * 1000), kwh)
            for at, kwh, _ in entries
        ]
        bill = time_of_use_cost(intervals, CustomerTariff("22kv"), SEOUL, law_day=date(2026, 1, 1)).cost
        active, reactive = sum(kwh for _, kwh, _ in entries), sum(kvarh for *_, kvarh in entries)
        charge = power_factor_charge(bill.value or 0.0, active, reactive, 700)
        costs[month] = (round(bill.value or 0.0), round(charge.value or 0.0))
    assert costs == {
        "2018-01": (282_626_060, 0), "2018-02": (202_600_174, 0), "2018-03": (185_434_269, 0),
        "2018-04": (184_507_241, 0), "2018-05": (187_427_245, 131_044), "2018-06": (153_945_889, 1_141_095),
        "2018-07": (190_803_427, 109_448), "2018-08": (162_964_129, 4_937_437),
    }  # fmt: skip


def test_energy_per_cubic_metre_of_a_large_plant(recording: Find) -> None:
    rows = rows_of(recording("wwtp-melbourne/melbourne_wwtp_2014_2017.csv"))
    energy = sum(float(row["total_grid"]) for row in rows)
    treated = sum(float(row["avg_inflow"]) * 86_400 for row in rows)
    found = treatment_energy(energy, treated)
    assert found.value == pytest.approx(energy / treated)
    assert found.value == pytest.approx(0.7291, abs=1e-4)


def test_cod_removal_of_an_urban_plant_agrees_with_its_own_rates(recording: Find) -> None:
    """COD in, COD out and the plant's own overall removal are columns 6, 26 and 37; ``?`` is missing."""
    with recording("wwtp-manresa-uci/water-treatment.data").open(encoding="utf-8", newline="") as text:
        days = [[row[5], row[25], row[36]] for row in csv.reader(text) if row]
    gaps: list[float] = []
    for into, out, stated in days:
        if "?" not in (into, out, stated):
            gaps.append(abs((removal_efficiency(float(into), float(out)).value or 0.0) - float(stated)))
    assert len(gaps) == 502
    assert max(gaps) < 0.3
    assert sum(gap < 0.1 for gap in gaps) == 499


def test_night_flow_of_a_port_district(recording: Find) -> None:
    flows: list[tuple[int, float]] = []
    for row in rows_of(recording("water-dma-italy/dma_net_inflow_hourly_2021jan_2022jun.csv")):
        stamp, litres = row["Date-time CET-CEST (DD/MM/YYYY HH:mm)"], row["DMA 9 (L/s)"]
        if litres:
            at = datetime.strptime(stamp, "%d/%m/%Y %H:%M").replace(tzinfo=ROME)
            flows.append((round(at.timestamp() * 1000), float(litres) * 3.6))
    found = minimum_night_flow(flows, ROME)
    mean = sum(flow for _, flow in flows) / len(flows)
    assert found.value is not None
    assert 0 < found.value < mean
    assert int(found.inputs["nights"]) > 300


def test_share_of_two_machines_energy_while_nothing_is_made(recording: Find) -> None:
    rows = [row for row in rows_of(recording("factory-sme-italy/company_A_assets_0_1.csv")) if row["power_avg"]]
    powers, rests = [float(row["power_avg"]) for row in rows], [float(row["items"] or 0) == 0 for row in rows]
    found = idle_energy_share(powers, rests)
    wasted = sum(power for power, rest in zip(powers, rests, strict=True) if rest)
    assert found.value == pytest.approx(100 * wasted / sum(powers))
    assert 0 < (found.value or 0.0) < 50
