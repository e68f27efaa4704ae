"""What each answer of a mail server leads to: tried again, given up, or left alone."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from analytics.alerting.delivery import BACKOFF_SECONDS, LOGIN_BACKOFF_SECONDS, backoff_seconds
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.notification import DeliveryState, FailureReason, Notification
from analytics.alerting.sender import Outcome, SendResult, SmtpAddress, SmtpSender
from service_runtime.clock import ManualClock
from service_runtime.errors import SettingsError
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpServer

from .conftest import StartEngine, cod

pytestmark = pytest.mark.real_server


def a_message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Park <alerts@park.example>"
    message["To"] = "Laura <laura@park.example>"
    message["Message-ID"] = "<1@park.example>"
    message.set_content("Xin chào\n.\nend", cte="quoted-printable")
    return message


class Handover:
    """Whether the text was about to leave."""

    def __init__(self) -> None:
        self.happened = False

    def __call__(self) -> None:
        self.happened = True


async def send(port: int, handover: Handover | None = None, **address: object) -> SendResult:
    values = {"host": "127.0.0.1", "port": port, "starttls": False, **address}
    sender = SmtpSender(SmtpAddress(**values), answer_timeout_seconds=5)  # type: ignore[arg-type]
    return await sender.send(a_message(), handover or Handover())


@asynccontextmanager
async def scripted_server(answers: dict[str, str]) -> AsyncIterator[int]:
    """A server that answers each verb as told (``""`` hangs up); ``.`` is the end of the text."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get("HELLO", "220 ready").encode() + b"\r\n")
        in_text = False
        while raw := await reader.readline():
            line = raw.decode().strip("\r\n")
            verb = line if in_text else line.split(" ")[0].upper()
            if in_text and verb != ".":
                continue
            answer = answers.get(verb, "354 go" if verb == "DATA" else "250 ok")
            in_text = answer.startswith("354")
            if not answer:
                break
            writer.write(answer.encode() + b"\r\n")
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*talks, return_exceptions=True)


ANSWERS = {
    "yes": ({}, Outcome.SENT, None, True),
    "busy at the door": ({"HELLO": "421 busy"}, Outcome.TEMPORARY, FailureReason.SERVER_ERROR, False),
    "no service today": ({"HELLO": "554 no service"}, Outcome.TEMPORARY, FailureReason.SERVER_ERROR, False),
    "greylisted": ({"RCPT": "450 later"}, Outcome.TEMPORARY, FailureReason.SERVER_ERROR, False),
    "no such person": ({"RCPT": "550 unknown"}, Outcome.PERMANENT, FailureReason.REJECTED_RECIPIENT, False),
    "sender not allowed": ({"MAIL": "550 no"}, Outcome.PERMANENT, FailureReason.REJECTED_SENDER, False),
    "no room for the text": ({".": "452 full"}, Outcome.TEMPORARY, FailureReason.SERVER_ERROR, True),
    "text refused": ({".": "554 spam"}, Outcome.PERMANENT, FailureReason.REJECTED_MESSAGE, True),
    "hung up before the text": ({"RCPT": ""}, Outcome.TEMPORARY, FailureReason.UNREACHABLE, False),
    "hung up after the text": ({".": ""}, Outcome.UNKNOWN, FailureReason.NO_ANSWER, True),
    "no goodbye after the yes": ({"QUIT": ""}, Outcome.SENT, None, True),
}


@pytest.mark.parametrize("case", ANSWERS, ids=str)
async def test_what_an_answer_means(case: str) -> None:
    answers, outcome, reason, text_left = ANSWERS[case]
    handover = Handover()
    async with scripted_server(answers) as port:
        result = await send(port, handover)
    assert (result.outcome, result.reason, handover.happened) == (outcome, reason, text_left)


async def test_nobody_listening_is_tried_again_later() -> None:
    result = await send(free_port())
    assert (result.outcome, result.reason) == (Outcome.TEMPORARY, FailureReason.UNREACHABLE)


async def test_text_arrives_as_written(smtp_server: SmtpServer) -> None:
    assert (await send(smtp_server.port)).outcome is Outcome.SENT
    assert smtp_server.mails[0].message.get_content().replace("\r\n", "\n") == "Xin chào\n.\nend\n"


async def test_without_starttls_nothing_leaves_when_it_was_asked_for(smtp_server: SmtpServer) -> None:
    handover = Handover()
    result = await send(smtp_server.port, handover, starttls=True)
    assert (result.outcome, result.reason) == (Outcome.TEMPORARY, FailureReason.TLS)
    assert not handover.happened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def tls_server(certificate: tuple[Path, Path], smtp_server: SmtpServer) -> object:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    port = free_port()
    controller = Controller(
        smtp_server, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
        auth_required=True, authenticator=_knows_one_password,
    )  # fmt: skip
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def starttls_server(certificate: tuple[Path, Path]) -> Iterator[SmtpServer]:
    """Takes mail from anyone, after STARTTLS only."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server = SmtpServer(context)
    server.start()
    yield server
    server.stop()


def _knows_one_password(*parts: object) -> object:
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=getattr(parts[-1], "password", b"") == b"right", handled=False)


async def test_login_over_starttls(tls_server: int, certificate: tuple[Path, Path], smtp_server: SmtpServer) -> None:
    result = await send(
        tls_server, host="localhost", starttls=True, ca_file=str(certificate[0]), username="park", password="right"
    )
    assert result.outcome is Outcome.SENT
    assert len(smtp_server.mails) == 1


async def test_wrong_password_loses_no_alert(tls_server: int, certificate: tuple[Path, Path]) -> None:
    result = await send(
        tls_server, host="localhost", starttls=True, ca_file=str(certificate[0]), username="park", password="wrong"
    )
    assert (result.outcome, result.reason) == (Outcome.TEMPORARY, FailureReason.AUTH)


async def test_certificate_nobody_vouches_for_gets_no_password(tls_server: int) -> None:
    result = await send(tls_server, host="localhost", starttls=True, username="park", password="right")
    assert (result.outcome, result.reason) == (Outcome.TEMPORARY, FailureReason.TLS)


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_the_private_authority_of_the_settings_decides_whether_a_letter_leaves(
    start_engine: StartEngine,
    starttls_server: SmtpServer,
    certificate: tuple[Path, Path],
    state_path: Path,
    is_trusted: bool,
) -> None:
    ca_file = str(certificate[0]) if is_trusted else ""
    engine = start_engine(
        smtp_host="localhost", smtp_port=starttls_server.port, smtp_starttls=True, smtp_ca_file=ca_file
    )  # fmt: skip
    await engine.process([cod()])
    await engine.settle()
    assert bool(starttls_server.mails) is is_trusted
    assert {row.reason for row in log_of(state_path)} - {None} == (set() if is_trusted else {FailureReason.TLS})


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file or directory"), ("not a certificate", "holds no certificate")]
)
def test_an_authority_that_cannot_be_read_is_named_at_once(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=f"smtp_ca_file: {file}: {said}"):
        SmtpAddress("mail.park.example", ca_file=str(file))


def test_an_authority_without_tls_is_a_mistake(certificate: tuple[Path, Path]) -> None:
    with pytest.raises(SettingsError, match="smtp_ca_file: of no use without TLS"):
        SmtpAddress("localhost", 25, starttls=False, ca_file=str(certificate[0]))


def test_password_in_the_clear_is_refused() -> None:
    with pytest.raises(SettingsError, match="smtp_username: refusing"):
        SmtpAddress("mail.park.example", 25, "park", "right", starttls=False)


@pytest.mark.parametrize("address", [("localhost", 25), ("127.0.0.1", 25), ("::1", 25), ("mail.park.example", 465)])
def test_password_stays_on_this_machine_or_under_tls(address: tuple[str, int]) -> None:
    assert SmtpAddress(*address, username="park", password="right", starttls=False).username == "park"


def log_of(state_path: Path) -> list[Notification]:
    store = IncidentStore(state_path)
    rows = store.notifications()
    store.close()
    return rows


async def test_temporary_refusal_is_tried_again_until_yes(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock, state_path: Path
) -> None:
    smtp_server.refusal = "451 try again later"
    engine = start_engine()
    await engine.process([cod()])
    assert await engine.settle() == 0
    smtp_server.refusal = ""
    clock.advance(BACKOFF_SECONDS[0] - 1)
    assert await engine.settle() == 0
    clock.advance(1)
    assert await engine.settle() == 2
    assert {(row.state, row.attempts) for row in log_of(state_path)} == {(DeliveryState.SENT, 2)}


async def test_permanent_refusal_is_recorded_and_never_tried_again(
    start_engine: StartEngine, smtp_server: SmtpServer, clock: ManualClock, state_path: Path
) -> None:
    smtp_server.refusal = "554 5.7.1 not wanted here"
    engine = start_engine()
    await engine.process([cod()])
    await engine.settle()
    smtp_server.refusal = ""
    clock.advance(7 * 86_400)
    assert await engine.settle() == 0
    assert engine.summary().failures == {"rejected_message": 2}
    assert "not wanted here" in log_of(state_path)[0].detail


async def test_no_answer_after_the_text_is_not_sent_again(
    start_engine: StartEngine, clock: ManualClock, state_path: Path
) -> None:
    async with scripted_server({".": ""}) as port:
        engine = start_engine(smtp_port=port)
        await engine.process([cod()])
        await engine.settle()
        clock.advance(86_400)
        await engine.settle()
    assert {(row.state, row.attempts) for row in log_of(state_path)} == {(DeliveryState.UNCONFIRMED, 1)}


async def test_server_in_trouble_is_asked_once_not_once_for_each_mail(
    start_engine: StartEngine, state_path: Path
) -> None:
    engine = start_engine(smtp_port=free_port())
    await engine.process([cod()])
    await engine.settle()
    assert sorted(row.attempts for row in log_of(state_path)) == [0, 1]
    assert engine.summary().waiting == {"new": 1, "unreachable": 1}


def test_waiting_grows_and_stays_bounded() -> None:
    waits = [backoff_seconds(attempts, FailureReason.SERVER_ERROR) for attempts in range(1, 9)]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_SECONDS[-1]
    assert backoff_seconds(1, FailureReason.AUTH) == LOGIN_BACKOFF_SECONDS
