"""From which day on the demo expects data: one day, in the register, for the service and for every command."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.local.chain import LocalChain
from deploy.local.child_process import ChildProcess
from deploy.local.demo import adopt_park, first_whole_day
from deploy.local.ports import HeldPorts
from deploy.local.workdir import Workdir

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("first_reading", "day"),
    [
        ("2026-11-20T09:32", date(2026, 11, 21)),
        ("2026-11-20T16:59", date(2026, 11, 21)),
        ("2026-11-20T17:00", date(2026, 11, 21)),
        ("2026-11-20T17:01", date(2026, 11, 22)),
    ],
)
def test_the_first_whole_day_is_one_of_the_park(first_reading: str, day: date) -> None:
    assert first_whole_day(ms(first_reading), HANOI) == day


def test_the_register_begins_with_the_first_whole_day(tmp_path: Path) -> None:
    workdir = Workdir(tmp_path)
    workdir.create()
    with HeldPorts(64) as ports:
        park = adopt_park(workdir, ms("2026-11-20T18:00"), ports)
    assert park.monitoring_since == date(2026, 11, 22)
    assert "monitoring_since = 2026-11-22" in (workdir.park / "park.toml").read_text(encoding="utf-8")


def test_the_service_has_no_first_day_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workdir = Workdir(tmp_path)
    workdir.create()
    monkeypatch.setattr(ChildProcess, "start", lambda self: None)
    LocalChain(workdir).start_analytics()
    assert "evaluate_from" not in (workdir.settings / "analytics.toml").read_text(encoding="utf-8")
