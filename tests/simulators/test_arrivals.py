"""Packs on their way to ingest: numbered, in order, and late, doubled, mis-stamped or corrected where the file says."""

import json
from datetime import date
from pathlib import Path

import pytest

from service_runtime.text_folder import read_text_folder
from simulators.arrivals import Arrival, arrivals, first_mishap_ms
from simulators.scenario import MS_PER_HOUR, PlacedScenario, parse_scenario
from telemetry_model.park_register import Park, parse_park

SMALL = Path(__file__).parents[2] / "deploy" / "parks" / "trang-cat"
HEAD = 'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\nhistory_days = 1\nstep_seconds = 900\n'
COD = "wq-central.cod"


@pytest.fixture(scope="module")
def small() -> Park:
    return parse_park(read_text_folder(SMALL))


def sent(small: Park, delivery: str = "", hours: float = 3) -> tuple[PlacedScenario, list[Arrival]]:
    text = HEAD + (f"[[deliveries]]\nday = -1\n{delivery}\n" if delivery else "")
    placed = parse_scenario(text, "x").on(date(2026, 6, 18), small.timezone)
    start = placed.day_ms(-1)
    return placed, arrivals(small, placed, start, start + round(hours * MS_PER_HOUR))


def values(packs: list[Arrival], point: str) -> dict[float, float]:
    found = {}
    for pack in packs:
        records = json.loads(pack.payload)
        found.update({records[0]["bt"] + r.get("t", 0): r["v"] for r in records if r["n"] == point})
    return found


def test_each_gateway_numbers_its_packs_from_one_without_a_hole(small: Park) -> None:
    _, packs = sent(small)
    for gateway in ("gw-energy", "gw-water"):
        assert [p.seq for p in packs if p.gateway == gateway] == list(range(1, 13))
    assert [p.received_at_ms for p in packs] == sorted(p.received_at_ms for p in packs)


def test_late_packs_keep_their_content_and_come_days_later(small: Park) -> None:
    placed, packs = sent(
        small, 'kind = "late_delivery"\nstart_hour = 1\nend_hour = 2\ngateway = "gw-water"\ndays_late = 2'
    )
    late = [p for p in packs if p.received_at_ms > placed.day_ms(1)]
    assert [(p.gateway, p.seq) for p in late] == [("gw-water", n) for n in (5, 6, 7, 8)]
    assert first_mishap_ms(placed) == placed.day_ms(-1) + 50 * MS_PER_HOUR
    assert values(packs, COD) == values(sent(small)[1], COD)


def test_after_an_outage_packs_come_in_order_and_some_twice(small: Park) -> None:
    _, packs = sent(small, 'kind = "broker_outage"\nend_hour = 2\nresent_share = 0.5')
    numbers = [p.seq for p in packs if p.gateway == "gw-water"]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 4, 6, 8, 10, 11, 12]


def test_a_clock_that_is_ahead_stamps_the_future(small: Park) -> None:
    placed, packs = sent(
        small, 'kind = "clock_shift"\nstart_hour = 1\nend_hour = 2\ngateway = "gw-water"\nminutes = 60', hours=2
    )
    stamps = sorted(values(packs, COD))
    begin = placed.day_ms(-1) / 1000
    assert [round((t - begin) / 900) for t in stamps] == [0, 1, 2, 3, 8, 9, 10, 11]


def test_wrong_values_are_sent_first_and_corrected_under_new_numbers(small: Park) -> None:
    wrong = f'kind = "wrong_values"\nend_hour = 1\npoint = "{COD}"\nfactor = 10.0\ncorrected_days_later = 3'
    _, packs = sent(small, wrong)
    right = values(sent(small)[1], COD)
    first, later = packs[:-4], packs[-4:]
    assert [v / right[t] for t, v in sorted(values(first, COD).items())[:5]] == pytest.approx([10, 10, 10, 10, 1])
    assert [p.seq for p in later] == [13, 14, 15, 16]
    assert values(packs, COD) == right
    assert {r["n"] for p in later for r in json.loads(p.payload)} == {COD}


def test_a_wrong_label_is_sent_with_every_value_of_the_point(small: Park) -> None:
    _, packs = sent(
        small, 'kind = "wrong_values"\npoint = "em-nhua.active_energy_import"\nfactor = 1000.0\nunit = "Wh"'
    )
    units = {r["u"] for p in packs for r in json.loads(p.payload) if r["n"] == "em-nhua.active_energy_import"}
    assert units == {"Wh"}
