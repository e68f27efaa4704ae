"""What is not law about a rule, besides its number, against a table copied by hand: marked wherever it is shown."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from analytics.alerting.alert import Step, begin_incident
from analytics.alerting.email_message import build_email, make_chart
from analytics.alerting.naming import Naming
from analytics.alerting.notification import Notification
from analytics.alerting.texts import texts_of
from analytics.commands.report import as_row, explain, rule_line
from analytics.evaluators import Outcome
from analytics.finding import Confidence, Finding, Verdict
from analytics.judging.evaluate import conclude
from analytics.rulebook import Limit, LimitUnknownError, Rule, limit_for, load_rulebook
from analytics.rulebook.doubt import Doubt, Part, doubtful_parts
from analytics.rulebook.evidence import in_language
from dashboards.grafana.generate import generated_files
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park

LANGUAGES = ("en", "vi")
ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "to_confirm_table.toml").read_text("utf-8"))["rows"]
IDS = [f"{row['part']} {row['rules'][0]}" for row in ROWS]
PARK_FOLDER = Path(__file__).parents[2] / "deploy" / "parks" / "bach-dang"
NOON_MS = round(datetime(2026, 3, 10, tzinfo=UTC).timestamp() * 1000)


def rules_of(row: dict[str, Any]) -> Iterator[Rule]:
    for name in row["rules"]:
        rule_id, _, version = name.partition(":")
        found = [rule for rule in load_rulebook() if rule.id == rule_id and version in ("", rule.version)]
        assert found, name
        yield from found


def doubts_of(row: dict[str, Any], rule: Rule) -> list[Doubt]:
    return [doubt for doubt in rule.to_confirm if doubt.part == row["part"] and row["en"] in doubt.en]


def limit_of(row: dict[str, Any], rule: Rule) -> Limit:
    """The limit of a worked example that falls under the row."""
    for example in rule.examples:
        attributes = MappingProxyType(dict(example.attributes))
        if row.get("column", "") not in ("", attributes.get(rule.column_attribute)):
            continue
        try:
            return limit_for(rule, attributes, row.get("day") or example.day or rule.valid_from)
        except LimitUnknownError:
            continue
    raise AssertionError(f"{rule.id} {rule.version}: no worked example gives a limit")


def finding_of(row: dict[str, Any], rule: Rule) -> Finding:
    evidence: list[str] = []
    conclude(rule, Outcome(1.0, 1.0, (), ()), limit_of(row, rule), evidence)
    return Finding(
        rule.id, rule.version, "bach-dang", "central-wwtp-outlet", "park", NOON_MS, NOON_MS + 86_400_000,
        Verdict.EXCEEDED, 2.0, 1.0, rule.unit, 1.0, 0.8, rule.citation, rule.confidence, NOON_MS, (), tuple(evidence),
    )  # fmt: skip


@cache
def park() -> Park:
    return parse_park(read_text_folder(PARK_FOLDER))


@cache
def boards() -> dict[str, Any]:
    return {name: json.loads(text) for name, text in generated_files(park(), date(2026, 11, 23)).items()}


def test_every_doubtful_part_of_the_rulebook_is_in_the_table_and_the_other_way_round() -> None:
    listed = {
        (rule.id, rule.version, doubt.name) for row in ROWS for rule in rules_of(row) for doubt in doubts_of(row, rule)
    }
    known = {(rule.id, rule.version, doubt.name) for rule in load_rulebook() for doubt in rule.to_confirm}
    bounded = {(rule.id, rule.version, doubt.name) for rule in load_rulebook() for doubt in rule.to_confirm
               if doubt.last_day is not None and doubt.last_day < rule.valid_from}  # fmt: skip
    assert listed - known == set()
    assert known - listed <= bounded, "a doubt that the table does not know"


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_mark_is_in_the_evidence_and_the_explanation_of_each_rule(row: dict[str, Any]) -> None:
    for rule in rules_of(row):
        where = f"{row['note']}: {rule.id} {rule.version}"
        assert len(doubts_of(row, rule)) == 1, where
        finding = finding_of(row, rule)
        for language in LANGUAGES:
            said = [in_language(sentence, language) for sentence in finding.evidence]
            assert any(row[language] in sentence for sentence in said), where
            assert any(row[language] in line for line in explain(rule)), where
        assert Part(row["part"]) in doubtful_parts(finding.evidence), where
        if rule.confidence is not Confidence.SETTING:
            assert f"{Part(row['part']).name_in('en')}" in as_row(finding, park().timezone, rule).rpartition("; ")[2], (
                where
            )
            assert f"{'law' if rule.confidence is Confidence.SOURCE else 'permit'}+?" in rule_line(rule), where


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_mark_is_in_the_e_mail(row: dict[str, Any], language: str) -> None:
    finding = finding_of(row, next(rules_of(row)))
    incident = begin_incident(finding, 1, finding.judged_at_ms).fire(finding, finding.judged_at_ms)
    naming = Naming(park(), texts_of(language), load_rulebook())
    notification = Notification(incident.id, Step.OPENED, "a@p.example", "A", language, "<1@p.example>")
    chart = make_chart(finding, None, naming)
    message = build_email(notification, incident, naming, chart, "alerts@p.example", datetime(2026, 3, 11, tzinfo=UTC))
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = " ".join(str(part.get_content()).replace("&#x27;", "'").split())
        assert row[language] in text, kind
        assert texts_of(language).fill("labels", "to_confirm") in text, kind


@pytest.mark.parametrize("row", [row for row in ROWS if "panel" in row], ids=lambda row: str(row["panel"][1]))
def test_the_mark_is_on_the_board_that_draws_the_limit(row: dict[str, Any]) -> None:
    board, *titles = row["panel"]
    for language, title in zip(LANGUAGES, titles, strict=True):
        panels = boards()[f"{board}.{language}.json"]["panels"]
        [description] = [panel["description"] for panel in panels if panel["title"] == title]
        assert row[language] in description
        part = Part(row["part"]).name_in(language)
        assert any(part in line and "(" in line for line in description.splitlines()), "the label of the limit"


def test_a_mark_that_is_taken_away_is_noticed() -> None:
    [row] = [row for row in ROWS if row["part"] == "formula" and row["rules"] == ["EN-03-PF"]]
    [rule] = rules_of(row)
    bare = replace(rule, to_confirm=())
    finding = finding_of(row, bare)
    assert not any(row["en"] in sentence for sentence in finding.evidence)
    assert not any(row["en"] in line for line in explain(bare))
    assert "to confirm" not in as_row(finding, park().timezone, bare)
