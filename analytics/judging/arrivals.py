"""Late marks of the store -> the stretches to judge anew; remembers on disk which marks were worked through.

A mark becomes visible a little after the time it carries, and several writers have several clocks. So marks are read
again from :data:`OVERLAP_MS` before the newest one known, and each is remembered by its own name. A writer whose clock
is ahead moves that line no further than now: marks of others, and its own once it is set right, must not lie behind it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from analytics.judging.reopen import Touch
from analytics.slots.readings_query import FAR_AHEAD_MS, LONG_AGO_MS
from service_runtime.errors import OperatorError
from telemetry_model.storage_schema import LATE_ARRIVALS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery

OVERLAP_MS = 24 * 3_600_000
"""A mark is stamped before it is written, and a writer that is cut off from the store tries for as long as it takes."""
LONGEST_WAIT_MS = 3_600_000
"""A device whose late readings never pause is judged anew this long after the first of them."""
BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrivals_through (one INTEGER PRIMARY KEY CHECK (one = 1), time_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS arrivals_park (one INTEGER PRIMARY KEY CHECK (one = 1), park TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS watched_through (one INTEGER PRIMARY KEY CHECK (one = 1), day TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS arrivals_done (
  time_ms INTEGER NOT NULL, device TEXT NOT NULL, replica TEXT NOT NULL, PRIMARY KEY (time_ms, device, replica)
) STRICT, WITHOUT ROWID;
"""


class Mark(NamedTuple):
    """One late mark: its own name (time, device, writer), and what it says."""

    time_ms: int
    device: str
    replica: str
    oldest_ms: int
    newest_ms: int

    @property
    def touch(self) -> Touch:
        """What it says about its device."""
        return Touch(self.device, self.oldest_ms, self.newest_ms)


class Arrivals(NamedTuple):
    """Marks not worked through yet; those of ``waiting`` belong to devices whose late readings are still coming."""

    ready: tuple[Mark, ...] = ()
    waiting: tuple[Mark, ...] = ()


class ArrivalBook:
    """How far late marks were worked through; tables of the analytics program's state file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise OperatorError(f"{path}: cannot be used as analytics state ({error})") from error

    async def unread(self, store: TelemetryStore, park: str, now_ms: int, settle_ms: int) -> Arrivals:
        """Marks not worked through; a device's marks are ready when the newest is ``settle_ms`` old.

        What comes in pieces is judged once, when all of it is there. Raises ``UnreachableError``, and
        ``OperatorError`` when the state is another park's: how far its marks were read says nothing of this one's.
        """
        self._db.execute("INSERT OR IGNORE INTO arrivals_park VALUES (1, ?)", (park,))
        (owner,) = self._db.execute("SELECT park FROM arrivals_park").fetchone()
        if owner != park:
            raise OperatorError(f"{self._path}: the analytics state of park '{owner}'; '{park}' needs one of its own")
        query = SeriesQuery(
            LATE_ARRIVALS, (Select("oldest_ms"), Select("newest_ms")), self._read_from_ms(), FAR_AHEAD_MS,
            where=(("park", (park,)),), group_by=("device", "replica"),
        )  # fmt: skip
        marks = [
            Mark(int(str(row[0])), result.tags["device"], result.tags["replica"], int(str(row[1])), int(str(row[2])))
            for result in await store.select(query)
            for row in result.rows
        ]
        done = set(self._db.execute("SELECT time_ms, device, replica FROM arrivals_done"))
        return _sorted_out([mark for mark in sorted(marks) if mark[:3] not in done], now_ms, settle_ms)

    def done(self, arrivals: Arrivals, now_ms: int) -> None:
        """The ready marks are worked through: what they touched is judged, written and told."""
        if not arrivals.ready:
            return
        newest = max(mark.time_ms for mark in (*arrivals.ready, *arrivals.waiting))
        through = min([newest, now_ms, *(mark.time_ms for mark in arrivals.waiting)])
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR IGNORE INTO arrivals_done VALUES (?, ?, ?)", _names(arrivals.ready))
            self._db.execute(
                "INSERT INTO arrivals_through VALUES (1, ?) "
                "ON CONFLICT DO UPDATE SET time_ms = max(time_ms, excluded.time_ms)",
                (through,),
            )
            self._db.execute("DELETE FROM arrivals_done WHERE time_ms < ?", (self._read_from_ms(),))
        except sqlite3.Error as error:
            self._db.execute("ROLLBACK")
            raise OperatorError(f"{self._path}: analytics state cannot be written ({error})") from error
        self._db.execute("COMMIT")

    def watched_through(self) -> date | None:
        """The local day on which anomalies were looked for last."""
        row = self._db.execute("SELECT day FROM watched_through").fetchone()
        return date.fromisoformat(row[0]) if row else None

    def watched(self, day: date) -> None:
        """Anomalies were looked for on this day."""
        self._db.execute(
            "INSERT INTO watched_through VALUES (1, ?) ON CONFLICT DO UPDATE SET day = excluded.day", (day.isoformat(),)
        )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _read_from_ms(self) -> int:
        row = self._db.execute("SELECT time_ms FROM arrivals_through").fetchone()
        return row[0] - OVERLAP_MS if row else LONG_AGO_MS


def _names(marks: Iterable[Mark]) -> Iterable[tuple[int, str, str]]:
    return ((mark.time_ms, mark.device, mark.replica) for mark in marks)


def _sorted_out(marks: Sequence[Mark], now_ms: int, settle_ms: int) -> Arrivals:
    first: dict[str, int] = {}
    newest: dict[str, int] = {}
    for mark in marks:
        first.setdefault(mark.device, mark.time_ms)
        newest[mark.device] = mark.time_ms
    waiting = {
        device
        for device, at_ms in newest.items()
        # A mark from far ahead of now says nothing of how long its device has been quiet: it is not waited for.
        if abs(now_ms - at_ms) < settle_ms and now_ms - first[device] < LONGEST_WAIT_MS
    }
    return Arrivals(
        tuple(mark for mark in marks if mark.device not in waiting),
        tuple(mark for mark in marks if mark.device in waiting),
    )
