"""What a finding rests on, as digests: they change with all that can change a verdict, and with nothing else."""

import dataclasses
from pathlib import Path

import pytest

from analytics.findings.revision import register_digest
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park

RECORDED = ["meter_exchanges", "manifests", "materials", "products", "production"]
TABLES = {
    "meter_exchanges.csv": "point,time,last_value,first_value,old_serial,new_serial\n"
    "em-thep.active_energy_import,2026-09-15T10:10,1000,0,A,B\n",
}


@pytest.fixture(scope="module")
def park() -> Park:
    folder = Path(__file__).parents[3] / "deploy" / "parks" / "bach-dang"
    return parse_park(read_text_folder(folder) | TABLES)


@pytest.mark.parametrize("table", RECORDED)
def test_a_line_less_in_a_table_that_verdicts_rest_on_is_another_register(park: Park, table: str) -> None:
    rows = getattr(park, table)
    assert rows, f"the park has no {table}"
    assert register_digest(dataclasses.replace(park, **{table: rows[1:]})) != register_digest(park)


def test_whom_to_write_to_is_no_part_of_it(park: Park) -> None:
    assert register_digest(dataclasses.replace(park, contacts=())) == register_digest(park)
