"""Which dated changes of the register were worked through: a change that is new, or gone, has its days judged again.

What holds today alone is judged again for as long as late data are looked for. A dated change says from when on it
counts, so its windows are judged again however far back that is, and no others.
"""

import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from analytics.findings.revision import change_digest
from analytics.judging.arrivals import BUSY_SECONDS
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park

PARK_ITSELF = ""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS register_changes_done (
  owner TEXT NOT NULL, first_day TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (owner, first_day, digest)
) STRICT, WITHOUT ROWID;
"""


class DatedChange(NamedTuple):
    """One change by its name: whose (an installation's id, or :data:`PARK_ITSELF`), from when on, and what it says."""

    owner: str
    first_day: str
    digest: str


class RegisterBook:
    """A table of the analytics program's state file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise OperatorError(f"{path}: cannot be used as analytics state ({error})") from error

    def waiting(self, park: Park) -> Mapping[str, date]:
        """By owner, the first local day from which on the register is another one than the one judged under."""
        known = {DatedChange(*row) for row in self._db.execute("SELECT * FROM register_changes_done")}
        found: dict[str, date] = {}
        for owner, first_day, _ in known ^ changes_of(park):
            day = date.fromisoformat(first_day)
            found[owner] = min(found.get(owner, day), day)
        return found

    def done(self, park: Park) -> None:
        """All changes of the register are worked through: judged, written and told."""
        if not self.waiting(park):
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM register_changes_done")
            self._db.executemany("INSERT INTO register_changes_done VALUES (?, ?, ?)", sorted(changes_of(park)))
        except sqlite3.Error as error:
            self._db.execute("ROLLBACK")
            raise OperatorError(f"{self._path}: analytics state cannot be written ({error})") from error
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def changes_of(park: Park) -> frozenset[DatedChange]:
    """Every dated change of a register."""
    owners = [(PARK_ITSELF, park.dated), *((i.id, i.dated) for i in park.installations.values())]
    return frozenset(
        DatedChange(owner, change.first_day.isoformat(), change_digest(change))
        for owner, dated in owners
        for change in dated.changes
    )
