"""The project's figures: ``python -m tests.bench [PART ...] [--json FILE]``; see docs/performance.md."""

import argparse
import asyncio
import functools
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service_runtime.errors import OperatorError
from service_runtime.logs import configure_logging
from tests.bench import (
    admission,
    anomalies,
    backfill,
    codec,
    comparison,
    gateway,
    growth,
    ingest,
    poison,
    store,
    tenants,
    verdicts,
    year,
)
from tests.bench.cpu import yardstick
from tests.bench.figures import Figure, as_json, as_table

Part = Callable[[Path], Coroutine[Any, Any, list[Figure]]]
PARTS: dict[str, Part] = {
    "codec": codec.measure,
    "admission": admission.measure,
    "store": store.measure,
    "ingest": ingest.measure,
    "victoria-metrics": ingest.measure_with_victoria_metrics,
    "ceiling": comparison.measure_ceiling,
    "telegraf": comparison.measure_telegraf,
    "poison": poison.measure,
    "gateway": gateway.measure,
    "backfill": backfill.measure,
    "broker-kill": backfill.measure_after_kill,
    "verdicts": verdicts.measure,
    "tenants": tenants.measure,
    "growth": growth.measure,
    "anomalies": anomalies.measure,
    "year": year.measure,
}


def main() -> None:
    """Run the parts one after the other; exit 2 when one of them could not be measured."""
    arguments = _arguments()
    configure_logging("ERROR")
    results: list[tuple[str, Sequence[Figure]]] = []
    troubles = 0
    parts = PARTS | {"tenants": functools.partial(tenants.measure, tenants=arguments.tenants, store=arguments.store)}
    for name in arguments.parts or parts:
        started, before = time.monotonic(), yardstick()
        figures, trouble = _run(parts[name])
        pace = Figure("yardstick: a plain Python loop", (before + yardstick()) / 2, "million steps/CPU s")
        results.append((name, [pace, *figures]))
        troubles += bool(trouble)
        _say(f"{name}: {trouble or 'measured'} ({time.monotonic() - started:.0f} s)")
    sys.stdout.write(as_table(results) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(_report(results), indent=2) + "\n", encoding="utf-8")
    sys.exit(2 if troubles else 0)


def _run(part: Part) -> tuple[list[Figure], str]:
    """A server that is not installed, or a program that ended, leaves this part out and not the others."""
    with tempfile.TemporaryDirectory(prefix="ecopark-bench-") as folder:
        try:
            return asyncio.run(part(Path(folder))), ""
        except (OperatorError, pytest.skip.Exception, pytest.fail.Exception) as error:
            return [], str(error)


def _report(results: Sequence[tuple[str, Sequence[Figure]]]) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "figures": [line for name, figures in results for line in as_json(name, figures)],
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    sizes = parser.add_argument_group("part tenants")
    sizes.add_argument("--tenants", type=int, default=tenants.TENANTS, metavar="N", help="size of the largest park")
    sizes.add_argument("--store", choices=tenants.STORES, default="", help="only this store; without it both")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
