"""The demo park, one simulated day: every indicator fits the registers, or says why it has no value."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics.command import analytics
from service_runtime.text_folder import read_text_folder
from simulators.backlog import backlog
from simulators.scenario import load_scenario
from telemetry_model.park_register import Park, parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ROOT = Path(__file__).resolve().parents[3]
PARK_FOLDER = ROOT / "deploy" / "parks" / "bach-dang"
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def park() -> Park:
    return parse_park(read_text_folder(PARK_FOLDER))


@pytest.fixture(scope="module")
def rows(park: Park) -> list[ReadingRow]:
    """18 November 2026 in steps of five minutes, and the minute that closes it."""
    scenario = load_scenario("quiet-days").on(date(2026, 11, 19), park.timezone)
    series = {point.id: PointSeries.of(point, park.id) for point in park.points.values()}
    steps = backlog(park, scenario, scenario.day_ms(-1), scenario.day_ms(0) + MINUTE_MS, 300)
    return [
        ReadingRow(series[r.point], r.measured_at_ms, r.value, int(r.status), r.reason)
        for _, _, readings in steps
        for r in readings
    ]


@pytest.fixture(scope="module")
def found(park: Park, rows: list[ReadingRow], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    file = tmp_path_factory.mktemp("store") / "park.db"

    async def fill() -> None:
        store = SqliteStore(file)
        await store.write_readings(rows)
        await store.close()

    asyncio.run(fill())
    done = CliRunner().invoke(
        analytics,
        ["indicators", "--store", f"sqlite:///{file}", "--park", str(PARK_FOLDER),
         "--from", "2026-11-18", "--to", "2026-11-18", "--json"],
    )  # fmt: skip
    assert done.exception is None, done.exception
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({(line["indicator"], line["subject"]) for line in lines}) == len(lines)
    return {(line["indicator"], line["subject"]): line for line in lines}


def rise(rows: list[ReadingRow], point: str) -> float:
    values = [row.value for row in rows if row.series.point == point and row.value is not None]
    return values[-1] - values[0]


def test_each_line_has_a_value_or_a_reason(found: dict[tuple[str, str], Any]) -> None:
    for key, line in found.items():
        assert (line["value"] is None) == bool(line["reason_en"]), key
        assert line["source"], key
        assert line["confidence"] in {"source", "permit", "setting"}, key
        assert 0 <= line["data_capture"] <= 1, key
        assert (line["period_start"], line["period_end"]) == ("2026-11-17T17:00:00Z", "2026-11-18T17:00:00Z")


def test_energy_of_each_tenant_is_the_rise_of_its_register(
    park: Park, rows: list[ReadingRow], found: dict[tuple[str, str], Any]
) -> None:
    for point in park.points_with_role("tenant_electricity"):
        assert found["electricity", point.tenant]["value"] == pytest.approx(rise(rows, point.id)), point.id


def test_the_bands_of_each_bill_add_up_to_the_register(
    park: Park, rows: list[ReadingRow], found: dict[tuple[str, str], Any]
) -> None:
    for point in park.points_with_role("tenant_electricity"):
        bill = found["time_of_use_cost", f"{point.tenant}-supply"]
        energies = [bill["inputs"][f"{band}_kwh"] for band in ("off_peak", "normal", "peak")]
        assert sum(energies) == pytest.approx(rise(rows, point.id)), point.id
        assert bill["confidence"] == "setting"
        assert "CONFLICT" in bill["note_en"]


def test_water_balance_counts_reused_water_as_an_inflow(
    park: Park, rows: list[ReadingRow], found: dict[tuple[str, str], Any]
) -> None:
    used = sum(rise(rows, point.id) for point in park.points_with_role("tenant_water"))
    remainder = rise(rows, "wm-intake.volume") + rise(rows, "fm-reuse.volume") - used
    assert found["water_balance", park.id]["value"] == pytest.approx(remainder)


def test_shares_and_treatment_are_plausible(found: dict[tuple[str, str], Any]) -> None:
    assert 0 < found["renewable_share", "bach-dang"]["value"] < 20
    assert 0 < found["water_reuse_share", "bach-dang"]["value"] < 100
    assert 0.3 < found["treatment_energy", "central-wwtp-outlet"]["value"] < 4
    assert found["cod_load", "det-may-kien-an-outlet"]["value"] > 0
    assert found["nox_mass_flow", "chp-stack"]["value"] > 0


def test_a_link_with_two_meters_is_balanced_and_one_with_one_is_not(found: dict[tuple[str, str], Any]) -> None:
    assert abs(found["symbiosis_remainder", "phoi-kim-loai"]["value"]) < 0.5
    assert found["symbiosis_remainder", "cao-su-nghien"]["reason_en"] == "the taker has no meter"


def test_offices_without_water_and_waste_meters_say_so(found: dict[tuple[str, str], Any]) -> None:
    assert found["water_use", "van-phong-cat-bi"]["reason_en"] == "no point measures tenant water"
    assert found["waste", "van-phong-cat-bi"]["reason_en"] == "no point measures tenant waste"


def test_what_a_meter_of_known_accuracy_counts_has_an_uncertainty(found: dict[tuple[str, str], Any]) -> None:
    used = found["electricity", "thep-bach-dang"]
    assert used["standard_uncertainty"] == pytest.approx(used["value"] * 0.01 / 3**0.5)
    emitted = found["scope_2_emissions", "thep-bach-dang"]
    assert emitted["standard_uncertainty"] == pytest.approx(emitted["value"] * 0.01 / 3**0.5)
    assert "1726/BDKH-PTCBT" in emitted["source"]
    assert any("from_20" in name for name in emitted["inputs"]), "the factor is dated"


def test_the_gas_turbine_has_scope_1_and_the_list_waits_for_the_year(found: dict[tuple[str, str], Any]) -> None:
    emitted = found["scope_1_emissions", "chp-stack"]
    assert emitted["value"] > 0
    assert "IPCC 2006" in emitted["source"]
    flag = found["list_candidate", "chp-stack"]
    assert flag["value"] is None
    assert "1 days are no year" in flag["reason_en"]
    assert flag["inputs"]["energy_toe"] > 0
