"""Numbers, units and texts as people read them."""

from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from analytics.anomalies.anomaly import RULES
from analytics.finding import Confidence, Verdict
from dashboards.console.texts import TEXTS, say
from dashboards.words import (
    ANOMALY_RULES,
    CONFIDENCES,
    VERDICTS,
    anomaly_title,
    count_text,
    device_name,
    local_text,
    number_text,
    quantity_text,
    share_text,
)
from telemetry_model.park_register import Park


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [(1234.5, "1.234", "1,234"), (67.5, "67,5", "67.5"), (0.9, "0,90", "0.90"), (0, "0", "0"), (None, "–", "–")],
)
def test_numbers_follow_the_language(value: float | None, vietnamese: str, english: str) -> None:
    assert (number_text(value, "vi"), number_text(value, "en")) == (vietnamese, english)


def test_counts_have_no_decimals() -> None:
    assert (count_text(7, "en"), count_text(1_234, "vi")) == ("7", "1.234")


def test_a_quantity_without_value_has_no_unit() -> None:
    assert (quantity_text(None, "mg/l", "en"), quantity_text(0.94, "1", "en")) == ("–", "0.94")


def test_time_is_the_parks_own() -> None:
    assert local_text(1_795_219_200_000, ZoneInfo("Asia/Ho_Chi_Minh")) == "2026-11-21 07:00"


def test_every_text_has_both_languages_with_the_same_places() -> None:
    for key, text in TEXTS.items():
        assert text.vi, key
        assert _places(text.vi) == _places(text.en), key


def test_every_verdict_and_confidence_has_a_word() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(CONFIDENCES) == set(Confidence)


def test_a_text_fills_in_values() -> None:
    assert say("ledger_line", "en", stored=1, duplicate=2, missing=3) == "1 batches stored, 2 duplicates, 3 missing"


def test_a_device_is_called_by_what_it_watches(park: Park) -> None:
    assert device_name(park, "st-chp", "en") == "Stack of the gas turbine CHP"
    assert device_name(park, "pv-1", "en") == "pv-1"


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_share_that_is_not_whole_is_never_shown_as_100() -> None:
    assert share_text(100.0, "en") == "100.0"
    assert share_text(99.96, "vi") == "99,96"
    assert share_text(99.999999, "en") == "< 100"
    assert share_text(12.34, "en") == "12.3"


def test_every_kind_of_anomaly_has_the_title_analytics_gives_it() -> None:
    assert {rule: (text.vi, text.en) for rule, text in ANOMALY_RULES.items()} == {
        rule.id: (rule.title_vi, rule.title_en) for rule in RULES.values()
    }


def test_an_unknown_kind_of_anomaly_is_its_id() -> None:
    assert anomaly_title("AN-99", "vi") == "AN-99"
