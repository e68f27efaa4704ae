"""The table of commands: each program brings its own, loaded only when it is asked for."""

import importlib
from typing import NamedTuple

import click

from service_runtime.errors import OperatorError
from service_runtime.logs import configure_logging

LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]


class CommandEntry(NamedTuple):
    """Where a command lives, which extra it needs, and its line in ``ecopark --help``."""

    module: str
    attribute: str
    extra: str
    help: str


COMMANDS: dict[str, CommandEntry] = {
    "demo": CommandEntry("deploy.local.command", "demo", "local", "Run a whole simulated park on this machine."),
    "replay": CommandEntry("deploy.local.replay_command", "replay", "local", "Play a recorded CSV as a gateway would."),
    "simulate": CommandEntry(
        "deploy.local.simulate_command", "simulate", "simulators", "Run a scenario, serve a park."
    ),
    "gateway": CommandEntry("gateway.command", "gateway", "gateway", "Poll devices and publish what they measure."),
    "ingest": CommandEntry("ingest_service.command", "ingest", "ingest", "Take readings in and store them."),
    "quarantine": CommandEntry("ingest_service.command", "quarantine", "ingest", "Look at readings that were refused."),
    "analytics": CommandEntry("analytics.command", "analytics", "analytics", "Judge, alert and write to tenants."),
    "rules": CommandEntry("analytics.command", "rules", "analytics", "The rulebook: list, explain, check."),
    "scorecard": CommandEntry("analytics.scorecard.command", "scorecard", "analytics", "The eco-park scorecard."),
    "dashboards": CommandEntry("dashboards.command", "dashboards", "dashboards", "Console and Grafana boards."),
    "park": CommandEntry("ecopark.park_command", "park", "", "Check a park register, row by row."),
    "export": CommandEntry("ecopark.export_command", "export", "ingest", "Write stored readings as CSV."),
    "doctor": CommandEntry("ecopark.doctor_command", "doctor", "ingest", "Find out what is missing or unreachable."),
}

SECTIONS: dict[str, tuple[str, ...]] = {
    "Try it": ("demo", "replay", "simulate"),
    "Set up": ("park", "doctor"),
    "Run a park": ("gateway", "ingest", "analytics", "dashboards"),
    "Look into it": ("rules", "scorecard", "quarantine", "export"),
}
"""How ``ecopark --help`` lists the commands; one that is named nowhere comes last."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer needs them."""
        return [name for _, names in sections() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or say which extra is missing."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            module = importlib.import_module(entry.module)
        except ModuleNotFoundError as error:
            hint = f"pip install 'ecopark[{entry.extra}]'" if entry.extra else "reinstall ecopark"
            raise OperatorError(f"`ecopark {cmd_name}` needs {error.name}: {hint}") from error
        command: click.Command = getattr(module, entry.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, without importing any."""
        width = max(map(len, COMMANDS))
        for title, names in sections():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), COMMANDS[name].help) for name in names])


def sections() -> list[tuple[str, list[str]]]:
    """Titles and commands, every command of the table once."""
    titled = [(title, list(names)) for title, names in SECTIONS.items()]
    listed = {name for _, names in titled for name in names}
    titled[-1][1].extend(name for name in COMMANDS if name not in listed)
    return titled


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show traces and every log line.")
@click.option(
    "--log-level", type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]), default="INFO", show_default=True
)
@click.version_option(package_name="ecopark")
def ecopark(debug: bool, log_level: str) -> None:
    """Monitor an eco-industrial park: nothing measured is lost or doubled, every verdict can be defended.

    Start with `ecopark demo`: a simulated park, its gateways, broker, ingest, analytics and console, all local.
    Each command explains itself: `ecopark COMMAND --help`.
    """
    configure_logging(log_level, debug)
