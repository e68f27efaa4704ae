"""``ecopark ingest refill``: after the store was restored from a backup, fill it again from the gateways' logs."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from ingest_service.park_folder import load_park
from ingest_service.running_settings import running_settings, settings_option
from ingest_service.settings import IngestSettings
from service_runtime.clock import utc_from_ms
from service_runtime.errors import OperatorError, UnreachableError, why_unreachable
from service_runtime.local_times import instant_ms

LOOK_EVERY_SECONDS = 0.5
TIMEOUT_SECONDS = 10.0
EXIT_INCOMPLETE = 1
# The service is near: no proxy of the environment lies between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RunRefill(msgspec.Struct, frozen=True):
    """One run's refill as the service tells it; counts are batches."""

    gateway: str
    run: str
    state: str
    since: str
    sequences: tuple[int, int]
    batches: int
    refilled: int
    gone: int
    outstanding: int


class _Answer(msgspec.Struct, frozen=True):
    refills: list[RunRefill] = []
    unheard: list[str] = []
    detail: str = ""


@click.command(short_help="Fill a restored store again from the gateways' logs.")
@settings_option
@click.option(
    "--since",
    required=True,
    metavar="TIME",
    help="Moment of the backup: 2026-11-01 (its begin) or 2026-11-01T06:00, in park time.",
)
@click.option("--gateway", "gateways", multiple=True, help="Only this gateway; may be repeated.")
@click.option("--url", default="", help="The service's address, if not the one its settings name.")
@click.option("--stall-seconds", default=60.0, show_default=True, help="Stop watching when nothing comes for so long.")
def refill(settings_file: Path | None, since: str, gateways: tuple[str, ...], url: str, stall_seconds: float) -> None:
    """Fill the store again from the gateways' logs, after it was restored from a backup made at --since.

    The running service asks each gateway for the batches created or received since then and writes their rows once
    more. Stored counts do not change: these batches count as refilled. Ingest's state may be lost as well: what it has
    forgotten is asked for too, and counts as stored for the first time.

    The summary is JSON. "gone" batches are in no gateway's log any more. "unheard" gateways did not say what their logs
    hold, so the refill is not "complete": order it again when they are back, or leave them out with --gateway. The
    refill goes on in the service when watching ends, also across restarts.
    """
    settings = running_settings(settings_file)
    since_ms = instant_ms(since, load_park(settings.park_folder).timezone, "--since")
    address = f"{url.rstrip('/') or service_address(settings)}/api/v1/refills"
    order = {"since": utc_from_ms(since_ms).isoformat(), "gateways": list(gateways)}
    begun = _ask(address, order)
    if begun.unheard:
        click.echo(f"not heard, so not known what they hold: {', '.join(begun.unheard)}", err=True)
    runs = _watch(address, begun.refills, stall_seconds)
    outstanding = sum(run.outstanding for run in runs)
    summary = {
        "complete": outstanding == 0 and not begun.unheard,
        "since": order["since"],
        "batches": sum(run.batches for run in runs),
        "refilled": sum(run.refilled for run in runs),
        "gone": sum(run.gone for run in runs),
        "outstanding": outstanding,
        "unheard": begun.unheard,
        "runs": runs,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(summary)).decode())
    if not summary["complete"]:
        click.get_current_context().exit(EXIT_INCOMPLETE)


def service_address(settings: IngestSettings) -> str:
    """Where the service of these settings answers HTTP."""
    if not settings.http_port:
        raise OperatorError("http_port is 0: say where the service listens with --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.http_host, settings.http_host)
    return f"http://[{host}]:{settings.http_port}" if ":" in host else f"http://{host}:{settings.http_port}"


def _watch(address: str, begun: list[RunRefill], stall_seconds: float) -> list[RunRefill]:
    """Until nothing is outstanding, or nothing has come for a while; a line whenever something came."""
    keys = {(run.gateway, run.run) for run in begun}
    runs, shown, moved_at = begun, -1, time.monotonic()
    while True:
        left = sum(run.outstanding for run in runs)
        if left != shown:
            shown, moved_at = left, time.monotonic()
            click.echo(_progress_line(runs), err=True)
        if not left or time.monotonic() - moved_at > stall_seconds:
            return runs
        time.sleep(LOOK_EVERY_SECONDS)
        runs = [run for run in _ask(address, None).refills if (run.gateway, run.run) in keys]


def _progress_line(runs: list[RunRefill]) -> str:
    total, came = sum(run.batches for run in runs), sum(run.refilled for run in runs)
    share = f" ({100 * came // total} %)" if total else ""
    waiting = sorted({run.gateway for run in runs if run.outstanding and run.state == "offline"})
    away = f"; waiting for {', '.join(waiting)} (offline)" if waiting else ""
    gone = sum(run.gone for run in runs)
    return f"refilled {came} of {total} batches{share}{f', {gone} gone' if gone else ''}{away}"


def _ask(address: str, order: Mapping[str, object] | None) -> _Answer:
    """Begin (with an order) or look; raises :class:`UnreachableError` when no service answers.

    What the service refuses is an :class:`OperatorError` in its own words.
    """
    body = msgspec.json.encode(order) if order is not None else None
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            return msgspec.json.decode(response.read(), type=_Answer)
    except urllib.error.HTTPError as error:
        with error:
            raise OperatorError(f"ingest service {address}: {_detail(error)}") from error
    except (OSError, ValueError) as error:
        raise UnreachableError(f"ingest service {address}: {why_unreachable(error)}") from error


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return msgspec.json.decode(error.read(), type=_Answer).detail or f"HTTP {error.code}"
    except (ValueError, RecursionError):
        return f"HTTP {error.code}"
