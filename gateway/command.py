"""The ``ecopark gateway`` command: run a gateway, list device profiles, read one device once."""

import asyncio
import logging
from pathlib import Path

import click

from gateway.bootstrap import run_gateway
from gateway.settings import GatewaySettings
from gateway.sources.modbus.modbus_source import Binding, ModbusAddress, ModbusSource
from gateway.sources.modbus.profile import DeviceProfile
from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.source import Sample, SourceError
from service_runtime.errors import OperatorError, UnreachableError
from service_runtime.settings import load_settings
from telemetry_model.quantities import QUANTITIES

_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_PROFILES_HELP = "A folder with your own device profiles."


@click.group()
def gateway() -> None:
    """Poll devices and publish what they measure."""


@gateway.command()
@click.option("--settings", "settings_file", type=click.Path(dir_okay=False, path_type=Path), help="A TOML file.")
@click.option("--park-folder", help="The park register's folder.")
@click.option("--gateway", "gateway_name", help="Which gateway of devices.csv this is.")
@click.option("--mqtt-url", help="mqtt://host:1883 or mqtts://host:8883.")
@click.option("--outbox-path", help="The file that keeps readings until they are stored.")
@click.option("--profiles-folder", help=_PROFILES_HELP)
def run(
    settings_file: Path | None,
    park_folder: str | None,
    gateway_name: str | None,
    mqtt_url: str | None,
    outbox_path: str | None,
    profiles_folder: str | None,
) -> None:
    """Run one gateway until SIGTERM or Ctrl-C."""
    overrides = {
        "park_folder": park_folder,
        "gateway": gateway_name,
        "mqtt_url": mqtt_url,
        "outbox_path": outbox_path,
        "profiles_folder": profiles_folder,
    }
    asyncio.run(run_gateway(load_settings(GatewaySettings, "gateway", settings_file, overrides=overrides)))


@gateway.command()
@click.option("--profiles-folder", type=_folder, help=_PROFILES_HELP)
def profiles(profiles_folder: Path | None) -> None:
    """List the device profiles and the quantities each can feed."""
    for name, profile in sorted(load_profiles(profiles_folder).items()):
        click.echo(f"{name:<26} {profile.title}")
        click.echo(f"{'':<26} {', '.join(profile.media)}: {', '.join(profile.registers)}")


@gateway.command()
@click.argument("host")
@click.option("--port", type=click.IntRange(1, 65_535), default=502, show_default=True, help="Its Modbus TCP port.")
@click.option("--unit-id", type=click.IntRange(0, 255), default=1, show_default=True, help="Its Modbus unit.")
@click.option("--profile", "profile_name", required=True, help="A name from `ecopark gateway profiles`.")
@click.option("--profiles-folder", type=_folder, help=_PROFILES_HELP)
def probe(host: str, port: int, unit_id: int, profile_name: str, profiles_folder: Path | None) -> None:
    """Read everything a profile knows from one device, once."""
    known = load_profiles(profiles_folder)
    if profile_name not in known:
        raise OperatorError(f"--profile: unknown profile '{profile_name}' (known: {', '.join(sorted(known))})")
    profile = known[profile_name]
    # What it says about a connection that fails is in our own sentence.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    bindings = probe_bindings(profile)
    samples = asyncio.run(_read_once(ModbusSource(ModbusAddress(host, port, unit_id), profile, bindings)))
    click.echo(f"{profile.title} at {host}:{port}, unit {unit_id}")
    for binding, sample in zip(bindings, samples, strict=True):
        value = "-" if sample.value is None else f"{sample.value:.10g}"
        remark = f"{sample.status.name.lower()}{f', {sample.reason}' if sample.reason else ''}"
        click.echo(f"  {binding.quantity:<24} {value:>16} {binding.unit:<8} {remark}")


def probe_bindings(profile: DeviceProfile) -> list[Binding]:
    """Every quantity of the profile, in the unit of the first medium that knows it."""
    return [
        Binding(name, name, next(QUANTITIES[m, name].unit for m in profile.media if (m, name) in QUANTITIES))
        for name in profile.registers
    ]


async def _read_once(source: ModbusSource) -> list[Sample]:
    try:
        await source.open()
        return await source.read()
    except SourceError as error:
        raise UnreachableError(f"{error.reason}: {error}") from error
    finally:
        await source.close()
