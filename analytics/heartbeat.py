"""A sign of life on disk: when the last turn of judging began and ended, so that a health check needs no port."""

import logging
from pathlib import Path

import msgspec

from service_runtime.clock import Clock
from service_runtime.logs import event

MAX_TURN_SECONDS = 1800.0
"""A turn that takes longer is stuck; the yearly look back over a large park takes minutes."""
_log = logging.getLogger(__name__)


class TurnRecord(msgspec.Struct, frozen=True):
    """What the file says; times are UTC milliseconds, 0 for never. ``problem`` is why the last turn judged nothing."""

    interval_seconds: float
    began_ms: int
    ended_ms: int = 0
    problem: str = ""


def heartbeat_file(state_path: str) -> Path:
    """Beside the state file, so that whoever knows the one finds the other."""
    return Path(f"{state_path}.heartbeat")


class Heartbeat:
    """Writes the file as a whole at each step; a disk that takes nothing more is logged once and stops no judging."""

    def __init__(self, file: Path, interval_seconds: float, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._record = TurnRecord(interval_seconds, 0)
        self._is_failing = False

    def turn_begins(self) -> None:
        """A turn is under way."""
        self._write(msgspec.structs.replace(self._record, began_ms=self._clock.now_ms()))

    def turn_ended(self, problem: str) -> None:
        """It is over; ``problem`` is empty when it judged."""
        self._write(msgspec.structs.replace(self._record, ended_ms=self._clock.now_ms(), problem=problem))

    def _write(self, record: TurnRecord) -> None:
        self._record = record
        draft = self._file.with_name(self._file.name + ".new")
        try:
            draft.write_bytes(msgspec.json.encode(record))
            draft.replace(self._file)
        except OSError as error:
            if not self._is_failing:
                event(_log, logging.WARNING, f"{self._file} cannot be written ({error.strerror})")
            self._is_failing = True
        else:
            self._is_failing = False


def health_problem(file: Path, now_ms: int) -> str:
    """Why judging is not in order, in one sentence; empty when it is."""
    try:
        record = msgspec.json.decode(file.read_bytes(), type=TurnRecord)
    except FileNotFoundError:
        return f"{file}: no turn of judging has begun"
    except OSError as error:
        return f"{file} cannot be read ({error.strerror})"
    except ValueError:
        return f"{file} is not a heartbeat"
    is_running = record.began_ms > record.ended_ms
    idle_seconds = (now_ms - max(record.began_ms, record.ended_ms)) / 1000
    if is_running and idle_seconds > MAX_TURN_SECONDS:
        return f"judging has been stuck in one turn for {idle_seconds:.0f} s"
    if not is_running and idle_seconds > 2 * record.interval_seconds + 60:
        return (
            f"the last turn of judging ended {idle_seconds:.0f} s ago; one is due every {record.interval_seconds:g} s"
        )
    if record.problem:
        return f"the last turn judged nothing: {record.problem}"
    return ""
