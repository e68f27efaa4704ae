"""What Grafana is told of single columns of an answer: their order, names for ids, units, colours."""

from collections.abc import Iterable, Sequence
from typing import Any

from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from analytics.finding import Verdict
from analytics.rulebook import Rule
from dashboards.board import Panel, PanelKind, Text
from dashboards.grafana.findings_view import VERDICT_COLOURS
from dashboards.queries.anomalies import ANOMALY_COLUMNS
from dashboards.queries.findings import FINDING_COLUMNS
from dashboards.words import NO_STATUS, VERDICTS, unit_symbol
from telemetry_model.park_register import Park

Column = tuple[str, list[DynamicConfigValue]]
_FIRST = ("verdict", "rule", "subject", "observed", "limit", "unit")
_LAST = ("tenant", "Time")
_ANOMALIES_ORDER = ("Time", "rule", "subject", *ANOMALY_COLUMNS, "tenant")
_TO_THE_MINUTE = "time:YYYY-MM-DD HH:mm"
_PIXELS = {"verdict": 130, "observed": 80, "limit": 80, "unit": 80, "data_capture": 80, "provisional": 90}
_TO_DATE = Text("tạm tính", "to date")


def in_order(steps: Iterable[DataTransformerConfig], kind: PanelKind) -> list[DataTransformerConfig]:
    """The same steps, with the columns in a fixed order.

    Grafana puts the tags of an InfluxQL answer into an unordered map: without an order of ours the columns of a table
    change places from one refresh to the next. Names are those of the answer, before any renaming.
    """
    order = {"indexByName": {name: index for index, name in enumerate(_order(kind))}}
    arranged = list(steps)
    for place, step in enumerate(arranged):
        if step.id_val == "organize":
            arranged[place] = DataTransformerConfig("organize", options={**_options(step), **order})
            return arranged
    return [*arranged, DataTransformerConfig("organize", options={"excludeByName": {}, "renameByName": {}, **order})]


def columns_of(panel: Panel, park: Park, rules: Sequence[Rule], language: str) -> list[Column]:
    """What is said of single columns, by the column's name in the answer; nothing for panels that draw series."""
    if panel.kind is PanelKind.VERDICT_COUNTS:
        return [_count_of(verdict, language) for verdict in Verdict]
    if panel.kind not in (PanelKind.FINDINGS, PanelKind.ANOMALIES):
        return []
    columns = [
        ("Time", [DynamicConfigValue("unit", _TO_THE_MINUTE), _wide(140)]),
        ("subject", [_named(_subjects(park, language))]),
        ("tenant", [_named((tenant.id, tenant.name) for tenant in park.tenants.values())]),
    ]
    if panel.kind is PanelKind.ANOMALIES:
        return columns
    titled = ((rule.id, f"{rule.id} · {rule.title(language)}") for rule in rules)
    symbols = ((unit, unit_symbol(unit) or "–") for unit in sorted({rule.unit for rule in rules} | {"1"}))
    said = {
        "verdict": [DynamicConfigValue("custom.cellOptions", {"type": "color-text"})],
        "unit": [_named((unit, symbol) for unit, symbol in symbols if unit != symbol)],
        "data_capture": [DynamicConfigValue("unit", "percentunit"), DynamicConfigValue("decimals", 0)],
        "provisional": [_named((("true", _TO_DATE.say(language)), ("false", "–")))],
    }
    narrow = [(name, [*said.get(name, []), _wide(_PIXELS.get(name, 110))]) for name in FINDING_COLUMNS]
    return [*columns, ("rule", [_named(titled)]), *narrow]


def said_of_nothing(language: str) -> str:
    """What stands where there is no value: Grafana's own word for it is English on every board."""
    return NO_STATUS.say(language)


def _count_of(verdict: Verdict, language: str) -> Column:
    """A count is coloured by its verdict, not by its size."""
    colour = {"mode": "fixed", "fixedColor": VERDICT_COLOURS[verdict]}
    word = DynamicConfigValue("displayName", VERDICTS[verdict].say(language))
    return verdict.value, [word, DynamicConfigValue("color", colour)]


def _order(kind: PanelKind) -> tuple[str, ...]:
    if kind is PanelKind.ANOMALIES:
        return _ANOMALIES_ORDER
    return (*_FIRST, *(name for name in FINDING_COLUMNS if name not in _FIRST), *_LAST)


def _options(step: DataTransformerConfig) -> dict[str, Any]:
    return dict(step.options) if isinstance(step.options, dict) else {}


def _wide(pixels: int) -> DynamicConfigValue:
    """Numbers and dates need no more: the rest of the width is for names and titles."""
    return DynamicConfigValue("custom.width", pixels)


def _named(words: Iterable[tuple[str, str]]) -> DynamicConfigValue:
    mapped: list[ValueMapping] = [
        ValueMap({value: ValueMappingResult(text, index=number) for number, (value, text) in enumerate(words)})
    ]
    return DynamicConfigValue("mappings", mapped)


def _subjects(park: Park, language: str) -> Iterable[tuple[str, str]]:
    """What findings are about, by name: the park, its firms, its installations. A point stays its id."""
    yield park.id, park.name(language)
    for tenant in park.tenants.values():
        yield tenant.id, tenant.name
    for place in park.installations.values():
        yield place.id, place.name_vi if language == "vi" else place.name_en
