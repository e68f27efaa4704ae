"""Runs the ``ecopark`` command; errors an operator can mend are one line, traces only with ``--debug``."""

import sys

import click

from ecopark.commands import ecopark
from service_runtime.errors import OperatorError
from telemetry_model.park_register import RegisterError


def main() -> None:
    """Entry point of the ``ecopark`` command."""
    debug = "--debug" in sys.argv
    try:
        ecopark.main(prog_name="ecopark", standalone_mode=True)
    except (OperatorError, RegisterError) as error:
        if debug:
            raise
        click.echo(f"ecopark: {error}", err=True)
        sys.exit(getattr(error, "exit_code", 2))


if __name__ == "__main__":
    main()
