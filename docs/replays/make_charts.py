"""Plays the recordings through Ecopark in a temporary folder; draws the charts and writes ``docs/replays.md``.

``python docs/replays/make_charts.py DATA`` with the folder of the recordings. Every number in the document comes from
the run: the text around them is in ``docs/replays/document.template``.
"""

import math
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from string import Template

from charts import (
    Panel,
    ammonium_chart,
    daily_means_chart,
    energy_chart,
    frozen_chart,
    lost_connection_chart,
    power_factor_chart,
)
from further_sections import air, districts, factory, manresa, melbourne, steel_bill
from recordings import (
    AIR,
    DISTRICTS,
    ECORECOVER,
    FACTORY,
    MANRESA,
    MELBOURNE,
    STEEL,
    TURBINE,
    Played,
    file_rows,
    play,
)
from tables import VERDICTS, WORDS, counts, judged, longest_run, month_of_end, number, summaries, table

HERE = Path(__file__).resolve().parent
STEEL_SOURCE = "UCI 851, Sathishkumar V E, Shin, Cho (DAEWOO Steel, Gwangyang), 2018; CC BY 4.0 as commonly cited"
TURBINE_SOURCE = (
    "UCI 551, Kaya, Tüfekci, Uzun, Turk. J. Elec. Eng. & Comp. Sci. 27 (2019) 4783, doi 10.3906/elk-1807-87; "
    "CC BY 4.0 as commonly cited"
)
ECORECOVER_SOURCE = "EcoRecover SCADA, in exposan 1.4.4 (Quantitative Sustainable Design Group); NCSA open source"


def main() -> None:
    """Make everything again."""
    if len(sys.argv) != 2:
        sys.exit("usage: make_charts.py FOLDER-OF-RECORDINGS")
    data = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="ecopark-replays-") as folder:
        steel, turbine, plant = (play(replay, data, Path(folder)) for replay in (STEEL, TURBINE, ECORECOVER))
        texts = {**_steel(steel, data), **_turbine(turbine), **_ecorecover(plant, data)}
        texts |= steel_bill(steel, STEEL_SOURCE)
        further = (
            (AIR, air),
            (MELBOURNE, melbourne),
            (MANRESA, manresa),
            (FACTORY, factory),
            (DISTRICTS, districts),
        )
        for replay, section in further:
            texts |= section(play(replay, data, Path(folder)))
    template = Template((HERE / "document.template").read_text(encoding="utf-8"))
    (HERE.parent / "replays.md").write_text(template.substitute(texts), encoding="utf-8")


def _steel(played: Played, data: Path) -> dict[str, str]:
    energy = [
        (moment, value) for moment, value, _ in played.readings["em-steel.active_energy_interval"] if value is not None
    ]
    reactive = played.readings["em-steel.reactive_energy_interval"]
    months = judged(played, "EN-03-PF")
    power_factor_chart(months, 0.9, STEEL_SOURCE).save(HERE / "steel-power-factor.png")
    stamped = datetime(2018, 2, 1, tzinfo=STEEL.zone)
    [moved] = [row for row in file_rows(data, STEEL.files[0]) if row["date"] == "01/02/2018 00:00"]
    week = [point for point in energy if stamped <= point[0] <= stamped + timedelta(days=7)]
    night = [point for point in energy if stamped - timedelta(hours=2) <= point[0] <= stamped + timedelta(hours=26)]
    energy_chart(week, night, [(stamped, float(moved["Usage_kWh"]))], STEEL_SOURCE).save(HERE / "steel-energy.png")
    rows = []
    for day, factor, verdict in months:
        active, kvarh = (
            math.fsum(v or 0 for m, v, *_ in series if month_of_end(m) == (day.year, day.month))
            for series in (energy, reactive)
        )
        rows.append((f"{day:%B %Y}", f"{active:,.2f}", f"{kvarh:,.2f}", f"{factor:.6f}", WORDS[verdict]))
    return {
        "steel_commands": STEEL.commands(),
        "steel_summary": summaries(played),
        "steel_notes": "\n".join(played.notes),
        "steel_table": table(("month", "active energy, kWh", "reactive energy, kvarh", "cos φ", "verdict"), rows),
        "steel_total": f"{math.fsum(value for _, value in energy):,.2f}",
        "steel_low": ", ".join(f"{day:%B}" for day, _, verdict in months if verdict == "exceeded"),
        "steel_counts": counts(played),
    }


def _turbine(played: Played) -> dict[str, str]:
    nox, co = (judged(played, rule) for rule in ("AIR-02-NOX", "AIR-02-CO"))
    daily_means_chart(nox, co, (120, 100), TURBINE_SOURCE).save(HERE / "turbine-daily-means.png")
    series = {
        gas: [(m, v) for m, v, _ in played.readings[f"st-turbine.{gas}"] if v is not None] for gas in ("nox", "co")
    }
    start, end, value = longest_run(series["nox"])
    near = {
        gas: [p for p in points if start - timedelta(days=3) <= p[0] <= end + timedelta(days=3)]
        for gas, points in series.items()
    }
    frozen_chart(near["nox"], near["co"], (start, end), TURBINE_SOURCE).save(HERE / "turbine-frozen.png")
    rows = []
    for year in (2011, 2012, 2013):
        for rule, title in (("AIR-02-NOX", "NOx"), ("AIR-02-CO", "CO")):
            found = [f for f in played.of_rule(rule) if played.day(f).year == year]
            means = [number(f, "observed") for f in found if f["verdict"] != "insufficient_data"]
            counted = Counter(str(f["verdict"]) for f in found)
            rows.append((f"gt_{year}", title, *(str(counted[v]) for v in VERDICTS), f"{max(means):.2f}"))
    flat = [f for f in played.of_rule("MON-05-FLAT", "st-turbine.nox") if f["verdict"] == "exceeded"]
    return {
        "turbine_commands": TURBINE.commands(),
        "turbine_summary": summaries(played),
        "turbine_table": table(
            ("file", "24 h mean", "compliant", "exceeded", "insufficient data", "highest judged, mg/Nm³"), rows
        ),
        "turbine_counts": counts(played),
        "frozen_hours": f"{(end - start).total_seconds() / 3600:.0f}",
        "frozen_value": f"{value:g}",
        "frozen_days": str(len(flat)),
        "frozen_from": f"{start:%d %B %Y, %H:%M}",
    }


def _ecorecover(played: Played, data: Path) -> dict[str, str]:
    means = judged(played, "WW-01-NH4")
    rows_of_file = file_rows(data, ECORECOVER.files[0])
    raw: dict[str, list[float]] = {}
    for row in rows_of_file:
        raw.setdefault(row["t_stamp"][:10], []).append(float(row["nh4_eff"]))
    naive = {day: math.fsum(values) / len(values) for day, values in raw.items()}
    findings = {played.day(f): f for f in played.of_rule("WW-01-NH4")}
    hurt = [(day, mean) for day, mean, _ in means if number(findings[day], "data_capture") < 1]
    with_zeros = [(day, naive[f"{day:%Y-%m-%d}"]) for day, _ in hurt]
    ammonium_chart(means, with_zeros, 10, ECORECOVER_SOURCE).save(HERE / "ecorecover-ammonium.png")
    lost_connection_chart(_panels(played, rows_of_file), ECORECOVER_SOURCE).save(
        HERE / "ecorecover-lost-connection.png"
    )
    rows = [
        (f"{day:%d %B %Y}", f"{mean:.4f}", f"{naive[f'{day:%Y-%m-%d}']:.4f}",
         f"{100 * number(findings[day], 'data_capture'):.2f} %", WORDS[str(findings[day]["verdict"])])
        for day, mean in hurt
    ]  # fmt: skip
    without = {point: Counter(reason for *_, reason in values if reason) for point, values in played.readings.items()}
    by_point = [
        (f"`{point}`", *(str(reasons[reason]) for reason in ("communication_loss", "out_of_range")))
        for point, reasons in sorted(without.items())
    ]
    return {
        "ecorecover_commands": ECORECOVER.commands(),
        "ecorecover_summary": summaries(played),
        "ecorecover_notes": "\n".join(played.notes),
        "ecorecover_table": table(
            ("day", "24 h mean of NH₄-N, mg/l", "if zeros had counted", "data capture", "verdict"), rows
        ),
        "ecorecover_reasons": table(("point", "`communication_loss`", "`out_of_range`"), by_point),
        "ecorecover_counts": counts(played),
        **_oddities(rows_of_file),
    }


def _oddities(rows_of_file: list[dict[str, str]]) -> dict[str, str]:
    """Numbers of the file itself that the text speaks of."""
    by_time = {row["t_stamp"]: row for row in rows_of_file}
    half = by_time["2022-03-14 09:30:00"]
    rest = by_time["2022-03-14 09:35:00"]
    return {
        "phosphate_zeros": f"{sum(float(row['po4_eff']) == 0 for row in rows_of_file):,}",
        "half_kelvin": half["temp"],
        "half_celsius": f"{float(half['temp']) - 273.15:.1f}",
        "half_ammonium": half["nh4_eff"],
        "rest_kelvin": rest["temp"],
        "rest_ammonium": rest["nh4_eff"],
        "before_ammonium": by_time["2022-03-14 09:25:00"]["nh4_eff"],
        "flow_at_mark": by_time["2022-03-26 12:55:00"]["flow_eff"],
    }


def _panels(played: Played, rows_of_file: list[dict[str, str]]) -> list[Panel]:
    """Two nights, two quantities: whole rows of zeros, and zeros beside a transmitter's 0 degF."""
    rows = {row["t_stamp"]: row for row in rows_of_file}
    nights = (
        ("22 March: whole rows of zeros", datetime(2022, 3, 22, 0, 0, tzinfo=ECORECOVER.zone)),
        (
            "12 March: the temperature's 0 °F, and zeros beside it",
            datetime(2022, 3, 12, 22, 55, tzinfo=ECORECOVER.zone),
        ),
    )
    quantities = (
        ("wq-effluent.temperature", "temp", 273.15, "temperature, °C"),
        ("wq-effluent.nh4_n", "nh4_eff", 0.0, "NH₄-N, mg/l"),
    )
    panels = []
    for point, column, zero, unit in quantities:
        for title, start in nights:
            near = [r for r in played.readings[point] if start <= r[0] <= start + timedelta(minutes=100)]
            usable = [(moment, value) for moment, value, reason in near if value is not None and not reason]
            faults = [
                (moment, float(rows[f"{moment:%Y-%m-%d %H:%M:%S}"][column]) - zero)
                for moment, _, reason in near
                if reason == "communication_loss"
            ]
            panels.append(Panel(title, unit, usable, faults))
    return panels


if __name__ == "__main__":
    main()
