"""One tenant's own page: power, power factor, energy, water, waste, and the verdicts it answers for."""

from dashboards.board import (
    DAY_SECONDS,
    Board,
    Derive,
    Legend,
    LimitRef,
    Panel,
    PanelKind,
    PanelQuery,
    Text,
    Variable,
    VariableKind,
)
from dashboards.boards.building import bind, installations_of, limit_ref, present
from dashboards.boards.park_overview import FINDINGS_DAYS, anomalies_panel
from dashboards.boards.rules import POWER_FACTOR
from dashboards.queries.anomalies import latest_anomalies_of_tenant
from dashboards.queries.findings import latest_findings_of_tenant
from dashboards.queries.points import points_with_role, quantity_beside_role
from dashboards.queries.readings import active_and_reactive_power_of_tenant, counter_of_tenant, power_of_tenant
from telemetry_model.park_register import Park

_DAILY = (
    ("energy-per-day", "tenant_electricity", Text("Điện năng mỗi ngày", "Energy per day"), Text("Điện năng", "Energy")),
    ("water-per-day", "tenant_water", Text("Nước sử dụng mỗi ngày", "Water per day"), Text("Nước", "Water")),
    ("waste-per-day", "tenant_waste", Text("Chất thải mỗi ngày", "Waste per day"), Text("Chất thải", "Waste")),
)
_PER_DAY = Text(
    "Hiệu số của công tơ mỗi ngày; cột cuối là hôm nay tính đến hiện tại.",
    "Difference of the counter per calendar day; the last bar is today so far.",
)


def tenant_board(park: Park) -> Board:
    """The board of one tenant, chosen by its variable."""
    firms = tuple((firm.id, firm.name) for firm in park.firms())
    panels = (
        _verdict_counts(), _power_now(park), _power(park), _power_factor(park),
        *(_per_day(park, *daily) for daily in _DAILY), _findings(),
        anomalies_panel(PanelQuery(latest_anomalies_of_tenant)),
    )  # fmt: skip
    tenant = Variable(VariableKind.TENANT, Text("Doanh nghiệp", "Tenant"), firms)
    return Board("tenant", Text("Doanh nghiệp", "Tenant"), present(panels), (tenant,))


def _verdict_counts() -> Panel:
    query = PanelQuery(latest_findings_of_tenant)
    title = Text("Tình trạng tuân thủ", "Compliance status")
    kind = PanelKind.VERDICT_COUNTS
    return Panel("verdicts", kind, title, "", (query,), width=16, height=4, range_days=FINDINGS_DAYS)


def _power_now(park: Park) -> Panel | None:
    meters = quantity_beside_role(park, "tenant_electricity", "active_power")
    if meters is None:
        return None
    query = PanelQuery(bind(power_of_tenant, points=meters))
    title = Text("Công suất hiện tại", "Power now")
    return Panel("power-now", PanelKind.STAT, title, meters.unit, (query,), width=8, height=4)


def _power(park: Park) -> Panel | None:
    meters = quantity_beside_role(park, "tenant_electricity", "active_power")
    if meters is None:
        return None
    query = PanelQuery(bind(power_of_tenant, points=meters), label=Text("Công suất tác dụng", "Active power"))
    return Panel("power", PanelKind.TIMESERIES, Text("Công suất", "Power"), meters.unit, (query,), width=12, height=8)


def _power_factor(park: Park) -> Panel | None:
    active = quantity_beside_role(park, "tenant_electricity", "active_power")
    reactive = quantity_beside_role(park, "tenant_electricity", "reactive_power")
    if active is None or reactive is None:
        return None
    build = bind(active_and_reactive_power_of_tenant, active=active, reactive=reactive)
    query = PanelQuery(build, label=Text("Hệ số công suất", "Power factor"), derive=Derive.POWER_FACTOR)
    return Panel(
        "power-factor", PanelKind.TIMESERIES, Text("Hệ số công suất", "Power factor"), "1", (query,), width=12,
        limit=_power_factor_limit(park),
        description=Text("Giới hạn áp dụng cho hệ số bình quân của kỳ hóa đơn (từ hai công tơ kWh và kvarh).",
                         "The limit applies to the billing period's average, from active and reactive energy."),
    )  # fmt: skip


def _power_factor_limit(park: Park) -> LimitRef | None:
    return limit_ref(POWER_FACTOR, installations_of(park, "electricity_supply"))


def _per_day(park: Park, key: str, role: str, title: Text, label: Text) -> Panel | None:
    counters = points_with_role(park, role)
    if counters is None:
        return None
    query = PanelQuery(bind(counter_of_tenant, points=counters), Legend.LABEL, label, Derive.INCREASE, DAY_SECONDS)
    return Panel(key, PanelKind.BAR, title, counters.unit, (query,), _PER_DAY, width=8, range_days=8)


def _findings() -> Panel:
    return Panel(
        "findings", PanelKind.FINDINGS, Text("Kết luận của doanh nghiệp", "The tenant's findings"), "",
        (PanelQuery(latest_findings_of_tenant),), width=24, height=7, range_days=FINDINGS_DAYS,
        description=Text("Kết luận mới nhất của từng quy tắc.", "The latest verdict of each rule."),
    )  # fmt: skip
