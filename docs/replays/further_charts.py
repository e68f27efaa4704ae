"""Charts of the steel bill, the air stations, the two treatment plants, the machines and the water districts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from charts import (
    COLOURS,
    INK,
    LIMIT,
    MARKS,
    MEASURED,
    RAW,
    SHADE,
    SMALL,
    WORDS,
    Chart,
    Judged,
    Points,
    time_axis,
    x_of,
    xy,
)

BANDS = {"off_peak": ("off-peak", "#9fb3c8"), "normal": ("normal", MEASURED), "peak": ("peak", RAW)}


def cost_chart(months: Sequence[tuple[datetime, Mapping[str, float], float, float]], source: str) -> Chart:
    """Energy by tariff band of each month, and what it costs with the charge for reactive energy on top."""
    chart = Chart("The steel works' bill under a Vietnamese tariff, month by month", source, rows=2, height_inches=6.0)
    above, below = chart.all_axes()
    places = range(len(months))
    floor = [0.0] * len(months)
    for band, (title, colour) in BANDS.items():
        heights = [bands[band] / 1000 for _, bands, _, _ in months]
        above.bar(places, heights, bottom=floor, color=colour, width=0.62, label=title)
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    above.set_ylabel("MWh")
    above.set_ylim(0, 1.22 * max(floor))
    costs = [cost / 1e6 for _, _, cost, _ in months]
    charges = [charge / 1e6 for _, _, _, charge in months]
    below.bar(places, costs, color="#829ab1", width=0.62, label="energy by time of use")
    below.bar(places, charges, bottom=costs, color=LIMIT, width=0.62, label="charge for cos φ below 0.90")
    for place, (cost, charge) in enumerate(zip(costs, charges, strict=True)):
        text = f"{cost:.1f}" + (f"\n+ {charge:.2f}" if charge else "")
        below.annotate(text, (place, cost + charge), (0, 3), textcoords="offset points", ha="center", va="bottom",
                       fontsize=SMALL, color=INK)  # fmt: skip
    below.set_ylabel("million VND before VAT")
    below.set_ylim(0, 1.3 * max(costs))
    for axes in (above, below):
        axes.set_xticks(list(places), [day.strftime("%b %Y") for day, *_ in months])
        axes.legend(loc="upper right", fontsize=SMALL, frameon=False, ncols=3)
    return chart


def air_chart(stations: Mapping[str, Judged], limit: float, source: str) -> Chart:
    """24 h means of PM2.5 at each station against the limit."""
    chart = Chart("PM2.5 at two stations: 24 h means, 2013 to 2017", source, rows=len(stations), height_inches=6.2)
    for axes, (name, days) in zip(chart.all_axes(), stations.items(), strict=True):
        for verdict, word in WORDS.items():
            part = [(day, value) for day, value, found in days if found == verdict]
            if part:
                axes.plot(*xy(part), MARKS[verdict], color=COLOURS[verdict], markersize=2.4, linestyle="none",
                          label=word)  # fmt: skip
        axes.axhline(limit, color=INK, linestyle="--", linewidth=1.4,
                     label=f"limit {limit:g} µg/m³ from 2026 (a setting to confirm)")  # fmt: skip
        axes.set_title(name, fontsize=9.5, loc="left", color=INK)
        axes.set_ylabel("PM2.5, µg/m³")
        axes.set_ylim(0, 650)
        time_axis(axes, days[0][0], "%b %Y")
    chart.all_axes()[0].legend(loc="upper right", fontsize=SMALL, frameon=False, ncols=4, markerscale=2.5)
    return chart


def treatment_energy_chart(months: Sequence[tuple[datetime, float, float]], source: str) -> Chart:
    """Grid energy per cubic metre and treated flow, month by month."""
    title = "Grid energy of a treatment plant per cubic metre, by month"
    chart = Chart(title, source, rows=2, height_inches=5.4)
    above, below = chart.all_axes()
    above.plot(*xy([(month, value) for month, value, _ in months]), "-o", color=MEASURED, markersize=4, linewidth=1)
    above.set_ylabel("kWh/m³")
    above.set_ylim(0, 1.2)
    below.bar([x_of(month) for month, _, _ in months], [flow / 1e3 for _, _, flow in months], width=22, align="edge",
              color="#9fb3c8")  # fmt: skip
    below.set_ylabel("mean inflow, 1000 m³/d")
    for axes in (above, below):
        time_axis(axes, months[0][0], "%b %Y")
    return chart


def removal_chart(inlet: Points, outlet: Judged, limit: float, source: str) -> Chart:
    """Daily COD before and after treatment; below, the outlet against its limit."""
    chart = Chart("COD of an urban plant, inlet and outlet", source, rows=2, height_inches=5.8)
    above, below = chart.all_axes()
    above.plot(*xy(inlet), ".", color="#829ab1", markersize=4, label="inlet")
    above.plot(*xy([(day, value) for day, value, _ in outlet]), ".", color=MEASURED, markersize=4, label="outlet")
    above.set_ylim(0, 1050)
    above.set_ylabel("COD, mg/l")
    above.legend(loc="upper left", fontsize=SMALL, frameon=False, ncols=2, markerscale=2)
    for verdict in ("compliant", "exceeded"):
        part = [(day, value) for day, value, found in outlet if found == verdict]
        below.plot(*xy(part), MARKS[verdict], color=COLOURS[verdict], linestyle="none", label=WORDS[verdict],
                   markersize=3 if verdict == "compliant" else 5)  # fmt: skip
    said = "QCVN 40:2011/BTNMT column B; 24 h means to confirm"
    below.axhline(limit, color=LIMIT, linestyle="--", linewidth=1.4,
                  label=f"limit {limit:g} mg/l ({said})")  # fmt: skip
    below.set_ylim(0, 430)
    below.set_ylabel("COD at the outlet, mg/l")
    below.legend(loc="upper left", fontsize=SMALL, frameon=False, ncols=3)
    for axes in (above, below):
        time_axis(axes, inlet[0][0], "%b %Y")
    return chart


def machine_chart(machines: Mapping[str, tuple[Points, Points]], source: str) -> Chart:
    """Power of each machine over a day; five-minute slots in which nothing was made are shaded."""
    chart = Chart("Two machines on one day: power, and where nothing was made", source, rows=2, height_inches=5.4)
    for axes, (name, (powers, items)) in zip(chart.all_axes(), machines.items(), strict=True):
        for number, moment in enumerate(moment for moment, made in items if made == 0):
            axes.axvspan(x_of(moment), x_of(moment + timedelta(minutes=5)), color=SHADE, linewidth=0,
                         label="no item made" if not number else None)  # fmt: skip
        axes.plot(*xy(powers), ".", color=MEASURED, markersize=4, label="mean power of the row")
        axes.set_title(name, fontsize=9.5, loc="left", color=INK)
        axes.set_ylabel("kW (whole numbers)")
        axes.set_ylim(-0.3, 5.9)
        axes.legend(loc="upper right", fontsize=SMALL, frameon=False, ncols=2)
        time_axis(axes, powers[0][0], "%H:%M")
    return chart


def districts_chart(shares: Mapping[str, float], weeks: Mapping[str, Points], source: str) -> Chart:
    """Night flow as a share of the mean flow by district, and a week of two of them."""
    chart = Chart("Minimum night flow of ten water districts", source, rows=2, height_inches=6.2)
    above, below = chart.all_axes()
    names = list(shares)
    above.bar(names, [shares[name] for name in names], width=0.6,
              color=[RAW if name in weeks else "#829ab1" for name in names])  # fmt: skip
    for place, name in enumerate(names):
        above.annotate(f"{shares[name]:.0f}", (place, shares[name]), (0, 2), textcoords="offset points", ha="center",
                       fontsize=SMALL, color=INK)  # fmt: skip
    above.set_ylabel("night flow, % of the mean")
    above.set_ylim(0, 100)
    for (name, flows), colour in zip(weeks.items(), (RAW, MEASURED), strict=True):
        below.plot(*xy(flows), color=colour, linewidth=1.1, label=name)
    first = next(iter(weeks.values()))
    nights = sorted({moment.replace(hour=2) for moment, _ in first if moment.hour == 2})
    for number, night in enumerate(nights):
        below.axvspan(x_of(night), x_of(night + timedelta(hours=2)), color=SHADE, linewidth=0,
                      label="02 to 04 h" if not number else None)  # fmt: skip
    below.set_ylabel("net inflow, m³/h")
    below.set_ylim(0, 1.25 * max(value for flows in weeks.values() for _, value in flows))
    below.legend(loc="upper right", fontsize=SMALL, frameon=False, ncols=3)
    time_axis(below, first[0][0], "%a %d %b")
    return chart
