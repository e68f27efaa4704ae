"""The park's year, week by week, from the daily sums: a long range that no raw reading is asked for."""

from dataclasses import replace

from dashboards.board import DAY_SECONDS, WEEK_SECONDS, Board, Derive, Legend, Panel, PanelKind, PanelQuery, Text
from dashboards.boards.building import bind, installations_of, limit_ref, present
from dashboards.boards.rules import OUTLET_COD, PM2_5_24H
from dashboards.queries.points import PointSet, points_with_role, quantity_of_devices
from dashboards.queries.readings import counter_of_device, counter_of_park, mean_of_days_by_device
from telemetry_model.park_register import Installation, Park
from telemetry_model.storage_schema import RollupPeriod, rollup_field, rollup_measurement

RANGE_DAYS = 365
_PER_WEEK = Text(
    "Hiệu số của công tơ mỗi tuần, tính từ số liệu tổng hợp ngày; tuần đầu tiên chưa có cột, cột cuối chưa đủ tuần.",
    "Difference of the counters per week, from daily sums; the first week has no bar yet, the last is not whole.",
)
_DAILY = Text(
    "Trung bình ngày của các giá trị hợp lệ. Giới hạn áp dụng cho trung bình 24 giờ.",
    "Daily means of valid values. The limit applies to the 24 h mean.",
)
_SOURCES = (
    ("grid_import", Text("Lưới", "Grid")),
    ("pv_generation", Text("Mặt trời", "Solar")),
    ("chp_generation", Text("CHP", "CHP")),
)
_WASTEWATER = (
    ("wastewater_discharged", Text("Xả ra", "Discharged")),
    ("wastewater_reused", Text("Tái sử dụng", "Reused")),
)


def park_year(park: Park) -> Board:
    """Twelve months of energy, water, wastewater and air."""
    panels = (
        _electricity(park), _several(park, "supply", Text("Nguồn điện mỗi tuần", "Supply per week"), _SOURCES, 8),
        _several(park, "intake", Text("Nước cấp mỗi tuần", "Water intake per week"),
                 (("water_intake", Text("Nước cấp", "Intake")),), 12),
        _several(park, "wastewater", Text("Nước thải mỗi tuần", "Wastewater per week"), _WASTEWATER, 12),
        _means(park, "outlet-cod", "wastewater_outlet", "cod", Text("COD tại cửa xả trung tâm", "COD, central outlet"),
               OUTLET_COD),
        _means(park, "pm2-5", "ambient_station", "pm2_5", Text("Bụi PM2.5 xung quanh", "Ambient PM2.5"), PM2_5_24H),
    )  # fmt: skip
    return Board("park-year", Text("Mười hai tháng", "Twelve months"), present(panels))


def daily(points: PointSet, column: str) -> PointSet:
    """The same points in the daily rollups."""
    measurement = rollup_measurement(points.measurement, RollupPeriod.DAILY)
    return replace(points, measurement=measurement, field=rollup_field(points.field, column))


def _electricity(park: Park) -> Panel | None:
    counters = points_with_role(park, "tenant_electricity")
    if counters is None:
        return None
    build = bind(counter_of_device, points=daily(counters, "last"))
    query = PanelQuery(build, Legend.DEVICE, derive=Derive.INCREASE, bucket_seconds=WEEK_SECONDS)
    title = Text("Điện năng mỗi tuần theo công tơ", "Electricity per week and meter")
    return _bars("electricity", title, counters.unit, (query,), 16)


def _several(park: Park, key: str, title: Text, roles: tuple[tuple[str, Text], ...], width: int) -> Panel | None:
    queries, unit = [], ""
    for role, label in roles:
        counters = points_with_role(park, role)
        if counters is not None:
            unit = counters.unit
            build = bind(counter_of_park, points=daily(counters, "last"))
            queries.append(PanelQuery(build, Legend.LABEL, label, Derive.INCREASE, WEEK_SECONDS))
    return _bars(key, title, unit, tuple(queries), width) if queries else None


def _bars(key: str, title: Text, unit: str, queries: tuple[PanelQuery, ...], width: int) -> Panel:
    kind = PanelKind.BAR
    return Panel(key, kind, title, unit, queries, _PER_WEEK, stacked=True, width=width, range_days=RANGE_DAYS)


def _means(park: Park, key: str, kind: str, quantity: str, title: Text, rule: str) -> Panel | None:
    places: list[Installation] = installations_of(park, kind)
    points = quantity_of_devices(park, [place.device for place in places], quantity)
    if points is None:
        return None
    build = bind(mean_of_days_by_device, points=daily(points, "mean"))
    query = PanelQuery(build, Legend.DEVICE, bucket_seconds=DAY_SECONDS)
    return Panel(
        key, PanelKind.TIMESERIES, title, points.unit, (query,), _DAILY, limit_ref(rule, places), width=12,
        range_days=RANGE_DAYS,
    )  # fmt: skip
