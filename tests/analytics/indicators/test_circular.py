"""Flows by code, manifests, shares, symbiosis balances, ISO 59020-style indicators, registers over an exchange."""

from datetime import date

import pytest

from analytics.indicators.circular.inflow_outflow import (
    Inflow,
    Outflow,
    circular_water_share,
    inflow_indicators,
    material_productivity,
    onsite_water_reuse_ratio,
    outflow_indicators,
    relative_lifetime,
)
from analytics.indicators.circular.material_circularity import ProductMaterial
from analytics.indicators.circular.material_flows import (
    diversion_share,
    landfill_share,
    mass_by_code_t,
    secondary_material_share,
)
from analytics.indicators.circular.symbiosis import balance_link, symbiosis_intensity
from analytics.indicators.measured import Measured
from telemetry_model.park_register import Destination, WasteFlow
from tests.analytics.registers.hourly_registers import hourly_amount

FLOWS = [
    WasteFlow(
        day=date(2026, 3, 1), tenant="alpha", code_system=system, code=code, mass_t=mass, destination=to,
        is_hazardous=False,
    )
    for system, code, mass, to in (
        ("ewc", "020304", 6, Destination.RECYCLING),
        ("tt02-2022", "020304", 1, Destination.UNKNOWN),
        ("ewc", "020304", 2, Destination.LANDFILL),
        ("ewc", "150101", 1, Destination.ENERGY),
    )
]  # fmt: skip


def test_codes_keep_their_zeros_and_their_system() -> None:
    assert mass_by_code_t(FLOWS) == {("ewc", "020304"): 8, ("ewc", "150101"): 1, ("tt02-2022", "020304"): 1}


def test_shares_of_waste_and_what_is_not_known() -> None:
    flows = FLOWS
    assert diversion_share(flows).value == pytest.approx(60)
    assert landfill_share(flows).value == pytest.approx(20)
    assert diversion_share(flows).data_capture == pytest.approx(0.9)


def test_no_waste_no_share() -> None:
    assert diversion_share([]).reason == "no waste is on record"


def test_secondary_material() -> None:
    assert secondary_material_share(25, 75).value == pytest.approx(25)
    assert secondary_material_share(0, 0).value is None


def test_a_remainder_within_the_meters_is_explained() -> None:
    balance = balance_link(Measured(50, 0.5), Measured(49, 0.5), "t")
    assert balance.is_explained
    assert balance.remainder.value == 1


def test_a_link_without_a_meter_at_the_taker_shows_what_was_given() -> None:
    balance = balance_link(Measured(50), None, "t")
    assert (balance.given.value, balance.taken.reason, balance.remainder.value) == (50, "the taker has no meter", None)
    assert balance.is_explained is None


def test_symbiosis_intensity() -> None:
    assert symbiosis_intensity(10, 40).value == 25
    assert symbiosis_intensity(0, 0).value is None


def test_two_exchanges_between_two_readings() -> None:
    readings = [(0, 80.0), (1, 85.0), (2, 90.0), (4, 7.0), (5, 9.0)]
    assert hourly_amount(readings, [(3.25, 95, 1), (3.75, 4, 0)]).value == (95 - 80) + (4 - 1) + 9


def test_an_exchange_that_does_not_fit_the_readings_is_refused() -> None:
    refused = hourly_amount([(0, 80.0), (1, 85.0), (2, 90.0), (4, 7.0)], [(3.5, 80, 0)])
    assert (refused.value, "from 90 to 80" in refused.reason) == (None, True)


def test_contents_of_inflow_and_outflow_are_means_by_mass() -> None:
    inflow = inflow_indicators([Inflow(mass_t=30, recycled=0.5), Inflow(mass_t=10, reused=1)])
    outflow = outflow_indicators([Outflow(mass_t=10, recycled=0.2), Outflow(mass_t=10, recirculated=0.5)])
    assert [inflow[name].value for name in inflow] == [25, 37.5, 0]
    assert [outflow[name].value for name in outflow] == [0, 10, 25]
    assert inflow_indicators([])["reused_content"].value is None


def test_water_lifetime_and_productivity() -> None:
    assert circular_water_share(20, 80).value == pytest.approx(20)
    assert onsite_water_reuse_ratio(30, 20).value == 1.5
    assert relative_lifetime(12, 10).value == 1.2
    assert material_productivity(5_000_000, 2).value == 2_500_000
    empty = (circular_water_share(0, 0), onsite_water_reuse_ratio(1, 0), material_productivity(1, 0))
    assert [value.reason for value in empty] == ["no water was used", "no water flowed in", "no material flowed in"]


def test_shares_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        Inflow(mass_t=1, reused=0.6, recycled=0.6)
    with pytest.raises(ValueError, match="add up to 1"):
        ProductMaterial(mass_kg=1, recycling_out=0.6, reuse_out=0.6)
    with pytest.raises(ValueError, match="must be positive"):
        relative_lifetime(1, 0)
