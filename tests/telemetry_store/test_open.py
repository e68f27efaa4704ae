"""Store URLs: which backend each form opens, and one clear sentence for every form that names none."""

from pathlib import Path

import pytest

from service_runtime.errors import OperatorError
from telemetry_store.influxdb import InfluxStore
from telemetry_store.open import open_store
from telemetry_store.sqlite_store import SqliteStore


async def test_a_relative_and_an_absolute_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative, absolute = open_store("sqlite:///park.db"), open_store(f"sqlite:///{tmp_path}/dir%20x/park.db")
    assert isinstance(relative, SqliteStore)
    assert (await relative.check()).detail == "park.db, not written yet"
    (tmp_path / "dir x").mkdir()
    assert (await absolute.check()).detail == f"{tmp_path}/dir x/park.db, not written yet"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("influxdb://db:8086/park?org=me", "influxdb http://db:8086/park"),
        ("influxdbs://db.example.org/my%20park", "influxdb https://db.example.org:8086/my park"),
        ("influxdb://[::1]:9999/park?rp=autogen", "influxdb http://[::1]:9999/park"),
    ],
)
def test_influxdb_addresses(url: str, address: str) -> None:
    store = open_store(url, token="t")
    assert isinstance(store, InfluxStore)
    assert str(store.address) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgres://db/park", "unknown kind 'postgres'"),
        ("park.db", "unknown kind ''"),
        ("", "unknown kind ''"),
        ("sqlite://park.db", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:////var/lib/", "names no file"),
        ("influxdb://db:8086", "needs a host and a bucket"),
        ("influxdb:///park", "needs a host and a bucket"),
        ("influxdb://db:eightyeight/park", "Port could not be cast"),
        ("influxdb://db:8086/park?orgg=x", "unknown option 'orgg'"),
        ("influxdb://user:secret@db:8086/park", "do not belong in it"),
    ],
)
def test_a_bad_url_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(OperatorError, match="store URL") as caught:
        open_store(url)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
