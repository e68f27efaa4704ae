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
from deploy.local.termination import EXIT_TERMINATED, Terminated, raising_on_sigterm
from service_runtime.errors import OperatorError

EXIT_INTERRUPTED = 130
"""As shells have it: 128 and the number of SIGINT."""


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

    Ctrl-C while it polls ends it with the report; before that (or a second time) it ends at once with exit status 130.
    SIGTERM ends it at once with exit status 143. However it ends, no child process and no temporary folder stays.

    Exits 1 when a reading is missing or the alerts are not exactly those the scenario promises.
    """
    if report_file is not None and not report_file.resolve().parent.is_dir():
        raise OperatorError(f"--report: no such folder {report_file.resolve().parent}")
    screen = LiveScreen()
    folder = workdir or Path(tempfile.mkdtemp(prefix="ecopark-demo-"))
    options = DemoOptions(folder, scenario, BrokerKind(broker), port, run_seconds, not no_browser)
    try:
        with raising_on_sigterm():
            result = run_demo(options, screen)
    except (KeyboardInterrupt, Terminated) as end:
        left = "nothing is kept" if workdir is None else f"see {folder}"
        screen.say(f"Interrupted before there was a report; {left}.")
        _remove_unless_kept(folder, workdir)
        sys.exit(EXIT_TERMINATED if isinstance(end, Terminated) else EXIT_INTERRUPTED)
    except OperatorError:
        # The logs in it are what helps, once there are any.
        if not any(folder.glob("logs/*.log")):
            _remove_unless_kept(folder, workdir)
        raise
    _remove_unless_kept(folder, workdir)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if report_file is not None:
        report_file.write_text(text + "\n", encoding="utf-8")
        screen.say(f"Report: {report_file}")
    click.echo(text)
    alerts = result["alerts"]
    if result["readings"]["missing"] or alerts["not_raised"] or alerts["not_expected"]:
        sys.exit(1)


def _remove_unless_kept(folder: Path, workdir: Path | None) -> None:
    if workdir is None:
        shutil.rmtree(folder, ignore_errors=True)
