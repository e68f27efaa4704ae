"""The demo park's register: complete where the rules look, incomplete exactly where the demo wants it."""

from datetime import date

import pytest

from simulators.devices.catalogue import layouts_of_park
from telemetry_model.park_register import Park

WITHOUT_WATER_AND_WASTE = "van-phong-cat-bi"


def test_ten_firms_and_about_150_points(park: Park) -> None:
    assert len(park.firms()) == 10
    assert 140 <= len(park.points) <= 165
    assert len(park.devices) <= 60


def test_every_firm_has_a_main_meter_with_both_energies(park: Park) -> None:
    for firm in park.firms():
        meter = park.installations[f"{firm.id}-supply"].device
        quantities = {point.quantity.name for point in park.points_of_device(meter)}
        assert {"active_power", "reactive_power", "active_energy_import", "reactive_energy_import"} <= quantities


@pytest.mark.parametrize("role", ["tenant_water", "tenant_waste"])
def test_exactly_one_firm_has_no_water_and_no_waste_data(park: Park, role: str) -> None:
    equipped = {point.tenant for point in park.points_with_role(role)}
    assert {firm.id for firm in park.firms()} - equipped == {WITHOUT_WATER_AND_WASTE}


def test_every_point_of_a_role_is_a_counter(park: Park) -> None:
    assert [p.id for p in park.points.values() if p.role and p.quantity.kind != "counter"] == []


def test_every_device_has_its_own_port(park: Park) -> None:
    ports = [connection.port for connection in park.devices.values()]
    assert len(set(ports)) == len(ports)
    assert min(ports) == 15020


def test_device_and_points_agree_on_the_gateway(park: Park) -> None:
    for point in park.points.values():
        assert point.gateway == park.devices[point.device].gateway, point.id


def test_what_is_judged_by_the_day_is_not_on_the_gateway_that_fails(park: Park) -> None:
    exposed = {
        "wq-central",
        "st-chp",
        "aq-north",
        *(i.device for i in park.installations.values() if i.kind == "tenant_outlet"),
    }
    assert {park.devices[device].gateway for device in exposed} == {"gw-utilities"}


def test_live_firms_do_not_depend_on_the_gateway_that_fails(park: Park) -> None:
    roles = ("tenant_electricity", "tenant_water", "tenant_waste")
    hit = {p.tenant for role in roles for p in park.points_with_role(role) if p.gateway == "gw-east"}
    assert hit <= {WITHOUT_WATER_AND_WASTE}


def test_every_device_is_one_the_simulator_can_be(park: Park) -> None:
    assert layouts_of_park(park).keys() == park.devices.keys()


def test_somebody_can_be_told_in_every_tenant(park: Park) -> None:
    assert {contact.tenant for contact in park.contacts} == set(park.tenants)
    assert {contact.language for contact in park.contacts} == {"vi", "en"}


def test_addresses_are_fictional(park: Park) -> None:
    assert all(c.email.endswith((".example.vn", ".example")) for c in park.contacts)


def test_symbiosis_links_name_measured_points(park: Park) -> None:
    assert 2 <= len(park.symbiosis) <= 3
    assert all(link.giver_point and link.agreement for link in park.symbiosis)


def test_installations_carry_what_the_rules_need(park: Park) -> None:
    outlet = park.installations["central-wwtp-outlet"].dated.first
    stack = park.installations["chp-stack"].attributes_on(date(2026, 7, 1))
    assert (outlet["standard"], outlet["column"], outlet["kq"], outlet["kf"]) == ("qcvn40-2011", "A", 0.9, 1.0)
    assert (stack["equipment"], stack["column"], stack["permit_co_mg_nm3"]) == ("gas_turbine", "B", 100)
