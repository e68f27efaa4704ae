"""The chain's own health, from the completeness ledger: what came, what is missing, late, doubled or in quarantine."""

import math
from collections.abc import Callable

from dashboards.board import NO_TEXT, Board, Legend, Panel, PanelKind, PanelQuery, Text
from dashboards.queries.chain import (
    duplicates_by_gateway,
    flagged_by_point,
    late_by_gateway,
    missing_by_gateway,
    quarantined_by_gateway,
    received_by_gateway,
    received_of_park,
    refilled_by_gateway,
    stored_of_park,
)
from dashboards.queries.scope import QueryScope
from telemetry_model.park_register import Park
from telemetry_store.query import SeriesQuery

RANGE_DAYS = 2
HOUR_SECONDS = 3600
_BY_CREATION = Text(
    "Theo giờ gateway tạo lô dữ liệu, không phải giờ nhận.",
    "By the hour the gateway made the batch, not of its arrival.",
)
_MISSING = Text(
    "Lô đã tạo mà chưa nhận được; hệ thống tự yêu cầu gateway gửi lại, cột sẽ biến mất khi lô về đủ.",
    "Batches that were made and have not come. They are asked for again; the bar goes when they are here.",
)


def chain_health(park: Park) -> Board:
    """One board for every park that has gateways."""
    panels = (_received(), _stored_share(), *_counted()) if _has_gateways(park) else ()
    if any(math.isfinite(min(p.max_change_per_minute, p.frozen_after_minutes)) for p in park.points.values()):
        panels = (*panels, _flagged())
    return Board("chain-health", Text("Sức khỏe chuỗi dữ liệu", "Health of the data chain"), panels)


def _has_gateways(park: Park) -> bool:
    return any(point.gateway for point in park.points.values())


def _received() -> Panel:
    title = Text("Số đo nhận được mỗi giờ", "Readings received per hour")
    return _bars("readings-per-hour", title, received_by_gateway, _BY_CREATION, width=18)


def _stored_share() -> Panel:
    return Panel(
        "stored-share", PanelKind.SHARE, Text("Đã lưu trên đã nhận", "Stored of received"), "%",
        (_hourly(stored_of_park, Legend.LABEL, Text("Đã lưu", "Stored")),
         _hourly(received_of_park, Legend.LABEL, Text("Đã nhận", "Received"))),
        Text("Phần còn lại nằm trong khu cách ly, kèm lý do.", "The rest lies in quarantine, each with its reason."),
        width=6, range_days=RANGE_DAYS,
    )  # fmt: skip


def _counted() -> tuple[Panel, ...]:
    return (
        _bars("missing", Text("Lô còn thiếu", "Batches missing"), missing_by_gateway, _MISSING, 12),
        _bars("quarantined", Text("Số đo bị cách ly", "Readings in quarantine"), quarantined_by_gateway, _BY_CREATION,
              12),
        _bars("late", Text("Số đo đến muộn", "Late readings"), late_by_gateway, _BY_CREATION),
        _bars("duplicates", Text("Lô gửi trùng (chỉ tính một lần)", "Batches sent again (counted once)"),
              duplicates_by_gateway, _BY_CREATION),
        _bars("refilled", Text("Lô nạp lại sau phục hồi", "Batches refilled after a restore"), refilled_by_gateway,
              _BY_CREATION),
    )  # fmt: skip


def _flagged() -> Panel:
    return Panel(
        "flagged", PanelKind.BAR, Text("Số đo bị đánh dấu nghi vấn", "Flagged readings"), "1",
        (_hourly(flagged_by_point, Legend.POINT),),
        Text("Thay đổi quá nhanh hoặc đứng yên quá lâu so với giới hạn của điểm đo. Số đo vẫn được dùng.",
             "Moved faster, or stood still longer, than the point's limits say. The readings are used all the same."),
        stacked=True, width=24, range_days=RANGE_DAYS,
    )  # fmt: skip


def _bars(
    key: str, title: Text, build: Callable[[QueryScope], SeriesQuery], description: Text, width: int = 8
) -> Panel:
    query = _hourly(build, Legend.GATEWAY)
    kind = PanelKind.BAR
    return Panel(key, kind, title, "1", (query,), description, stacked=True, width=width, range_days=RANGE_DAYS)


def _hourly(build: Callable[[QueryScope], SeriesQuery], legend: Legend, label: Text = NO_TEXT) -> PanelQuery:
    return PanelQuery(build, legend, label, bucket_seconds=HOUR_SECONDS)
