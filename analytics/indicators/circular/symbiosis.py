"""Symbiosis: what one firm gave and another took, balanced with the remainder shown."""

from dataclasses import dataclass

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, difference, measured, not_negative, quotient

COVERAGE = 2.0
"""A remainder within two standard uncertainties is within what the meters can tell."""
_BALANCE = Basis(
    "Mass balance over an exchange; Circular 05/2025/TT-BKHDT, forms A.4 and B.4 (symbiosis links)",
    Confidence.SETTING,
)
_INTENSITY = Basis(
    "Symbiosis intensity = exchanged mass over all waste (UNIDO style ratio)", Confidence.SETTING, "from memory"
)


@dataclass(frozen=True, slots=True)
class LinkBalance:
    """One link over one period; ``is_explained`` is ``None`` when a meter is missing or states no uncertainty."""

    given: IndicatorValue
    taken: IndicatorValue
    remainder: IndicatorValue
    is_explained: bool | None


def balance_link(given: Amount | None, taken: Amount | None, unit: str, reason: str = "") -> LinkBalance:
    """Balance of a link: ``given - taken`` [``unit``] with the percentage of what was given among the inputs.

    ``given`` and ``taken`` [``unit``] are metered at giver and taker over the same period; ``None``: not metered, or
    not to be told for ``reason``. The remainder is shown, never spread over the firms.
    """
    giver = _side(given, unit, "the giver", reason)
    taker = _side(taken, unit, "the taker", reason)
    if given is None or taken is None:
        why = giver.reason or taker.reason
        return LinkBalance(giver, taker, untold(unit, _BALANCE, why), None)
    rest = difference(given, taken)
    inputs: dict[str, Amount | str] = {f"given_{unit}": given, f"taken_{unit}": taken}
    if measured(given).value > 0:
        inputs["remainder_percent"] = 100 * rest.value / measured(given).value
    explained = abs(rest.value) <= COVERAGE * rest.standard_uncertainty if rest.standard_uncertainty else None
    return LinkBalance(giver, taker, rest.report(unit, _BALANCE, inputs), explained)


def symbiosis_intensity(exchanged_t: Amount, waste_t: Amount) -> IndicatorValue:
    """Exchanged mass [t] over all waste [t], exchanged or not, in percent."""
    not_negative(exchanged_t=exchanged_t, waste_t=waste_t)
    inputs = {"exchanged_t": exchanged_t, "waste_t": waste_t}
    if measured(waste_t).value == 0:
        return untold("%", _INTENSITY, "no waste is on record")
    return quotient(exchanged_t, waste_t).scaled(100).report("%", _INTENSITY, inputs)


def _side(amount: Amount | None, unit: str, who: str, reason: str) -> IndicatorValue:
    if amount is None:
        return untold(unit, _BALANCE, reason or f"{who} has no meter")
    not_negative(amount=amount)
    return measured(amount).report(unit, _BALANCE, {})
