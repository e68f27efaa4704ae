"""``ecopark dashboards publish`` against a server that speaks Grafana's endpoint."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards.command import dashboards
from dashboards.grafana.generate import GENERATED_FOLDER
from dashboards.grafana.publish import PublishRefusedError, publish
from service_runtime.errors import OperatorError, UnreachableError
from tests.dashboards.fake_grafana import FakeGrafana
from tests.servers.ports import free_port

FILES = sorted(GENERATED_FOLDER.glob("*.json"))


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    server = FakeGrafana("a-token", folders=("ecopark",))
    yield server
    server.stop()


def test_every_board_arrives_unchanged(grafana: FakeGrafana) -> None:
    addresses = publish(grafana.url, "a-token", FILES)
    sent = {board["uid"]: board for board in (json.loads(path.read_text(encoding="utf-8")) for path in FILES)}
    assert grafana.boards == sent
    assert f"{grafana.url}/d/ecopark-park-overview-en/board" in addresses


def test_publishing_again_replaces(grafana: FakeGrafana) -> None:
    publish(grafana.url, "a-token", FILES[:1])
    publish(grafana.url, "a-token", FILES[:1], "ecopark")
    assert [request.get("folderUid") for request in grafana.requests] == [None, "ecopark"]


@pytest.mark.parametrize(
    ("token", "folder", "said"),
    [("wrong", "", "invalid API key"), ("a-token", "nowhere", "Folder not found")],
)
def test_a_refusal_names_server_and_file_in_grafanas_words(
    grafana: FakeGrafana, token: str, folder: str, said: str
) -> None:
    with pytest.raises(PublishRefusedError, match=rf"^{grafana.url}: {FILES[0].name}: {said}$"):
        publish(grafana.url, token, FILES[:1], folder)
    assert grafana.boards == {}


def test_a_board_that_a_file_provides_stays_the_files(grafana: FakeGrafana) -> None:
    grafana.provisioned.add("ecopark-chain-health-en")
    with pytest.raises(PublishRefusedError, match=r"chain-health.en.json: Cannot save provisioned dashboard$"):
        publish(grafana.url, "a-token", FILES[:1])


def test_a_server_that_is_not_there_is_unreachable() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=f"{address}: connection refused$"):
        publish(address, "a-token", FILES[:1])


def test_nothing_is_sent_when_one_file_is_broken(grafana: FakeGrafana, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    with pytest.raises(OperatorError, match=r"nothing was published: broken.json"):
        publish(grafana.url, "a-token", [FILES[0], broken])
    assert grafana.boards == {}


def test_an_address_without_scheme_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"--grafana grafana.example.org: an address like"):
        publish("grafana.example.org", "a-token", FILES[:1])


def test_the_command_reads_the_token_from_a_file(grafana: FakeGrafana, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token\n")
    arguments = ["publish", "--grafana", grafana.url, "--token-file", str(tmp_path / "token")]
    result = CliRunner().invoke(dashboards, arguments)
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == len(FILES) == len(grafana.boards)


def test_the_command_asks_for_a_token() -> None:
    result = CliRunner().invoke(dashboards, ["publish", "--grafana", "http://127.0.0.1:1"], env={})
    assert "publishing needs a token" in str(result.exception)
