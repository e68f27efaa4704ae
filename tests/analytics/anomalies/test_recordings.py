"""A real treatment plant: its analysers beside its laboratory's grab samples."""

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from analytics.anomalies.anomaly import Sighting
from analytics.anomalies.grid import Grid
from analytics.anomalies.laboratory import against_laboratory, usual_uncertainty

HALF_HOUR_MS, SLOTS = 1_800_000, 35 * 48
FIRST_MS = round(datetime(2022, 3, 11, tzinfo=UTC).timestamp() * 1000)
Find = Callable[[str], Path]


def time_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def half_hours(file: Path, column: str) -> Grid:
    """Means by half hour; a row of zeros is a lost connection, not a measurement."""
    cells: dict[int, list[float]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            is_lost = "flow_mix" in row and not any(float(row[name] or 0) for name in ("nh4_eff", "no3_eff", "nh4_inf"))
            if row[column] and not is_lost:
                cells[(time_ms(row["t_stamp"]) - FIRST_MS) // HALF_HOUR_MS].append(float(row[column]))
    values = np.full(SLOTS, np.nan)
    for slot, found in cells.items():
        if 0 <= slot < SLOTS:
            values[slot] = fmean(found)
    return Grid(FIRST_MS, HALF_HOUR_MS, values)


@pytest.fixture
def disagreements(recording: Find) -> Callable[[str, str], tuple[int, list[Sighting]]]:
    """``(column, quantity)`` -> samples with a value beside them, and those that disagree."""
    scada = recording("wwtp-ecorecover/ecorecover_scada_5min_2022mar11_apr14.csv")
    samples = recording("wwtp-ecorecover/ecorecover_lab_samples_2022mar11_apr14.csv")

    def compare(column: str, quantity: str) -> tuple[int, list[Sighting]]:
        shown, found = half_hours(scada, column), half_hours(samples, f"{column}_aims")
        both = int((~np.isnan(shown.values) & ~np.isnan(found.values)).sum())
        return both, list(against_laboratory(shown, found, "mg/l", usual_uncertainty(quantity)))

    return compare


def test_a_nitrate_analyser_that_shows_four_times_the_truth_is_seen_from_the_first_sample(
    disagreements: Callable[[str, str], tuple[int, list[Sighting]]],
) -> None:
    both, seen = disagreements("no3_eff", "no3_n")
    assert both == 31
    worst = [s for s in seen if s.facts["en"] > 4]
    days = [datetime.fromtimestamp(s.start_ms / 1000, UTC).strftime("%m-%d") for s in worst]
    assert days == ["03-11", "03-12", "03-13", "03-14", "03-30"]
    # The file by hand: 80.1 mg/l at 07:30 where the laboratory found 21.46 mg/l.
    assert (worst[0].observed, worst[0].expected) == (pytest.approx(80.0, abs=1), 21.46)


def test_most_samples_agree_once_the_analyser_is_right(
    disagreements: Callable[[str, str], tuple[int, list[Sighting]]],
) -> None:
    both, seen = disagreements("no3_eff", "no3_n")
    assert both - len(seen) >= 18


def test_phosphate_near_zero_is_no_disagreement(
    disagreements: Callable[[str, str], tuple[int, list[Sighting]]],
) -> None:
    both, seen = disagreements("po4_eff", "po4_p")
    assert both == 31
    assert all(s.observed > 0.1 for s in seen)
