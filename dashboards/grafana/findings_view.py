"""How Grafana shows verdicts and instrument states: words, colours, and the steps that count or filter findings."""

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, ValueMap, ValueMapping, ValueMappingResult

from analytics.finding import Verdict
from dashboards.board import Text
from dashboards.grafana.config import AMBER, GREEN, RED
from dashboards.queries.anomalies import NOTICED
from dashboards.words import ANOMALY_RULES, INSTRUMENT_STATES, VERDICTS, anomaly_title

VERDICT_COLOURS = {Verdict.COMPLIANT: GREEN, Verdict.EXCEEDED: RED, Verdict.INSUFFICIENT_DATA: AMBER}
_ANOMALY_TITLES = {
    "Time": Text("Kỳ từ", "Period from"), "rule": Text("Quy tắc", "Rule"), "subject": Text("Đối tượng", "Subject"),
    "tenant": Text("Chịu trách nhiệm", "Responsible"), "said_vi": Text("Đã thấy", "Seen"),
    "said_en": Text("Đã thấy", "Seen"),
}  # fmt: skip
_STATE_COLOURS = (GREEN, AMBER, RED)


def verdict_mappings(language: str) -> list[ValueMapping]:
    """Stored verdict -> word and colour."""
    return [
        ValueMap({v: ValueMappingResult(VERDICTS[v].say(language), VERDICT_COLOURS[v], index=v.code) for v in Verdict})
    ]


def status_mappings(language: str) -> list[ValueMapping]:
    """Stored instrument status -> word and colour."""
    results = {
        str(int(state)): ValueMappingResult(text.say(language), _STATE_COLOURS[state], index=int(state))
        for state, text in INSTRUMENT_STATES.items()
    }
    return [ValueMap(results)]


def findings_steps(only_exceeded: bool) -> list[DataTransformerConfig]:
    """One row per rule and subject; on request only those whose latest verdict is an exceedance."""
    equal = {"fieldName": "verdict", "config": {"id": "equal", "options": {"value": Verdict.EXCEEDED.value}}}
    keep = DataTransformerConfig("filterByValue", options={"filters": [equal], "type": "include", "match": "all"})
    newest_first = DataTransformerConfig("sortBy", options={"fields": {}, "sort": [{"field": "Time", "desc": True}]})
    return [*([keep] if only_exceeded else []), newest_first]


def anomaly_mappings(language: str) -> list[ValueMapping]:
    """Stored id of a kind of anomaly -> id and title."""
    return [
        ValueMap({
            rule: ValueMappingResult(anomaly_title(rule, language), index=number)
            for number, rule in enumerate(ANOMALY_RULES)
        })
    ]  # fmt: skip


def anomaly_steps(language: str) -> list[DataTransformerConfig]:
    """What stands as noticed, newest first, in one language."""
    equal = {"fieldName": "verdict", "config": {"id": "equal", "options": {"value": NOTICED}}}
    keep = DataTransformerConfig("filterByValue", options={"filters": [equal], "type": "include", "match": "all"})
    newest_first = DataTransformerConfig("sortBy", options={"fields": {}, "sort": [{"field": "Time", "desc": True}]})
    hidden = {"verdict": True, "said_en" if language == "vi" else "said_vi": True}
    titles = {name: text.say(language) for name, text in _ANOMALY_TITLES.items()}
    organize = DataTransformerConfig("organize", options={"excludeByName": hidden, "renameByName": titles})
    return [keep, newest_first, organize]


def verdict_steps() -> list[DataTransformerConfig]:
    """How many rules and subjects have each verdict: one field each, named by the stored verdict, the worst first."""
    fields = {
        "verdict": {"operation": "groupby", "aggregations": []},
        "rule": {"operation": "aggregate", "aggregations": ["count"]},
    }
    columns = [
        {"fieldName": "verdict", "handlerKey": "field.name"},
        {"fieldName": "rule (count)", "handlerKey": "field.value"},
    ]
    worst_first = (Verdict.EXCEEDED, Verdict.INSUFFICIENT_DATA, Verdict.COMPLIANT)
    order = {verdict.value: index for index, verdict in enumerate(worst_first)}
    return [
        DataTransformerConfig("groupBy", options={"fields": fields}),
        DataTransformerConfig("rowsToFields", options={"mappings": columns}),
        DataTransformerConfig("organize", options={"excludeByName": {}, "renameByName": {}, "indexByName": order}),
    ]
