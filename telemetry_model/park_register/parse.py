"""Texts of a park folder -> a checked :class:`Park`; cross-references between the tables are checked here."""

import math
import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from telemetry_model.park_register.installations import read_installations, read_park_attributes
from telemetry_model.park_register.mappings import read_sparkplug, read_topics
from telemetry_model.park_register.problems import RegisterError, RegisterProblem, as_written
from telemetry_model.park_register.record_tables import (
    read_manifests,
    read_materials,
    read_meter_exchanges,
    read_production,
    read_products,
)
from telemetry_model.park_register.spreadsheet import tidy
from telemetry_model.park_register.tables import IDENTIFIER, Row, read_table, read_toml
from telemetry_model.park_register.types import (
    Contact,
    DeviceConnection,
    EvidenceRecord,
    Installation,
    MeasuringPoint,
    Park,
    SymbiosisLink,
    Tenant,
)
from telemetry_model.quantities import QUANTITIES, Kind, Medium

REQUIRED_FILES = ("park.toml", "tenants.csv", "points.csv")
DEFAULT_INTERVAL_SECONDS = 60
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\Z")
_LEAST_CHANGE = 1e-9
_YES_NO = {"yes": 1.0, "no": 0.0}
_POINT_COLUMNS = ("point", "tenant", "zone", "medium", "unit")
_POINT_OPTIONAL = (
    "interval_seconds", "range_low", "range_high", "gateway", "role", "since", "until", "max_change_per_minute",
    "frozen_after_minutes", "parent",
)  # fmt: skip


def parse_park(files: Mapping[str, str]) -> Park:
    """Build the register from file texts by file name; raises :class:`RegisterError` with all problems."""
    problems: list[RegisterProblem] = [
        RegisterProblem(name, None, None, "file is missing from the park folder")
        for name in REQUIRED_FILES
        if name not in files
    ]
    if problems:
        raise RegisterError(problems)
    files = {name: tidy(name, text) for name, text in files.items()}
    head = read_toml("park.toml", files["park.toml"], problems)
    tenants = _tenants(files["tenants.csv"], problems)
    _stop_when_unread(head, tenants, problems=problems)
    devices = _devices(files.get("devices.csv"), problems)
    points = _points(files["points.csv"], tenants, problems)
    _stop_when_unread(points, problems=problems)
    installations = read_installations(head, tenants, points, problems)
    zone = _timezone(head, problems)
    park = Park(
        id=_head_text(head, "id", problems),
        name_vi=_head_text(head, "name_vi", problems),
        name_en=_head_text(head, "name_en", problems),
        timezone=zone,
        monitoring_since=_head_date(head, "monitoring_since", problems),
        dated=read_park_attributes(head, points, problems),
        tenants=MappingProxyType(tenants),
        points=MappingProxyType(points),
        contacts=_contacts(files.get("contacts.csv"), tenants, problems),
        devices=MappingProxyType(devices),
        installations=MappingProxyType(installations),
        symbiosis=_symbiosis(files.get("symbiosis.csv"), tenants, points, problems),
        topics=read_topics(files.get("topics.csv"), points, problems),
        sparkplug=read_sparkplug(files.get("sparkplug.csv"), points, problems),
        evidence=_evidence(files.get("evidence.csv"), tenants, installations, problems),
        meter_exchanges=read_meter_exchanges(files.get("meter_exchanges.csv"), points, zone, problems),
        manifests=read_manifests(files.get("manifests.csv"), tenants, problems),
        materials=read_materials(files.get("materials.csv"), tenants, problems),
        products=read_products(files.get("products.csv"), tenants, problems),
        production=read_production(files.get("production.csv"), tenants, problems),
    )
    _check_devices_have_points(park, problems)
    if problems:
        raise RegisterError(problems)
    return park


def _stop_when_unread(*tables: Mapping[str, Any], problems: list[RegisterProblem]) -> None:
    """All other tables name what stands in these: where one cannot be read, only that is worth saying."""
    if problems and not all(tables):
        raise RegisterError(problems)


def _head_text(head: dict[str, Any], key: str, problems: list[RegisterProblem]) -> str:
    value = head.get(key)
    if not isinstance(value, str) or not value:
        problems.append(RegisterProblem("park.toml", None, key, "a text is required"))
        return ""
    if key == "id" and not IDENTIFIER.match(value):
        problems.append(RegisterProblem("park.toml", None, key, f"'{value}' is not an id"))
    return value


def _head_date(head: dict[str, Any], key: str, problems: list[RegisterProblem]) -> date | None:
    value = head.get(key)
    if value is not None and type(value) is not date:
        problems.append(
            RegisterProblem("park.toml", None, key, f"{as_written(value)} is not a date (YYYY-MM-DD, unquoted)")
        )
        return None
    return value


def _timezone(head: dict[str, Any], problems: list[RegisterProblem]) -> ZoneInfo:
    name = head.get("timezone", "Asia/Ho_Chi_Minh")
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(RegisterProblem("park.toml", None, "timezone", f"'{name}' is not a known time zone"))
        return ZoneInfo("UTC")


def _tenants(text: str, problems: list[RegisterProblem]) -> dict[str, Tenant]:
    known = ("tenant", "name", "sector", "zone", "workers")
    tenants: dict[str, Tenant] = {}
    for row in read_table("tenants.csv", text, ("tenant", "name", "sector"), known, problems):
        tenant = row.identifier("tenant")
        if tenant in tenants:
            row.problem("tenant", f"'{tenant}' is there twice")
        workers = int(row.number_in("workers", 0, 0, 1e6)) if row.text("workers") else None
        tenants[tenant] = Tenant(tenant, row.text("name"), row.text("sector"), row.text("zone"), workers)
    return tenants


def _points(text: str, tenants: dict[str, Tenant], problems: list[RegisterProblem]) -> dict[str, MeasuringPoint]:
    points: dict[str, MeasuringPoint] = {}
    parents: list[tuple[Row, MeasuringPoint]] = []
    for row in read_table("points.csv", text, _POINT_COLUMNS, _POINT_COLUMNS + _POINT_OPTIONAL, problems):
        point = _point(row, tenants)
        if point is None:
            continue
        if point.id in points:
            row.problem("point", f"'{point.id}' is there twice")
        points[point.id] = point
        if point.parent:
            parents.append((row, point))
    for row, point in parents:
        _check_parent(row, point, points)
    return points


def _check_parent(row: Row, point: MeasuringPoint, points: dict[str, MeasuringPoint]) -> None:
    parent = points.get(point.parent)
    if parent is None:
        row.problem("parent", f"unknown point '{point.parent}' (not in points.csv)")
    elif parent.quantity != point.quantity or point.quantity.kind is Kind.GAUGE:
        row.problem("parent", f"'{point.parent}' does not count {point.quantity.name} as {point.id} does")
    seen = {point.id}
    while parent is not None:
        if parent.id in seen:
            row.problem("parent", f"'{point.id}' is behind itself")
            return
        seen.add(parent.id)
        parent = points.get(parent.parent)


def _point(row: Row, tenants: dict[str, Tenant]) -> MeasuringPoint | None:
    point_id = row.text("point")
    device, _, quantity_name = point_id.partition(".")
    if not IDENTIFIER.match(device) or not IDENTIFIER.match(quantity_name):
        row.problem("point", f"'{point_id}' is not of the form device.quantity")
        return None
    _check_tenant(row, "tenant", tenants)
    if row.text("medium") not in set(Medium):
        row.problem("medium", f"unknown medium '{row.text('medium')}' (known: {', '.join(Medium)})")
        return None
    medium = Medium(row.text("medium"))
    quantity = QUANTITIES.get((medium, quantity_name))
    if quantity is None:
        known = ", ".join(q for m, q in QUANTITIES if m is medium)
        row.problem("point", f"unknown quantity '{quantity_name}' for {medium} (known: {known})")
        return None
    if row.text("unit") != quantity.unit:
        row.problem("unit", f"unknown unit '{row.text('unit')}' for {quantity_name} (expected {quantity.unit})")
        return None
    low = row.number_in("range_low", quantity.low, -1e15, 1e15)
    high = row.number_in("range_high", quantity.high, -1e15, 1e15)
    if low >= high:
        row.problem("range_low", f"range {low:g} to {high:g} is empty")
    interval_seconds = int(row.number_in("interval_seconds", DEFAULT_INTERVAL_SECONDS, 1, 366 * 86_400))
    return MeasuringPoint(
        id=point_id,
        device=device,
        quantity=quantity,
        medium=medium,
        unit=quantity.unit,
        tenant=row.text("tenant"),
        zone=row.identifier("zone"),
        interval_seconds=interval_seconds,
        low=low,
        high=high,
        gateway=row.text("gateway"),
        role=row.text("role"),
        since=row.day("since"),
        until=row.day("until"),
        max_change_per_minute=row.number_in("max_change_per_minute", math.inf, _LEAST_CHANGE, 1e15),
        frozen_after_minutes=_frozen_after_minutes(row, interval_seconds),
        parent=row.text("parent"),
    )


def _frozen_after_minutes(row: Row, interval_seconds: int) -> float:
    minutes = row.number_in("frozen_after_minutes", math.inf, 1, 366 * 1440)
    if minutes * 60 < 2 * interval_seconds:
        row.problem("frozen_after_minutes", f"{minutes:g} is less than two intervals of {interval_seconds} s")
    return minutes


def _check_tenant(row: Row, column: str, tenants: dict[str, Tenant]) -> str:
    tenant = row.text(column)
    if tenant not in tenants:
        row.problem(column, f"unknown tenant '{tenant}' (not in tenants.csv)")
    return tenant


def _contacts(text: str | None, tenants: dict[str, Tenant], problems: list[RegisterProblem]) -> tuple[Contact, ...]:
    columns = ("tenant", "name", "email", "language")
    contacts: list[Contact] = []
    if text is None:
        return ()
    for row in read_table("contacts.csv", text, columns, columns, problems):
        if not _EMAIL.match(row.text("email")):
            row.problem("email", f"'{row.text('email')}' is not an e-mail address")
        if row.text("language") not in ("vi", "en"):
            row.problem("language", f"'{row.text('language')}' is not vi or en")
        tenant = _check_tenant(row, "tenant", tenants)
        contacts.append(Contact(tenant, row.text("name"), row.text("email"), row.text("language")))
    return tuple(contacts)


def _devices(text: str | None, problems: list[RegisterProblem]) -> dict[str, DeviceConnection]:
    required = ("device", "gateway", "profile", "host", "port")
    devices: dict[str, DeviceConnection] = {}
    if text is None:
        return devices
    for row in read_table("devices.csv", text, required, (*required, "unit_id", "poll_seconds"), problems):
        device = row.identifier("device")
        if device in devices:
            row.problem("device", f"'{device}' is there twice")
        devices[device] = DeviceConnection(
            device=device,
            gateway=row.identifier("gateway"),
            profile=row.text("profile"),
            host=row.text("host"),
            port=int(row.number_in("port", 502, 1, 65_535)),
            unit_id=int(row.number_in("unit_id", 1, 0, 255)),
            poll_seconds=row.number_in("poll_seconds", 60, 0.1, 86_400),
        )
    return devices


def _symbiosis(
    text: str | None, tenants: dict[str, Tenant], points: dict[str, MeasuringPoint], problems: list[RegisterProblem]
) -> tuple[SymbiosisLink, ...]:
    required = ("link", "giver", "taker", "material")
    if text is None:
        return ()
    links: list[SymbiosisLink] = []
    for row in read_table(
        "symbiosis.csv", text, required, (*required, "giver_point", "taker_point", "agreement"), problems
    ):
        for column in ("giver", "taker"):
            _check_tenant(row, column, tenants)
        for column in ("giver_point", "taker_point"):
            if row.text(column) and row.text(column) not in points:
                row.problem(column, f"unknown point '{row.text(column)}' (not in points.csv)")
        links.append(
            SymbiosisLink(
                link=row.identifier("link"),
                giver=row.text("giver"),
                taker=row.text("taker"),
                material=row.text("material"),
                giver_point=row.text("giver_point"),
                taker_point=row.text("taker_point"),
                agreement=row.text("agreement"),
            )
        )
    return tuple(links)


def _evidence(
    text: str | None,
    tenants: dict[str, Tenant],
    installations: dict[str, Installation],
    problems: list[RegisterProblem],
) -> tuple[EvidenceRecord, ...]:
    required = ("indicator", "value", "document", "date", "responsible")
    if text is None:
        return ()
    records: list[EvidenceRecord] = []
    for row in read_table("evidence.csv", text, required, (*required, "subject"), problems):
        subject, day = row.text("subject"), row.day("date")
        if subject and subject not in tenants and subject not in installations:
            row.problem("subject", f"'{subject}' is neither a tenant nor an installation")
        for column in required:
            if not row.text(column):
                row.problem(column, "a record needs it")
        if day is not None:
            value = _YES_NO.get(row.text("value").lower())
            value = row.number_in("value", 0.0, -1e15, 1e15) if value is None else value
            records.append(
                EvidenceRecord(
                    row.text("indicator"), subject, value, row.text("document"), day, row.text("responsible")
                )
            )
    return tuple(records)


def _check_devices_have_points(park: Park, problems: list[RegisterProblem]) -> None:
    measured = {point.device for point in park.points.values()}
    for device in park.devices:
        if device not in measured:
            problems.append(RegisterProblem("devices.csv", None, "device", f"'{device}' has no point in points.csv"))
    for installation in park.installations.values():
        if installation.device and installation.device not in measured:
            message = f"device '{installation.device}' of '{installation.id}' has no point in points.csv"
            problems.append(RegisterProblem("park.toml", None, "installations", message))
