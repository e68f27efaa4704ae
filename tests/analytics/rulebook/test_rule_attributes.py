"""Whatever a rule asks of the register can be written there: else it would never apply to anything."""

from collections.abc import Iterator

import pytest

from analytics.indicators.outlet_indicators import (
    DENSITY_ATTRIBUTE,
    ENERGY_ATTRIBUTE,
    FLOW_ATTRIBUTE,
    INLET_ATTRIBUTE,
)
from analytics.indicators.park_view import ACCURACY_ATTRIBUTE
from analytics.indicators.supply_indicators import NEW_HOURS_ATTRIBUTE, VOLTAGE_ATTRIBUTE
from analytics.indicators.tariff import voltage_levels
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.limits import permit_attributes
from analytics.rulebook.rule import Comparison, Operator
from telemetry_model.park_register.attributes import PARK_ATTRIBUTES, AttributeForm, attribute_forms
from telemetry_model.park_register.types import INSTALLATION_KINDS

RULES = [rule for rule in load_rulebook() if rule.subject in (*INSTALLATION_KINDS, "park")]


def forms_of(rule: Rule) -> dict[str, AttributeForm]:
    return dict(PARK_ATTRIBUTES if rule.subject == "park" else attribute_forms(rule.subject))


def asked_of(rule: Rule) -> Iterator[str]:
    yield from (condition.attribute for condition in rule.applies_to)
    yield from rule.numerator_attributes
    yield from rule.denominator_attributes
    for name in permit_attributes(rule):
        yield from (f"{name}_low", f"{name}_high") if rule.comparison is Comparison.BETWEEN else (name,)
    if rule.limit_by_column:
        yield rule.column_attribute
    if rule.formula is not None:
        yield from rule.formula.factors


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}/{rule.version}")
def test_every_attribute_a_rule_asks_for_may_be_written(rule: Rule) -> None:
    missing = [name for name in asked_of(rule) if name not in forms_of(rule)]
    assert not missing, f"{rule.id} asks for {missing}, which a {rule.subject} cannot have"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}/{rule.version}")
def test_every_name_a_rule_looks_for_is_among_the_choices(rule: Rule) -> None:
    forms = forms_of(rule)
    for condition in rule.applies_to:
        choices = forms[condition.attribute].choices
        wanted = condition.value if condition.operator is Operator.NOT_IN else [condition.value]
        if choices and condition.operator in (Operator.IS, Operator.NOT_IN):
            assert set(wanted) <= set(choices), (rule.id, condition)
    if rule.limit_by_column:
        assert set(rule.limit_by_column) <= set(forms[rule.column_attribute].choices)


def test_what_indicators_ask_for_may_be_written() -> None:
    assert {FLOW_ATTRIBUTE, INLET_ATTRIBUTE, ENERGY_ATTRIBUTE} <= set(attribute_forms("wastewater_outlet"))
    assert FLOW_ATTRIBUTE in attribute_forms("tenant_outlet")
    assert DENSITY_ATTRIBUTE in attribute_forms("stack")
    supply = attribute_forms("electricity_supply")
    assert {VOLTAGE_ATTRIBUTE, NEW_HOURS_ATTRIBUTE, ACCURACY_ATTRIBUTE} <= set(supply)
    assert set(voltage_levels()) == set(supply[VOLTAGE_ATTRIBUTE].choices)
