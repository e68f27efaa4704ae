"""Acceptance: late and corrected days give the findings of an on-time run; nothing is told twice, changes are told."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.finding import Finding, Verdict
from analytics.findings.revision import ChangeReason, known_at
from service_runtime.clock import ManualClock
from telemetry_model.reading import Reading
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from tests.acceptance.late_chain import ACTIVE, COD, DAY, FIRST_DAY, Chain, day_readings, local_ms
from tests.servers.influxdb import InfluxDatabase
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.real_server
MEASURED = [FIRST_DAY + timedelta(days=n) for n in range(4)]
"""The days on which there is data at all; DAY is the one that comes late."""
MakeChain = Callable[..., Awaitable[Chain]]


@pytest.fixture
async def make_chain(tmp_path: Path, smtp_server: SmtpServer) -> AsyncIterator[MakeChain]:
    """Chains on stores of their own, or several lives on one; the clock starts before the first day."""
    chains: list[Chain] = []
    stores: list[TelemetryStore] = []

    async def make(name: str, before: Chain | None = None, url: str = "", **changes: object) -> Chain:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        if before is not None:
            await before.close()
            chains.remove(before)
        store = before.store if before is not None else open_store(url or f"sqlite:///{folder}/store.db")
        clock = before.clock if before is not None else ManualClock(local_ms(MEASURED[0], 0.01))
        if before is None:
            stores.append(store)
        chains.append(Chain(folder, store, smtp_server.port, clock, **changes))  # type: ignore[arg-type]
        return chains[-1]

    yield make
    for chain in chains:
        await chain.close()
    for store in stores:
        await store.close()


def measured(cod_on_the_day: float, register_offset: float = 0.0) -> dict[date, list[Reading]]:
    """All days' readings; ``register_offset``: the meter was exchanged at noon of the late day."""
    found = {day: day_readings(day, cod_on_the_day if day == DAY else 50.0) for day in MEASURED}
    if register_offset:
        noon = local_ms(DAY, 12)
        for day, rows in found.items():
            new = day_readings(day, cod_on_the_day if day == DAY else 50.0, register_offset)
            pairs = zip(rows, new, strict=True)
            found[day] = [after if after.measured_at_ms >= noon else before for before, after in pairs]
    return found


def days_to(last: date) -> list[date]:
    """Every day while there is data, then every third, for each turn looks four days back; and the last two."""
    after = (last - MEASURED[-1]).days
    later = {MEASURED[-1] + timedelta(days=n) for n in (*range(3, after, 3), after - 1, after) if n > 0}
    return [*MEASURED, *sorted(later)]


def letters(server: SmtpServer, person: str = "laura@park.example") -> list[str]:
    return [str(mail.message["Subject"]).partition(":")[0] for mail in server.mails if person in mail.recipients]


def without_the_day(readings: Mapping[date, list[Reading]]) -> dict[date, list[Reading]]:
    return {day: rows for day, rows in readings.items() if day != DAY}


def differing(one: Sequence[Finding], other: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(f.rule, f.subject) for f in {*one} ^ {*other}]


@pytest.mark.parametrize("days_late", [1, 10, 60])
async def test_a_late_day_gives_the_findings_of_an_on_time_run(
    make_chain: MakeChain, smtp_server: SmtpServer, days_late: int
) -> None:
    readings, arrival = measured(84.0), DAY + timedelta(days=days_late)
    days = days_to(max(arrival, MEASURED[-1]) + timedelta(days=1))
    chain = await make_chain("late")
    await chain.live(days, without_the_day(readings), {arrival: readings[DAY]})
    found, expected = await chain.findings(), await chain.on_time(readings)
    assert differing(found, expected) == []
    assert found == expected
    versions = await chain.revisions("WW-01-COD")
    assert [(known.finding.verdict, known.revision.reason) for known in versions] == [
        (Verdict.INSUFFICIENT_DATA, ChangeReason.FIRST), (Verdict.EXCEEDED, ChangeReason.LATE_DATA),
    ]  # fmt: skip
    then = known_at(versions, local_ms(arrival, 12))
    assert [known.finding.verdict for known in then.values()] == [Verdict.INSUFFICIENT_DATA]
    assert letters(smtp_server)[0] == "Above licence or contract limit"
    assert max(Counter(letters(smtp_server)).values()) == 1


async def test_a_late_day_gives_the_same_findings_on_influxdb(make_chain: MakeChain, influxdb: InfluxDatabase) -> None:
    readings, arrival = measured(84.0), DAY + timedelta(days=10)
    days = days_to(arrival + timedelta(days=1))
    chain = await make_chain("late", url=influxdb.url)
    await chain.live(days, without_the_day(readings), {arrival: readings[DAY]})
    assert differing(await chain.findings(), await chain.on_time(readings)) == []
    assert len(await chain.revisions("WW-01-COD")) == 2


async def test_a_corrected_day_gives_the_findings_of_an_on_time_run_and_one_correction(
    make_chain: MakeChain, smtp_server: SmtpServer
) -> None:
    right, wrong, last = measured(50.0), measured(84.0), DAY + timedelta(days=12)
    wrong[DAY][0] = Reading(COD, wrong[DAY][0].measured_at_ms, 99_999_999.0)
    chain = await make_chain("corrected")
    await chain.live(days_to(DAY + timedelta(days=10)), wrong)
    assert letters(smtp_server) == ["Above licence or contract limit", "Back within limits"]
    before = (await chain.revisions("WW-01-COD"))[-1]
    await chain.upload(reading for reading in right[DAY] if reading.point == COD)
    chain.clock.advance(120)
    for _ in range(3):
        await chain.turn()
    await chain.live([DAY + timedelta(days=11), last], {})
    assert differing(await chain.findings(), await chain.on_time(right)) == []
    versions = await chain.revisions("WW-01-COD")
    assert [known.finding.verdict for known in versions] == [Verdict.EXCEEDED, Verdict.COMPLIANT]
    assert versions[0] == before, "the old verdict stays as it was"
    assert letters(smtp_server)[2:] == ["Correction – within limits after all"]
    assert letters(smtp_server, "an@park.example")[2:] == ["Đính chính – thực tế đạt yêu cầu"]


async def test_a_day_corrected_value_by_value_says_corrected_data(make_chain: MakeChain) -> None:
    chain = await make_chain("corrected")
    await chain.live(MEASURED, measured(84.0))
    await chain.upload(reading for reading in measured(60.0)[DAY] if reading.point == COD)
    chain.clock.advance(120)
    await chain.turn()
    reasons = [known.revision.reason for known in await chain.revisions("WW-01-COD")]
    assert reasons == [ChangeReason.FIRST, ChangeReason.CORRECTED_DATA]


async def test_exactly_the_touched_windows_are_judged_again(make_chain: MakeChain) -> None:
    readings = measured(84.0)
    chain = await make_chain("late")
    await chain.live(days_to(DAY + timedelta(days=40)), without_the_day(readings))
    ordinary = {(f.rule, f.subject, f.period_start_ms) for f in (await chain.turn()).findings}
    six_hours = [r for r in readings[DAY] if r.measured_at_ms < local_ms(DAY, 6) and not r.point.startswith("aq-1.no2")]
    await chain.deliver(six_hours)
    chain.clock.advance(120)
    again = [f for f in (await chain.turn()).findings if (f.rule, f.subject, f.period_start_ms) not in ordinary]
    counted = Counter(f.rule for f in again)
    # Marks are by device. CO and NO2 of one station are looked at for frozen values, which reach over their day; the
    # eight-hour means that begin up to seven hours before it reach into it.
    assert counted.pop("AMB-03-CO") == 24
    assert counted.pop("AMB-03-NO2") == 24
    assert counted.pop("AMB-04-CO") == 24 + 7
    assert counted.pop("AMB-02-NO2") == 1
    assert counted.pop("WW-01-COD") == 1
    assert counted.pop("MON-05-FLAT") == counted.pop("MON-04-VALID") == 3
    assert counted.pop("MON-07-STATUS") == 6, "a status is counted from 24 hours before the day"
    months = {f.period_start_ms for f in again if f.rule == "EN-03-PF"}
    assert months == {local_ms(date(2025, 10, 1))}
    assert {rule: count for rule, count in counted.items() if count != 1} == {}
    assert all(f.period_start_ms <= local_ms(DAY, 24) for f in again)
    assert (await chain.turn()).findings != again
    assert {(f.rule, f.subject, f.period_start_ms) for f in (await chain.turn()).findings} == ordinary


async def test_a_meter_exchanged_on_a_late_day_is_found_in_its_month(make_chain: MakeChain) -> None:
    readings, arrival = measured(50.0, register_offset=30_000.0), DAY + timedelta(days=40)
    days = days_to(arrival + timedelta(days=1))
    chain = await make_chain("late")
    await chain.live(days, without_the_day(readings), {arrival: readings[DAY]})
    found = await chain.findings()
    assert differing(found, await chain.on_time(readings)) == []
    [finding] = [f for f in found if f.rule == "EN-03-PF" and f.period_start_ms == local_ms(date(2025, 10, 1))]
    assert any(ACTIVE in sentence and "fell" in sentence for sentence in finding.evidence)


async def test_a_register_changed_in_mid_month_is_another_revision_and_one_correction(
    make_chain: MakeChain, smtp_server: SmtpServer
) -> None:
    first = await make_chain("register", late_data_days=20)
    await first.live(MEASURED, measured(70.0))
    assert letters(smtp_server) == ["Above licence or contract limit", "Back within limits"]
    second = await make_chain("register", before=first, kf=1.1, late_data_days=20)
    for _ in range(2):
        await second.turn()
    versions = await second.revisions("WW-01-COD")
    assert [(known.finding.limit, known.revision.reason) for known in versions] == [
        (67.5, ChangeReason.FIRST), (74.25, ChangeReason.REGISTER_CHANGED),
    ]  # fmt: skip
    assert versions[0].revision.register_digest != versions[1].revision.register_digest
    assert letters(smtp_server)[2:] == ["Correction – within limits after all"]


async def test_what_comes_in_pieces_is_judged_when_all_of_it_is_there(make_chain: MakeChain) -> None:
    readings = measured(84.0)
    chain = await make_chain("pieces")
    await chain.live(days_to(DAY + timedelta(days=20)), without_the_day(readings))
    for start in range(0, 120, 20):
        await chain.deliver(readings[DAY][start : start + 20])
        chain.clock.advance(30)
        await chain.turn()
    assert len(await chain.revisions("WW-01-COD")) == 1
    chain.clock.advance(60)
    await chain.turn()
    assert len(await chain.revisions("WW-01-COD")) == 2


async def test_an_on_time_run_gives_what_one_judgement_over_all_the_time_gives(
    make_chain: MakeChain, smtp_server: SmtpServer
) -> None:
    readings = measured(84.0)
    chain = await make_chain("on-time")
    await chain.live(MEASURED, readings)
    assert await chain.findings() == await chain.on_time(readings)
    assert letters(smtp_server) == ["Above licence or contract limit", "Back within limits"]
