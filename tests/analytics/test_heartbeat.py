"""The sign of life of judging: what is written at each turn, and what a health check makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.command import analytics
from analytics.heartbeat import MAX_TURN_SECONDS, Heartbeat, health_problem, heartbeat_file
from service_runtime.clock import ManualClock, SystemClock
from tests.servers.process import wait_until

NOW = 1_750_000_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return heartbeat_file(str(tmp_path / "state.db"))


def a_turn(file: Path, problem: str = "", at_ms: int = NOW) -> None:
    beat = Heartbeat(file, 300.0, ManualClock(at_ms))
    beat.turn_begins()
    beat.turn_ended(problem)


def test_before_the_first_turn_nothing_is_in_order(file: Path) -> None:
    assert health_problem(file, NOW) == f"{file}: no turn of judging has begun"


def test_after_a_turn_judging_is_in_order_until_the_next_is_overdue(file: Path) -> None:
    a_turn(file)
    assert health_problem(file, NOW + 659_000) == ""
    assert health_problem(file, NOW + 661_000).startswith("the last turn of judging ended 661 s ago")


def test_a_turn_may_take_long_but_not_for_ever(file: Path) -> None:
    Heartbeat(file, 1.0, ManualClock(NOW)).turn_begins()
    assert health_problem(file, NOW + round(MAX_TURN_SECONDS * 1000)) == ""
    assert "stuck in one turn for 1801 s" in health_problem(file, NOW + 1_801_000)


def test_a_turn_that_found_no_store_says_so(file: Path) -> None:
    a_turn(file, "influxdb http://db:8086: connection refused")
    assert health_problem(file, NOW).endswith("judged nothing: influxdb http://db:8086: connection refused")


def test_a_turn_that_judges_again_takes_the_problem_back(file: Path) -> None:
    a_turn(file, "away")
    a_turn(file)
    assert health_problem(file, NOW) == ""


def test_a_file_of_something_else_is_no_heartbeat(file: Path) -> None:
    file.write_text("hello")
    assert health_problem(file, NOW) == f"{file} is not a heartbeat"


def test_a_folder_that_takes_no_file_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    a_turn(tmp_path / "missing" / "state.heartbeat")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_command_ends_with_the_reason(file: Path) -> None:
    state = str(file).removesuffix(".heartbeat")
    done = CliRunner().invoke(analytics, ["health", "--state-path", state])
    assert (done.exit_code, "no turn of judging has begun" in done.output) == (1, True)
    a_turn(file, at_ms=SystemClock().now_ms())
    done = CliRunner().invoke(analytics, ["health"], env={"ECOPARK_ANALYTICS_STATE_PATH": state})
    assert (done.exit_code, done.output) == (0, "judging\n")


def test_the_probe_of_a_container_loads_no_pandas(file: Path) -> None:
    program = (
        "import sys, runpy; sys.argv = ['health', '--help']\ntry:\n    runpy.run_module('analytics.commands.health', "
    )
    program += "run_name='__main__')\nfinally:\n    assert 'pandas' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


PARK = {
    "park.toml": 'id = "p"\nname_vi = "K"\nname_en = "P"\n',
    "tenants.csv": "tenant,name,sector\npark,P,operator\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds\naq.pm10,park,z,air,ug/m3,3600\n",
    "contacts.csv": "tenant,name,email,language\n",
}


def test_the_running_service_shows_its_sign_of_life_until_its_store_is_gone(tmp_path: Path) -> None:
    park, clock = tmp_path / "park", SystemClock()
    park.mkdir()
    for name, text in PARK.items():
        (park / name).write_text(text, encoding="utf-8")
    (tmp_path / "analytics.toml").write_text(
        f'park_folder = "{park}"\nstore_url = "sqlite:///{tmp_path}/store.db"\nstate_path = "{tmp_path}/state.db"\n'
        'smtp_host = "localhost"\nmail_from = "e@example.org"\nsmtp_starttls = false\nevaluate_interval_seconds = 0.1\n'
    )
    command = [sys.executable, "-m", "ecopark", "analytics", "run", "--settings", str(tmp_path / "analytics.toml")]
    file = heartbeat_file(f"{tmp_path}/state.db")
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: not health_problem(file, clock.now_ms()), "judging to be in order")
        (tmp_path / "store.db").write_bytes(b"no database " * 1000)
        wait_until(lambda: "judged nothing" in health_problem(file, clock.now_ms()), "the lost store to show")
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
