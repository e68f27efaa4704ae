"""The chain's page: gateways, ingest and store, with what was refused and why."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from dashboards.console.chain import ChainStatus, GatewayState, fetch_status
from dashboards.console.elements import TableCell, rows_table, text_element
from dashboards.console.ledger import Ledger, LedgerLine, fetch_ledger
from dashboards.console.texts import say
from dashboards.words import count_text, local_text, number_text
from service_runtime.clock import ms_from_datetime
from service_runtime.errors import UnreachableError

REFRESH_SECONDS = 5.0
KNOWN_STATES = ("online", "offline")


def chain_page(ingest_url: str, zone: ZoneInfo, language: str) -> None:
    """Fetch and show the status, again and again."""
    with ui.element("div").classes("tools"):
        text_element("h1", say("chain", language))
    error = ui.label("").classes("error").props("role=alert data-error=chain")
    holder = ui.element("div").classes("grid").props("data-panel=chain data-state=loading")
    shown: list[tuple[ChainStatus, Ledger]] = []

    async def refresh() -> None:
        try:
            answers = await fetch_status(ingest_url), await fetch_ledger(ingest_url)
        except UnreachableError as failure:
            error.set_text(f"{say('chain_error', language)}: {failure}")
            error.set_visibility(True)
            holder.props("data-state=error")
            return
        error.set_visibility(False)
        if shown[:1] != [answers]:
            shown[:] = [answers]
            holder.clear()
            with holder:
                _show(*answers, zone, language)
        holder.props("data-state=data")

    if not ingest_url:
        error.set_text(say("chain_off", language))
        return
    error.set_visibility(False)
    ui.timer(REFRESH_SECONDS, refresh)


def _show(status: ChainStatus, ledger: Ledger, zone: ZoneInfo, language: str) -> None:
    readings, batches = status.readings, status.batches
    _number("readings-received", "readings_received", count_text(readings.received, language), language)
    _number("readings-stored", "readings_stored", count_text(readings.stored, language), language)
    _number("quarantined", "readings_quarantined", count_text(readings.quarantined, language), language)
    counted = (batches.received, batches.stored, batches.duplicate)
    _number("batches", "batches", " / ".join(count_text(count, language) for count in counted), language)
    latency = status.latency_ms
    _number("latency", "latency", f"{_ms(latency.p50, language)} / {_ms(latency.p99, language)}", language)
    late = f"{count_text(readings.late, language)} / {count_text(readings.no_value, language)}"
    _number("late", "late", late, language)
    _block("gateways", "gateways", 24, language, lambda: _gateways(status, zone, language))
    _block("quarantine", "quarantine", 12, language, lambda: _quarantine(status, language))
    _block("batches", "batch_sums", 6, language, lambda: _batch_sums(status, language))
    _block("store", "store", 6, language, lambda: _store(status, language))
    _block("ledger", "ledger", 24, language, lambda: _ledger(ledger, zone, language))


def _number(key: str, title: str, value: str, language: str) -> None:
    with ui.element("section").classes("panel").style("grid-column: span 8; height: 92px").props(f"data-part={key}"):
        text_element("h2", say(title, language))
        text_element("div", value, "stat")


def _block(key: str, title: str, width: int, language: str, content: Callable[[], None]) -> None:
    with ui.element("section").classes("panel").style(f"grid-column: span {width}").props(f"data-part={key}"):
        text_element("h2", say(title, language))
        with ui.element("div").classes("scroll"):
            content()


def _gateways(status: ChainStatus, zone: ZoneInfo, language: str) -> None:
    columns = ("gateway", "state", "stored_through", "pending", "missing", "dropped", "devices", "last_seen")
    header = [TableCell(say(key, language), "num" if 2 <= place <= 6 else "") for place, key in enumerate(columns)]
    rows = [_gateway_row(name, state, zone, language) for name, state in sorted(status.gateways.items())]
    rows_table(header, rows)


def _gateway_row(name: str, gateway: GatewayState, zone: ZoneInfo, language: str) -> list[TableCell]:
    state = say(gateway.state, language) if gateway.state in KNOWN_STATES else gateway.state
    mark, chip = {"online": ("✓", "compliant"), "offline": ("▲", "exceeded")}.get(
        gateway.state, ("?", "insufficient_data")
    )
    health = gateway.health
    pending = count_text(health.batches_pending + health.batches_sent, language) if health else "–"
    dropped = count_text(health.dropped_unstored_batches, language) if health else "–"
    devices = f"{health.devices_online} / {health.devices_online + health.devices_offline}" if health else "–"
    last_seen = local_text(gateway.last_seen_ms, zone, seconds=True) if gateway.last_seen_ms else "–"
    return [
        TableCell(name),
        TableCell(f"{mark} {state}", chip=chip),
        TableCell(count_text(gateway.through, language), "num"),
        TableCell(pending, "num"),
        TableCell(count_text(gateway.missing, language), "num"),
        TableCell(dropped, "num"),
        TableCell(devices, "num"),
        TableCell(last_seen, "time"),
    ]


def _quarantine(status: ChainStatus, language: str) -> None:
    if not status.quarantine.by_reason:
        ui.label(say("quarantine_empty", language))
        return
    header = [TableCell(say("reason", language)), TableCell(say("records", language), "num")]
    reasons = sorted(status.quarantine.by_reason.items(), key=lambda item: (-item[1], item[0]))
    rows_table(header, [[TableCell(name), TableCell(count_text(n, language), "num")] for name, n in reasons])


def _ledger(ledger: Ledger, zone: ZoneInfo, language: str) -> None:
    if not ledger.lines:
        ui.label(say("ledger_empty", language))
        return
    batches = ("expected", "received", "duplicate", "refilled")
    readings = ("ledger_readings", "ledger_stored", "ledger_quarantined", "ledger_late")
    header = [TableCell(say(key, language)) for key in ("hour", "gateway")]
    header += [TableCell(say(key, language), "num") for key in (*batches, *readings)]
    header.append(TableCell(say("missing", language)))
    rows_table(header, [_ledger_row(line, zone, language) for line in ledger.newest()])


def _ledger_row(line: LedgerLine, zone: ZoneInfo, language: str) -> list[TableCell]:
    batches, readings = line.batches, line.readings
    counts = (batches.expected, batches.received, batches.duplicate, batches.refilled, readings.received,
              readings.stored, readings.quarantined, readings.late)  # fmt: skip
    missing = TableCell(f"▲ {line.missing_text()}", chip="exceeded") if batches.missing else TableCell("–")
    hour = TableCell(local_text(ms_from_datetime(datetime.fromisoformat(line.hour)), zone), "time")
    numbers = (TableCell(count_text(count, language), "num") for count in counts)
    return [hour, TableCell(line.gateway), *numbers, missing]


def _batch_sums(status: ChainStatus, language: str) -> None:
    stored, duplicate = count_text(status.batches.stored, language), count_text(status.batches.duplicate, language)
    missing = count_text(status.missing_batches, language)
    ui.label(say("ledger_line", language, stored=stored, duplicate=duplicate, missing=missing))


def _store(status: ChainStatus, language: str) -> None:
    store = status.store
    word = say("reachable" if store.reachable else "unreachable", language)
    ui.label(f"{store.kind} {store.version} · {word}")
    if store.detail:
        ui.label(store.detail).classes("note")


def _ms(value: float | None, language: str) -> str:
    return f"{number_text(value, language)} ms" if value is not None else "–"
