"""What a part of the long runs is: a name, its options, a run that reports, and a file of results."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"


@dataclass(frozen=True)
class SoakReport:
    """``runs`` go into the results file as they are; any ``failures`` make the whole thing fail."""

    runs: list[dict[str, Any]]
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SoakPart:
    """``options`` become ``--name``, with these defaults and types; ``run`` gets an empty folder and the options;
    what it draws goes to ``options.results``."""

    help: str
    options: Mapping[str, int | float]
    run: Callable[[Path, argparse.Namespace], SoakReport]

    def recipe(self, name: str, arguments: argparse.Namespace) -> str:
        """The command line that does it again."""
        options = "".join(f" --{option} {getattr(arguments, option)}" for option in self.options)
        return f"python -m tests.soak {name}{options}"
