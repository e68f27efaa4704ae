"""What alerting did so far, read from its durable log: for reports, the console and the operator."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from service_runtime.errors import OperatorError


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """Incidents as ``(rule, subject)`` in the order they fired; e-mails as counts."""

    raised: tuple[tuple[str, str], ...] = ()
    """Every incident that ever fired."""
    open: tuple[tuple[str, str], ...] = ()
    """Those still firing."""
    emails_sent_by_language: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    """E-mails that will not be tried again, by reason: refused for good, or left without an answer (``no_answer``)."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """E-mails still to be delivered, by the reason of their last failure (``new``: not tried yet)."""

    @property
    def emails_sent(self) -> int:
        """In all languages."""
        return sum(self.emails_sent_by_language.values())


def summarize(connection: sqlite3.Connection) -> AlertSummary:
    """Read a summary over an open connection."""
    fired = connection.execute(
        "SELECT rule, subject, state FROM alert_incidents WHERE fired_ms IS NOT NULL ORDER BY fired_ms, starts_ms, id"
    ).fetchall()
    return AlertSummary(
        raised=tuple((rule, subject) for rule, subject, _ in fired),
        open=tuple((rule, subject) for rule, subject, state in fired if state == "firing"),
        emails_sent_by_language=_counts(connection, "language", "state = 'sent'"),
        failures=_counts(connection, "reason", "state IN ('failed', 'unconfirmed')"),
        waiting=_counts(connection, "COALESCE(reason, 'new')", "state IN ('queued', 'sending')"),
    )


def read_alert_summary(state_path: Path) -> AlertSummary:
    """Read a summary from the analytics program's state file while that program runs; empty before it ever alerted.

    Raises :class:`OperatorError` naming the file when it is not such a state file.
    """
    if not state_path.is_file():
        return AlertSummary()
    try:
        with closing(sqlite3.connect(f"{state_path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alert_notifications'").fetchone()
            return summarize(connection) if known else AlertSummary()
    except sqlite3.Error as error:
        raise OperatorError(f"{state_path}: cannot be read as alert state ({error})") from error


def _counts(connection: sqlite3.Connection, what: str, where: str) -> dict[str, int]:
    rows = connection.execute(f"SELECT {what}, COUNT(*) FROM alert_notifications WHERE {where} GROUP BY 1 ORDER BY 1")
    return dict(rows.fetchall())
