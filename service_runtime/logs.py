"""Logging: a plain sentence plus fields, one line each, on standard error; repeated lines are the caller's to avoid."""

import logging
import sys
from typing import Any


class FieldFormatter(logging.Formatter):
    """``2026-11-23T01:02:03Z INFO gateway.outbox sentence key=value``; no trace unless debugging."""

    def __init__(self, show_traces: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._show_traces = show_traces

    def format(self, record: logging.LogRecord) -> str:
        """One line; the fields given as ``extra={"fields": {...}}`` follow the sentence."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        if not self._show_traces:
            record.exc_info, record.exc_text = None, None
        line = super().format(record)
        return line + "".join(f" {key}={value}" for key, value in fields.items())


def configure_logging(level: str = "INFO", debug: bool = False) -> None:
    """Send everything to standard error; ``debug`` also shows traces."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter(debug))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("DEBUG" if debug else level)
    for noisy in ("asyncio", "pymodbus", "matplotlib", "httpx", "aiohttp", "urllib3"):
        logging.getLogger(noisy).setLevel("WARNING")


def event(log: logging.Logger, level: int, sentence: str, **fields: object) -> None:
    """Log one sentence with its fields."""
    log.log(level, sentence, extra={"fields": fields})
