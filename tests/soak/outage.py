"""The database is away for half an hour at ten times the live rate: nothing lost, flat memory, catches up by itself."""

import argparse
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.acceptance.store_outage import OutagePlan, OutageRun, Sample, run_outage
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.soak.part import SoakPart, SoakReport

ALLOWED_CHANGE = 0.10
PROGRAMS = ("ingest", "gw-east", "gw-west", "gw-utilities")
SAMPLES_PER_LINE = 3
"""Samples are taken every 10 s; the results file has one of so many."""
CHART = "store-outage.png"


def run(folder: Path, options: argparse.Namespace) -> SoakReport:
    """Memory within 10 % of before, rows = what was committed, the ledger agrees, no help needed."""
    server = InfluxServer(folder / "influxdb")
    plan = OutagePlan(
        warm_up_seconds=60 * options.warmup, down_seconds=60 * options.minutes, poll_seconds=1.0, sample_seconds=10.0
    )
    try:
        server.start()
        done = run_outage(folder / "work", server, InfluxDatabase(server, "soak"), plan)
    finally:
        server.kill()
    draw(done, options.results / CHART)
    return SoakReport([figures(done) | {"minutes_down": options.minutes}], failures_of(done))


def failures_of(done: OutageRun) -> list[str]:
    """What is not as promised."""
    found = []
    if done.committed != done.stored:
        lost, extra = len(done.committed - done.stored), len(done.stored - done.committed)
        found.append(f"{lost} rows lost, {extra} from nowhere")
    if not done.ledger_agrees:
        found.append(f"ledger {done.ledger}, in the store {done.ledger_in_store}")
    if done.fed_rate < 10 * done.live_rate:
        found.append(f"only {done.fed_rate:.0f} readings/s were fed, the live rate is {done.live_rate:.1f}")
    for program in PROGRAMS:
        usual, lowest, highest = done.rss_change(program)
        if lowest < 1 - ALLOWED_CHANGE or highest > 1 + ALLOWED_CHANGE:
            found.append(f"{program}: RSS {lowest:.2f} to {highest:.2f} of {usual:.0f} MB")
    return found


def figures(done: OutageRun) -> dict[str, object]:
    """For the results file."""
    memory = {}
    for program in PROGRAMS:
        usual, lowest, highest = done.rss_change(program)
        memory[program] = {"before_mb": round(usual, 1), "lowest": round(lowest, 3), "highest": round(highest, 3)}
    return {
        "live_readings_per_second": round(done.live_rate, 2),
        "fed_readings_per_second": round(done.fed_rate, 1),
        "committed": len(done.committed),
        "stored": len(done.stored),
        "lost": len(done.committed - done.stored),
        "from_nowhere": len(done.stored - done.committed),
        "ledger_agrees": done.ledger_agrees,
        "caught_up_seconds": round(done.caught_up_seconds, 1),
        "batches_waiting_at_the_end": done.samples[-1].batches_waiting,
        "rss": memory,
        "rss_series": {
            "columns": ["seconds since the stop", *(f"{program}, MB" for program in PROGRAMS)],
            "samples": [_line(sample) for sample in done.samples[::SAMPLES_PER_LINE]],
        },
    }


def _line(sample: Sample) -> str:
    return " ".join(f"{number:g}" for number in (sample.at_seconds, *(sample.rss_mb[name] for name in PROGRAMS)))


def draw(done: OutageRun, path: Path) -> None:
    """Memory over time, with the outage shaded."""
    picture = Figure(figsize=(9, 3.6), dpi=120, layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.subplots()
    minutes = [sample.at_seconds / 60 for sample in done.samples]
    for program in PROGRAMS:
        axes.plot(minutes, [sample.rss_mb[program] for sample in done.samples], label=program)
    axes.axvspan(0, minutes[-1], color="#f3d9a4", alpha=0.5, label="InfluxDB stopped")
    axes.set(xlabel="minutes since the stop", ylabel="resident memory, MB", ylim=(0, None))
    axes.set_title(f"InfluxDB stopped, {done.fed_rate:.0f} readings/s (live rate {done.live_rate:.1f})", fontsize=10)
    axes.legend(fontsize=8, ncols=5, loc="lower center")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, format="png", metadata={"Software": None})


PART = SoakPart("InfluxDB stopped under load", {"minutes": 30.0, "warmup": 5.0}, run)
