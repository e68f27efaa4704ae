"""What is computed between the store and the screen."""

import pytest

from analytics.finding import Verdict
from dashboards.board import Derive
from dashboards.derive import (
    added_up,
    anomaly_lines,
    finding_lines,
    increases,
    power_factor,
    samples_of,
    share_percent,
    total,
    verdict_counts,
)
from telemetry_model.park_register.records import MeterExchange
from telemetry_store.query import Cell, SeriesResult

COLUMNS = ("verdict", "observed", "limit", "unit", "data_capture", "provisional")


def a_finding(verdict: str, rule: str = "R", time_ms: int = 0, observed: Cell = 1.0) -> SeriesResult:
    tags = {"rule": rule, "subject": "s", "tenant": "t"}
    return SeriesResult(tags, COLUMNS, [(time_ms, verdict, observed, 2.0, "mg/l", 0.9, False)])


def test_a_counter_shows_what_it_grew() -> None:
    assert increases([(0, 10.0), (60, 12.5), (120, 12.5)]) == [(60, 2.5), (120, 0.0)]


def test_a_counter_that_falls_gives_no_value() -> None:
    assert increases([(0, 990.0), (60, 3.0), (120, 5.0)]) == [(60, None), (120, 2.0)]


def test_growth_across_missing_buckets_counts_once() -> None:
    assert increases([(0, 10.0), (60, None), (120, 14.0)]) == [(120, 4.0)]


@pytest.mark.parametrize(("active", "reactive", "expected"), [(3.0, 4.0, 0.6), (0.0, 0.0, None), (None, 1.0, None)])
def test_power_factor(active: float | None, reactive: float | None, expected: float | None) -> None:
    assert power_factor(active, reactive) == expected


def test_power_factor_of_a_row_takes_both_columns() -> None:
    result = SeriesResult({}, ("p", "q"), [(0, 3.0, 4.0), (60, 3.0, None)])
    assert samples_of(result, Derive.POWER_FACTOR) == [(0, 0.6), (60, None)]


def test_not_a_number_is_no_value() -> None:
    assert samples_of(SeriesResult({}, ("x",), [(0, float("nan"))]), Derive.AS_IS) == [(0, None)]


def test_what_is_known_at_a_time_is_added_up() -> None:
    assert added_up([[(0, 1.0), (60, 2.0)], [(60, 3.0), (120, None)]]) == [(0, 1.0), (60, 5.0)]


def test_share_is_of_the_totals() -> None:
    assert share_percent([[(0, 1.0), (1, 2.0)]], [[(0, 4.0)], [(0, 2.0), (1, None)]]) == 50.0


@pytest.mark.parametrize("whole", [[], [[(0, 0.0)]], [[(0, None)]]])
def test_share_of_nothing_is_unknown(whole: list[list[tuple[int, float | None]]]) -> None:
    assert share_percent([[(0, 1.0)]], whole) is None


def test_total_without_values_is_unknown() -> None:
    assert total([[(0, None)], []]) is None


def test_exceedances_come_first_and_newest_first() -> None:
    results = [a_finding("compliant", "A"), a_finding("exceeded", "B", 1), a_finding("exceeded", "C", 2)]
    assert [line.rule for line in finding_lines(results)] == ["C", "B", "A"]


def test_law_and_permit_come_before_settings_and_the_farthest_over_its_limit_first() -> None:
    columns = ("verdict", "observed", "limit", "unit", "data_capture", "provisional", "confidence")
    cases = [
        ("setting-far", 90.0, 10.0, "setting"), ("law-near", 101.0, 100.0, "source"),
        ("permit-far", 180.0, 100.0, "permit"), ("law-below", 0.6, 0.9, "source"), ("permit-zero", 0.1, 0.0, "permit"),
    ]  # fmt: skip
    results = [
        SeriesResult({"rule": rule, "subject": "s", "tenant": "t"}, columns,
                     [(9 - number, "exceeded", observed, limit, "x", 1.0, False, confidence)])
        for number, (rule, observed, limit, confidence) in enumerate(cases)
    ]  # fmt: skip
    shown = [line.rule for line in finding_lines(results)]
    assert shown == ["permit-zero", "permit-far", "law-below", "law-near", "setting-far"]


def test_only_exceedances_are_kept_on_request() -> None:
    lines = finding_lines([a_finding("compliant"), a_finding("exceeded"), a_finding("insufficient_data")], True)
    assert [line.verdict for line in lines] == [Verdict.EXCEEDED]


def test_a_finding_without_observed_value_keeps_none() -> None:
    (line,) = finding_lines([a_finding("insufficient_data", observed=None)])
    assert line.observed is None


def test_a_verdict_nobody_knows_is_left_out() -> None:
    assert finding_lines([a_finding("maybe"), SeriesResult({}, COLUMNS, [])]) == []


def test_what_was_withdrawn_is_no_longer_shown_and_the_newest_comes_first() -> None:
    tags = {"rule": "AN-01", "subject": "outlet", "tenant": "firm"}
    rows: list[tuple[Cell, ...]] = [
        (1, "noticed", "cũ", "old"),
        (3, "noticed", "mới", "new"),
        (2, "withdrawn", "không còn", "gone"),
    ]
    result = SeriesResult(tags, ("verdict", "said_vi", "said_en"), rows)
    assert [(line.said_en, line.said_vi) for line in anomaly_lines([result])] == [("new", "mới"), ("old", "cũ")]


def test_every_verdict_is_counted_even_when_absent() -> None:
    counts = verdict_counts(finding_lines([a_finding("exceeded"), a_finding("exceeded")]))
    assert counts == {Verdict.COMPLIANT: 0, Verdict.EXCEEDED: 2, Verdict.INSUFFICIENT_DATA: 0}


def exchange(time_ms: int, last_value: float, first_value: float) -> MeterExchange:
    return MeterExchange("em.active_energy_import", time_ms, last_value, first_value, "a", "b")


def test_a_recorded_exchange_counts_both_meters() -> None:
    registers: list[tuple[int, float | None]] = [(0, 990.0), (60, 3.0), (120, 5.0)]
    assert increases(registers, [exchange(70, 995.0, 1.0)], 60) == [(60, 7.0), (120, 2.0)]


def test_a_new_meter_that_starts_higher_is_no_growth() -> None:
    assert increases([(0, 990.0), (60, 50_010.0)], [exchange(70, 1000.0, 50_000.0)], 60) == [(60, 20.0)]


def test_two_exchanges_in_one_bucket_count_three_meters() -> None:
    exchanges = [exchange(70, 995.0, 0.0), exchange(80, 4.0, 100.0)]
    assert increases([(0, 990.0), (60, 101.0)], exchanges, 60) == [(60, 10.0)]


def test_an_exchange_after_the_buckets_last_reading_counts_in_the_next_one() -> None:
    registers: list[tuple[int, float | None]] = [(0, 990.0), (60, 995.0), (120, 5.0)]
    assert increases(registers, [exchange(119, 996.0, 1.0)], 60) == [(60, 5.0), (120, 5.0)]


def test_an_exchange_that_does_not_fit_the_registers_gives_no_value() -> None:
    assert increases([(0, 990.0), (60, 3.0)], [exchange(70, 900.0, 1.0)], 60) == [(60, None)]
