"""Instrument events change what is shown, never the plant."""

from datetime import date

import pytest

from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario, parse_scenario
from telemetry_model.park_register import Park
from telemetry_model.reading import InstrumentStatus, ReadingReason

HOUR_MS = 3_600_000


def placed(park: Park, event: str) -> PlacedScenario:
    text = f'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\nhistory_days = 1\n[[events]]\nday = -1\n{event}\n'
    return parse_scenario(text, "x").on(date(2026, 3, 10), park.timezone)


def shown(park: Park, scenario: PlacedScenario, hour: float) -> dict[str, Sample]:
    at = scenario.epoch_ms + round(hour * HOUR_MS)
    return PlantModel(park, scenario, at).step(at)


def test_a_frozen_sensor_holds_the_value_of_the_events_first_minute(park: Park) -> None:
    scenario = placed(park, 'kind = "frozen_sensor"\nstart_hour = 1\nend_hour = 2\npoint = "wq-central.tss"')
    first, later, after = (shown(park, scenario, hour)["wq-central.tss"] for hour in (1, 1.9, 2))
    assert later == first != after


def test_a_broken_instrument_gives_no_value_and_says_fault(park: Park) -> None:
    scenario = placed(park, 'kind = "instrument_fault"\nend_hour = 1\ndevice = "aq-north"')
    lost = Sample(None, InstrumentStatus.FAULT, ReadingReason.INSTRUMENT_FAULT)
    assert shown(park, scenario, 0.5)["aq-north.pm2_5"] == lost
    assert shown(park, scenario, 1)["aq-north.pm2_5"].value is not None


def test_a_silent_device_is_unreachable(park: Park) -> None:
    scenario = placed(park, 'kind = "device_offline"\nend_hour = 1\ndevice = "met-1"')
    assert shown(park, scenario, 0.5)["met-1.temperature"].reason is ReadingReason.DEVICE_UNREACHABLE


def test_calibration_marks_every_quantity_but_replaces_only_the_named(park: Park) -> None:
    scenario = placed(park, 'kind = "calibration"\nend_hour = 1\ndevice = "st-chp"\nvalues = { nox = 450.0 }')
    quiet = placed(park, 'kind = "device_offline"\nstart_hour = 23\ndevice = "met-1"')
    during, undisturbed = shown(park, scenario, 0.5), shown(park, quiet, 0.5)
    assert during["st-chp.nox"].value == pytest.approx(450, rel=0.01)
    assert during["st-chp.co"] == undisturbed["st-chp.co"]._replace(status=InstrumentStatus.CALIBRATING)


def test_an_instrument_event_leaves_the_plant_alone(park: Park) -> None:
    broken = placed(park, 'kind = "instrument_fault"\ndevice = "em-thep"')
    quiet = placed(park, 'kind = "device_offline"\nstart_hour = 23\ndevice = "met-1"')
    assert (
        shown(park, broken, 5)["em-sub-1.active_energy_import"]
        == shown(park, quiet, 5)["em-sub-1.active_energy_import"]
    )
