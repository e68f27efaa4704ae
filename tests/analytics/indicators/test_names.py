"""Each indicator has a name in Vietnamese and English; which there are, the parks that come with Ecopark tell."""

from datetime import date
from pathlib import Path

import pytest

from analytics.commands.circular import FORMULAS
from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue
from analytics.indicators.circular.metered_flows import metered_circularity
from analytics.indicators.circular.register_flows import register_circularity
from analytics.indicators.compute import compute_indicators
from analytics.indicators.names import INDICATOR_NAMES, Name, indicator_name
from analytics.indicators.outlet_indicators import GASES, LOAD_QUANTITIES
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.report import INDICATOR_HEADERS, indicator_row
from analytics.indicators.store_readings import Span
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import HANOI

PARKS = Path(__file__).parents[3] / "deploy" / "parks"
NOT_IN_A_PARK = {
    "symbiosis_intensity",
    *(f"{quantity}_{kind}" for quantity in LOAD_QUANTITIES for kind in ("load", "removal")),
    *(f"{gas}_mass_flow" for gas in GASES),
}
"""Made of what a park measures, or by the command itself."""


@pytest.fixture
async def told(tmp_path: Path) -> set[str]:
    """The ids of all indicators that the parks have; without a reading each says that it cannot be told."""
    found: set[str] = set()
    store, first, last = SqliteStore(tmp_path / "empty.db"), date(2026, 1, 1), date(2026, 12, 31)
    for folder in sorted(PARKS.iterdir()):
        park, span = parse_park(read_text_folder(folder)), Span(1_767_200_400_000, 1_767_286_800_000)
        found |= {i.name for i in await compute_indicators(store, park, span, 0.8)}
        found |= {i.name for i in register_circularity(park, first, last, span)}
        found |= {i.name for i in await metered_circularity(store, park, span)}
    await store.close()
    return found


async def test_no_indicator_lacks_a_name_and_no_name_lacks_an_indicator(told: set[str]) -> None:
    assert len(told) > 30
    assert told | NOT_IN_A_PARK == set(INDICATOR_NAMES)


@pytest.mark.parametrize("indicator", INDICATOR_NAMES)
def test_both_names_are_words_and_no_id(indicator: str) -> None:
    name = INDICATOR_NAMES[indicator]
    assert name.vi
    assert name.en
    assert all("_" not in words for words in name)
    assert (indicator_name(indicator, "vi"), indicator_name(indicator, "en")) == name


def test_no_two_indicators_have_the_same_name() -> None:
    for language in Name._fields:
        names = [getattr(name, language) for name in INDICATOR_NAMES.values()]
        assert len(set(names)) == len(names)


def test_each_formula_is_of_an_indicator_with_a_name() -> None:
    assert FORMULAS.keys() <= INDICATOR_NAMES.keys()


@pytest.mark.parametrize(
    ("language", "name", "value", "spread"),
    [("vi", "công suất cực đại", "1.345,8", "2,5"), ("en", "peak demand", "1,345.8", "2.5")],
)
def test_a_row_has_name_id_and_number_in_the_way_of_the_language(
    language: str, name: str, value: str, spread: str
) -> None:
    peak = IndicatorValue(value=1345.8, unit="kW", basis=Basis("Meter", Confidence.SOURCE), standard_uncertainty=2.5)
    row = indicator_row(ReportedIndicator("peak_demand", "s", "t", Span(0, 1), peak), HANOI, language)
    header = INDICATOR_HEADERS[language]
    assert row[17:].startswith(f"{name} ")
    assert f" {value} " in row
    assert f" {spread} kW " in row
    assert row.index("peak_demand") == header.index("mã  " if language == "vi" else "id  ")
