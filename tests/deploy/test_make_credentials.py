"""make_credentials.sh: everything is random, closed to others, never overwritten and never shown."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "make_credentials.sh"


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = [tool for tool in ("openssl", "mosquitto_passwd") if shutil.which(tool) is None]
    if missing and os.environ.get("ECOPARK_REQUIRE_SERVERS") == "1":
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def make(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    owner = f"{os.getuid()}:{os.getgid()}"
    return subprocess.run(
        [SCRIPT, *arguments],
        env={**os.environ, "ECOPARK_USER": owner, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def passwords(folder: Path) -> dict[str, str]:
    names = ("influx_token", "influx_admin_password", "grafana_admin_password")
    return {p.name: p.read_text().strip() for p in folder.iterdir() if p.suffix == ".password" or p.name in names}


def test_nobody_else_can_read_anything(tmp_path: Path) -> None:
    assert make(tmp_path / "secrets").returncode == 0
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_every_gateway_and_ingest_get_a_password_of_their_own(tmp_path: Path) -> None:
    make(tmp_path / "one", "gw-1", "gw-2")
    make(tmp_path / "two", "gw-1", "gw-2")
    made = [*passwords(tmp_path / "one").values(), *passwords(tmp_path / "two").values()]
    assert {"gw-1.password", "gw-2.password", "ingest.password"} <= set(passwords(tmp_path / "one"))
    assert len(set(made)) == len(made) == 12
    assert min(map(len, made)) == 64


def test_the_brokers_file_holds_no_password_in_clear(tmp_path: Path) -> None:
    make(tmp_path / "secrets")
    users = (tmp_path / "secrets" / "broker_passwords").read_text()
    assert [line.split(":")[0] for line in users.splitlines()] == [
        "gw-east", "gw-west", "gw-utilities", "ecopark-ingest", "ecopark-health",
    ]  # fmt: skip
    assert not any(password in users for password in passwords(tmp_path / "secrets").values())


def test_no_secret_is_printed(tmp_path: Path) -> None:
    result = make(tmp_path / "secrets")
    said = result.stdout + result.stderr + (tmp_path / "secrets" / "compose.env").read_text()
    assert "Next:" in said
    assert not any(password in said for password in passwords(tmp_path / "secrets").values())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    make(tmp_path / "secrets")
    before = content(tmp_path / "secrets")
    again = make(tmp_path / "secrets")
    assert again.returncode == 2
    assert "nothing is overwritten" in again.stderr
    assert content(tmp_path / "secrets") == before


def test_the_certificate_holds_under_every_name_of_the_broker(tmp_path: Path) -> None:
    make(tmp_path / "secrets", ECOPARK_BROKER_NAMES="broker.park.example 10.20.30.40")
    folder = tmp_path / "secrets"
    names = ["-verify_hostname mosquitto", "-verify_hostname localhost", "-verify_ip 127.0.0.1"]
    names += ["-verify_hostname broker.park.example", "-verify_ip 10.20.30.40"]
    for name in names:
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", *name.split()]
        subprocess.run([*command, "-CAfile", folder / "ca.crt", folder / "server.crt"], check=True, capture_output=True)


def test_a_gateway_can_be_added_later(tmp_path: Path) -> None:
    make(tmp_path / "secrets", "gw-1")
    before = content(tmp_path / "secrets")
    assert make("--add", tmp_path / "secrets", "gw-2").returncode == 0
    after = content(tmp_path / "secrets")
    assert set(after) - set(before) == {"gw-2.password"}
    assert {name for name in before if before[name] != after[name]} == {"broker_passwords"}
    assert after["broker_passwords"].startswith(before["broker_passwords"])
    assert after["broker_passwords"].splitlines()[-1].startswith("gw-2:$")


def test_a_gateway_that_has_a_password_is_not_added_again(tmp_path: Path) -> None:
    make(tmp_path / "secrets", "gw-1")
    before = content(tmp_path / "secrets")
    assert make("--add", tmp_path / "secrets", "gw-1").returncode == 2
    assert content(tmp_path / "secrets") == before


@pytest.mark.parametrize("name", ["gw/+", "#", "Gw 1", "ecopark-ingest", "ecopark-health", ""])
def test_a_name_that_would_reach_other_topics_is_refused(tmp_path: Path, name: str) -> None:
    assert make(tmp_path / "secrets", name).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_broker_name_that_is_none_is_refused(tmp_path: Path) -> None:
    refused = make(tmp_path / "secrets", ECOPARK_BROKER_NAMES="a,DNS:evil")
    assert refused.returncode == 2
    assert "ECOPARK_BROKER_NAMES" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_data_folders_may_be_elsewhere(tmp_path: Path) -> None:
    relative = os.path.relpath(tmp_path / "elsewhere")
    make(tmp_path / "secrets", ECOPARK_DATA=relative)
    named = (tmp_path / "secrets" / "compose.env").read_text().split("ECOPARK_DATA=")[1].splitlines()[0]
    assert Path(named).resolve() == tmp_path / "elsewhere"
    assert (tmp_path / "elsewhere" / "influxdb").is_dir()
    assert not (tmp_path / "data").exists()


def test_a_failed_run_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "openssl").write_text("#!/bin/sh\necho no entropy >&2\nexit 1\n")
    (tmp_path / "openssl").chmod(0o755)
    failed = make(tmp_path / "secrets", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert failed.returncode == 2
    assert "no entropy" in failed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["openssl"]
