"""Runs the simulated park from the empty folder to the report; each step is one short function here."""

import asyncio
import os
import sys
import time
import webbrowser
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local import report
from deploy.local.backlog import fill_outboxes
from deploy.local.broker import BrokerKind
from deploy.local.chain import LocalChain
from deploy.local.ingest_status import IngestStatus, read_ingest_status
from deploy.local.live_table import LiveScreen
from deploy.local.ports import HeldPorts, require_free
from deploy.local.termination import ignore_sigterm
from deploy.local.workdir import PARKS, Workdir
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from simulators.backlog import gateways_of
from simulators.scenario import PlacedScenario, Scenario, check_against_park, load_scenario
from telemetry_model.park_register import Park, parse_park

BACKLOG_HOURS = 72
LIVE_POLL_SECONDS = 5.0
MAX_DEVICES = 64
STALL_SECONDS = 60
"""Give up a drain when nothing more arrives for this long."""
SETTLE_SECONDS = 90
"""How long to wait at the end for analytics to raise what the backlog holds, and to write of it."""


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asked for; ``run_seconds`` ``None`` means until Ctrl-C."""

    workdir: Path
    scenario: str
    broker: BrokerKind
    console_port: int | None
    run_seconds: float | None
    open_browser: bool


def first_whole_day(start_ms: int, zone: ZoneInfo) -> date:
    """The first local day that begins at or after ``start_ms``: from there on days are complete."""
    start = datetime.fromtimestamp(start_ms / 1000, tz=zone)
    begins_with_it = start == start.replace(hour=0, minute=0, second=0, microsecond=0)
    return start.date() if begins_with_it else start.date() + timedelta(days=1)


def run_demo(options: DemoOptions, screen: LiveScreen) -> dict[str, Any]:
    """The whole run; returns the report. Children are stopped in order whatever happens."""
    if options.console_port is not None:
        # Now, and not when the console starts: by then a minute of simulating and draining would be lost.
        require_free(options.console_port, "--port")
    workdir = Workdir(options.workdir)
    workdir.create()
    if workdir.holds_a_run:
        raise OperatorError(f"{workdir.root}: already holds a run; give another --workdir")
    now_ms = int(time.time() // 60 * 60_000)
    start_ms = now_ms - BACKLOG_HOURS * 3_600_000
    with HeldPorts(MAX_DEVICES) as ports:
        park = adopt_park(workdir, start_ms, ports)
        scenario = load_scenario(options.scenario)
        check_against_park(scenario, park)
        placed = scenario.on(datetime.fromtimestamp(now_ms / 1000, tz=park.timezone).date(), park.timezone)
        chain = LocalChain(workdir, options.broker, options.console_port)
        try:
            _bring_up(chain, park, placed, (start_ms, now_ms), screen, ports)
            drained_at = time.monotonic()
            chain.start_analytics()
            chain.start_console()
            screen.say(f"Console: {chain.console_url}   (Ctrl-C stops everything)")
            if options.open_browser and _has_a_screen():
                webbrowser.open(chain.console_url)
            _watch(chain, options.run_seconds, screen)
            return _finish(chain, park, scenario, screen, drained_at)
        finally:
            ignore_sigterm()
            screen.say("Stopping ...")
            chain.stop()


def _has_a_screen() -> bool:
    """A text browser would take over the terminal; only a window may open."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def adopt_park(workdir: Workdir, start_ms: int, ports: HeldPorts) -> Park:
    """The register says since when data are expected, so that all who read it judge alike: service and commands."""
    source = PARKS / "bach-dang"
    since = first_whole_day(start_ms, parse_park(read_text_folder(source)).timezone)
    return workdir.adopt_park(source, ports.first, since, LIVE_POLL_SECONDS)


def _bring_up(
    chain: LocalChain,
    park: Park,
    scenario: PlacedScenario,
    backlog_ms: tuple[int, int],
    screen: LiveScreen,
    ports: HeldPorts,
) -> None:
    with screen.progress("Simulating the last 72 hours into the gateways' outboxes") as progress:
        total = fill_outboxes(chain.workdir, park, scenario, *backlog_ms, progress)
    screen.say(f"{total:,} readings wait in {len(gateways_of(park))} outboxes.")
    chain.start_broker()
    chain.start_mail_sink()
    chain.start_ingest()
    ports.let_go()
    simulator = ["--scenario", scenario.scenario.name, "--today", scenario.today.isoformat()]
    chain.start_simulator(["--park", str(chain.workdir.park), *simulator])
    for gateway in gateways_of(park):
        chain.start_gateway(gateway)
    with screen.progress("Draining them through broker, ingest and store") as progress:
        _drain(chain, total, progress)


def _drain(chain: LocalChain, total: int, progress: Any) -> None:
    """Return when ``total`` readings are stored or in quarantine."""
    done, moved_at = 0, time.monotonic()
    while done < total:
        chain.check_running()
        status = read_ingest_status(chain.ingest_url)
        settled = status.stored + status.quarantined
        if settled > done:
            done, moved_at = settled, time.monotonic()
        elif time.monotonic() - moved_at > STALL_SECONDS:
            raise OperatorError(f"the backlog stands still at {done:,} of {total:,} readings; see {chain.workdir.logs}")
        progress(min(1.0, done / total))
        time.sleep(0.2)


def _watch(chain: LocalChain, run_seconds: float | None, screen: LiveScreen) -> None:
    """Show the live table until the time is up or Ctrl-C."""
    started = time.monotonic()
    try:
        with screen.live_table() as show:
            while run_seconds is None or time.monotonic() - started < run_seconds:
                chain.check_running()
                show(chain)
                time.sleep(1)
    except KeyboardInterrupt:
        return


def _finish(chain: LocalChain, park: Park, scenario: Scenario, screen: LiveScreen, drained_at: float) -> dict[str, Any]:
    """Let analytics catch up, stop what produces, wait for the last readings, count."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not report.is_all_told(chain.workdir, scenario) and time.monotonic() < deadline:
        chain.check_running()
        time.sleep(0.5)
    rss_mb = chain.rss_mb()
    latency_ms = report.latency_of(read_ingest_status(chain.ingest_url), time.monotonic() - drained_at)
    screen.say("Stopping the gateways; their last readings are still on the way ...")
    chain.stop(gateways_of(park))
    published = report.readings_committed(chain.workdir, gateways_of(park))
    ingest = _wait_for(chain, published)
    findings = asyncio.run(report.latest_findings(chain.workdir.store_url))
    return report.build_report(
        published,
        ingest,
        latency_ms,
        findings,
        report.alerts_of(chain.workdir, scenario),
        report.letters_by_language(chain.workdir.mailbox),
        rss_mb,
    )


def _wait_for(chain: LocalChain, published: int) -> IngestStatus:
    deadline = time.monotonic() + 20
    while True:
        status = read_ingest_status(chain.ingest_url)
        if status.stored + status.quarantined >= published or time.monotonic() > deadline:
            return status
        time.sleep(0.2)
