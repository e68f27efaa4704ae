"""Share of renewable energy in the electricity a park uses."""

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, measured, not_negative, share_percent, total

_RENEWABLE = Basis(
    "Circular 05/2025/TT-BKHDT, form A.4; ISO 59020:2024 (energy: % renewable)",
    Confidence.SETTING,
    "grid electricity counts as not renewable; what is exported is not taken off",
)


def renewable_share(renewable_kwh: Amount, other_kwh: Amount) -> IndicatorValue:
    """Share [%] of renewable electricity: ``renewable / (renewable + other) x 100``.

    ``renewable_kwh`` [kWh] generated on site from sun, wind or biomass; ``other_kwh`` [kWh] from the grid and from
    fossil generation on site, of the same period.
    """
    not_negative(renewable_kwh=renewable_kwh, other_kwh=other_kwh)
    inputs = {"renewable_kwh": renewable_kwh, "other_kwh": other_kwh}
    if total((renewable_kwh, other_kwh)).value == 0:
        return untold(
            "%", _RENEWABLE, "no electricity was used", {name: measured(a).value for name, a in inputs.items()}
        )
    return share_percent(renewable_kwh, other_kwh).report("%", _RENEWABLE, inputs)
