"""When what was written does not hold any more: one correction, to those who were told, and nothing twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from analytics.alerting.alert import Step
from analytics.alerting.corrections import MAX_CORRECTIONS_PER_PERIOD, is_material
from analytics.alerting.stages import Reason
from analytics.finding import Finding, Verdict
from analytics.findings.revision import ChangeReason, Key, Revision, key_of
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Contact, Park
from tests.servers.smtp import SmtpServer

from .conftest import StartEngine, cod

pytestmark = pytest.mark.real_server
EN = "eco-manager@bach-dang-park.example"
LATE = ChangeReason.LATE_DATA


def because(reason: ChangeReason, *findings: Finding) -> Mapping[Key, Revision]:
    return {key_of(finding): Revision(2, finding.judged_at_ms, reason) for finding in findings}


def subjects(server: SmtpServer, person: str = EN) -> list[str]:
    """What one person got, in the order of sending."""
    return [str(mail.message["Subject"]).partition(":")[0] for mail in server.mails if person in mail.recipients]


async def process(engine: Any, *findings: Finding, reason: ChangeReason = LATE) -> None:
    """Two turns, as the service does: telling again must change nothing."""
    for _ in range(2):
        await engine.process(list(findings), because(reason, *findings))
        await engine.settle()


async def test_exceeded_that_turns_out_compliant_is_corrected_once(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2), cod(3, 60.0))
    await process(engine, cod(1, 60.0))
    assert subjects(smtp_server) == [
        "Above legal limit", "Back within limits", "Correction – within limits after all",
    ]  # fmt: skip
    assert "arrived after it had been assessed" in mail_text(smtp_server)


def mail_text(server: SmtpServer) -> str:
    [body] = [mail.message.get_body(("plain",)) for mail in server.mails if EN in mail.recipients][-1:]
    assert body is not None
    return str(body.get_content())


async def test_the_newest_period_is_corrected_in_place_of_an_all_clear(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await process(engine, cod(1))
    await process(engine, cod(1, 60.0))
    await process(engine, cod(1, 60.0), cod(2, 50.0))
    assert subjects(smtp_server) == ["Above legal limit", "Correction – within limits after all"]


async def test_a_number_that_changed_materially_is_corrected_once(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2, 60.0))
    await process(engine, cod(1, 84.9))
    await process(engine, cod(1, 120.0))
    assert subjects(smtp_server)[2:] == ["Correction – another figure"]


async def test_an_all_clear_that_does_not_hold_is_corrected(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2, 60.0), cod(3, 50.0))
    await process(engine, cod(2, 90.0))
    assert subjects(smtp_server)[2:] == ["Correction – above legal limit"]


async def test_the_end_of_what_a_correction_opened_is_told(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2, 60.0))
    await process(engine, cod(2, 90.0))
    await process(engine, cod(2, 90.0), cod(3, 50.0))
    assert subjects(smtp_server)[2:] == ["Correction – above legal limit", "Back within limits"]


async def test_a_verdict_that_turns_twice_is_corrected_twice(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    for observed in (84.2, 60.0, 90.0):
        clock.advance(60)
        await process(engine, cod(1, observed), cod(2, 50.0))
    assert subjects(smtp_server) == [
        "Above legal limit", "Back within limits", "Correction – within limits after all",
        "Correction – above legal limit",
    ]  # fmt: skip


async def test_what_turns_without_end_is_written_about_a_few_times_only(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    for turn in range(MAX_CORRECTIONS_PER_PERIOD + 3):
        clock.advance(60)
        again = cod(1, 60.0 if turn % 2 else 84.2)
        await engine.process([again], because(LATE, again))
    await engine.settle()
    assert len(subjects(smtp_server)) == 1 + MAX_CORRECTIONS_PER_PERIOD


async def test_a_restart_in_between_corrects_nothing_twice(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    first = start_engine()
    await process(first, cod(1))
    await process(first, cod(1, 60.0))
    await first.close()
    await process(start_engine(), cod(1, 60.0))
    assert len(subjects(smtp_server)) == 2


async def test_only_those_who_were_told_are_corrected(
    start_engine: StartEngine, park: Park, smtp_server: SmtpServer
) -> None:
    first = start_engine()
    await process(first, cod(1), cod(2, 60.0))
    await first.close()
    newcomer = Contact("park", "New", "new@park.example", "en")
    await process(start_engine(park=replace(park, contacts=(*park.contacts, newcomer))), cod(1, 60.0))
    assert subjects(smtp_server, "new@park.example") == []


async def test_lost_data_takes_nothing_back(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await process(engine, cod(1))
    await process(engine, cod(1, None), reason=ChangeReason.DATA_MISSING)
    await process(engine, cod(1, 10.0), reason=ChangeReason.DATA_MISSING)
    assert subjects(smtp_server) == ["Above legal limit"]


async def test_values_declared_invalid_withdraw_the_verdict(start_engine: StartEngine, smtp_server: SmtpServer) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2, 60.0))
    await process(engine, cod(1, None), reason=ChangeReason.CORRECTED_DATA)
    assert subjects(smtp_server)[2:] == ["Correction – no verdict"]


async def test_a_late_exceedance_is_told_once_and_marked_late(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    clock.advance(30 * 86_400)
    await process(engine, cod(1, 60.0), cod(9, 50.0))
    await process(engine, cod(3))
    assert subjects(smtp_server) == ["Above legal limit"]
    assert "became known only on" in mail_text(smtp_server)


async def test_many_late_exceedances_are_one_email(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    clock.advance(30 * 86_400)
    await process(engine, cod(20, 50.0))
    await process(engine, cod(3), cod(4, 90.0), cod(5, 50.0), cod(7, 95.0))
    assert subjects(smtp_server) == ["Above legal limit"]
    assert "until 28 Nov 2026" in mail_text(smtp_server)


async def test_the_next_part_of_a_late_stretch_is_the_same_incident(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine()
    clock.advance(30 * 86_400)
    await process(engine, cod(20, 50.0))
    await process(engine, cod(3), cod(4))
    await process(engine, cod(5), cod(6))
    assert len(subjects(smtp_server)) == 1


async def test_a_late_period_within_a_known_incident_is_no_news(
    start_engine: StartEngine, smtp_server: SmtpServer
) -> None:
    engine = start_engine()
    await process(engine, cod(1), cod(2, None), cod(3), cod(4, 50.0))
    await process(engine, cod(2))
    assert subjects(smtp_server) == ["Above legal limit", "Back within limits"]


async def test_what_comes_to_light_after_a_season_is_told_to_nobody(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock
) -> None:
    engine = start_engine(late_alert_days=92)
    await process(engine, cod(1, 50.0), cod(2, 50.0))
    clock.advance(93 * 86_400)
    report = await engine.process([cod(1)], because(LATE, cod(1)))
    assert [item.reason for item in report.judged] == [Reason.TOO_LATE_TO_TELL]
    assert subjects(smtp_server) == []


async def test_the_report_names_the_correction(start_engine: StartEngine) -> None:
    engine = start_engine()
    await engine.process([cod(1)])
    report = await engine.process([cod(1, 60.0)], because(LATE, cod(1)))
    assert [item.reason for item in report.judged] == [Reason.CORRECTED]
    assert {(notice.step, notice.reason) for notice in report.notices} == {(Step.CORRECTED, Reason.CORRECTED)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (cod(1), cod(1, 60.0), True),
        (cod(1), cod(1, 87.5), False),
        (cod(1), cod(1, 87.6), True),
        (cod(1), cod(1, limit=60.0), True),
        (cod(1, 60.0), cod(1, 20.0), False),
        (cod(1), cod(1, None), True),
        (cod(1, provisional=True), cod(1, 60.0), False),
        (cod(1), replace(cod(1, 60.0), provisional=True), False),
        (cod(1, unit="", limit=None), cod(1, 86.0, unit="", limit=None), False),
        (cod(1, unit="", limit=None), cod(1, 96.0, unit="", limit=None), True),
    ],
)
def test_what_is_material(before: Finding, after: Finding, expected: bool) -> None:
    assert is_material(before, after, LATE) is expected


def test_without_a_known_reason_lack_of_data_withdraws_nothing() -> None:
    assert cod(1, None).verdict is Verdict.INSUFFICIENT_DATA
    assert not is_material(cod(1), cod(1, None), None)
