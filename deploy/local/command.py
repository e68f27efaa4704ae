"""``ecopark demo``: a whole simulated park on this machine, without a server, a container or an account."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click

from deploy.local.broker import BROKER_NAMES, BrokerKind
from deploy.local.demo import DemoOptions, run_demo
from deploy.local.live_table import LiveScreen
from service_runtime.errors import OperatorError


@click.command()
@click.option("--for", "run_seconds", type=click.FloatRange(min=0), help="Stop by itself after this many live seconds.")
@click.option("--no-browser", is_flag=True, help="Do not open the console in a browser.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), help="Write what came out as JSON.")
@click.option("--workdir", type=click.Path(path_type=Path, file_okay=False), help="Keep databases and logs here.")
@click.option("--broker", type=click.Choice(BROKER_NAMES), default="auto", show_default=True,
              help="auto takes Mosquitto when it is installed.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65_535), help="Port of the console (default: a free one).")
@click.option("--scenario", default="bach-dang-demo", show_default=True, help="See `ecopark simulate list`.")
def demo(
    run_seconds: float | None,
    no_browser: bool,
    report_file: Path | None,
    workdir: Path | None,
    broker: BrokerKind,
    port: int | None,
    scenario: str,
) -> None:
    """Run a whole simulated park on this machine.

    The last 72 hours are simulated into the gateways' outboxes and drained through broker, ingest and store, as after
    an outage; then devices are polled live over Modbus TCP. Verdicts, alerts and letters appear in the console.

    \b
    ecopark demo                                        until Ctrl-C, console in the browser
    ecopark demo --for 120 --no-browser --report out.json

    Exits 1 when a reading is missing or the alerts are not exactly those the scenario promises.
    """
    if report_file is not None and not report_file.resolve().parent.is_dir():
        raise OperatorError(f"--report: no such folder {report_file.resolve().parent}")
    screen = LiveScreen()
    folder = workdir or Path(tempfile.mkdtemp(prefix="ecopark-demo-"))
    options = DemoOptions(folder, scenario, BrokerKind(broker), port, run_seconds, not no_browser)
    result = run_demo(options, screen)
    if workdir is None:
        # Only after a good run: when something went wrong the logs in it are what helps.
        shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if report_file is not None:
        report_file.write_text(text + "\n", encoding="utf-8")
        screen.say(f"Report: {report_file}")
    click.echo(text)
    alerts = result["alerts"]
    if result["readings"]["missing"] or alerts["not_raised"] or alerts["not_expected"]:
        sys.exit(1)
