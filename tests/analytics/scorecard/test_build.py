"""Cells of a scorecard: computed, evidenced or honestly empty, and what is missing to pass."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from analytics.finding import Confidence
from analytics.scorecard.build import build_scorecard
from analytics.scorecard.cells import Cell, FirmState, Origin, Outcome, Scorecard
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MakePark = Callable[..., Park]
HOUR_MS = 3_600_000


async def card_of(park: Park, now_ms: int, store: SqliteStore | None = None, since: date | None = None) -> Scorecard:
    return await build_scorecard(store, park, 2026, now_ms, since)


def cells_of(card: Scorecard) -> dict[str, Cell]:
    return {cell.spec.id: cell for cell in card.cells}


async def test_a_cell_without_anything_is_empty_and_says_what_is_needed(make_eco_park: MakePark, now_ms: int) -> None:
    card = await card_of(make_eco_park(), now_ms)
    cell = cells_of(card)["SOC.5"]
    assert (cell.origin, cell.outcome, cell.value) == (Origin.EMPTY, Outcome.UNKNOWN, None)
    assert cell.spec.needs_en == "the decision that names them"
    assert cell in card.missing()
    assert len(card.cells) == 10 + 18 + 5 + 33


async def test_a_record_gives_document_day_and_who_answers(make_eco_park: MakePark, now_ms: int) -> None:
    park = make_eco_park(
        [
            "SOC.5,,yes,Decision 27,2025-04-02,Staff office",
            "ECO.1,,no,Plan,2026-02-01,Board",
            "ECO.3,,yes,P,2026-08-01,B",
        ]
    )
    cells = cells_of(await card_of(park, now_ms))
    soc = cells["SOC.5"]
    assert (soc.origin, soc.outcome) == (Origin.EVIDENCED, Outcome.MET)
    assert soc.proof is not None
    assert (soc.proof.document, soc.proof.day, soc.proof.responsible) == (
        "Decision 27",
        date(2025, 4, 2),
        "Staff office",
    )
    assert cells["ECO.1"].outcome is Outcome.NOT_MET
    # Dated after the day of the card: not known yet.
    assert cells["ECO.3"].origin is Origin.EMPTY


async def test_a_yearly_record_of_another_year_does_not_count(make_eco_park: MakePark, now_ms: int) -> None:
    old = cells_of(await card_of(make_eco_park(["SOC.7,,yes,Budget,2025-12-31,Finance"]), now_ms))["SOC.7"]
    new = cells_of(await card_of(make_eco_park(["SOC.7,,yes,Budget,2026-01-05,Finance"]), now_ms))["SOC.7"]
    assert (old.outcome, new.outcome) == (Outcome.UNKNOWN, Outcome.MET)


async def test_a_share_of_firms_is_drawn_from_their_records(make_eco_park: MakePark, now_ms: int) -> None:
    rows = [f"EIP-07-GRIEVANCE,{firm},yes,Rules,2026-03-01,HR" for firm in ("alpha", "gamma")]
    card = await card_of(make_eco_park(rows), now_ms)
    cell = cells_of(card)["SOC.1"]
    # beta has 40 workers and is not asked; gamma's number is not stated, so it is.
    assert (cell.origin, cell.outcome, cell.value) == (Origin.COMPUTED, Outcome.MET, 100)
    states = {f.firm: f.state for f in card.firms if f.indicator == "SOC.1"}
    assert states == {"alpha": FirmState.YES, "beta": FirmState.NOT_ASKED, "gamma": FirmState.YES}
    assert {f.state for f in card.firms if f.indicator == "SOC.2"} == {FirmState.MISSING}


async def test_missing_firms_leave_it_open_unless_they_cannot_change_it(make_eco_park: MakePark, now_ms: int) -> None:
    one_yes = make_eco_park(["EIP-07-DISCLOSURE,alpha,yes,Portal,2026-03-01,HR"])
    cell = cells_of(await card_of(one_yes, now_ms))["SOC.2"]
    assert (round(cell.value or 0, 1), cell.outcome) == (33.3, Outcome.UNKNOWN)
    two_no = make_eco_park([f"EIP-07-DISCLOSURE,{firm},no,Portal,2026-03-01,HR" for firm in ("alpha", "beta")])
    assert cells_of(await card_of(two_no, now_ms))["SOC.2"].outcome is Outcome.NOT_MET


async def test_one_record_of_the_park_stands_in_where_no_firm_has_its_own(make_eco_park: MakePark, now_ms: int) -> None:
    park = make_eco_park(["EIP-07-DISCLOSURE,,80,Survey,2026-03-01,HR"])
    cell = cells_of(await card_of(park, now_ms))["SOC.2"]
    assert (cell.origin, cell.outcome, cell.value) == (Origin.EVIDENCED, Outcome.MET, 80)


async def test_waste_shares_come_from_manifests_and_else_from_the_record(make_eco_park: MakePark, now_ms: int) -> None:
    record = ["EIF-05-LANDFILL,,22,Ledger,2026-02-01,Environment"]
    by_record = cells_of(await card_of(make_eco_park(record), now_ms))["EIF-ENV-12"]
    assert (by_record.origin, by_record.value) == (Origin.EVIDENCED, 22)
    manifests = "date,tenant,code_system,code,mass_t,destination,is_hazardous\n" + "\n".join(
        ("2026-03-01,alpha,ewc,120101,6,reuse,no", "2026-03-02,beta,ewc,200301,3,landfill,no",
         "2026-03-03,beta,ewc,200301,1,,no", "2025-03-03,beta,ewc,200301,90,landfill,no")
    )  # fmt: skip
    cells = cells_of(await card_of(make_eco_park(record, {"manifests.csv": manifests}), now_ms))
    assert (cells["EIF-ENV-12"].origin, cells["EIF-ENV-12"].value) == (Origin.COMPUTED, 30)
    assert (cells["EIF-ENV-10"].value, cells["EIF-ENV-10"].data_capture) == (60, 0.9)


async def test_meters_tell_the_reuse_share_and_its_data_capture(
    make_eco_park: MakePark, now_ms: int, tmp_path: Path
) -> None:
    park = make_eco_park()
    start_ms = now_ms - 10 * 24 * HOUR_MS
    rows = [
        ReadingRow(PointSeries.of(park.points[point], park.id), start_ms + n * HOUR_MS, n * rate, 0)
        for point, rate in (("fm-out.volume", 30.0), ("fm-re.volume", 10.0))
        for n in range(241)
    ]
    store = SqliteStore(tmp_path / "s.db")
    try:
        await store.write_readings(rows)
        whole = cells_of(await card_of(park, now_ms, store))["ENV.3"]
        since = cells_of(await card_of(park, now_ms, store, date(2026, 6, 22)))["ENV.3"]
    finally:
        await store.close()
    assert (since.origin, since.outcome, since.value) == (Origin.COMPUTED, Outcome.REPORTED, 25)
    assert since.data_capture == pytest.approx(1, abs=0.02)
    assert since.target is None
    # Ten days of a half year are too little to speak for it.
    assert (whole.outcome, whole.value) == (Outcome.UNKNOWN, 25)
    assert whole.data_capture == pytest.approx(10 / 181.5, abs=0.01)


async def test_a_level_that_was_not_read_is_to_be_confirmed(make_eco_park: MakePark, now_ms: int) -> None:
    areas = "area_ha = 100\ngreen_area_ha = 20\nroad_area_ha = 4\ntechnical_area_ha = 1\nsocial_area_ha = 1\n"
    card = await card_of(make_eco_park(facts=areas), now_ms)
    land = cells_of(card)["D35-3a"]
    assert (land.value, land.outcome, land.confidence) == (26, Outcome.MET, Confidence.SETTING)
    assert land in card.to_confirm()
    assert all(cell.is_setting for cell in card.of_table("eip-framework-2"))
    assert cells_of(card)["ENV.4"].confidence is Confidence.SOURCE


async def test_a_missing_source_is_named_once(make_eco_park: MakePark, now_ms: int) -> None:
    names = [cell.spec.record_name for cell in (await card_of(make_eco_park(), now_ms)).missing()]
    assert len(names) == len(set(names))
    assert "EIP-01-RECP" in names


async def test_a_year_that_has_not_begun_is_refused(make_eco_park: MakePark, now_ms: int) -> None:
    with pytest.raises(OperatorError, match="--year 2027: the year has not begun"):
        await build_scorecard(None, make_eco_park(), 2027, now_ms)


async def test_a_record_that_says_no_is_a_breach_and_shows_its_document(make_eco_park: MakePark, now_ms: int) -> None:
    rows = ["EIP-08-CLIMATE,,yes,Plan of 2024,2024-05-01,Board", "EIP-08-CLIMATE,,no,Plan withdrawn,2026-05-01,Board"]
    cell = next(cell for cell in (await card_of(make_eco_park(rows), now_ms)).cells if cell.rule == "EIP-08-CLIMATE")
    assert (cell.origin, cell.outcome, cell.value) == (Origin.EVIDENCED, Outcome.NOT_MET, None)
    assert cell.proof is not None
    assert cell.proof.document == "Plan withdrawn"
    assert "The record says no: what the rule asks for is not there." in cell.notes


@pytest.mark.parametrize(("indicator", "value"), [("SOC.5", "7"), ("EIF-SOC-2", "250"), ("EIF-SOC-2", "-1")])
async def test_a_value_that_cannot_be_has_no_outcome(
    make_eco_park: MakePark, now_ms: int, indicator: str, value: str
) -> None:
    park = make_eco_park([f"{indicator},,{value},Form,2026-03-01,Board"])
    cell = cells_of(await card_of(park, now_ms))[indicator]
    assert cell.outcome is Outcome.UNKNOWN
    assert any(note.startswith("A record cannot say") for note in cell.notes)


@pytest.mark.parametrize(("first", "last", "outcome"), [("yes", "no", Outcome.NOT_MET), ("no", "yes", Outcome.MET)])
async def test_of_two_records_of_one_day_the_one_written_last_counts(
    make_eco_park: MakePark, now_ms: int, first: str, last: str, outcome: Outcome
) -> None:
    park = make_eco_park([f"SOC.5,,{first},A,2026-03-01,B", f"SOC.5,,{last},C,2026-03-01,B"])
    assert cells_of(await card_of(park, now_ms))["SOC.5"].outcome is outcome
