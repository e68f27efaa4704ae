"""At most one e-mail for each person, also when the program is killed at the worst moment (a real SIGKILL)."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.notification import DeliveryState, FailureReason
from analytics.alerting.summary import read_alert_summary
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.real_server
ROOT = Path(__file__).parents[3]
CHILD_SECONDS = 60


class KillingServer(SmtpServer):
    """Kills its client at a chosen moment of the conversation, once."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: subprocess.Popen[bytes] | None = None
        self.kill_at = ""

    def _strike(self, moment: str) -> None:
        if self.victim is not None and self.kill_at == moment:
            self.kill_at = ""
            os.kill(self.victim.pid, signal.SIGKILL)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The recipient is named; no text has left."""
        self._strike("recipient")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The whole text is here and accepted, and the client dies before it hears so."""
        answer = await super().handle_DATA(server, session, envelope)
        self._strike("text")
        return answer


@pytest.fixture
def server() -> Iterator[KillingServer]:
    server = KillingServer()
    server.start()
    yield server
    server.stop()


def run_program(server: KillingServer, state_path: Path, kill_at: str = "", observed: float = 84.2) -> int:
    """One life of the alerting program; returns its exit code (-9: killed)."""
    command = [sys.executable, "-m", "tests.analytics.alerting.alert_program", str(state_path), str(server.port)]
    command.append(str(observed))
    server.kill_at = kill_at
    server.victim = subprocess.Popen(command, cwd=ROOT)
    try:
        return server.victim.wait(CHILD_SECONDS)
    finally:
        server.victim.kill()
        server.victim.wait()


def mails_for_each(server: SmtpServer) -> Counter[str]:
    return Counter(recipient for mail in server.mails for recipient in mail.recipients)


def test_killed_before_the_text_left_everyone_is_told_once_by_the_next_life(
    server: KillingServer, state_path: Path
) -> None:
    assert run_program(server, state_path, kill_at="recipient") == -signal.SIGKILL
    assert not server.mails
    assert run_program(server, state_path) == 0
    assert set(mails_for_each(server).values()) == {1}
    assert len(server.mails) == 2


def test_killed_while_the_server_says_yes_nobody_is_told_twice(server: KillingServer, state_path: Path) -> None:
    assert run_program(server, state_path, kill_at="text") == -signal.SIGKILL
    assert run_program(server, state_path) == 0
    assert run_program(server, state_path) == 0
    assert mails_for_each(server) == {
        "moi-truong@kcn-bach-dang.example.vn": 1, "eco-manager@bach-dang-park.example": 1,
    }  # fmt: skip


def test_the_unheard_answer_is_kept_in_the_log_and_counted(server: KillingServer, state_path: Path) -> None:
    run_program(server, state_path, kill_at="text")
    run_program(server, state_path)
    store = IncidentStore(state_path)
    unheard = [row for row in store.notifications() if row.state is DeliveryState.UNCONFIRMED]
    store.close()
    assert [(row.reason, row.message_id) for row in unheard] == [
        (FailureReason.NO_ANSWER, server.mails[0].message["Message-ID"])
    ]
    assert read_alert_summary(state_path).failures == {"no_answer": 1}


def test_a_correction_is_sent_once_though_the_program_dies_while_the_server_says_yes(
    server: KillingServer, state_path: Path
) -> None:
    assert run_program(server, state_path) == 0
    assert run_program(server, state_path, "text", observed=60.0) == -signal.SIGKILL
    assert run_program(server, state_path, observed=60.0) == 0
    told = [mail for mail in server.mails if "In-Reply-To" in mail.message]
    assert Counter(recipient for mail in told for recipient in mail.recipients).total() == 2
    assert set(mails_for_each(server).values()) == {2}
