"""The park at a glance: who draws power, where it comes from, water and reuse, who is over a limit."""

from dashboards.board import DAY_SECONDS, Board, Derive, Legend, Panel, PanelKind, PanelQuery, Text
from dashboards.boards.building import bind, installations_of, limit_ref, present
from dashboards.boards.rules import PM2_5_24H
from dashboards.queries.anomalies import latest_anomalies
from dashboards.queries.findings import latest_findings
from dashboards.queries.points import points_with_role, quantity_beside_role, quantity_of_devices
from dashboards.queries.readings import counter_of_park, measured_by_device, power_by_tenant, power_of_source
from telemetry_model.park_register import Park

FINDINGS_DAYS = 62
"""Billing periods close monthly: two months always hold the latest finding of every rule."""
_SOURCES = (
    ("grid_import", Text("Lưới điện", "Grid")),
    ("pv_generation", Text("Điện mặt trời", "Solar PV")),
    ("chp_generation", Text("Đồng phát (CHP)", "CHP")),
)
_REUSED, _DISCHARGED = Text("Tái sử dụng", "Reused"), Text("Xả ra", "Discharged")
_ALL_TREATED = Text("Xả ra và tái sử dụng", "Discharged and reused")
_PER_DAY = Text(
    "Mỗi cột là một ngày theo lịch của khu; cột cuối là hôm nay tính đến hiện tại.",
    "Each bar is one calendar day of the park; the last one is today so far.",
)


def park_overview(park: Park) -> Board:
    """The board of the whole park."""
    panels = (
        _verdict_counts(), _power_now(park), _reuse_share(park), _open_exceedances(),
        anomalies_panel(PanelQuery(latest_anomalies)),
        _power_by_tenant(park), _power_by_source(park), _water_intake(park), _wastewater(park), pm2_5_panel(park, 8),
    )  # fmt: skip
    return Board("park-overview", Text("Tổng quan khu công nghiệp", "Park overview"), present(panels))


def _verdict_counts() -> Panel:
    return Panel(
        "verdicts", PanelKind.VERDICT_COUNTS, Text("Tình trạng tuân thủ", "Compliance status"), "",
        (PanelQuery(latest_findings),), width=12, height=4, range_days=FINDINGS_DAYS,
        description=Text("Kết luận mới nhất của từng quy tắc và đối tượng.",
                         "The latest verdict of each rule and subject."),
    )  # fmt: skip


def _open_exceedances() -> Panel:
    return Panel(
        "open-exceedances", PanelKind.FINDINGS, Text("Vượt giới hạn chưa khắc phục", "Open exceedances"), "",
        (PanelQuery(latest_findings),), width=24, height=8, range_days=FINDINGS_DAYS, only_exceeded=True,
        description=Text("Các quy tắc mà kết luận mới nhất là vượt giới hạn.",
                         "Rules whose latest verdict is an exceedance."),
    )  # fmt: skip


def anomalies_panel(query: PanelQuery) -> Panel:
    """What was noticed in the last weeks."""
    return Panel(
        "anomalies", PanelKind.ANOMALIES, Text("Bất thường được nhận thấy", "Noticed anomalies"), "",
        (query,), width=24, height=6, range_days=FINDINGS_DAYS,
        description=Text("Quan sát kèm số liệu, không phải kết luận theo pháp luật.",
                         "Observations with their numbers, no verdicts on law."),
    )  # fmt: skip


def _power_now(park: Park) -> Panel | None:
    meters = quantity_beside_role(park, "tenant_electricity", "active_power")
    if meters is None:
        return None
    return Panel(
        "power-now", PanelKind.STAT, Text("Công suất các doanh nghiệp", "Power drawn by tenants"), meters.unit,
        (PanelQuery(bind(power_of_source, points=meters)),), width=6, height=4,
    )  # fmt: skip


def _reuse_share(park: Park) -> Panel | None:
    reused = points_with_role(park, "wastewater_reused")
    both = points_with_role(park, "wastewater_discharged", "wastewater_reused")
    if reused is None or both is None:
        return None
    counted = bind(counter_of_park, points=reused), bind(counter_of_park, points=both)
    return Panel(
        "reuse-share", PanelKind.SHARE, Text("Tỷ lệ tái sử dụng nước thải", "Wastewater reuse"), "%",
        (
            PanelQuery(counted[0], label=_REUSED, derive=Derive.INCREASE, bucket_seconds=DAY_SECONDS),
            PanelQuery(counted[1], label=_ALL_TREATED, derive=Derive.INCREASE, bucket_seconds=DAY_SECONDS),
        ),
        width=6, height=4, range_days=8,
        description=Text("Thể tích tái sử dụng trên tổng thể tích xả ra và tái sử dụng, 7 ngày gần nhất.",
                         "Volume reused, of all discharged and reused, last 7 days."),
    )  # fmt: skip


def _power_by_tenant(park: Park) -> Panel | None:
    meters = quantity_beside_role(park, "tenant_electricity", "active_power")
    if meters is None:
        return None
    query = PanelQuery(bind(power_by_tenant, points=meters), legend=Legend.TENANT)
    title = Text("Công suất theo doanh nghiệp", "Power by tenant")
    kind = PanelKind.TIMESERIES
    return Panel("power-by-tenant", kind, title, meters.unit, (query,), stacked=True, width=16, height=10)


def _power_by_source(park: Park) -> Panel | None:
    queries = []
    for role, label in _SOURCES:
        meters = quantity_beside_role(park, role, "active_power")
        if meters is not None:
            queries.append(PanelQuery(bind(power_of_source, points=meters), label=label))
    if not queries:
        return None
    title = Text("Nguồn điện: lưới, mặt trời, CHP", "Supply: grid, solar, CHP")
    return Panel("power-by-source", PanelKind.TIMESERIES, title, "kW", tuple(queries), width=8, height=10)


def _water_intake(park: Park) -> Panel | None:
    counters = points_with_role(park, "water_intake")
    if counters is None:
        return None
    query = PanelQuery(
        bind(counter_of_park, points=counters), Legend.LABEL, Text("Nước cấp", "Intake"), Derive.INCREASE, DAY_SECONDS
    )
    title = Text("Nước cấp mỗi ngày", "Water intake per day")
    return Panel("water-intake", PanelKind.BAR, title, counters.unit, (query,), _PER_DAY, width=8, range_days=8)


def _wastewater(park: Park) -> Panel | None:
    queries = []
    for role, label in (("wastewater_discharged", _DISCHARGED), ("wastewater_reused", _REUSED)):
        counters = points_with_role(park, role)
        if counters is not None:
            build = bind(counter_of_park, points=counters)
            queries.append(PanelQuery(build, Legend.LABEL, label, Derive.INCREASE, DAY_SECONDS))
    if not queries:
        return None
    title = Text("Nước thải: xả ra và tái sử dụng", "Wastewater: discharged and reused")
    return Panel("wastewater", PanelKind.BAR, title, "m3", tuple(queries), _PER_DAY, width=8, range_days=8)


def pm2_5_panel(park: Park, width: int) -> Panel | None:
    """PM2.5 at the park's ambient stations, with the 24 h limit."""
    stations = installations_of(park, "ambient_station")
    points = quantity_of_devices(park, [station.device for station in stations], "pm2_5")
    if points is None:
        return None
    return Panel(
        "pm2-5", PanelKind.TIMESERIES, Text("Bụi PM2.5 xung quanh", "Ambient PM2.5"), points.unit,
        (PanelQuery(bind(measured_by_device, points=points), legend=Legend.DEVICE),), width=width,
        limit=limit_ref(PM2_5_24H, stations),
        description=Text("Giới hạn áp dụng cho trung bình 24 giờ, không cho giá trị tức thời.",
                         "The limit applies to the 24 h mean, not to single values."),
    )  # fmt: skip
