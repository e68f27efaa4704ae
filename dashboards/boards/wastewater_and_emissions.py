"""What leaves the park: the central outlet, the tenants' outlets, the CHP stack, the air, and who was measuring."""

from dashboards.board import Board, Legend, LimitRef, Panel, PanelKind, PanelQuery, Text
from dashboards.boards.building import bind, installations_of, limit_ref, present
from dashboards.boards.park_overview import pm2_5_panel
from dashboards.boards.rules import (
    OUTLET_COD,
    OUTLET_NH4,
    OUTLET_PH,
    OUTLET_TSS,
    STACK_CO,
    STACK_NOX,
    TENANT_OUTLET_COD,
)
from dashboards.queries.points import quantity_of_devices
from dashboards.queries.readings import instrument_status_by_device, measured_by_device
from telemetry_model.park_register import Installation, Park

_OUTLET = (
    ("cod", OUTLET_COD, Text("COD tại cửa xả trung tâm", "COD at the central outlet")),
    ("nh4_n", OUTLET_NH4, Text("Amoni tại cửa xả trung tâm", "Ammonium at the central outlet")),
    ("tss", OUTLET_TSS, Text("TSS tại cửa xả trung tâm", "TSS at the central outlet")),
    ("ph", OUTLET_PH, Text("pH tại cửa xả trung tâm", "pH at the central outlet")),
)
_STACK = (
    ("nox", STACK_NOX, Text("NOx ống khói", "Stack NOx")),
    ("co", STACK_CO, Text("CO ống khói", "Stack CO")),
    ("oxygen", None, Text("O2 ống khói", "Stack O2")),
)
_DAILY_MEAN = Text(
    'Giá trị đo khi thiết bị ở trạng thái "đo". Giới hạn áp dụng cho trung bình 24 giờ của các giá trị hợp lệ.',
    'Values measured in state "measuring". The limit applies to the 24 h mean of valid values.',
)
_O2_CORRECTED = Text(
    "Giá trị đo, chưa hiệu chỉnh O2. Giới hạn áp dụng cho trung bình 24 giờ đã hiệu chỉnh về O2 tham chiếu.",
    "Values as measured. The limit applies to the O2-corrected 24 h mean, not to these values.",
)
_OXYGEN = Text("Dùng để hiệu chỉnh NOx và CO về O2 tham chiếu.", "Used to correct NOx and CO to the reference O2.")


def wastewater_and_emissions(park: Park) -> Board:
    """The board of the park's outlets, stacks and ambient stations."""
    panels = (
        *(_outlet(park, *row) for row in _OUTLET), _flow(park), _tenant_outlets(park),
        *(_stack(park, *row) for row in _STACK), *_instruments(park), pm2_5_panel(park, 24),
    )  # fmt: skip
    title = Text("Nước thải và khí thải", "Wastewater and emissions")
    return Board("wastewater-and-emissions", title, present(panels))


def _outlet(park: Park, quantity: str, rule: str, title: Text) -> Panel | None:
    outlets = installations_of(park, "wastewater_outlet")
    return _measured(park, f"outlet-{quantity}", outlets, quantity, title, limit_ref(rule, outlets), _DAILY_MEAN, 12)


def _tenant_outlets(park: Park) -> Panel | None:
    outlets = installations_of(park, "tenant_outlet")
    title = Text("COD tại các điểm đấu nối", "COD at the tenants' outlets")
    description = Text(
        "Giới hạn theo hợp đồng đấu nối, áp dụng cho trung bình 24 giờ.",
        "The limit is the connection contract's and applies to the 24 h mean.",
    )
    return _measured(
        park, "tenant-cod", outlets, "cod", title, limit_ref(TENANT_OUTLET_COD, outlets), description, 16
    )  # fmt: skip


def _stack(park: Park, quantity: str, rule: str | None, title: Text) -> Panel | None:
    stacks = installations_of(park, "stack")
    limit = limit_ref(rule, stacks) if rule else None
    description = _O2_CORRECTED if rule else _OXYGEN
    return _measured(park, f"stack-{quantity}", stacks, quantity, title, limit, description, 8)


def _measured(
    park: Park,
    key: str,
    installations: list[Installation],
    quantity: str,
    title: Text,
    limit: LimitRef | None,
    description: Text,
    width: int,
) -> Panel | None:
    points = quantity_of_devices(park, [each.device for each in installations], quantity)
    if points is None:
        return None
    query = PanelQuery(bind(measured_by_device, points=points), legend=Legend.DEVICE)
    return Panel(
        key, PanelKind.TIMESERIES, title, points.unit, (query,), description=description, limit=limit, width=width
    )  # fmt: skip


def _flow(park: Park) -> Panel | None:
    """Flow of the meters that count what is discharged, at whatever device the register names."""
    devices = [point.device for point in park.points_with_role("wastewater_discharged")]
    devices += [each.device for each in installations_of(park, "wastewater_outlet")]
    points = quantity_of_devices(park, devices, "flow")
    if points is None:
        return None
    query = PanelQuery(bind(measured_by_device, points=points), legend=Legend.DEVICE)
    title = Text("Lưu lượng xả thải", "Discharge flow")
    return Panel("outlet-flow", PanelKind.TIMESERIES, title, points.unit, (query,), width=8)


def _instruments(park: Park) -> tuple[Panel, ...]:
    """One timeline of instrument status; each medium is its own query because each is its own measurement."""
    outlets = [*installations_of(park, "wastewater_outlet"), *installations_of(park, "tenant_outlet")]
    watched = (
        (outlets, "cod"), (installations_of(park, "stack"), "nox"), (installations_of(park, "ambient_station"), "pm2_5")
    )  # fmt: skip
    queries = []
    for installations, quantity in watched:
        points = quantity_of_devices(park, [each.device for each in installations], quantity)
        if points is not None:
            queries.append(PanelQuery(bind(instrument_status_by_device, points=points), legend=Legend.DEVICE))
    if not queries:
        return ()
    title = Text("Trạng thái thiết bị đo", "Instrument status")
    description = Text(
        "Đo, hiệu chuẩn, hỏng (Thông tư 10/2021/TT-BTNMT); ô trống là không có dữ liệu.",
        "Measuring, calibrating, fault (Circular 10/2021/TT-BTNMT); an empty cell means no data.",
    )
    return (
        Panel(
            "instrument-status", PanelKind.INSTRUMENT_STATUS, title, "", tuple(queries), description, width=24, height=8
        ),
    )
