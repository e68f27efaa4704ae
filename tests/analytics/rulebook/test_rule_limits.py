"""Which rule applies to what, and the limit it gives."""

from datetime import date

import pytest

from analytics.finding import Confidence
from analytics.rulebook import LimitUnknownError, Rule, limit_for, load_rulebook
from analytics.rulebook.rule import Condition, Operator
from telemetry_model.park_register.dated import Attribute

DAY = date(2026, 3, 10)
OUTLET: dict[str, Attribute] = {
    "standard": "qcvn40-2011", "column": "A", "licensed_on": date(2019, 5, 20), "kq": 0.9, "kf": 1.1,
}  # fmt: skip


def rule_of(rule_id: str, version: str = "") -> Rule:
    return next(r for r in load_rulebook() if r.id == rule_id and (not version or r.version == version))


def test_formula_multiplies_the_licence_factors() -> None:
    limit = limit_for(rule_of("WW-01-COD"), OUTLET, DAY)
    assert limit.value == pytest.approx(75 * 0.9 * 1.1)
    assert limit.confidence is Confidence.PERMIT
    assert not limit.may_be_shown_as_law


@pytest.mark.parametrize("missing", ["kq", "kf"])
def test_a_licence_without_a_factor_gives_no_limit(missing: str) -> None:
    attributes = {key: value for key, value in OUTLET.items() if key != missing}
    with pytest.raises(LimitUnknownError, match=missing):
        limit_for(rule_of("WW-01-COD"), attributes, DAY)


@pytest.mark.parametrize("bad", [0, -1.0, "0.9", True])
def test_a_factor_must_be_a_positive_number(bad: Attribute) -> None:
    with pytest.raises(LimitUnknownError, match="kq"):
        limit_for(rule_of("WW-01-COD"), OUTLET | {"kq": bad}, DAY)


def test_an_unknown_column_gives_no_limit() -> None:
    with pytest.raises(LimitUnknownError, match="columns A, B"):
        limit_for(rule_of("WW-01-COD"), OUTLET | {"column": "D"}, DAY)


def test_a_day_outside_the_validity_gives_no_limit() -> None:
    with pytest.raises(LimitUnknownError, match="2032-01-01"):
        limit_for(rule_of("WW-01-COD"), OUTLET, date(2032, 1, 1))


def test_the_last_day_of_validity_still_counts() -> None:
    assert limit_for(rule_of("WW-01-COD"), OUTLET, date(2031, 12, 31)).value


def test_a_licence_without_co_gives_no_limit_because_none_is_published() -> None:
    with pytest.raises(LimitUnknownError, match="No published limit was found"):
        limit_for(rule_of("AIR-02-CO"), {"equipment": "gas_turbine"}, DAY)


def test_a_published_limit_may_be_shown_as_law() -> None:
    assert limit_for(rule_of("AMB-02-PM10"), {}, DAY).may_be_shown_as_law


def test_a_park_attribute_moves_a_setting_but_does_not_make_it_law() -> None:
    limit = limit_for(rule_of("REN-SHARE"), {"renewable_share_target_percent": 50}, DAY)
    assert (limit.value, limit.confidence) == (50.0, Confidence.SETTING)


@pytest.mark.parametrize(
    ("capacity", "version"),
    [(12, "gt-300"), (300, "gt-300"), (300.5, "gt-1200"), (1200, "gt-1200"), (1201, "gt-over-1200")],
)
def test_exactly_one_capacity_class_applies(capacity: float, version: str) -> None:
    attributes: dict[str, Attribute] = {
        "standard": "qcvn19-2024", "equipment": "gas_turbine", "capacity_mw": capacity,
        "licensed_on": date(2025, 7, 1), "column": "B",
    }  # fmt: skip
    found = [rule.version for rule in load_rulebook() if rule.id == "AIR-02-NOX" and rule.applies(attributes)]
    assert found == [f"qcvn19-2024-{version}"]


@pytest.mark.parametrize(("licensed_on", "applies"), [(date(2025, 8, 31), True), (date(2025, 9, 1), False)])
def test_the_old_wastewater_standard_is_for_older_licences(licensed_on: date, applies: bool) -> None:
    assert rule_of("WW-01-COD").applies(OUTLET | {"licensed_on": licensed_on}) is applies


@pytest.mark.parametrize(("contracted_kw", "applies"), [(39.9, False), (40, True)])
def test_power_factor_is_for_supplies_from_40_kw(contracted_kw: float, applies: bool) -> None:
    assert rule_of("EN-03-PF").applies({"contracted_kw": contracted_kw}) is applies


@pytest.mark.parametrize(
    ("operator", "value", "actual", "holds"),
    [
        (Operator.AT_LEAST, 5, 5, True), (Operator.AT_LEAST, 5, 4, False),
        (Operator.ABOVE, 5, 5, False), (Operator.ABOVE, 5, 6, True),
        (Operator.AT_MOST, 5, 5, True), (Operator.AT_MOST, 5, 6, False),
        (Operator.BELOW, 5, 4, True), (Operator.BELOW, 5, 5, False),
        (Operator.FROM, date(2025, 1, 1), date(2025, 1, 1), True),
        (Operator.BEFORE, date(2025, 1, 1), date(2025, 1, 1), False),
        (Operator.AT_LEAST, 5, "many", False), (Operator.FROM, date(2025, 1, 1), 3, False),
    ],
)  # fmt: skip
def test_condition(operator: Operator, value: Attribute, actual: Attribute, holds: bool) -> None:
    assert Condition("x", operator, value).holds({"x": actual}) is holds


def test_a_missing_attribute_never_meets_a_condition() -> None:
    assert not Condition("x", Operator.IS, 1).holds({})
