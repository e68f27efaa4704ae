"""`compose.yaml` is read as Compose would: everything it names exists, every program accepts its settings."""

import importlib
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import yaml

from ecopark.commands import ecopark
from service_runtime.settings import load_settings
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = [name for name, service in SERVICES.items() if "build" in service]
SETTINGS = {
    "GATEWAY": ("gateway.settings", "GatewaySettings"),
    "INGEST": ("ingest_service.settings", "IngestSettings"),
    "ANALYTICS": ("analytics.settings", "AnalyticsSettings"),
    "CONSOLE": ("dashboards.settings", "ConsoleSettings"),
}
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::([-?])([^}]*))?\}")
each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make_credentials.sh makes, in a folder of its own."""
    missing = [tool for tool in ("openssl", "mosquitto_passwd") if shutil.which(tool) is None]
    if missing and os.environ.get("ECOPARK_REQUIRE_SERVERS") == "1":
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    owner = f"{os.getuid()}:{os.getgid()}"
    environment = {**os.environ, "ECOPARK_USER": owner}
    subprocess.run([DEPLOY / "make_credentials.sh", folder], env=environment, check=True, capture_output=True)
    return folder


def compose_variables(credentials: Path) -> dict[str, str]:
    lines = (credentials / "compose.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def resolve(text: str, variables: dict[str, str]) -> str:
    """What Compose makes of ``${NAME:-default}`` and ``${NAME:?message}``; ``KeyError`` when one has no value."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        return variables.get(name) or (rest if kind == "-" else variables[name])

    return _VARIABLE.sub(value, str(text)).replace("$$", "$")


def texts(value: Any) -> Iterator[str]:
    """Every text in the file, keys left out."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def secrets_of(service: dict[str, Any]) -> dict[str, str]:
    """Name under /run/secrets -> name of the secret."""
    entries = [{"source": e, "target": e} if isinstance(e, str) else e for e in service.get("secrets", [])]
    return {entry["target"]: entry["source"] for entry in entries}


@each_service
def test_a_service_says_whether_it_is_healthy(name: str) -> None:
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    assert kind in ("CMD", "CMD-SHELL")
    assert command


@each_service
def test_a_service_waits_until_what_it_needs_is_healthy(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        assert how["condition"] == "service_healthy", needed


@each_service
def test_an_image_is_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@each_service
def test_a_service_runs_without_rights_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert "ECOPARK_USER:?" in service["user"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@each_service
def test_only_the_broker_is_reachable_from_other_machines(name: str) -> None:
    open_ports = [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")]
    assert open_ports == (["8883:8883"] if name == "mosquitto" else [])


@each_service
def test_what_a_service_mounts_exists(name: str, credentials: Path) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = DEPLOY / resolve(mount, compose_variables(credentials)).split(":")[0]
        assert source.exists(), mount


def test_folders_containers_write_in_are_not_inside_the_sources(credentials: Path) -> None:
    variables = compose_variables(credentials)
    writable = {m for service in SERVICES.values() for m in service.get("volumes", []) if not m.endswith(":ro")}
    assert len(writable) == 6
    assert all(resolve(mount, variables).startswith(f"{credentials.parent}/data/") for mount in writable)


def test_a_secret_is_a_file_that_make_credentials_makes(credentials: Path) -> None:
    variables = compose_variables(credentials)
    for name, secret in COMPOSE["secrets"].items():
        assert Path(resolve(secret["file"], variables)).is_file(), name
        assert secret["file"].startswith("${ECOPARK_SECRETS:-./secrets}/"), name


def test_every_secret_is_used() -> None:
    used = {secret for service in SERVICES.values() for secret in secrets_of(service).values()}
    assert used == set(COMPOSE["secrets"])


@each_service
def test_a_service_gets_exactly_the_secrets_it_reads(name: str) -> None:
    service = SERVICES[name]
    read = set(re.findall(r"/run/secrets/(\w+)", " ".join(texts(service))))
    for mount in service.get("volumes", []):
        source = DEPLOY / mount.split(":")[0]
        if source.is_relative_to(DEPLOY / "mosquitto") or source.is_relative_to(DEPLOY / "grafana"):
            files = [source] if source.is_file() else source.iterdir()
            read.update(*(re.findall(r"/run/secrets/(\w+)", file.read_text()) for file in files))
    given = set(secrets_of(service))
    # mosquitto_sub looks for its own file in the folder XDG_CONFIG_HOME names.
    assert given - read == ({"mosquitto_sub"} if name == "mosquitto" else set())
    assert read <= given


@each_service
def test_no_secret_stands_in_the_environment(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|TOKEN|SECRET", variable):
            assert variable.endswith("_FILE"), variable
            assert value.startswith("/run/secrets/"), variable


def test_no_variable_stands_for_nothing(credentials: Path) -> None:
    known = compose_variables(credentials)
    for text in texts(COMPOSE):
        for name, kind, _ in _VARIABLE.findall(text):
            assert kind in ("-", "?"), f"{name} may be empty unnoticed"
            assert kind == "-" or name in known, f"{name} is not in compose.env"


@pytest.mark.parametrize("name", [name for name in OWN if name != "simulator"])
def test_a_program_accepts_its_settings(name: str, credentials: Path) -> None:
    variables = compose_variables(credentials)
    environment = {k: resolve(v, variables) for k, v in SERVICES[name]["environment"].items()}
    programs = {variable.split("_")[1] for variable in environment}
    assert len(programs) == 1
    files = {target: COMPOSE["secrets"][source]["file"] for target, source in secrets_of(SERVICES[name]).items()}
    for variable, value in environment.items():
        if value.startswith("/run/secrets/"):
            environment[variable] = resolve(files[Path(value).name], variables)
    kind = settings_class(programs.pop())
    loaded = load_settings(kind, environment_program(kind), None, environment)
    for field in msgspec.structs.fields(kind):
        value = getattr(loaded, field.name)
        if field.name in ("store_token", "mqtt_password"):
            assert re.fullmatch(r"[0-9a-f]{64}", value), field.name


@pytest.mark.parametrize(("name", "taken_away"), [("ingest", "ECOPARK_INGEST_STATE_PATH"), ("analytics", "")])
def test_what_stands_there_as_a_comment_is_accepted_too(
    name: str, taken_away: str, credentials: Path, tmp_path: Path
) -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    service = yaml.safe_load(re.sub(r"(?m)^( +)#(ECOPARK_)", r"\1\2", text))["services"][name]
    added = set(service["environment"]) - set(SERVICES[name]["environment"])
    assert added
    secret = tmp_path / "secret"
    secret.write_text("0" * 64)
    variables = compose_variables(credentials)
    environment = {k: resolve(v, variables) for k, v in service["environment"].items() if k != taken_away}
    environment = {k: str(secret) if k.endswith("_FILE") else v for k, v in environment.items()}
    loaded = load_settings(settings_class(name.upper()), name, None, environment)
    names = (variable.removeprefix(f"ECOPARK_{name.upper()}_").lower() for variable in added)
    fields = {field.replace("password_file", "password") for field in names}
    assert all(getattr(loaded, field) for field in fields)


def settings_class(program: str) -> type[msgspec.Struct]:
    module, name = SETTINGS[program]
    kind: type[msgspec.Struct] = getattr(importlib.import_module(module), name)
    return kind


def environment_program(kind: type[msgspec.Struct]) -> str:
    return next(program for program, (_, name) in SETTINGS.items() if name == kind.__name__).lower()


@pytest.mark.parametrize("name", OWN)
def test_a_service_starts_a_command_that_exists(name: str) -> None:
    group, command, *arguments = SERVICES[name]["command"]
    with click.Context(ecopark) as context:
        found = ecopark.get_command(context, group)
        assert isinstance(found, click.Group)
        inner = found.get_command(context, command)
    assert inner is not None
    known = {option for parameter in inner.params for option in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("name", OWN)
def test_an_image_is_built_with_an_extra_that_exists(name: str) -> None:
    build = SERVICES[name]["build"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert build["args"]["EXTRA"] in project["optional-dependencies"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_the_simulated_profile_has_every_gateway_of_the_demo_park() -> None:
    park = parse_park(read_text_folder(DEPLOY / "parks" / "bach-dang"))
    simulated = {
        service["environment"]["ECOPARK_GATEWAY_GATEWAY"]
        for service in SERVICES.values()
        if "ECOPARK_GATEWAY_GATEWAY" in service.get("environment", {}) and service["profiles"] == ["simulated"]
    }
    assert simulated == {device.gateway for device in park.devices.values()}


@pytest.mark.parametrize("name", [name for name in OWN if name.startswith("gw-")])
def test_a_gateway_logs_in_as_itself_and_keeps_its_own_outbox(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment["ECOPARK_GATEWAY_GATEWAY"] == environment["ECOPARK_GATEWAY_MQTT_USERNAME"] == name
    assert environment["ECOPARK_GATEWAY_OUTBOX_PATH"] == f"/var/lib/ecopark/{name}.db"
    assert secrets_of(SERVICES[name])["mqtt_password"] == f"{name.replace('-', '_')}_password"


def test_the_boards_find_their_datasource() -> None:
    config = importlib.import_module("dashboards.grafana.config")
    (source,) = yaml.safe_load((DEPLOY / "grafana/datasources/influxdb.yaml").read_text())["datasources"]
    assert (source["type"], source["uid"]) == (config.DATASOURCE_TYPE, config.DATASOURCE_UID)


def test_grafana_asks_the_bucket_the_programs_write_to() -> None:
    (source,) = yaml.safe_load((DEPLOY / "grafana/datasources/influxdb.yaml").read_text())["datasources"]
    bucket = SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
    organisation = SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_ORG"]
    assert source["jsonData"]["dbName"] == bucket
    assert source["jsonData"]["version"] == "InfluxQL"
    for program in ("ingest", "analytics", "console"):
        url = SERVICES[program]["environment"][f"ECOPARK_{program.upper()}_STORE_URL"]
        assert url == f"influxdb://influxdb:8086/{bucket}?org={organisation}"


def test_grafana_shows_the_boards_that_are_mounted() -> None:
    (provider,) = yaml.safe_load((DEPLOY / "grafana/dashboards/ecopark.yaml").read_text())["providers"]
    mounts = {mount.split(":")[1]: DEPLOY / mount.split(":")[0] for mount in SERVICES["grafana"]["volumes"]}
    boards = mounts[provider["options"]["path"]].resolve()
    assert boards == ROOT / "dashboards" / "generated"
    assert all(json.loads(board.read_text(encoding="utf-8"))["panels"] for board in boards.rglob("*.json"))


def test_the_image_has_no_secret_and_no_root() -> None:
    instructions = [line.split(None, 1) for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.strip()]
    users = [words[1] for words in instructions if words[0] == "USER"]
    assert users == ["ecopark"]
    assert {"deploy/secrets", "deploy/data"} <= set((DEPLOY / "Dockerfile.dockerignore").read_text().splitlines())


def test_the_image_is_built_from_every_package_of_the_distribution() -> None:
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= allowed
    assert {"pyproject.toml", "constraints.txt", project["project"]["readme"]} <= allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_git_never_sees_a_secret() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/secrets/", "/deploy/data/"} <= set(ignored)
