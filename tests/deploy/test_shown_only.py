"""Why a run has fewer alerts than exceedances: one sentence, in a scenario's output and in the demo's report."""

from analytics.rulebook import load_rulebook
from deploy.local.ingest_status import IngestStatus
from deploy.local.report import Expectation, build_report
from deploy.local.shown_only import shown_only

RULES = load_rulebook()
TOLD = next((rule.id, rule.version) for rule in RULES if rule.id == "WW-05-COD")
SHOWN = next((rule.id, rule.version) for rule in RULES if rule.id == "MON-04-VALID")


def test_what_is_shown_only_is_counted_and_named_once() -> None:
    found = shown_only([TOLD, SHOWN, SHOWN], RULES)
    assert found == (3, 2, ("MON-04-VALID",))
    assert found.say("en") == (
        "2 of the 3 exceeded are of rules that are shown only, without alert or letter (notify = false): MON-04-VALID; "
        "of the others each rule and subject is one alert."
    )
    assert found.say("vi").startswith("2 trong 3 kết quả exceeded thuộc quy tắc chỉ hiển thị")


def test_nothing_is_said_where_every_exceedance_can_alert() -> None:
    assert [shown_only([TOLD], RULES).say(language) for language in ("vi", "en")] == ["", ""]


def test_of_a_rule_whose_versions_differ_only_the_silent_version_counts() -> None:
    versions = [(rule.id, rule.version) for rule in RULES if rule.id == "AIR-02-NOX"]
    silent = {(rule.id, rule.version) for rule in RULES if rule.id == "AIR-02-NOX" and not rule.notify}
    assert 0 < len(silent) < len(versions)
    assert shown_only(versions, RULES).shown == len(silent)


def test_the_report_of_a_demo_says_why_there_are_fewer_alerts() -> None:
    findings = [
        {"rule": rule, "rule_version": version, "verdict": verdict}
        for rule, version, verdict in ((*TOLD, "exceeded"), (*SHOWN, "exceeded"), (*SHOWN, "compliant"))
    ]
    alerts = Expectation({("WW-05-COD", "o")}, {("WW-05-COD", "o")})
    status = IngestStatus(10, 10, 0, 0, 40.0, 80.0, {})
    told = build_report(10, status, {}, findings, alerts, {"vi": 1, "en": 0}, {})["alerts"]
    assert (told["raised"], told["exceeded_shown_only"]) == (1, 1)
    assert told["note_en"].startswith("1 of the 2 exceeded are of rules that are shown only")
    assert told["note_vi"].startswith("1 trong 2 kết quả")
