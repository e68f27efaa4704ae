"""Commits batches for ever and tells each sequence once it is committed; the crash test kills it."""

import sys
from pathlib import Path

from gateway.outbox import Outbox
from service_runtime.clock import SystemClock
from telemetry_model.reading import Reading


def main(path: str) -> None:
    """Each commit holds three batches of five readings."""
    outbox = Outbox.open(Path(path), SystemClock())
    while True:
        first = outbox.next_seq
        batches = [[Reading("em-1.active_power", 1_000 * i, float(first + b)) for i in range(5)] for b in range(3)]
        sys.stdout.write(f"{outbox.commit(batches, {})[-1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
