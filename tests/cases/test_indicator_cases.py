"""Hand-computed cases of indicators as data: inputs, the working, and what must come out, one file each."""

import tomllib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.finding import Confidence
from analytics.indicator import IndicatorValue
from analytics.indicators.circular.material_circularity import ProductMaterial, material_circularity
from analytics.indicators.circular.symbiosis import LinkBalance, balance_link
from analytics.indicators.factors import Factor
from analytics.indicators.greenhouse_gas import GridUse, scope_2_emissions
from analytics.indicators.measured import Measured
from analytics.indicators.power_factor_charge import power_factor_charge
from analytics.indicators.tariff import CustomerTariff, EnergyInterval, time_of_use_cost
from tests.analytics.registers.hourly_registers import hourly_amount

FOLDER = Path(__file__).parent / "indicators"
CASES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def cost(inputs: dict[str, Any]) -> IndicatorValue:
    zone = ZoneInfo(inputs["timezone"])
    intervals = [EnergyInterval(ms(a, zone), ms(b, zone), energy) for a, b, energy in inputs["intervals"]]
    hours = tuple((date.fromisoformat(day), name) for day, name in inputs["hours"])
    return time_of_use_cost(intervals, CustomerTariff(inputs["voltage_level"], hours), zone).cost


def scope_2(inputs: dict[str, Any]) -> IndicatorValue:
    uses = [GridUse(date.fromisoformat(a), date.fromisoformat(b), energy) for a, b, energy in inputs["uses"]]
    factors = [
        Factor(
            id="grid_electricity", value=value, unit="tCO2/MWh", valid_from=date.fromisoformat(first),
            valid_to=date.fromisoformat(last) if last else None, source="case", confidence=Confidence.SOURCE,
        )
        for value, first, last in inputs.get("factors", [])
    ]  # fmt: skip
    return scope_2_emissions(uses, factors or None)


def link(inputs: dict[str, Any]) -> LinkBalance:
    spread = inputs["standard_uncertainty"]
    taken, given = hourly_amount(inputs["taker"]), hourly_amount(inputs["giver"], inputs["giver_exchanges"])
    told = Measured(given.value, spread) if given.value is not None else None
    return balance_link(told, Measured(taken.value or 0.0, spread), "t", given.reason)


CALCULATIONS: dict[str, Callable[[dict[str, Any]], IndicatorValue]] = {
    "power_factor_charge": lambda inputs: power_factor_charge(**inputs),
    "time_of_use_cost": cost,
    "material_circularity": lambda inputs: material_circularity(ProductMaterial(**inputs)),
    "scope_2_emissions": scope_2,
    "link_balance": lambda inputs: link(inputs).remainder,
}


def ms(text: str, zone: ZoneInfo) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    case = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    expected, where = case["expected"], case["article"]
    assert case["working"].strip(), "a case shows its working"
    found = CALCULATIONS[case["calculation"]](case["inputs"])
    assert (found.unit, found.basis.confidence) == (expected["unit"], expected["confidence"]), where
    assert found.value == pytest.approx(expected["value"], rel=1e-6) if "value" in expected else found.value is None, (
        f"{where}: {found}"
    )
    assert found.reason == expected.get("reason", ""), where
    assert expected.get("note", "") in found.basis.note, where
    if "standard_uncertainty" in expected:
        assert found.standard_uncertainty == pytest.approx(expected["standard_uncertainty"], rel=1e-5), where
    for key, value in expected.get("inputs", {}).items():
        assert found.inputs[key] == pytest.approx(value, rel=1e-6), f"{where}: {key}"


def test_a_remainder_beyond_the_meters_uncertainty_is_not_explained() -> None:
    case = tomllib.loads((FOLDER / "mass-balance-with-a-meter-exchange.toml").read_text(encoding="utf-8"))
    assert link(case["inputs"]).is_explained is case["expected"]["is_explained"]
