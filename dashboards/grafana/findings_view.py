"""How Grafana shows verdicts and instrument states: words, colours, and the steps that count or filter findings."""

from collections.abc import Iterable, Sequence
from itertools import product

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, ValueMap, ValueMapping, ValueMappingResult

from analytics.finding import Confidence, Verdict
from analytics.rulebook import Rule
from analytics.rulebook.doubt import Part
from dashboards.board import Text
from dashboards.grafana.config import AMBER, GREEN, RED
from dashboards.queries.anomalies import NOTICED
from dashboards.words import ANOMALY_RULES, INSTRUMENT_STATES, VERDICTS, anomaly_title, basis_text

VERDICT_COLOURS = {Verdict.COMPLIANT: GREEN, Verdict.EXCEEDED: RED, Verdict.INSUFFICIENT_DATA: AMBER}
_ANOMALY_TITLES = {
    "Time": Text("Kỳ từ", "Period from"), "rule": Text("Quy tắc", "Rule"), "subject": Text("Đối tượng", "Subject"),
    "tenant": Text("Chịu trách nhiệm", "Responsible"), "said_vi": Text("Đã thấy", "Seen"),
    "said_en": Text("Đã thấy", "Seen"),
}  # fmt: skip
_FINDING_TITLES = {
    "Time": Text("Kỳ từ", "Period from"), "rule": Text("Quy tắc", "Rule"), "subject": Text("Đối tượng", "Subject"),
    "tenant": Text("Chịu trách nhiệm", "Responsible"), "verdict": Text("Kết luận", "Verdict"),
    "observed": Text("Giá trị", "Observed"), "limit": Text("Giới hạn", "Limit"), "unit": Text("Đơn vị", "Unit"),
    "data_capture": Text("Dữ liệu", "Data"), "provisional": Text("Tạm tính", "To date"),
    "confidence": Text("Căn cứ", "Basis"), "to_confirm": Text("Cần xác nhận", "To confirm"),
    "rule_version": Text("Phiên bản", "Version"),
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


def basis_mappings(rules: Sequence[Rule], language: str) -> list[ValueMapping]:
    """Stored confidence -> word, and stored parts to confirm -> words, for all that findings of ``rules`` can hold."""
    words = {c.value: basis_text(c.value, "", language) for c in Confidence}
    for parts in sorted({parts for rule in rules for parts in _possible_parts(rule)}):
        words[" ".join(parts)] = ", ".join(part.name_in(language) for part in parts)
    return [ValueMap({stored: ValueMappingResult(said, index=n) for n, (stored, said) in enumerate(words.items())})]


def _possible_parts(rule: Rule) -> Iterable[tuple[Part, ...]]:
    """Which parts of a rule its findings may call doubtful: some doubts depend on the day or on the register."""
    choices = [[(), (d.part,)] if d.is_conditional else [(d.part,)] for d in rule.to_confirm]
    for chosen in product(*choices):
        parts = tuple(dict.fromkeys(part for each in chosen for part in each))
        yield from ((parts,) if parts else ())
        yield (*parts, Part.CAPTURE)


def findings_steps(only_exceeded: bool, language: str) -> list[DataTransformerConfig]:
    """One row per rule and subject; on request only those whose latest verdict is an exceedance."""
    equal = {"fieldName": "verdict", "config": {"id": "equal", "options": {"value": Verdict.EXCEEDED.value}}}
    keep = DataTransformerConfig("filterByValue", options={"filters": [equal], "type": "include", "match": "all"})
    newest_first = DataTransformerConfig("sortBy", options={"fields": {}, "sort": [{"field": "Time", "desc": True}]})
    titles = {name: text.say(language) for name, text in _FINDING_TITLES.items()}
    organize = DataTransformerConfig("organize", options={"excludeByName": {}, "renameByName": titles})
    return [*([keep] if only_exceeded else []), newest_first, organize]


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
