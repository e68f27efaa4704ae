"""What can be wrong about the benchmark without measuring: the verdicts in its table, and what the parts are fed."""

from pathlib import Path

from ingest_service.admission import Admitter
from ingest_service.bindings import ParkBindings
from simulators.devices.catalogue import layouts_of_park
from tests.bench.figures import Figure, Target, as_json, as_table, short_number
from tests.bench.workload import GATEWAY, METER_QUANTITIES, demo_park, packs, write_meter_park

NOW_MS = 1_763_856_000_000


def test_a_target_is_a_floor_or_a_ceiling() -> None:
    assert Target(10).is_reached_by(10)
    assert not Target(10).is_reached_by(9.9)
    assert Target(10, at_most=True).is_reached_by(10)
    assert not Target(10, at_most=True).is_reached_by(10.1)


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert Figure("pace", 5, "readings/s").verdict == ""
    assert as_json("p", [Figure("pace", 5, "readings/s")])[0]["reached"] is None


def test_numbers_are_short() -> None:
    assert [short_number(n) for n in (0.0312, 45.67, 999.4, 123_456)] == ["0.0312", "45.7", "999", "123,000"]


def test_all_lines_of_the_table_are_equally_long() -> None:
    table = as_table([("codec", [Figure("a long name", 1, "x", Target(2)), Figure("b", 10_000, "records/CPU s")])])
    assert len({len(line) for line in table.splitlines()}) == 1
    assert "| no " in table


def test_every_benchmark_reading_is_admitted_and_is_a_row_of_its_own() -> None:
    park = demo_park()
    admitter = Admitter(ParkBindings(park))
    admitted = [admitter.admit(GATEWAY, pack, NOW_MS) for pack in packs(park, 5, 200, NOW_MS - 3_600_000)]
    rows = [row for admission in admitted for row in admission.rows]
    assert len({(row.series.point, row.time_ms) for row in rows}) == 1000
    assert not any(admission.refused for admission in admitted)
    assert {row.reason for row in rows} == {None}


def test_the_meter_park_can_be_simulated(tmp_path: Path) -> None:
    park = write_meter_park(tmp_path, 3, 20_000, 1.0)
    assert len(park.points) == 3 * len(METER_QUANTITIES)
    assert sorted(layouts_of_park(park)) == ["em-000", "em-001", "em-002"]
