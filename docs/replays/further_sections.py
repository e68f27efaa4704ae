"""The texts, tables and charts of the replays beyond the first three: numbers from the run alone."""

import statistics
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from further_charts import air_chart, cost_chart, districts_chart, machine_chart, removal_chart, treatment_energy_chart
from recordings import DISTRICT_NUMBERS, STATIONS, YEARLY_RULES, Finding, Played
from tables import WORDS, basis, judged, number, summaries, table

HERE = Path(__file__).resolve().parent
AIR_SOURCE = "UCI 501, Zhang, Guo, Dong, He, Xu, Chen, Proc. R. Soc. A 473 (2017) 20170457; CC BY 4.0 as commonly cited"
MELBOURNE_SOURCE = (
    "Mendeley Data pprkvz3vbd, Bagherzadeh et al., J. Water Process Eng. 2021 (Melbourne); CC BY 4.0 as commonly cited"
)
MANRESA_SOURCE = "UCI 106, Poch (UAB), donated by Béjar and Cortés (UPC), 1993 (Manresa); CC BY 4.0 as commonly cited"
FACTORY_SOURCE = "Atzeni, Ramjattan, Figliè, Baldi, Mazzei, Sensors 23 (2023) 6078; free for research and education"
DISTRICTS_SOURCE = (
    "Battle of Water Demand Forecasting, Alvisi et al., J. Water Resour. Plan. Manag. 151(10), 2025; CC BY 4.0"
)
SHOWN_DAY = datetime(2022, 9, 6)  # noqa: DTZ001 - the zone is the recording's
SHOWN_WEEK = datetime(2022, 5, 2)  # noqa: DTZ001 - likewise


def steel_bill(played: Played, source: str) -> dict[str, str]:
    """What the month's energy costs by time of use, and the charge for a low power factor."""
    cost, charge, factor = (
        {played.day(i): i for i in played.indicator(name, "steel-supply")}
        for name in ("time_of_use_cost", "power_factor_charge", "power_factor")
    )
    months = [
        (day, {band: _input(found, f"{band}_kwh") for band in ("off_peak", "normal", "peak")},
         number(found, "value"), number(charge[day], "value"))
        for day, found in cost.items()
    ]  # fmt: skip
    cost_chart(months, source).save(HERE / "steel-cost.png")
    rows = [
        (f"{day:%B %Y}", *(f"{bands[band]:,.0f}" for band in ("off_peak", "normal", "peak")), f"{total:,.0f}",
         f"{number(factor[day], 'value'):.6f}", f"{extra:,.0f}")
        for day, bands, total, extra in months
    ]  # fmt: skip
    header = ("month", "off-peak, kWh", "normal, kWh", "peak, kWh", "cost, VND", "cos φ", "charge, VND")
    total, extra = sum(entry[2] for entry in months), sum(entry[3] for entry in months)
    return {"steel_bill": table(header, rows), "steel_cost": f"{total:,.0f}", "steel_charge": f"{extra:,.0f}"}


def air(played: Played) -> dict[str, str]:
    """Two ambient stations."""
    means = {
        name: [(played.day(f), number(f, "observed"), str(f["verdict"]))
               for f in played.of_rule("AMB-01-PM25", name.lower()) if f["observed"] is not None]
        for name in STATIONS
    }  # fmt: skip
    air_chart(means, 45, AIR_SOURCE).save(HERE / "air-pm25.png")
    rows = [
        (f"`{e['rule']}`", str(e["subject"]), _limit(e), basis([e]), f"{e['judged']:,} of {e['windows']:,}",
         f"{e['exceeded']:,}", *(f"{number(e, name):.1f}" for name in ("p50", "p95", "p98", "highest")),
         *(f"{number(e, name):,.0f}" for name in ("hours", "longest_hours")))
        for e in played.exceedances
    ]  # fmt: skip
    header = ("rule", "station", "limit, µg/m³", "basis", "windows judged", "exceeded", "P50", "P95", "P98", "highest",
              "hours above", "longest, h")  # fmt: skip
    yearly = [
        (f"`{rule}`", name.lower(), f"{played.day(f):%Y}", f"{number(f, 'observed'):.2f}", f"{number(f, 'limit'):g}",
         basis([f]), f"{100 * number(f, 'data_capture'):.1f} %", WORDS[str(f["verdict"])])
        for rule in YEARLY_RULES for name in STATIONS for f in played.of_rule(rule, name.lower())
    ]  # fmt: skip
    yearly_header = ("rule", "station", "year", "mean, µg/m³", "limit", "basis", "data capture", "verdict")
    return {
        "air_commands": played.replay.commands(),
        "air_summary": summaries(played),
        "air_notes": "\n".join(played.notes),
        "air_table": table(header, rows),
        "air_years": table(yearly_header, yearly),
    }


def melbourne(played: Played) -> dict[str, str]:
    """Energy of treatment by month and year."""
    found = [i for i in played.indicator("treatment_energy", "plant") if i["value"] is not None]
    months = [(played.day(i), number(i, "value"), _input(i, "treated_m3"), _input(i, "energy_kwh"), i) for i in found]
    flows = [
        (day, value, treated / _days(i) / number(i, "data_capture")) for day, value, treated, _, i in months
    ]  # fmt: skip
    treatment_energy_chart(flows, MELBOURNE_SOURCE).save(HERE / "melbourne-energy.png")
    rows = []
    for year in sorted({day.year for day, *_ in months}):
        part = [entry for entry in months if entry[0].year == year]
        energy, treated = sum(entry[3] for entry in part), sum(entry[2] for entry in part)
        values = [entry[1] for entry in part]
        captures = [number(entry[4], "data_capture") for entry in part]
        rows.append(
            (str(year), f"{energy:,.0f}", f"{treated:,.0f}", f"{energy / treated:.4f}",
             f"{min(values):.3f} to {max(values):.3f}", f"{100 * statistics.fmean(captures):.0f} %")
        )  # fmt: skip
    energy, treated = sum(entry[3] for entry in months), sum(entry[2] for entry in months)
    header = ("year", "grid energy, kWh", "treated, m³", "kWh/m³", "months, kWh/m³", "data capture")
    return {
        "melbourne_commands": played.replay.commands(),
        "melbourne_summary": summaries(played),
        "melbourne_table": table(header, rows),
        "melbourne_mean": f"{energy / treated:.4f}",
        "melbourne_months": str(len(months)),
    }


def manresa(played: Played) -> dict[str, str]:
    """Removal and outlet verdicts of a plant with daily measures."""
    inlet = [(m, v) for m, v, reason in sorted(played.readings["wq-inlet.cod"]) if v is not None and not reason]
    removal_chart(inlet, judged(played, "WW-01-COD"), 150, MANRESA_SOURCE).save(HERE / "manresa-cod.png")
    rows = []
    for quantity, title in (("cod", "COD"), ("bod5", "BOD5"), ("tss", "suspended solids")):
        [found] = played.indicator(f"{quantity}_removal", "outlet")
        rows.append(
            (title, f"{_input(found, 'in'):,.1f}", f"{_input(found, 'out'):,.1f}", f"{number(found, 'value'):.2f}",
             f"{100 * number(found, 'data_capture'):.1f} %")
        )  # fmt: skip
    verdicts = []
    for rule, limit in (("WW-01-COD", "150 mg/l"), ("WW-01-BOD5", "50 mg/l"), ("WW-01-TSS", "100 mg/l"),
                        ("WW-02-PH", "5.5 to 9")):  # fmt: skip
        counted = Counter(str(f["verdict"]) for f in played.of_rule(rule))
        verdicts.append(
            (
                f"`{rule}`",
                limit,
                basis(played.of_rule(rule)),
                *(str(counted[v]) for v in ("compliant", "exceeded", "insufficient_data")),
            )
        )
    return {
        "manresa_commands": played.replay.commands(),
        "manresa_summary": summaries(played),
        "manresa_notes": "\n".join(played.notes),
        "manresa_table": table(("substance", "in, kg/d", "out, kg/d", "removal, %", "data capture"), rows),
        "manresa_verdicts": table(("rule", "limit", "basis", "compliant", "exceeded", "insufficient data"), verdicts),
    }


def factory(played: Played) -> dict[str, str]:
    """Energy per item and idle share of two machines."""
    start = SHOWN_DAY.replace(tzinfo=played.replay.zone)
    shown = {
        f"machine {n}": (
            [(m, v) for m, v, _ in sorted(played.readings[f"mc-{n}.active_power"]) if v is not None and _on(m, start)],
            # An amount is stored at the end of its interval: its slot begins five minutes before.
            [(m - timedelta(minutes=5), v) for m, v, _ in sorted(played.readings[f"mc-{n}.produced_items_interval"])
             if v is not None and _on(m - timedelta(minutes=5), start)],
        )
        for n in (0, 1)
    }  # fmt: skip
    machine_chart(shown, FACTORY_SOURCE).save(HERE / "factory-idle.png")
    rows = []
    for n in (0, 1):
        energy, per_item, idle, load = (
            played.indicator(name, f"machine-{n}")[0]
            for name in ("electricity", "specific_energy", "idle_energy_share", "idle_load")
        )
        rows.append(
            (f"machine {n}", f"{number(energy, 'value'):.3f}", f"{_input(energy, 'items'):,.0f}",
             f"{number(per_item, 'value'):.5f}", f"{number(idle, 'value'):.2f}", f"{number(load, 'value'):.3f}",
             f"{100 * number(energy, 'data_capture'):.1f} %")
        )  # fmt: skip
    header = ("machine", "energy, kWh", "items", "MJ per item", "idle share, %", "idle load, kW", "data capture")
    return {
        "factory_commands": played.replay.commands(),
        "factory_summary": summaries(played),
        "factory_table": table(header, rows),
    }


def districts(played: Played) -> dict[str, str]:
    """Minimum night flow of ten districts."""
    start = SHOWN_WEEK.replace(tzinfo=played.replay.zone)
    weeks = {
        f"district {n}": [
            (m, v) for m, v, _ in sorted(played.readings[f"fm-dma-{n}.flow"])
            if v is not None and start <= m < start + timedelta(days=7)
        ]
        for n in (9, 10)
    }  # fmt: skip
    rows, shares = [], {}
    for n in DISTRICT_NUMBERS:
        mean, night, share = (
            played.indicator(name, f"dma-{n}")[0] for name in ("mean_flow", "night_flow", "night_flow_share")
        )
        shares[f"district {n}"] = number(share, "value")
        rows.append(
            (str(n), f"{number(mean, 'value'):.3f}", f"{number(night, 'value'):.3f}",
             f"{number(night, 'standard_uncertainty'):.2f}", f"{_input(night, 'nights'):.0f}",
             f"{number(share, 'value'):.2f}", f"{100 * number(night, 'data_capture'):.1f} %")
        )  # fmt: skip
    districts_chart(shares, weeks, DISTRICTS_SOURCE).save(HERE / "districts-night-flow.png")
    header = ("district", "mean flow, m³/h", "night flow, m³/h", "± m³/h", "nights", "night flow, % of mean",
              "data capture")  # fmt: skip
    return {
        "districts_commands": played.replay.commands(),
        "districts_summary": summaries(played),
        "districts_notes": "\n".join(played.notes),
        "districts_table": table(header, rows),
    }


def _on(moment: datetime, day: datetime) -> bool:
    return day <= moment < day + timedelta(days=1)


def _days(found: Finding) -> float:
    start, end = (datetime.fromisoformat(str(found[name])) for name in ("period_start", "period_end"))
    return (end - start).total_seconds() / 86_400


def _limit(found: Finding) -> str:
    limits = found["limits"]
    return ", ".join(f"{limit:,g}" for limit in limits) if isinstance(limits, list) else ""


def _input(found: Finding, name: str) -> float:
    inputs = found["inputs"]
    return float(inputs[name]) if isinstance(inputs, dict) else 0.0
