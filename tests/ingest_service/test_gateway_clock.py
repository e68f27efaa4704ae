"""A gateway's clock, told from the times on its messages: what proves a difference, and what does not."""

import logging

import httpx
import pytest

from ingest_service.gateway_board import GatewayBoard
from ingest_service.gateway_clock import WINDOW_MS, GatewayClock, clock_flag
from ingest_service.http_api.app import create_app
from telemetry_model.control_messages import GatewayHealth, encode_control
from telemetry_model.reading import QualityFlag
from telemetry_model.storage_schema import QUALITY_FLAGS
from telemetry_model.topics import Channel
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig

AHEAD, BEHIND = QualityFlag.CLOCK_AHEAD, QualityFlag.CLOCK_BEHIND


def health(board: GatewayBoard, offset_ms: int, now_ms: int = NOW_MS, retained: bool = False) -> None:
    message = GatewayHealth(now_ms + offset_ms, "r", 1, 0, 0, 0, 1, 0, 1, 0, 0.0)
    board.note("gw-1", Channel.HEALTH, encode_control(message), retained, now_ms)


def test_nothing_heard_tells_nothing() -> None:
    assert GatewayClock().skew_seconds(NOW_MS) is None


def test_the_message_that_took_least_tells_most() -> None:
    clock = GatewayClock()
    for delay_ms in (900, 20, 400):
        clock.note(NOW_MS + 60_000 - delay_ms, NOW_MS, is_prompt=False)
    assert clock.skew_seconds(NOW_MS) == 59.98


def test_a_batch_that_waited_does_not_show_a_clock_that_is_behind() -> None:
    clock = GatewayClock()
    clock.note(NOW_MS - 3_600_000, NOW_MS, is_prompt=False)
    assert clock.skew_seconds(NOW_MS) is None


def test_a_prompt_message_shows_a_clock_that_is_behind() -> None:
    clock = GatewayClock()
    clock.note(NOW_MS - 90_000, NOW_MS, is_prompt=True)
    assert clock.skew_seconds(NOW_MS) == -90


def test_what_was_heard_long_ago_tells_nothing() -> None:
    clock = GatewayClock()
    clock.note(NOW_MS + 60_000, NOW_MS, is_prompt=True)
    assert clock.skew_seconds(NOW_MS + 3 * WINDOW_MS) is None


def test_a_clock_that_was_set_right_is_right_within_two_windows() -> None:
    clock = GatewayClock()
    clock.note(NOW_MS + 60_000, NOW_MS, is_prompt=True)
    for step in range(1, 4):
        clock.note(NOW_MS + step * WINDOW_MS - 5, NOW_MS + step * WINDOW_MS, is_prompt=True)
    assert clock.skew_seconds(NOW_MS + 3 * WINDOW_MS) == -0.005


@pytest.mark.parametrize(("skew", "flag"), [(None, None), (30.0, None), (-30.0, None), (30.1, AHEAD), (-30.1, BEHIND)])
def test_a_flag_needs_more_than_the_limit(skew: float | None, flag: QualityFlag | None) -> None:
    assert clock_flag(skew, 30.0) is flag


def test_a_wrong_clock_is_said_once_and_so_is_its_repair(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    board = GatewayBoard()
    for step in range(3):
        health(board, -45_000, NOW_MS + step * 1000)
    assert board.clocks_off == {"gw-1"}
    for step in range(3):
        health(board, 0, NOW_MS + (step + 1) * WINDOW_MS)
    assert board.clocks_off == set()
    said = [record.message for record in caplog.records if "clock" in record.message]
    assert len(said) == 2
    assert "is behind ours" in said[0]
    assert "right again" in said[1]


def test_a_retained_health_message_says_nothing_about_the_clock() -> None:
    board = GatewayBoard()
    health(board, -3_600_000, retained=True)
    assert board.views["gw-1"].clock.skew_seconds(NOW_MS) is None


def test_a_gateway_without_health_is_cleared_by_its_batches() -> None:
    board = GatewayBoard()
    board.seen("gw-1", NOW_MS, NOW_MS + 120_000)
    assert board.views["gw-1"].clock_flag is AHEAD
    for step in range(1, 4):
        at_ms = NOW_MS + step * WINDOW_MS
        board.seen("gw-1", at_ms, at_ms - 200)
    assert (board.views["gw-1"].clock_flag, board.clocks_off) == (None, set())


async def test_a_gateway_that_is_ahead_shows_in_status_metrics_and_store(rig: Rig) -> None:
    for seq in (1, 2):
        await rig.take(a_delivery(a_pack(1.0, start_ms=NOW_MS + seq), numbered("r", seq, created_ms=NOW_MS + 90_000)))
    gateway = (await rig.view.status())["gateways"]["gw-1"]
    assert (gateway["clock_skew_seconds"], gateway["clock"]) == (90.0, "clock_ahead")
    transport = httpx.ASGITransport(app=create_app(rig.view, rig.book))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        text = (await client.get("/metrics")).text
    assert "ecopark_ingest_gateway_clocks_off 1.0" in text
    assert "ecopark_ingest_gateway_clock_skew_seconds 90.0" in text
    query = SeriesQuery(QUALITY_FLAGS, (Select("observed"),), 0, 2 * NOW_MS, group_by=("flag", "gateway"))
    (series,) = await rig.store.select(query)
    assert series.tags == {"flag": "clock_ahead", "gateway": "gw-1"}
    assert series.rows == [(NOW_MS - NOW_MS % 60_000, 90.0)]


async def test_readings_too_far_ahead_are_refused_and_their_clock_is_named(rig: Rig) -> None:
    ten_minutes = 600_000
    properties = numbered("r", 1, created_ms=NOW_MS + ten_minutes)
    await rig.take(a_delivery(a_pack(1.0, start_ms=NOW_MS + ten_minutes), properties))
    status = await rig.view.status()
    assert status["quarantine"]["by_reason"] == {"time_in_future": 1}
    assert status["gateways"]["gw-1"]["clock_skew_seconds"] == 600.0
