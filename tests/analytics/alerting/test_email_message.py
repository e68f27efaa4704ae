"""What an alert e-mail says, and that nothing in it can be taken for what it is not."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import matplotlib.image
import pytest

from analytics.alerting.alert import Correction, Incident, Sense, Step, begin_incident, past_incident
from analytics.alerting.chart_data import ChartSeries, read_chart_series, step_seconds
from analytics.alerting.correction_story import tell_correction
from analytics.alerting.email_message import build_email, make_chart
from analytics.alerting.naming import Naming
from analytics.alerting.notification import Notification, message_id_of
from analytics.alerting.story import Story, tell
from analytics.alerting.texts import LANGUAGES, texts_of
from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.revision import ChangeReason
from analytics.rulebook import load_rulebook
from service_runtime.errors import UnreachableError
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow

from .conftest import COD, DAY_ONE_MS, cod

SENT_AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SENT_AT_MS = round(SENT_AT.timestamp() * 1000)
RULES = load_rulebook()
POWER_FACTOR = replace(
    COD, rule="EN-03-PF", subject="thep-bach-dang-supply", tenant="thep-bach-dang", observed=0.8412, limit=0.9,
    unit="1", points=("em-thep.active_energy_import", "em-thep.reactive_energy_import"), provisional=True,
)  # fmt: skip


def naming(park: Park, language: str) -> Naming:
    return Naming(park, texts_of(language), RULES)


def fired(finding: Finding = COD) -> Incident:
    return begin_incident(finding, 1, finding.judged_at_ms).fire(finding, finding.judged_at_ms)


def story(park: Park, finding: Finding = COD, language: str = "en", step: Step = Step.OPENED) -> Story:
    return tell(fired(finding), step, naming(park, language))


def email(
    park: Park, incident: Incident, language: str = "en", name: str = "Laura Jensen", **options: Any
) -> EmailMessage:
    step = options.pop("step", Step.OPENED)
    person = options.pop("person", "laura@park.example")
    notification = Notification(
        incident.id, step, person, name, language, message_id_of(park.id, incident.id, step, person, "p.example")
    )
    words = naming(park, language)
    chart = make_chart(incident.opened_by, None, words)
    return build_email(notification, incident, words, chart, "alerts@p.example", SENT_AT, **options)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def facts_of(told: Story) -> dict[str, str]:
    return {fact.label: fact.value for fact in told.facts}


def test_languages_have_the_same_words() -> None:
    assert texts_of("vi").keys() == texts_of("en").keys()


def test_languages_advise_on_the_same_kinds_of_place() -> None:
    kinds = ("wastewater_outlet", "tenant_outlet", "stack", "ambient_station", "electricity_supply", "other")
    advice = {kind: [texts_of(language).next_steps("opened", kind) for language in LANGUAGES] for kind in kinds}
    assert all(len(vi) == len(en) == 3 for vi, en in advice.values())


def test_english_story_says_what_where_how_much_and_why(park: Park) -> None:
    told = story(park)
    place = "Outlet of the central wastewater treatment plant"
    assert told.subject == f"Above legal limit: COD – {place} (+24.7%)"
    facts = facts_of(told)
    assert facts["Where"] == place
    assert facts["Assessed value"].split() == ["84.2", "mg/l"]
    assert facts["Exceeded by"].split() == ["16.7", "mg/l", "(24.7%)"]
    assert facts["Period"] == "22 Nov 2026 (00:00–24:00, UTC+7)"
    assert facts["Basis"] == "QCVN 40:2011/BTNMT, Table 1, COD"
    assert facts["Valid data"] == "97% (at least 80% needed: a setting, not law)"


def test_vietnamese_story_is_vietnamese_through_and_through(park: Park) -> None:
    told = story(park, language="vi")
    assert told.subject == "Vượt giới hạn quy định: COD – Cửa xả trạm xử lý nước thải tập trung (+24,7%)"
    assert facts_of(told)["Căn cứ"] == "QCVN 40:2011/BTNMT, Bảng 1, COD"
    assert told.evidence == ("Trung bình của 1400 giá trị hợp lệ là 84.2 mg/l.",)


@pytest.mark.parametrize(
    ("confidence", "words", "basis"),
    [
        (Confidence.SOURCE, "legal limit", "QCVN 40"),
        (Confidence.PERMIT, "licence or contract limit", "Your licence or contract: "),
        (
            Confidence.SETTING,
            "configured threshold",
            "Setting to be confirmed by the park operator",
        ),
    ],
)
def test_only_a_read_source_is_called_law(park: Park, confidence: Confidence, words: str, basis: str) -> None:
    told = story(park, replace(COD, confidence=confidence))
    assert words in told.headline
    assert words in told.lead
    assert facts_of(told)["Basis"].startswith(basis)
    if confidence is not Confidence.SOURCE:
        assert "legal limit" not in told.headline + told.lead + told.subject


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.notify], ids=lambda rule: f"{rule.id}-{rule.version}")
def test_vietnamese_citations_keep_no_english_word(rule: Any) -> None:
    left = texts_of("vi").cite(rule.citation)
    assert not [w for w in ("Table", "column", "Decree", "Circular", "Art.", "the ", " of ", " to be ") if w in left]


def test_lower_limit_and_running_period_read_as_such(park: Park) -> None:
    told = story(park, POWER_FACTOR)
    assert told.headline == "Power factor (cos φ) below the legal limit"
    assert told.subject.endswith("(−6.5%)")
    assert facts_of(told)["Short by"] == "0.059 (6.5%)"
    assert facts_of(told)["Period"].endswith("to date")
    assert any("still time to act" in note for note in told.notes)


def test_ph_is_given_in_ph_not_in_percent(park: Park) -> None:
    told = story(park, replace(COD, rule="WW-02-PH", observed=9.4, limit=9.0, unit="pH", points=("wq-central.ph",)))
    assert "%" not in told.lead + told.subject
    assert facts_of(told)["Exceeded by"] == "0.4"


def test_finding_about_no_single_point_has_its_rules_title(park: Park) -> None:
    share = replace(COD, rule="EIF-03-REUSE", subject="bach-dang", unit="%", points=(), observed=12.0, limit=50.0)
    assert "Share of industrial wastewater reused" in story(park, share).headline


def test_finding_without_numbers_still_makes_sense(park: Park) -> None:
    told = story(park, replace(COD, observed=None, limit=None))
    assert "did not meet its requirement" in told.lead
    assert "Exceeded by" not in facts_of(told)


def test_resolved_story_tells_of_the_releasing_period_and_the_opening(park: Park) -> None:
    told = tell(fired().resolve(cod(2, 60.0), 1), Step.RESOLVED, naming(park, "en"))
    assert told.subject.startswith("Back within limits: COD")
    assert "60" in told.lead
    assert "22 Nov 2026" in told.lead
    assert facts_of(told)["Period"].startswith("23 Nov 2026")
    assert told.notes == ()


def test_a_period_that_closed_otherwise_is_explained(park: Park) -> None:
    to_date = replace(COD, provisional=True)
    told = tell(fired(to_date).resolve(cod(1, 60.0), 1), Step.RESOLVED, naming(park, "en"))
    assert any("period has ended" in note for note in told.notes)


def test_an_alert_about_the_past_says_when_it_became_known(park: Park) -> None:
    late = past_incident([cod(1), cod(2, 99.0)], 1, COD.period_end_ms + 10 * 86_400_000)
    told = tell(late, Step.OPENED, naming(park, "en"))
    assert "known only on 3 Dec 2026" in told.notes[0]
    assert "until 23 Nov 2026" in told.notes[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compliant_period_that_released_a_late_alert_is_no_further_exceedance(park: Park, language: str) -> None:
    known_ms = COD.period_end_ms + 10 * 86_400_000
    over = begin_incident(COD, 1, known_ms).fire(COD, known_ms).resolve(cod(2, 60.0), known_ms)
    (note,) = tell(over, Step.OPENED, naming(park, language)).notes
    assert "3 Dec 2026" in note or "03/12/2026" in note


def test_an_alert_in_time_says_nothing_of_the_sort(park: Park) -> None:
    assert story(park).notes == ()


def a_correction(after: Finding, reason: ChangeReason | None = ChangeReason.CORRECTED_DATA) -> Correction:
    return Correction("c#1", COD.fingerprint, "park", 1, fired().id, COD, after, reason, SENT_AT_MS)


@pytest.mark.parametrize(
    ("after", "subject"),
    [
        (cod(1, 60.0), "Correction – within limits after all: COD"),
        (cod(1, 120.0), "Correction – another figure: COD"),
        (cod(1, None), "Correction – no verdict: COD"),
    ],
)
def test_a_correction_says_what_was_written_what_holds_and_why(park: Park, after: Finding, subject: str) -> None:
    told = tell_correction(a_correction(after), naming(park, "en"))
    assert told.subject.startswith(subject)
    facts = facts_of(told)
    assert facts["We wrote"] == "84.2\N{NO-BREAK SPACE}mg/l, limit 67.5\N{NO-BREAK SPACE}mg/l – requirement not met"
    assert facts["What holds now"] != facts["We wrote"]
    assert facts["Why"] == "Measurements of this period were corrected."


def test_a_correction_from_compliant_to_exceeded_names_the_excess(park: Park) -> None:
    turned = replace(a_correction(COD), before=cod(1, 60.0), after=COD)
    told = tell_correction(turned, naming(park, "en"))
    assert told.subject.startswith("Correction – above legal limit: COD")
    assert "+24.7%" in told.subject
    assert "Check the treatment stages" in told.next_steps[0]


@pytest.mark.parametrize("reason", [*ChangeReason, None])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_correction_has_words_for_every_reason(park: Park, reason: ChangeReason | None, language: str) -> None:
    assert tell_correction(a_correction(cod(1, 60.0), reason), naming(park, language)).notes[0]


@pytest.mark.parametrize(("language", "word"), [("vi", "Đính chính"), ("en", "Correction")])
def test_a_correction_is_an_email_like_the_others_in_the_thread_of_the_first(
    park: Park, language: str, word: str
) -> None:
    notice = Notification("c#1", Step.CORRECTED, "a@p.example", "An", language, "<c@p.example>")
    mail = build_email(
        notice, a_correction(cod(1, 60.0)), naming(park, language), None, "alerts@p.example", SENT_AT
    )  # fmt: skip
    opening = message_id_of(park.id, fired().id, Step.OPENED, "a@p.example", "p.example")
    assert (mail["In-Reply-To"], mail["Content-Language"]) == (opening, language)
    plain, page = (part.get_content() for part in mail.iter_parts())
    assert word in mail["Subject"]
    assert word.upper() in plain
    assert word in page
    assert "84" in plain


def test_headers_survive_a_repeat(park: Park) -> None:
    first, second = (email(park, fired()) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"].datetime == SENT_AT
    assert first["Content-Language"] == "en"
    assert b"\r\nMessage-ID: <" in b"\r\n" + first.as_bytes(policy=first.policy.clone(linesep="\r\n"))


def test_end_is_threaded_under_its_opening(park: Park) -> None:
    incident = fired().resolve(cod(2, 60.0), 1)
    assert email(park, incident, step=Step.RESOLVED)["In-Reply-To"] == email(park, incident)["Message-ID"]


def test_vietnamese_names_come_through(park: Park) -> None:
    message = email(park, fired(), "vi", "Trần Minh Khoa")
    assert message["To"].addresses[0].display_name == "Trần Minh Khoa"
    assert message["From"].addresses[0].display_name == "Khu công nghiệp sinh thái Bạch Đằng"
    assert "Kính gửi Trần Minh Khoa," in body(message, "plain")
    assert message.as_bytes().isascii()


def test_html_escapes_everything_that_came_from_outside(park: Park) -> None:
    evil = "<script>alert(1)</script>"
    page = body(email(park, fired(replace(COD, evidence=(evil,), citation=evil)), name=f'"{evil}"'), "html")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3


def test_line_break_in_a_name_makes_no_header(park: Park) -> None:
    message = email(park, fired(), name="Laura\r\nBcc: x@y.example")
    assert message["Bcc"] is None


def test_domain_in_its_own_script_gets_its_ascii_form(park: Park) -> None:
    assert email(park, fired(), person="an@điện.vn")["To"].addresses[0].domain == "xn--in-pma9351a.vn"


def test_address_mail_cannot_go_to_is_said(park: Park) -> None:
    with pytest.raises(ValueError, match="non-ASCII"):
        email(park, fired(), person="trần@park.example")


def test_console_link_must_be_http(park: Park) -> None:
    assert "javascript:" not in body(email(park, fired(), console_url="javascript:alert(1)"), "html")
    assert 'href="https://c.example/"' in body(email(park, fired(), console_url="https://c.example/"), "html")


def test_chart_is_inline_with_a_text_for_those_who_cannot_see(park: Park) -> None:
    message = email(park, fired())
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    page = body(message, "html")
    assert f'src="cid:{image["Content-ID"][1:-1]}"' in page
    assert 'alt="Chart: COD at Outlet' in page
    pixels = matplotlib.image.imread(io.BytesIO(image.get_payload(decode=True)))
    assert pixels.shape[1] > 1000


def test_chart_shows_the_series_when_there_is_one(park: Park) -> None:
    series = ChartSeries(
        tuple(DAY_ONE_MS + i * 300_000 for i in range(288)), tuple(60.0 + i / 10 for i in range(288)), 300
    )
    with_series, without = (make_chart(COD, found, naming(park, "vi")).png for found in (series, None))
    tall, flat = (matplotlib.image.imread(io.BytesIO(png)).shape[0] for png in (with_series, without))
    assert tall > flat


async def test_chart_data_are_the_valid_values_of_the_period(park: Park, sqlite_store: TelemetryStore) -> None:
    series = PointSeries.of(park.points["wq-central.cod"], park.id)
    rows = [ReadingRow(series, DAY_ONE_MS + minute * 60_000, 70.0 + minute) for minute in range(-1, 5)]
    await sqlite_store.write_readings([*rows, ReadingRow(series, DAY_ONE_MS + 360_000, 999.0, status=1)])
    found = await read_chart_series(sqlite_store, park, COD)
    assert found == ChartSeries((DAY_ONE_MS,), (72.0,), 300)


async def test_no_chart_data_for_a_quantity_nobody_measures(park: Park, sqlite_store: TelemetryStore) -> None:
    assert await read_chart_series(sqlite_store, park, POWER_FACTOR) is None


class UnreachableStore:
    """A store whose server is gone."""

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        raise UnreachableError("influxdb://127.0.0.1:8086: connection refused")


async def test_store_that_is_gone_costs_the_picture_not_the_alert(park: Park) -> None:
    assert await read_chart_series(UnreachableStore(), park, COD) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "step"), [(1, 300), (31, 14_400), (1 / 24, 60)])
def test_chart_step_keeps_a_chart_readable(days: float, step: int) -> None:
    assert step_seconds(cod(1, period_end_ms=DAY_ONE_MS + round(days * 86_400_000)), 60) == step


def test_oxygen_corrected_values_are_not_shown_as_if_measured(park: Park) -> None:
    nox = replace(COD, rule="AIR-02-NOX", subject="chp-stack", unit="mg/Nm3", points=("st-chp.nox", "st-chp.oxygen"))
    series = ChartSeries((DAY_ONE_MS, DAY_ONE_MS + 300_000), (60.0, 90.0), 300)
    plain = replace(nox, points=("st-chp.nox",))
    words = naming(park, "en")
    assert make_chart(nox, series, words).png != make_chart(plain, series, words).png


def test_sense_is_the_incidents_not_the_compliant_findings(park: Park) -> None:
    incident = fired(POWER_FACTOR)
    assert incident.sense is Sense.BELOW
    over = replace(POWER_FACTOR, observed=0.93, verdict=Verdict.COMPLIANT, provisional=False)
    assert "Lower limit" in facts_of(tell(incident.resolve(over, 1), Step.RESOLVED, naming(park, "en")))
