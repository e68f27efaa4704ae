"""What can happen in a small park: each event does what it says, and longer steps tell the same story."""

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from service_runtime.text_folder import read_text_folder
from simulators.backlog import backlog
from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario, parse_scenario
from telemetry_model.park_register import Park, parse_park

SMALL = Path(__file__).parents[2] / "deploy" / "parks" / "trang-cat"
HEAD = 'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\nhistory_days = 1\n'
HOUR_MS = 3_600_000
Shown = Callable[[str, float], dict[str, Sample]]


@pytest.fixture(scope="module")
def small() -> Park:
    return parse_park(read_text_folder(SMALL))


@pytest.fixture
def shown(small: Park) -> Shown:
    """``shown(event, hour)``: all samples at an hour of day -1, with one event or with none."""

    def at(event: str, hour: float) -> dict[str, Sample]:
        text = HEAD + (f"[[events]]\n{event}\n" if event else "")
        placed = parse_scenario(text, "x").on(date(2026, 6, 18), small.timezone)
        time_ms = placed.epoch_ms + round(hour * HOUR_MS)
        return PlantModel(small, placed, time_ms).step(time_ms)

    return at


def value(samples: dict[str, Sample], point: str) -> float:
    found = samples[point].value
    assert found is not None
    return found


def test_a_hidden_discharge_adds_flow_and_load_but_draws_no_water(shown: Shown) -> None:
    event = 'kind = "hidden_discharge"\ntenant = "det-may-nam-hai"\nflow_m3_h = 30\ncod_mg_l = 900'
    with_it, without = shown(event, 2), shown("", 2)
    flow = "fm-det-may.flow"
    assert value(with_it, flow) - value(without, flow) == pytest.approx(30)
    load = value(with_it, flow) * value(with_it, "wq-det-may.cod")
    usual = value(without, flow) * value(without, "wq-det-may.cod")
    assert load - usual == pytest.approx(30 * 900)
    assert with_it["wm-det-may.flow"] == without["wm-det-may.flow"]


def test_a_bypass_hides_substances_and_nothing_else(shown: Shown) -> None:
    with_it, without = shown('kind = "bypass"\ndevice = "wq-det-may"\nshown_share = 0.1', 9), shown("", 9)
    assert value(with_it, "wq-det-may.cod") == pytest.approx(0.1 * value(without, "wq-det-may.cod"))
    for same in ("wq-det-may.ph", "fm-det-may.flow", "wq-central.cod"):
        assert with_it[same] == without[same]


def test_a_biased_sensor_is_wrong_and_the_laboratory_is_not(shown: Shown) -> None:
    with_it = shown('kind = "sensor_bias"\npoint = "wq-central.cod"\nfactor = 0.5\noffset = 1', 10)
    without = shown("", 10)
    truth = value(without, "wq-central.cod")
    assert value(with_it, "wq-central.cod") == pytest.approx(0.5 * truth + 1)
    assert value(with_it, "lab-central.cod") == pytest.approx(truth, rel=0.03)


def test_the_laboratory_gives_a_result_at_ten_and_at_no_other_time(shown: Shown) -> None:
    assert "lab-central.cod" in shown("", 10)
    assert "lab-central.cod" not in shown("", 10.25)


def test_sub_meters_add_up_to_almost_the_whole_meter(shown: Shown) -> None:
    early, late = shown("", 6), shown("", 18)
    names = [f"em-det-may{part}.active_energy_import" for part in ("", "-nhuom", "-det")]
    main, *parts = (value(late, name) - value(early, name) for name in names)
    assert math.fsum(parts) / main == pytest.approx(0.97, abs=0.002)


def test_a_faulty_meter_counts_at_its_own_pace(shown: Shown) -> None:
    event = 'kind = "meter_error"\ndevice = "em-nhua"\nfactor = 0.5'
    counter, power = "em-nhua.active_energy_import", "em-nhua.active_power"
    gain, usual = (value(shown(text, 12), counter) - value(shown(text, 6), counter) for text in (event, ""))
    assert gain == pytest.approx(0.5 * usual)
    assert value(shown(event, 12), power) == pytest.approx(0.5 * value(shown("", 12), power))


def test_a_new_meter_begins_at_its_own_register_and_counts_on(shown: Shown) -> None:
    event = 'kind = "meter_exchange"\nday = -1\nstart_hour = 8\ndevice = "em-nhua"\nregister = 5.0'
    counter = "em-nhua.active_energy_import"
    since_eight = value(shown("", 10), counter) - value(shown("", 8), counter)
    assert value(shown(event, 8), counter) == 5.0
    assert value(shown(event, 10), counter) == pytest.approx(5.0 + since_eight)


def test_wasted_energy_comes_on_top_of_the_load(shown: Shown) -> None:
    event = 'kind = "energy_waste"\ntenant = "nhua-dinh-vu"\nextra_kw = 150'
    power = "em-nhua.active_power"
    assert value(shown(event, 3), power) - value(shown("", 3), power) == pytest.approx(150)
    assert shown(event, 3)["sp-nhua.produced_items"] == shown("", 3)["sp-nhua.produced_items"]


def test_dust_and_lost_offcuts_are_what_the_file_says(shown: Shown) -> None:
    dust = 'kind = "dust_episode"\ndevice = "aq-1"\nfactor = 2.0'
    fine = "aq-1.pm2_5"
    assert value(shown(dust, 9), fine) == pytest.approx(2 * value(shown("", 9), fine))
    lost = 'kind = "lost_on_the_way"\nlink = "soi-vun"\ndelivered_share = 0.5'
    scale = "wb-nhua-nhan.mass"
    came, usual = (value(shown(text, 20), scale) - value(shown(text, 10), scale) for text in (lost, ""))
    assert came == pytest.approx(0.5 * usual, abs=0.002)


def test_longer_steps_count_what_single_minutes_count(small: Park) -> None:
    placed = parse_scenario(HEAD, "x").on(date(2026, 6, 18), small.timezone)
    fine, coarse = (_day(small, placed, step, step > 60) for step in (60, 900))
    for counter in ("em-det-may.active_energy_import", "fm-central.volume", "wb-det-may.mass"):
        assert coarse[counter] == pytest.approx(fine[counter], rel=0.02)


def _day(park: Park, placed: PlacedScenario, step_seconds: int, coarse: bool) -> dict[str, float]:
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for _, _, readings in backlog(park, placed, placed.epoch_ms, placed.day_ms(0), step_seconds, coarse):
        for reading in readings:
            if reading.value is not None:
                first.setdefault(reading.point, reading.value)
                last[reading.point] = reading.value
    return {point: last[point] - first[point] for point in last}


def test_coarse_steps_refuse_amounts_per_interval(park: Park) -> None:
    placed = parse_scenario(HEAD, "x").on(date(2026, 6, 18), park.timezone)
    with pytest.raises(ValueError, match="coarse steps know no amounts per interval"):
        next(backlog(park, placed, placed.epoch_ms, placed.day_ms(0), 900, coarse=True))
