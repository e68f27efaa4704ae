"""A disk that is really full: the gateway goes on, and everything is delivered once there is room again."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bootstrap import open_outbox, run_gateway
from service_runtime.clock import SystemClock
from tests.gateway.modbus_device import running
from tests.gateway.stored_echo import StoredEcho
from tests.gateway.test_gateway_run import TOPIC, a_park, meter, settings_for
from tests.gateway.waiting import until
from tests.servers.mosquitto import MosquittoServer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """One megabyte; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small filesystem")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small filesystem here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is, to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)
    return ballast


@pytest.mark.real_server
async def test_a_cursor_that_comes_while_the_disk_is_full_does_not_end_the_gateway(
    mosquitto: MosquittoServer, tmp_path: Path, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    live = meter()
    async with running(live):
        settings = settings_for(small_disk, a_park(tmp_path, live.port, 1), mosquitto.url)
        echo = StoredEcho(mosquitto.url, TOPIC + "readings", TOPIC + "stored")
        echo.tells_cursor = False
        listening = asyncio.create_task(echo.session.run())
        await until(lambda: echo.session.subscribed, "the echo")
        stop = asyncio.Event()
        gateway = asyncio.create_task(run_gateway(settings, stop=stop))
        await until(lambda: len(echo.payloads) >= 3, "three batches")
        ballast = fill(small_disk)
        await until(lambda: "readings wait in memory" in caplog.text, "the disk to refuse a commit")
        echo.tells_cursor = True
        echo.tell(next(iter(echo.properties.values()))["run"])
        await until(lambda: "noting what is stored" in _work(caplog), "the disk to refuse the cursor")
        asked = len(live.asked)
        await until(lambda: len(live.asked) > asked + 3, "polling to go on")
        assert not gateway.done()
        ballast.unlink()
        await until(lambda: "outbox does that work again" in caplog.text, "the cursor to be noted")
        await until(lambda: "outbox can be written again" in caplog.text, "the readings to be committed")
        stop.set()
        await gateway
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await echo.session.close()
    outbox = open_outbox(settings, SystemClock())
    assert outbox.readings_committed == echo.records
    assert outbox.counts().pending == 0
    outbox.close()


def _work(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.fields["work"] for record in caplog.records if "work" in getattr(record, "fields", {})]  # type: ignore[attr-defined]
