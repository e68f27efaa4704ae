"""The commands as an operator types them."""

import asyncio
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ingest_service.command import ingest, quarantine
from ingest_service.settings import IngestSettings
from service_runtime.errors import OperatorError
from telemetry_store.open import open_store
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered, settings_for, stored_values
from tests.ingest_service.conftest import Rig


def settings_file(settings: IngestSettings, folder: Path, **changes: object) -> str:
    values = {name: getattr(settings, name) for name in settings.__struct_fields__} | changes
    path = folder / "ingest.toml"
    path.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in values.items() if value is not None))
    return str(path)


def _toml(value: object) -> str:
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def call(command: click.Group, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=True)


DATABASE: dict[str, object] = {"state_path": "", "state_url": "postgresql://ecopark@127.0.0.1:1/ecopark"}
SHARED = {**DATABASE, "mqtt_share_group": "g", "mqtt_client_id": "one", "store_url": "influxdb://127.0.0.1:1/b"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mqtt_url": None}, "missing required setting `mqtt_url`"),
        ({"receive_maximum": 0}, "receive_maximum: Expected `int` >= 1"),
        ({"receive_maximum": "many"}, "receive_maximum: Expected `int`"),
        ({"batch_max_age_seconds": 0}, "batch_max_age_seconds: Expected `float` > 0"),
        ({"http_port": 70_000}, "http_port: Expected `int` <= 65535"),
        ({"state_path": ""}, "settings: set either state_path"),
        ({"state_url": "postgresql://h/d"}, "settings: set either state_path"),
        ({"mqtt_share_group": "g"}, "mqtt_share_group: replicas need their state in PostgreSQL (state_url)"),
        ({"mqtt_share_group": "a/b"}, "mqtt_share_group: Expected `str` matching regex"),
        ({**SHARED, "mqtt_client_id": "ecopark-ingest"}, "mqtt_client_id: every replica of a share group needs one"),
        ({**SHARED, "store_url": "sqlite:///s.db"}, "mqtt_share_group: replicas need a store they can all reach"),
        (SHARED, "mqtt_share_group: the register has a sparkplug.csv"),
        ({**DATABASE, "state_url": "mysql://h/d"}, "state_url 'mysql://h/d': unknown kind 'mysql'"),
        ({**DATABASE, "state_url": "postgresql://h"}, "state_url 'postgresql://h': needs a host and a database"),
        ({**DATABASE, "state_url": "postgresql://h:x/d"}, "state_url 'postgresql://h:x/d': Port could not be cast"),
        ({**DATABASE, "state_url": "postgresql://u:geheim@h/d"}, "state_url: the password does not belong in it"),
        ({**DATABASE, "state_url": "postgresql://h/d?colour=red"}, 'state_url: invalid URI query parameter: "colour"'),
        ({**DATABASE, "state_password": "changeme"}, "state_password is still a placeholder"),
        ({**DATABASE, "state_url": "postgresql://127.0.0.1:1/d"}, "ingest state postgresql://127.0.0.1:1/d: "),
        ({"store_token": "changeme"}, "store_token is still a placeholder"),
        ({"mqtt_ur": "x"}, "unknown setting 'mqtt_ur'"),
        ({"park_folder": "/no/such/park"}, "/no/such/park: no such folder"),
        ({"store_url": "oracle://x"}, "store URL 'oracle://x'"),
        ({"mqtt_url": "amqp://x"}, "broker address 'amqp://x'"),
        ({"mqtt_url": "mqtt://far.example", "mqtt_password": "p"}, "broker mqtt://far.example:1883: a password"),
        ({"state_path": "/no/such/dir/state.db"}, "/no/such/dir/state.db: cannot be opened"),
        ({"http_host": "256.1.1.1"}, "http_host 256.1.1.1"),
    ],
)
def test_bad_settings_stop_at_once_with_a_sentence_naming_them(
    settings: IngestSettings, tmp_path: Path, changes: dict[str, object], expected: str
) -> None:
    result = call(ingest, "run", "--settings", settings_file(settings, tmp_path, **changes))
    assert isinstance(result.exception, OperatorError)
    assert expected in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_missing_driver_is_named_with_what_installs_it(
    settings: IngestSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for module in [name for name in sys.modules if name.startswith("ingest_service.state.postgres")]:
        monkeypatch.delitem(sys.modules, module)
    # Without the attribute the package would hand out the module it has loaded before.
    monkeypatch.delattr("ingest_service.state.postgres_connection", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    result = call(ingest, "run", "--settings", settings_file(settings, tmp_path, **DATABASE))
    assert str(result.exception) == "state_url: PostgreSQL needs psycopg: pip install 'ecopark[postgres]'"


def test_the_command_line_wins_over_the_file(settings: IngestSettings, tmp_path: Path) -> None:
    path = settings_file(settings, tmp_path)
    result = call(ingest, "run", "--settings", path, "--park-folder", "/from/the/command/line")
    assert "/from/the/command/line" in str(result.exception)


@pytest.fixture
def filled(tmp_path: Path) -> str:
    """A settings file whose quarantine holds an unknown point, a malformed pack and a wrong gateway."""
    settings = settings_for(tmp_path)

    async def fill() -> None:
        rig = Rig(settings)
        await rig.take(
            a_delivery(a_pack(5, point="em-2.active_power"), numbered("r", 1)),
            a_delivery(b"\x1b[2Jnot json", numbered("r", 2)),
            a_delivery(a_pack(7, point="wq-1.ph"), numbered("r", 3)),
        )
        await rig.close()

    asyncio.run(fill())
    return settings_file(settings, tmp_path)


def test_list_shows_one_line_each_and_the_totals(filled: str) -> None:
    lines = call(quarantine, "list", "--settings", filled).output.splitlines()
    assert len(lines) == 4
    assert "unknown_point" in lines[0]
    assert "em-2.active_power is not in the park register" in lines[0]
    assert lines[3] == "3 shown; in quarantine: 1 malformed_pack, 1 unknown_point, 1 wrong_gateway"


def test_list_by_reason(filled: str) -> None:
    output = call(quarantine, "list", "--settings", filled, "--reason", "wrong_gateway").output
    assert output.startswith("      3 ")
    assert "1 shown" in output


@pytest.mark.parametrize("command", ["list", "replay"])
def test_a_reason_for_which_nothing_is_refused_is_named(filled: str, command: str) -> None:
    done = call(quarantine, command, "--settings", filled, "--reason", "bad_luck")
    assert "--reason: nothing is refused for 'bad_luck' (known: malformed_pack, " in str(done.exception)


def test_show_prints_the_bytes_but_lets_none_steer_the_terminal(filled: str) -> None:
    output = call(quarantine, "show", "--settings", filled, "2").output
    assert "not json" in output
    assert "\x1b" not in output


def test_show_of_an_unknown_id_says_so(filled: str) -> None:
    assert "no quarantined record 99" in str(call(quarantine, "show", "--settings", filled, "99").exception)


def test_the_state_alone_is_enough_to_look_and_to_discard(filled: str, tmp_path: Path) -> None:
    state = settings_for(tmp_path).state_path
    for command in (["list"], ["show", "2"]):
        by_state = call(quarantine, *command, "--state", state)
        assert by_state.exit_code == 0
        assert by_state.output == call(quarantine, *command, "--settings", filled).output
    assert call(quarantine, "discard", "2", "--state", state).output == "1 of 1 discarded\n"


@pytest.mark.parametrize(
    ("group", "command", "rest"),
    [
        (quarantine, ["list"], ", or only its state with --state FILE"),
        (quarantine, ["show", "1"], ", or only its state with --state FILE"),
        (quarantine, ["discard", "1"], ", or only its state with --state FILE"),
        (quarantine, ["replay"], ""),
        (ingest, ["ledger"], ""),
        (ingest, ["refill", "--since", "2026-11-01"], ""),
    ],
)
def test_without_settings_a_command_says_which_file_it_needs(group: click.Group, command: list[str], rest: str) -> None:
    said = str(call(group, *command).exception)
    assert said.startswith("settings: missing required setting `park_folder`")
    assert said.endswith(f"; give the file of the running ingest with --settings FILE{rest}")


def test_settings_and_state_exclude_each_other(filled: str) -> None:
    said = str(call(quarantine, "list", "--settings", filled, "--state", "x.db").exception)
    assert said == "give either --settings or --state: the settings name the state already"


def test_a_database_can_be_named_as_the_state() -> None:
    said = str(call(quarantine, "list", "--state", "postgresql://127.0.0.1:1/d").exception)
    assert said.startswith("ingest state postgresql://127.0.0.1:1/d: ")


def test_help_of_the_quarantine_teaches_by_examples() -> None:
    text = call(quarantine, "--help").output
    assert all(f"ecopark quarantine {name}" in text for name in ("list", "show", "replay", "discard"))
    assert "--state ingest-state.db" in text


def test_discard_forgets(filled: str) -> None:
    done = call(quarantine, "discard", "--settings", filled, "1", "3", "99")
    assert (done.output, done.exit_code) == ("2 of 3 discarded\n", 1)
    assert "in quarantine: 1 malformed_pack" in call(quarantine, "list", "--settings", filled).output


def test_a_state_file_that_does_not_exist_is_not_made_by_looking(settings: IngestSettings, tmp_path: Path) -> None:
    result = call(quarantine, "list", "--settings", settings_file(settings, tmp_path))
    assert "no such ingest state file" in str(result.exception)
    assert not Path(settings.state_path).exists()


def test_replay_stores_what_the_mended_register_admits_and_keeps_the_rest(filled: str, tmp_path: Path) -> None:
    points = tmp_path / "park" / "points.csv"
    points.write_text(points.read_text() + "em-2.active_power,firm,zone-a,energy,kW,,,gw-1\n")
    output = call(quarantine, "replay", "--settings", filled).output
    assert output == "records released: 1 (readings stored: 1); still refused: 2\n"
    assert "1 malformed_pack, 1 wrong_gateway" in call(quarantine, "list", "--settings", filled).output

    async def read() -> dict[int, object]:
        store = open_store(f"sqlite:///{tmp_path}/store.db")
        try:
            return await stored_values(store, "em-2.active_power")
        finally:
            await store.close()

    assert asyncio.run(read()) == {NOW_MS - 60_000: 5.0}
