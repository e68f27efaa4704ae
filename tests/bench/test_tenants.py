"""The parts about growth: sizes, ratios and what a very small run gives."""

from pathlib import Path

from tests.bench import tenants
from tests.bench.cpu import Spent
from tests.bench.figures import as_json
from tests.bench.growth import Grown, figures_of_growth
from tests.bench.growth_chart import INGEST, draw, lines_of
from tests.bench.tenants import Measured, figures_of, measure, sizes


def measured(size: int, cpu_seconds: float) -> Measured:
    spent = Spent(cpu_seconds, cpu_seconds)
    return Measured(size, size * 8, size * 5000, size * 10, 40, spent, Spent(cpu_seconds / 2, cpu_seconds), spent)


def test_a_park_is_judged_at_a_sixteenth_a_quarter_and_the_whole() -> None:
    assert sizes(1000) == [62, 250, 1000]
    assert sizes(3) == [1, 1, 3]


def test_the_ratio_is_of_the_largest_park_and_growth_is_a_tenant() -> None:
    found = {(f.name, f.unit): f for f in figures_of([measured(10, 1.0), measured(40, 4.0), measured(160, 32.0)], "S")}
    ratio = found["S: judging / the store's own queries", "x CPU"]
    growth = found["S: CPU a tenant, largest / smallest park", "x"]
    assert (ratio.value, ratio.verdict) == (2.0, "no")
    assert (growth.value, growth.verdict) == (2.0, "no")


def test_growth_of_ingest_is_told_per_reading() -> None:
    found = {
        f.name: f for f in figures_of_growth("tenants", [Grown(1, 4.0, 90), Grown(4, 4.2, 95), Grown(16, 4.4, 120)])
    }
    growth = found["CPU a reading, 16 x tenants / 1 x"]
    assert (round(growth.value, 3), growth.verdict) == (1.1, "yes")


async def test_a_small_park_is_measured_in_the_embedded_store(tmp_path: Path) -> None:
    found = {f.name: f.value for f in await measure(tmp_path, 2, "sqlite")}
    assert found["SQLite: tenants"] == 2
    assert found["SQLite: findings of a day"] > 20
    assert not list(tmp_path.iterdir())
    assert tenants.RATIO_TARGET.value == 1.5


def test_growth_is_drawn_from_the_figures_of_all_parts() -> None:
    growth = figures_of_growth("readings", [Grown(1, 4.0, 90), Grown(16, 4.4, 120)])
    figures = [
        *as_json("tenants", figures_of([measured(10, 1.0), measured(160, 16.0)], "SQLite")),
        *as_json("growth", growth),
    ]
    assert lines_of(figures, INGEST) == {"readings": [(1, 4.0), (16, 4.4)]}
    judging, ingest, memory = draw(figures).axes
    assert [line.get_label() for line in judging.lines][:1] == ["SQLite"]
    assert [list(axes.lines[0].get_ydata()) for axes in (ingest, memory)] == [[4.0, 4.4], [90.0, 120.0]]
