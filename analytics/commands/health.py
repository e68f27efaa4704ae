"""``ecopark analytics health``: whether judging moves, for an operator and for a container's health check."""

import click

from analytics.heartbeat import health_problem, heartbeat_file
from service_runtime.clock import SystemClock


@click.command(short_help="Whether the running service judges.")
@click.option(
    "--state-path",
    required=True,
    envvar="ECOPARK_ANALYTICS_STATE_PATH",
    help="The state_path of the running service.",
)
def health(state_path: str) -> None:
    """Say whether the running service judges; ends with 1 and the reason when it does not.

    It reads the file that `ecopark analytics run` writes beside its state at each turn, so it needs no port and no
    database. Not in order: no turn yet, no turn for more than two intervals and a minute, one turn that takes longer
    than half an hour, or a last turn that found no store.
    """
    problem = health_problem(heartbeat_file(state_path), SystemClock().now_ms())
    if problem:
        click.echo(problem, err=True)
        raise click.exceptions.Exit(1)
    click.echo("judging")


if __name__ == "__main__":
    # `python -m analytics.commands.health` loads no pandas: cheap enough for a container's probe every few seconds.
    health()
