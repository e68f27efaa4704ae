"""Scenario files: what they may say, where their days fall, and how mistakes are named."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service_runtime.errors import OperatorError
from simulators.events import EffluentSurge, FrozenSensor, PoorPowerFactor
from simulators.scenario import PlacedScenario, check_against_park, load_scenario, parse_scenario, scenario_names
from telemetry_model.park_register import Park

HEAD = 'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\n'


def test_the_built_in_scenarios_are_listed_by_name() -> None:
    names = scenario_names()
    assert {"bach-dang-demo", "quiet-days", "night-discharge", "late-day"} <= set(names)
    assert names == sorted(names)


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_is_called_as_its_file_and_told_in_both_languages(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.title_vi != scenario.title_en
    if scenario.park != "bach-dang":
        assert scenario.story_vi
        assert scenario.story_en


def test_an_event_may_last_for_days(park: Park) -> None:
    text = '[[events]]\nkind = "effluent_surge"\nday = -2\nuntil_day = 0\nstart_hour = 8\nend_hour = 9\n'
    placed = parse_scenario(HEAD + text, "mine.toml").on(date(2026, 6, 18), park.timezone)
    surge = next(placed.events(EffluentSurge))
    assert surge.end_ms - surge.start_ms == 49 * 3_600_000


def test_the_end_of_a_day_of_23_hours_is_the_next_midnight() -> None:
    text = '[[events]]\nkind = "effluent_surge"\nday = -1\n'
    placed = parse_scenario(HEAD + text, "mine.toml").on(date(2026, 3, 30), ZoneInfo("Europe/Berlin"))
    surge = next(placed.events(EffluentSurge))
    assert surge.end_ms - surge.start_ms == 23 * 3_600_000


def test_lists_in_an_expectation_mean_each_with_each() -> None:
    text = '[[expected_findings]]\nday = [-2, -1]\nrule = ["A", "B"]\nsubject = "s"\nverdict = "exceeded"\n'
    found = parse_scenario(HEAD + text, "mine.toml").expected_findings
    assert [(f.day, f.rule) for f in found] == [(-2, "A"), (-2, "B"), (-1, "A"), (-1, "B")]


def test_an_event_of_yesterday_starts_at_its_local_hour(scenario: PlacedScenario) -> None:
    surge = next(scenario.events(EffluentSurge))
    assert datetime.fromtimestamp(surge.start_ms / 1000, tz=UTC) == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert surge.end_ms - surge.start_ms == 16 * 3_600_000


def test_an_event_holds_at_its_start_and_not_at_its_end(scenario: PlacedScenario) -> None:
    frozen = next(scenario.events(FrozenSensor))
    assert [frozen.covers(t) for t in (frozen.start_ms - 1, frozen.start_ms, frozen.end_ms - 1, frozen.end_ms)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_event_without_a_day_holds_always(scenario: PlacedScenario) -> None:
    assert next(scenario.events(PoorPowerFactor)).covers(scenario.day_ms(100))


def test_ordinary_days_expect_nothing() -> None:
    quiet = load_scenario("quiet-days")
    assert (quiet.events, quiet.expected_alerts) == ((), ())
    assert {(f.verdict, f.silent, f.day) for f in quiet.expected_findings} == {("insufficient_data", True, None)}


def test_a_file_of_ones_own_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(HEAD + '[[events]]\nkind = "device_offline"\nday = 0\ndevice = "met-1"\n', encoding="utf-8")
    assert load_scenario(str(file)).events[0].day == 0


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(OperatorError, match=r"no scenario 'doomsday' \(known: bach-dang-demo, broker-outage"):
        load_scenario("doomsday")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"gone\.toml: cannot be read"):
        load_scenario(str(tmp_path / "gone.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\n', "title_vi"),
        (HEAD + '[[events]]\nkind = "flood"\n', "flood"),
        (HEAD + '[[events]]\nkind = "effluent_surge"\ncod = 3\n', "cod"),
        (HEAD + '[[events]]\nkind = "gateway_outage"\nstart_hour = 9\nend_hour = 8\n', r"events\[1\]: hours 9 to 8"),
        (HEAD + '[[events]]\nkind = "gateway_outage"\nday = -1\nuntil_day = -2\n', "until_day -2 is before day -1"),
        (HEAD + '[[deliveries]]\nkind = "broker_outage"\nend_hour = 25\n', r"deliveries\[1\]: hours 0 to 25"),
        (HEAD + '[[deliveries]]\nkind = "pigeon"\n', "pigeon"),
        (HEAD + '[[events]]\nkind = "gateway_outage"\nday = -9\n', r"day -9 is before the history \(3 days\)"),
    ],
)
def test_mistakes_name_the_field(text: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        parse_scenario(text, "mine.toml")


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ('kind = "effluent_surge"\ntenant = "nobody"', r"events\[1\]\.tenant: 'nobody'"),
        ('kind = "frozen_sensor"\npoint = "wq-central.gold"', r"events\[1\]\.point: 'wq-central\.gold'"),
        ('kind = "calibration"\ndevice = "st-9"', r"events\[1\]\.device: 'st-9'"),
        ('kind = "gateway_outage"\ngateway = "gw-moon"', r"events\[1\]\.gateway: 'gw-moon'"),
    ],
)
def test_an_event_for_something_the_park_lacks_is_refused(park: Park, event: str, where: str) -> None:
    scenario = parse_scenario(f"{HEAD}[[events]]\n{event}\n", "mine.toml")
    with pytest.raises(OperatorError, match=where):
        check_against_park(scenario, park)
