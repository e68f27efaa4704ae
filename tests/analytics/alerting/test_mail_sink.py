"""The local mail server: every message on disk before the yes, each Message-ID once."""

import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local.mail_sink import FolderMailbox
from tests.servers.ports import free_port

pytestmark = pytest.mark.real_server
ROOT = Path(__file__).parents[3]
START_SECONDS = 30


class SinkProcess:
    """The sink as a child process."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "deploy.local.mail_sink", "--port", str(self.port), "--folder", str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def connect(self) -> smtplib.SMTP:
        """A connection, as soon as it listens."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost")
            except ConnectionRefusedError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SinkProcess]:
    sink = SinkProcess(tmp_path / "mailbox")
    yield sink
    sink.process.kill()
    sink.process.wait()


def a_mail(message_id: str = "<1@park.example>", text: str = "Xin chào") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "a@park.example", "b@park.example"
    message["Message-ID"] = message_id
    message.set_content(text)
    return message


def test_messages_are_kept_once_for_each_message_id(sink: SinkProcess, tmp_path: Path) -> None:
    with sink.connect() as client:
        for message in (a_mail(), a_mail(), a_mail("<2@park.example>")):
            client.send_message(message)
    kept = [message_from_bytes(path.read_bytes()) for path in (tmp_path / "mailbox").iterdir()]
    assert sorted(message["Message-ID"] for message in kept) == ["<1@park.example>", "<2@park.example>"]


def test_stops_cleanly_when_told(sink: SinkProcess) -> None:
    sink.connect().quit()
    sink.process.send_signal(signal.SIGTERM)
    assert sink.process.wait(START_SECONDS) == 0


def test_killed_sink_keeps_what_it_said_yes_to(sink: SinkProcess, tmp_path: Path) -> None:
    with sink.connect() as client:
        client.send_message(a_mail())
        sink.process.kill()
        sink.process.wait()
        client.close()
    (kept,) = (tmp_path / "mailbox").glob("*.eml")
    assert b"Message-ID: <1@park.example>" in kept.read_bytes()


def test_taken_port_is_one_sentence(sink: SinkProcess, tmp_path: Path) -> None:
    sink.connect().quit()
    command = [sys.executable, "-m", "deploy.local.mail_sink", "--port", str(sink.port), "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: mail sink: cannot listen on 127.0.0.1:{sink.port}")


def test_mailbox_tells_messages_without_id_apart_by_content(tmp_path: Path) -> None:
    mailbox = FolderMailbox(tmp_path)
    contents = (b"Subject: a\r\n\r\none", b"Subject: a\r\n\r\ntwo", b"Subject: a\r\n\r\none")
    assert [mailbox.keep(content) for content in contents] == [True, True, False]
