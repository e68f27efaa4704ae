"""``ecopark doctor``: one line for each thing looked at, all of them, and an exit status a script can use."""

from pathlib import Path

import pytest

from telemetry_store.generation import LACKS, Generation
from tests.ecopark.conftest import Run
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer
from tests.servers.smtp import SmtpServer


@pytest.mark.real_server
def test_everything_is_in_order(
    ecopark: Run, park_folder: Path, influxdb: InfluxDatabase, mosquitto: MosquittoServer, smtp_server: SmtpServer
) -> None:
    smtp = f"127.0.0.1:{smtp_server.port}"
    done = ecopark("doctor", "--park", park_folder, "--store", influxdb.url, "--broker", mosquitto.url, "--smtp", smtp)
    park, store, *limits, broker, mail = done.stdout.splitlines()
    assert [limit.strip() for limit in limits] == [f"it {limit}" for limit in LACKS[Generation.V1_BEFORE_8]]
    assert park == f"OK       park    {park_folder}: 3 points, 1 tenants"
    assert store.startswith("OK       store   influxdb 1.")
    assert broker == f"OK       broker  {mosquitto.url} accepts MQTT 5"
    assert mail == f"OK       smtp    {smtp} answers, no STARTTLS"
    assert done.returncode == 0


def test_one_failure_does_not_hide_the_others(ecopark: Run, park_folder: Path) -> None:
    (park_folder / "points.csv").unlink()
    done = ecopark(
        "doctor", "--park", park_folder, "--store", "sqlite:////nowhere/x.db", "--broker", "mqtt://127.0.0.1:1",
        "--smtp", "127.0.0.1:1",
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "PROBLEM  park    points.csv: file is missing from the park folder",
        "PROBLEM  store   sqlite /nowhere/x.db: no such folder /nowhere",
        "PROBLEM  broker  mqtt://127.0.0.1:1: connection refused",
        "PROBLEM  smtp    127.0.0.1:1: connection refused",
    ]
    assert done.returncode == 3


def test_a_store_that_is_not_there_is_a_problem(ecopark: Run, tmp_path: Path) -> None:
    store = tmp_path / "typing-mistake.db"
    done = ecopark("doctor", "--store", f"sqlite:///{store}")
    assert (
        done.stdout == f"PROBLEM  store   {store}: no such file; the ingest service makes it with its first readings\n"
    )
    assert done.returncode == 3
    assert not store.exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--broker", "http://x", "expected mqtt://host:1883"),
        ("--smtp", "mail.example.org", "expected HOST:PORT"),
        ("--store", "park.db", "unknown kind"),
    ],
)
def test_an_address_that_is_none_is_a_problem(ecopark: Run, option: str, value: str, words: str) -> None:
    done = ecopark("doctor", option, value)
    assert done.returncode == 3
    assert words in done.stdout


@pytest.mark.real_server
def test_a_broker_that_wants_a_password_is_reported(ecopark: Run, tmp_path: Path) -> None:
    server = MosquittoServer(tmp_path / "closed", anonymous=False)
    try:
        server.start()
        done = ecopark("doctor", "--broker", server.url)
    finally:
        server.kill()
    assert done.returncode == 3
    assert "not authori" in done.stdout.lower()


def test_nothing_to_look_at_is_one_line(ecopark: Run) -> None:
    done = ecopark("doctor")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["ecopark: doctor: nothing to look at; give --park, --store, --broker or --smtp"]
