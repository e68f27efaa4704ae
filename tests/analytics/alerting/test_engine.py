"""Findings in, e-mails out, through a real mail server and a real state file."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.alerting.alert import Step
from analytics.alerting.stages import Reason
from analytics.alerting.summary import AlertSummary, read_alert_summary
from analytics.finding import Finding
from service_runtime.clock import ManualClock
from service_runtime.errors import OperatorError, SettingsError
from telemetry_model.park_register import Contact, Park
from tests.servers.smtp import SmtpServer

from .conftest import COD, StartEngine, cod

pytestmark = pytest.mark.real_server
VI, EN = "moi-truong@kcn-bach-dang.example.vn", "eco-manager@bach-dang-park.example"
STEEL = replace(COD, rule="EN-03-PF", subject="thep-bach-dang-supply", tenant="thep-bach-dang")


def recipients(server: SmtpServer) -> list[str]:
    return [recipient for mail in server.mails for recipient in mail.recipients]


async def test_everyone_concerned_is_told_in_his_language(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await engine.process([cod()])
    assert await engine.settle() == 2
    subjects = {mail.message["To"].addresses[0].addr_spec: str(mail.message["Subject"]) for mail in smtp_server.mails}
    assert subjects[VI].startswith("Vượt giới hạn quy định: COD")
    assert subjects[EN].startswith("Above legal limit: COD")


async def test_mail_on_the_wire_has_text_html_and_picture(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await engine.process([cod()])
    await engine.settle()
    assert len(smtp_server.mails) == 2
    for mail in smtp_server.mails:
        kinds = [part.get_content_type() for part in mail.message.walk() if not part.is_multipart()]
        assert kinds == ["text/plain", "text/html", "image/png"]
        assert mail.message["Content-Language"] in ("vi", "en")
        assert not mail.message.defects
        html = mail.message.get_body(("html",))
        assert html is not None
        assert "84" in html.get_content()


async def test_one_mail_has_one_recipient(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await engine.process([cod()])
    await engine.settle()
    assert sorted(recipients(smtp_server)) == sorted([VI, EN])
    assert all(len(mail.recipients) == 1 for mail in smtp_server.mails)


async def test_a_firms_trouble_goes_to_the_firm(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await engine.process([STEEL])
    await engine.settle()
    assert {address.rpartition("@")[2] for address in recipients(smtp_server)} == {"thep-bach-dang.example.vn"}


async def test_findings_that_come_again_and_again_are_told_once(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    for _ in range(5):
        await engine.process([cod(1), cod(2), STEEL])
        await engine.settle()
        clock.advance(300)
    assert len(smtp_server.mails) == len(set(recipients(smtp_server))) == 4


async def test_a_restart_tells_nothing_twice(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    first = start_engine()
    await first.process([cod()])
    await first.settle()
    await first.close()
    second = start_engine()
    report = await second.process([cod()])
    assert await second.settle() == 0
    assert [item.reason for item in report.judged] == [Reason.STILL_FIRING]
    assert len(smtp_server.mails) == 2


async def test_the_end_is_told_to_those_who_heard_the_beginning(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await engine.process([cod(1), cod(2, 60.0)])
    assert await engine.settle() == 4
    ends = [mail.message for mail in smtp_server.mails if mail.message["In-Reply-To"]]
    assert {end["To"].addresses[0].addr_spec for end in ends} == {VI, EN}
    assert {end["In-Reply-To"] for end in ends} <= {mail.message["Message-ID"] for mail in smtp_server.mails}


async def test_another_tenant_hears_of_his_own_trouble_and_the_one_before_of_nothing_more(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    outlet = "dinh-vu-outlet"
    steel = [cod(day, subject=outlet, tenant="thep-bach-dang") for day in (1, 2)]
    chemicals = [cod(day, subject=outlet, tenant="hoa-chat-nam-trieu") for day in (3, 4)]
    report = await engine.process([*steel, *chemicals])
    assert [item.reason for item in report.judged] == [
        Reason.FIRST_EXCEEDANCE, Reason.STILL_FIRING, Reason.FIRST_EXCEEDANCE, Reason.STILL_FIRING,
    ]  # fmt: skip
    await engine.settle()
    told = {address.rpartition("@")[2] for address in recipients(smtp_server)}
    assert told == {"thep-bach-dang.example.vn", "hoa-chat-nam-trieu.example.vn", "namtrieu-chemicals.example"}
    smtp_server.mails.clear()
    await engine.process([cod(5, 60.0, subject=outlet, tenant="hoa-chat-nam-trieu")])
    await engine.settle()
    ends = {address.rpartition("@")[2] for address in recipients(smtp_server)}
    assert ends == {"hoa-chat-nam-trieu.example.vn", "namtrieu-chemicals.example"}


async def test_the_all_clear_of_another_tenant_is_nobodys_news(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await engine.process([cod(1, subject="dinh-vu-outlet", tenant="thep-bach-dang")])
    await engine.settle()
    smtp_server.mails.clear()
    await engine.process([cod(2, 60.0, subject="dinh-vu-outlet", tenant="hoa-chat-nam-trieu")])
    assert await engine.settle() == 0
    assert smtp_server.mails == []


async def test_findings_are_taken_in_the_order_of_their_periods(start_engine: StartEngine) -> None:
    engine = start_engine()
    report = await engine.process([cod(3, 90.0), cod(1), cod(2, 60.0)])
    assert [item.reason for item in report.judged] == [
        Reason.FIRST_EXCEEDANCE, Reason.RESOLVED, Reason.FIRST_EXCEEDANCE,
    ]  # fmt: skip


async def test_an_old_compliant_period_after_a_newer_one_tells_nobody(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await engine.process([cod(2, 60.0)])
    await engine.process([cod(1, 50.0)])
    assert await engine.settle() == 0
    assert not smtp_server.mails


async def test_report_says_why_each_person_was_told(start_engine: StartEngine) -> None:
    engine = start_engine()
    report = await engine.process([cod()])
    assert {(notice.person, notice.step, notice.reason) for notice in report.notices} == {
        (VI, Step.OPENED, Reason.FIRST_EXCEEDANCE), (EN, Step.OPENED, Reason.FIRST_EXCEEDANCE),
    }  # fmt: skip


async def test_nobody_to_write_to_is_said_once(
    start_engine: StartEngine, park: Park, caplog: pytest.LogCaptureFixture
) -> None:
    engine = start_engine(park=replace(park, contacts=()))
    with caplog.at_level(logging.WARNING):
        first = await engine.process([cod()])
        await engine.process([cod()])
    assert [notice.reason for notice in first.notices] == [Reason.NO_CONTACT]
    assert len([r for r in caplog.records if "nobody to write to" in r.message]) == 1


async def test_the_same_address_in_two_lines_gets_one_mail(
    start_engine: StartEngine, park: Park, smtp_server: SmtpServer
) -> None:
    twice = (Contact("park", "Laura", EN, "en"), Contact("park", "Laura J.", EN.upper(), "en"))
    engine = start_engine(park=replace(park, contacts=twice))
    report = await engine.process([cod()])
    await engine.settle()
    assert recipients(smtp_server) == [EN]
    assert [notice.reason for notice in report.notices] == [Reason.FIRST_EXCEEDANCE, Reason.ALREADY_NOTIFIED]


async def test_a_contact_who_came_later_hears_no_end_without_beginning(
    start_engine: StartEngine, park: Park, smtp_server: SmtpServer
) -> None:
    first = start_engine()
    await first.process([cod()])
    await first.settle()
    await first.close()
    newcomer = Contact("park", "New", "new@park.example", "en")
    second = start_engine(park=replace(park, contacts=(*park.contacts, newcomer)))
    report = await second.process([cod(2, 60.0)])
    await second.settle()
    assert "new@park.example" not in recipients(smtp_server)
    assert Reason.NOT_TOLD_OF_OPENING in {notice.reason for notice in report.notices}


async def test_delivery_runs_by_itself_after_processing(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await engine.process([cod()])
    # The background delivery holds the pass, or has done it; settling waits for it either way.
    await engine.settle()
    assert len(smtp_server.mails) == 2


async def test_a_server_that_is_away_does_not_hold_up_processing(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    smtp_server.stop()
    engine = start_engine()
    with caplog.at_level(logging.INFO, logger="analytics.alerting.delivery"):
        await engine.process([cod()])
        for _ in range(4):
            assert await engine.settle() == 0
            clock.advance(3600)
        smtp_server.start()
        assert await engine.settle() == 2
    changes = [r.message for r in caplog.records if r.message.startswith("mail server")]
    assert changes == ["mail server cannot be used", "mail server answers again"]


async def test_summary_counts_what_happened(start_engine: StartEngine, state_path: Path) -> None:
    engine = start_engine()
    await engine.process([cod(1), cod(2, 60.0), STEEL])
    await engine.settle()
    expected = AlertSummary(
        raised=((STEEL.rule, STEEL.subject), (COD.rule, COD.subject)),
        open=((STEEL.rule, STEEL.subject),),
        emails_sent_by_language={"en": 2, "vi": 4},
    )
    assert set(engine.summary().raised) == set(expected.raised)
    assert replace(engine.summary(), raised=expected.raised) == expected
    assert read_alert_summary(state_path) == engine.summary()


async def test_summary_of_a_file_nobody_wrote_yet_is_empty(state_path: Path) -> None:
    assert read_alert_summary(state_path) == AlertSummary()


async def test_summary_of_another_programs_file_says_so(state_path: Path) -> None:
    state_path.write_text("not a database, whatever its name says; long enough to have a header " * 20)
    with pytest.raises(OperatorError, match=r"analytics-state\.db"):
        read_alert_summary(state_path)


async def test_sender_address_must_be_one(start_engine: StartEngine) -> None:
    with pytest.raises(SettingsError, match="mail_from"):
        start_engine(mail_from="nobody")


async def test_state_that_cannot_be_kept_is_said(start_engine: StartEngine, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be used as alert state"):
        start_engine(state_path=str(tmp_path))


async def test_a_finding_survives_the_state_file_whole(start_engine: StartEngine) -> None:
    engine = start_engine()
    finding: Finding = cod(provisional=True, evidence=("Câu một.", "Two."))
    await engine.process([finding])
    opened = engine._store.newest_incident(finding.fingerprint)
    assert opened is not None
    assert opened.opened_by == finding
