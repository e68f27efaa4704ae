"""Incidents, watches and the notification log in SQLite: what makes "at most one e-mail" true across crashes.

The promise: **at most one e-mail for each (incident, step, person), also across crashes; tried until the server says
yes, or no for good.** A correction has an id of its own, so the same holds for each of them.
A notification's row is written in the same transaction as the incident's change, with a
``Message-ID`` that depends on nothing but incident, step and person. Then:

* everything up to and including ``RCPT TO`` may fail, crash and be repeated freely: no text has left;
* immediately before the text leaves, the row becomes ``sending``, and is on disk (``synchronous=FULL``);
* the server's answer makes it ``sent``, ``failed``, or ``queued`` again (a 4xx is a clear no).

One window remains, and no sender can close it (two generals): the text has left and we die, or lose the connection,
before the answer is on disk. Such a row becomes ``unconfirmed`` and is **not** sent again: the promise is *at most*
one, and in nearly all of these cases the server had said yes. It is logged, counted in the summary and
stays in the log with its ``Message-ID``, by which a mail server's own log settles the question.

The file may be shared with other state of the analytics program: all tables here start with ``alert_``.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from analytics.alerting.alert import Correction, Incident, IncidentState, Sense, Step
from analytics.alerting.hysteresis import Weight
from analytics.alerting.notification import DeliveryState, FailureReason, Notification
from analytics.alerting.stages import Watch
from analytics.finding import Finding
from analytics.findings.revision import ChangeReason
from service_runtime.errors import OperatorError

SCHEMA = """
CREATE TABLE IF NOT EXISTS alert_watches (
  fingerprint TEXT PRIMARY KEY, through_ms INTEGER NOT NULL, weight TEXT NOT NULL,
  over_before INTEGER NOT NULL, released_before INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS alert_incidents (
  id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, tenant TEXT NOT NULL,
  episode INTEGER NOT NULL, state TEXT NOT NULL, sense TEXT NOT NULL, starts_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL, fired_ms INTEGER, ends_ms INTEGER, opened_by BLOB NOT NULL, latest BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS alert_incidents_newest ON alert_incidents (fingerprint, starts_ms, episode);
CREATE TABLE IF NOT EXISTS alert_corrections (
  id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, tenant TEXT NOT NULL, period_start_ms INTEGER NOT NULL,
  number INTEGER NOT NULL, incident TEXT NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL, reason TEXT,
  decided_ms INTEGER NOT NULL, opens TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS alert_corrections_period ON alert_corrections (fingerprint, period_start_ms);
CREATE INDEX IF NOT EXISTS alert_corrections_opens ON alert_corrections (opens);
CREATE TABLE IF NOT EXISTS alert_notifications (
  incident TEXT NOT NULL, step TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL,
  message_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, queued_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL, sent_ms INTEGER, reason TEXT, detail TEXT NOT NULL,
  PRIMARY KEY (incident, step, person)
) STRICT;
CREATE INDEX IF NOT EXISTS alert_notifications_due ON alert_notifications (state, next_attempt_ms);
"""
BUSY_SECONDS = 10.0
_NOTIFICATION = (
    "incident, step, person, name, language, message_id, state, queued_ms, attempts, next_attempt_ms, sent_ms, reason, "
    "detail"
)
_CORRECTION = "id, fingerprint, tenant, number, incident, before, after, reason, decided_ms, opens"
_INCIDENT = "fingerprint, tenant, episode, state, sense, starts_ms, updated_ms, opened_by, latest, fired_ms, ends_ms"


class IncidentStore:
    """The durable memory of alerting; one writer. Every method returns after the disk has it."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise OperatorError(f"{path}: cannot be used as alert state ({error})") from error

    @property
    def connection(self) -> sqlite3.Connection:
        """For reading."""
        return self._db

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside become durable together, or none does."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def watch(self, fingerprint: str) -> Watch | None:
        """What is remembered about a fingerprint."""
        row = self._db.execute(
            "SELECT through_ms, weight, over_before, released_before FROM alert_watches WHERE fingerprint = ?",
            (fingerprint,),
        ).fetchone()
        return Watch(row[0], Weight(row[1]), row[2], row[3]) if row else None

    def save_watch(self, fingerprint: str, watch: Watch) -> None:
        """Remember."""
        self._db.execute(
            "INSERT OR REPLACE INTO alert_watches VALUES (?, ?, ?, ?, ?)",
            (fingerprint, watch.through_ms, watch.weight, watch.over_before, watch.released_before),
        )

    def newest_incident(self, fingerprint: str) -> Incident | None:
        """The incident with the latest start, open or not."""
        row = self._db.execute(
            f"SELECT {_INCIDENT} FROM alert_incidents WHERE fingerprint = ? "
            "ORDER BY starts_ms DESC, episode DESC LIMIT 1",
            (fingerprint,),
        ).fetchone()
        return _incident(row) if row else None

    def incident(self, incident_id: str) -> Incident | None:
        """By id."""
        row = self._db.execute(f"SELECT {_INCIDENT} FROM alert_incidents WHERE id = ?", (incident_id,)).fetchone()
        return _incident(row) if row else None

    def incidents_since(self, fingerprint: str, from_ms: int) -> list[Incident]:
        """Incidents that are open or ended at or after an instant, oldest first."""
        rows = self._db.execute(
            f"SELECT {_INCIDENT} FROM alert_incidents WHERE fingerprint = ? AND (ends_ms IS NULL OR ends_ms >= ?) "
            "ORDER BY starts_ms, episode",
            (fingerprint, from_ms),
        )
        return [_incident(row) for row in rows]

    def corrections_since(self, fingerprint: str, from_ms: int) -> list[Correction]:
        """Corrections of periods that start at or after an instant, in the order of their decision."""
        rows = self._db.execute(
            f"SELECT {_CORRECTION} FROM alert_corrections WHERE fingerprint = ? AND period_start_ms >= ? "
            "ORDER BY decided_ms, number",
            (fingerprint, from_ms),
        )
        return [_correction(row) for row in rows]

    def correction(self, correction_id: str) -> Correction | None:
        """By id."""
        row = self._db.execute(f"SELECT {_CORRECTION} FROM alert_corrections WHERE id = ?", (correction_id,)).fetchone()
        return _correction(row) if row else None

    def save_correction(self, correction: Correction) -> None:
        """Insert; one that is there stays as it is."""
        self._db.execute(
            "INSERT OR IGNORE INTO alert_corrections "
            "(id, fingerprint, tenant, number, incident, before, after, reason, decided_ms, opens, period_start_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(correction.id, correction.fingerprint, correction.tenant, correction.number, correction.incident),
                *(msgspec.json.encode(correction.before), msgspec.json.encode(correction.after)),
                *(correction.reason, correction.decided_ms, correction.opens, correction.period_start_ms),
            ),
        )

    def told(self, letter: str, step: Step) -> frozenset[str]:
        """Who got an e-mail about this step, or will: everyone but those whose server refused it for good."""
        rows = self._db.execute(
            "SELECT person FROM alert_notifications WHERE incident = ? AND step = ? AND state != 'failed'",
            (letter, step),
        )
        return frozenset(person for (person,) in rows)

    def told_by_correction(self, incident_id: str) -> frozenset[str]:
        """Who heard of an incident first through a correction."""
        rows = self._db.execute("SELECT id FROM alert_corrections WHERE opens = ?", (incident_id,)).fetchall()
        return frozenset(person for (letter,) in rows for person in self.told(letter, Step.CORRECTED))

    def save_incident(self, incident: Incident) -> None:
        """Insert or update."""
        rule, subject = incident.opened_by.rule, incident.opened_by.subject
        self._db.execute(
            "INSERT OR REPLACE INTO alert_incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(incident.id, incident.fingerprint, rule, subject, incident.tenant, incident.episode, incident.state),
                *(incident.sense, incident.starts_ms, incident.updated_ms, incident.fired_ms, incident.ends_ms),
                *(msgspec.json.encode(incident.opened_by), msgspec.json.encode(incident.latest)),
            ),
        )

    def notifications(self, incident_id: str = "") -> list[Notification]:
        """The log of one incident, or all of it, in the order of queueing."""
        rows = self._db.execute(
            f"SELECT {_NOTIFICATION} FROM alert_notifications WHERE ? IN ('', incident) ORDER BY queued_ms, rowid",
            (incident_id,),
        )
        return [_notification(row) for row in rows]

    def queue(self, notification: Notification) -> bool:
        """Write the row first; ``False`` when this (incident, step, person) has one already."""
        values = _columns(notification)
        marks = ", ".join("?" * len(values))
        cursor = self._db.execute(f"INSERT OR IGNORE INTO alert_notifications VALUES ({marks})", values)
        return cursor.rowcount == 1

    def due(self, now_ms: int, limit: int = 50) -> list[Notification]:
        """Queued notifications whose time has come, oldest first."""
        rows = self._db.execute(
            f"SELECT {_NOTIFICATION} FROM alert_notifications WHERE state = 'queued' AND next_attempt_ms <= ? "
            "ORDER BY queued_ms, rowid LIMIT ?",
            (now_ms, limit),
        )
        return [_notification(row) for row in rows]

    def next_due_ms(self) -> int | None:
        """When the next queued notification wants to be tried."""
        row = self._db.execute("SELECT MIN(next_attempt_ms) FROM alert_notifications WHERE state = 'queued'").fetchone()
        due_ms: int | None = row[0]
        return due_ms

    def save_notification(self, notification: Notification) -> None:
        """Record where it is on its way."""
        self._db.execute(
            "UPDATE alert_notifications SET state = ?, attempts = ?, next_attempt_ms = ?, sent_ms = ?, reason = ?, "
            "detail = ? WHERE message_id = ?",
            (
                *(notification.state, notification.attempts, notification.next_attempt_ms, notification.sent_ms),
                *(notification.reason, notification.detail, notification.message_id),
            ),
        )

    def settle_interrupted(self) -> int:
        """At start: rows left ``sending`` by a crash become ``unconfirmed``; returns how many."""
        return self._db.execute(
            "UPDATE alert_notifications SET state = 'unconfirmed', reason = 'no_answer', "
            "detail = 'the program stopped before the answer was recorded' WHERE state = 'sending'"
        ).rowcount


def _incident(row: tuple[str, str, int, str, str, int, int, bytes, bytes, int | None, int | None]) -> Incident:
    return Incident(
        fingerprint=row[0],
        tenant=row[1],
        episode=row[2],
        state=IncidentState(row[3]),
        sense=Sense(row[4]),
        starts_ms=row[5],
        updated_ms=row[6],
        opened_by=msgspec.json.decode(row[7], type=Finding),
        latest=msgspec.json.decode(row[8], type=Finding),
        fired_ms=row[9],
        ends_ms=row[10],
    )


def _correction(row: tuple[str, str, str, int, str, bytes, bytes, str | None, int, str]) -> Correction:
    before, after = (msgspec.json.decode(text, type=Finding) for text in row[5:7])
    reason = ChangeReason(row[7]) if row[7] else None
    return Correction(*row[:5], before, after, reason, *row[8:])


def _columns(item: Notification) -> tuple[str | int | None, ...]:
    return (
        *(item.incident, item.step, item.person, item.name, item.language, item.message_id, item.state, item.queued_ms),
        *(item.attempts, item.next_attempt_ms, item.sent_ms, item.reason, item.detail),
    )


def _notification(
    row: tuple[str, str, str, str, str, str, str, int, int, int, int | None, str | None, str],
) -> Notification:
    return Notification(
        *(row[0], Step(row[1]), *row[2:6], DeliveryState(row[6]), *row[7:11]),
        reason=FailureReason(row[11]) if row[11] else None,
        detail=row[12],
    )
