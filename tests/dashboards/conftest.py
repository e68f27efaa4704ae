"""The demo park, a store full of plausible data, and a console running on it."""

import asyncio
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest

from dashboards.queries.scope import QueryScope
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store
from tests.dashboards.fake_ingest import FakeIngest
from tests.dashboards.plausible_day import fill_store
from tests.servers.ports import free_port
from tests.servers.process import ServerProcess

REPOSITORY = Path(__file__).parents[2]
PARK_FOLDER = REPOSITORY / "deploy" / "parks" / "bach-dang"
CONSOLE = (sys.executable, "-m", "ecopark", "dashboards", "console")
TINY_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fe"
    "a72d4c2b0000000049454e44ae426082"
)


class RunningConsole(NamedTuple):
    """A console as a child process, and what it stands on."""

    url: str
    process: ServerProcess
    folder: Path
    ingest: FakeIngest


@pytest.fixture(scope="session")
def park() -> Park:
    """The demo park of the repository."""
    return parse_park(read_text_folder(PARK_FOLDER))


@pytest.fixture
def scope(park: Park) -> QueryScope:
    """One hour in buckets of a minute, of one tenant."""
    return QueryScope(park.id, 0, 3_600_000, 60, tenant="det-may-kien-an")


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, park: Park) -> Iterator[RunningConsole]:
    """A console on 24 h of data, one mail and a made-up ingest."""
    folder = tmp_path_factory.mktemp("console")
    asyncio.run(_fill(folder, park))
    mailbox = folder / "mailbox"
    mailbox.mkdir()
    (mailbox / "alert.eml").write_bytes(bytes(an_alert_mail()))
    ingest = FakeIngest()
    port = free_port()
    settings = folder / "console.toml"
    settings.write_text(
        f'park_folder = "{PARK_FOLDER}"\nstore_url = "sqlite:///{folder}/store.db"\nport = {port}\n'
        f'mailbox_path = "{mailbox}"\ningest_url = "{ingest.url}"\n'
    )
    process = ServerProcess([*CONSOLE, "--settings", str(settings)], port, folder / "console.log")
    try:
        process.start()
        yield RunningConsole(f"http://127.0.0.1:{port}", process, folder, ingest)
    finally:
        process.stop()
        ingest.stop()


def an_alert_mail() -> EmailMessage:
    """A mail as tenants get it, with a picture inside, and with what a hostile one would bring."""
    mail = EmailMessage()
    mail["Subject"] = "Vượt giới hạn COD: Dệt may Kiến An"
    mail["From"], mail["To"] = "moitruong@example.org", "an@example.com"
    mail["Date"] = "Sun, 22 Nov 2026 08:10:00 +0700"
    mail.set_content("COD 182 mg/l")
    mail.add_alternative(
        '<h2>COD 182 mg/l</h2><img src="cid:chart"><script>document.title = "taken over"</script>'
        '<img src="http://tracker.example/pixel.png">',
        subtype="html",
    )
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(TINY_PNG, "image", "png", cid="<chart>")
    return mail


async def _fill(folder: Path, park: Park) -> None:
    store = open_store(f"sqlite:///{folder}/store.db")
    await fill_store(store, park, time.time_ns() // 1_000_000)
    await store.close()
