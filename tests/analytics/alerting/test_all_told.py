"""When a demo may end: its alerts are raised and the letters about them have left, not a moment earlier."""

from pathlib import Path

import msgspec
import pytest

from deploy.local.report import is_all_told
from deploy.local.workdir import Workdir
from simulators.scenario import ExpectedAlert, load_scenario
from tests.servers.smtp import SmtpServer

from .conftest import StartEngine, cod

pytestmark = pytest.mark.real_server
SCENARIO = msgspec.structs.replace(
    load_scenario("quiet-days"), expected_alerts=(ExpectedAlert(cod().rule, cod().subject, cod().tenant),)
)


@pytest.fixture
def workdir(tmp_path: Path) -> Workdir:
    return Workdir(tmp_path)


async def test_an_alert_is_told_when_its_letters_have_left(
    start_engine: StartEngine, smtp_server: SmtpServer, workdir: Workdir
) -> None:
    smtp_server.refusal = "451 later"
    engine = start_engine(state_path=str(workdir.analytics_state))
    assert not is_all_told(workdir, SCENARIO)
    await engine.process([cod()])
    await engine.settle()
    assert engine.summary().raised == ((cod().rule, cod().subject),)
    assert not is_all_told(workdir, SCENARIO), "its letters were refused for now"


async def test_it_is_told_with_the_letters_in_the_box(
    start_engine: StartEngine, smtp_server: SmtpServer, workdir: Workdir
) -> None:
    engine = start_engine(state_path=str(workdir.analytics_state))
    await engine.process([cod()])
    await engine.settle()
    assert len(smtp_server.mails) == 2
    assert is_all_told(workdir, SCENARIO)
