"""The public recordings, when they lie beside the repository: their own quirks, counted."""

import itertools
from pathlib import Path

import pytest

from gateway.outbox import Outbox
from gateway.recording_player import PlayCounts, play_recording
from gateway.sources.recording import Recording, RecordingOptions
from gateway.sources.recording_cells import ColumnMapping
from service_runtime.clock import SystemClock
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import ReadingReason

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
POINTS = """point,tenant,zone,medium,unit
em-x.active_energy_interval,park,z,energy,kWh
em-x.reactive_energy_interval,park,z,energy,kvarh
st-x.nox,park,z,emissions,mg/Nm3
st-x.co,park,z,emissions,mg/Nm3
wq-x.temperature,park,z,wastewater,degC
wq-x.nh4_n,park,z,wastewater,mg/l
wq-x.flow,park,z,wastewater,m3/h
wm-x.flow,park,z,water,m3/h
"""


@pytest.fixture(scope="module")
def park() -> Park:
    return parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,z\n",
            "points.csv": POINTS,
            "contacts.csv": "tenant,name,email,language\n",
        }
    )


def recording(park: Park, file: str, *mappings: str, **more: str) -> Recording:
    path = DATA / file
    if not path.exists():
        pytest.skip(f"recorded data is not there: {path}")
    return Recording(path, RecordingOptions(tuple(ColumnMapping.parse(m) for m in mappings), **more), park)  # type: ignore[arg-type]


def played(recorded: Recording, folder: Path) -> PlayCounts:
    outbox = Outbox.open(folder / "out.db", SystemClock())
    counts = play_recording(recorded, outbox, {})
    assert outbox.readings_committed == counts.readings
    outbox.close()
    return counts


def test_steel_works_midnights_are_moved(park: Park, tmp_path: Path) -> None:
    recorded = recording(
        park,
        "steel-daewoo/steel_2018_jan_aug.csv",
        "Usage_kWh=em-x.active_energy_interval",
        "Lagging_Current_Reactive_Power_kVarh=em-x.reactive_energy_interval",
        time_column="date",
        timezone="Asia/Seoul",
    )
    counts = played(recorded, tmp_path)
    assert (counts.rows, counts.readings, counts.no_value) == (23_328, 46_656, 0)
    assert counts.shifted_midnights == 243
    times = [row.measured_at_ms for row in recorded.rows()]
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {900_000}


def test_gas_turbine_gets_hourly_times(park: Park, tmp_path: Path) -> None:
    recorded = recording(park, "gas-turbine/gt_2011.csv", "NOX=st-x.nox", "CO=st-x.co:mg/Nm3", step="1h")
    counts = played(recorded, tmp_path)
    assert (counts.rows, counts.readings, counts.no_value) == (7_411, 14_822, 0)
    assert counts.last_ms is not None
    assert counts.first_ms is not None
    assert counts.last_ms - counts.first_ms == 7_410 * 3_600_000


def test_recovery_plant_zero_rows_are_lost_connections(park: Park, tmp_path: Path) -> None:
    recorded = recording(
        park,
        "wwtp-ecorecover/ecorecover_scada_5min_2022mar11_apr14.csv",
        "temp=wq-x.temperature:K",
        "nh4_eff=wq-x.nh4_n",
        "flow_eff=wq-x.flow:m3/d",
        time_column="t_stamp",
        timezone="America/Chicago",
    )
    counts = played(recorded, tmp_path)
    assert (counts.rows, counts.readings) == (9_978, 29_934)
    assert counts.communication_loss_rows == 23
    temperatures = [r for row in recorded.rows() for r in row.readings if r.point == "wq-x.temperature"]
    assert {r.reason for r in temperatures if r.value is None} == {ReadingReason.COMMUNICATION_LOSS}
    assert sum(r.value is None for r in temperatures) == 39, "23 rows, and 16 times 0 degF beside living columns"
    frosty = [r.value for r in temperatures if r.value is not None and r.value < 0]
    assert frosty == [-4.924], "a value half way to 0 degF, which ingest refuses as out of range"
    ammonium = [r for row in recorded.rows() for r in row.readings if r.point == "wq-x.nh4_n"]
    assert sum(r.value is None for r in ammonium) == 28, "23 rows, and 5 zeros beside 0 degF"
    assert min(r.value for r in ammonium if r.value is not None) > 0
    flows = [r for row in recorded.rows() for r in row.readings if r.point == "wq-x.flow"]
    assert sum(r.value == 0 for r in flows) == 145, "no discharge is a value; 23 of 168 zeros are lost rows"
    assert counts.nonexistent_times == 0
    times = [row.measured_at_ms for row in recorded.rows()]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0


def test_italian_districts_repeat_one_hour(park: Park, tmp_path: Path) -> None:
    recorded = recording(
        park,
        "water-dma-italy/dma_net_inflow_hourly_2021jan_2022jun.csv",
        "DMA 9 (L/s)=wm-x.flow:l/s",
        time_column="Date-time CET-CEST (DD/MM/YYYY HH:mm)",
        timezone="Europe/Rome",
    )
    counts = played(recorded, tmp_path)
    assert (counts.rows, counts.repeated_hour, counts.nonexistent_times) == (13_103, 1, 0)
    times = [row.measured_at_ms for row in recorded.rows()]
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {3_600_000}
