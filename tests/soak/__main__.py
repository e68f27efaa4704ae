"""Long runs: ``python -m tests.soak [PART [OPTIONS]]``; without a part all of them, one after the other.

Results go to docs/results as JSON, one file a part; exit code 1 when anything was lost, doubled or broken.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service_runtime.errors import OperatorError
from service_runtime.logs import configure_logging
from tests.soak import backup, fuzz, kills, outage, replicas
from tests.soak.part import RESULTS, SoakPart

PARTS: dict[str, SoakPart] = {
    "random-kills": kills.PART,
    "store-outage": outage.PART,
    "fuzz": fuzz.PART,
    "restored-backup": backup.PART,
    "replicas": replicas.PART,
}


def main() -> None:
    """Run one part or all; write down what each came to."""
    arguments = _arguments()
    configure_logging("ERROR")
    failures: list[str] = []
    for name in [arguments.part] if arguments.part else PARTS:
        part = PARTS[name]
        options = arguments if arguments.part else argparse.Namespace(**part.options, results=arguments.results)
        failures += _run(name, part, options, arguments.results)
    for failure in failures:
        sys.stderr.write(f"FAILED {failure}\n")
    sys.exit(1 if failures else 0)


def _run(name: str, part: SoakPart, options: argparse.Namespace, results: Path) -> list[str]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ecopark-soak-") as folder:
        try:
            report = part.run(Path(folder), options)
        except (OperatorError, pytest.skip.Exception, pytest.fail.Exception) as error:
            return [f"{name}: {error}"]
    document = {
        "recipe": part.recipe(name, options),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "seconds": round(time.monotonic() - started),
        "passed": not report.failures,
        "runs": report.runs,
    }
    text = json.dumps(document, indent=2) + "\n"
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return [f"{name}: {failure}" for failure in report.failures]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results (docs/results)")
    chosen = parser.add_subparsers(dest="part", metavar="PART")
    for name, part in PARTS.items():
        of_part = chosen.add_parser(name, help=part.help)
        for option, default in part.options.items():
            of_part.add_argument(f"--{option}", type=type(default), default=default, help=f"default {default}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
