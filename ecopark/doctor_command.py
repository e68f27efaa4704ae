"""``ecopark doctor``: is the register in order, do database, broker and mail server answer?"""

import asyncio
import os
import smtplib
import uuid
from collections.abc import Callable
from pathlib import Path

import click

from service_runtime.errors import OperatorError, UnreachableError
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import RegisterError, parse_park
from telemetry_store.command_options import PARK_HELP, optional_store
from telemetry_store.open import open_store, require_existing

TIMEOUT_SECONDS = 10.0


@click.command()
@click.option("--park", "park_folder", type=click.Path(path_type=Path), metavar="FOLDER", help=PARK_HELP)
@optional_store("The database")
@click.option("--broker", "broker_url", help="mqtt://host:1883 or mqtts://host:8883")
@click.option("--broker-user", default="", help="User name; the password comes from ECOPARK_MQTT_PASSWORD.")
@click.option("--broker-ca-file", default="", help="CA certificate for mqtts://.")
@click.option("--smtp", "smtp_address", help="HOST:PORT of the mail server.")
def doctor(
    park_folder: Path | None,
    store_url: str,
    store_token: str,
    broker_url: str | None,
    broker_user: str,
    broker_ca_file: str,
    smtp_address: str | None,
) -> None:
    """Find out what is missing or unreachable: one line per thing looked at, exit status 3 when one of them fails."""
    password = os.environ.get("ECOPARK_MQTT_PASSWORD", "") if broker_user else ""
    looks: list[tuple[str, Callable[[], str]]] = []
    if park_folder is not None:
        looks.append(("park", lambda: look_at_park(park_folder)))
    if store_url:
        looks.append(("store", lambda: asyncio.run(look_at_store(store_url, store_token))))
    if broker_url is not None:
        options = MqttOptions(
            url=broker_url,
            client_id=f"ecopark-doctor-{uuid.uuid4().hex[:8]}",
            username=broker_user,
            password=password,
            ca_file=broker_ca_file,
        )
        looks.append(("broker", lambda: asyncio.run(look_at_broker(options))))
    if smtp_address is not None:
        looks.append(("smtp", lambda: look_at_smtp(smtp_address)))
    if not looks:
        raise OperatorError("doctor: nothing to look at; give --park, --store, --broker or --smtp")
    failures = sum(not _report(name, look) for name, look in looks)
    if failures:
        raise click.exceptions.Exit(3)


def look_at_park(folder: Path) -> str:
    """What the register holds; raises :class:`RegisterError` or :class:`OperatorError`."""
    park = parse_park(read_text_folder(folder))
    return f"{folder}: {len(park.points)} points, {len(park.firms())} tenants"


async def look_at_store(url: str, token: str = "") -> str:
    """What answers; raises :class:`OperatorError`."""
    store = open_store(url, token)
    require_existing(url)
    try:
        description = await store.check()
    finally:
        await store.close()
    found = f"{description.kind} {description.version} at {description.detail}"
    return "\n".join([found, *(f"         it {limit}" for limit in description.lacks)])


async def look_at_broker(options: MqttOptions) -> str:
    """Logs on with MQTT 5 and leaves again; raises :class:`OperatorError`."""
    connected = asyncio.Event()
    session = MqttSession(options, on_message=_ignore, on_connected=lambda _: connected.set())
    running = asyncio.create_task(session.run(require_first_connect=True), name="broker")
    waiting = asyncio.create_task(connected.wait(), name="connected")
    try:
        await asyncio.wait({running, waiting}, timeout=TIMEOUT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        if not connected.is_set():
            raise UnreachableError(f"broker {session.address}: no answer within {TIMEOUT_SECONDS:.0f} s")
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        await session.close()
    return f"{session.address} accepts MQTT 5"


def look_at_smtp(address: str) -> str:
    """Greets the mail server; raises :class:`OperatorError`."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise OperatorError(f"smtp '{address}': expected HOST:PORT")
    try:
        with smtplib.SMTP(host.strip("[]"), int(port), timeout=TIMEOUT_SECONDS) as server:
            server.ehlo_or_helo_if_needed()
            offers = "STARTTLS offered" if server.has_extn("starttls") else "no STARTTLS"
    except (OSError, smtplib.SMTPException) as error:
        raise UnreachableError(f"smtp {address}: {getattr(error, 'strerror', None) or error}".lower()) from error
    return f"{address} answers, {offers}"


def _report(name: str, look: Callable[[], str]) -> bool:
    try:
        found = look()
    except (OperatorError, RegisterError) as error:
        click.echo(f"PROBLEM  {name:7} {str(error).removeprefix(name).strip()}")
        return False
    click.echo(f"OK       {name:7} {found}")
    return True


def _ignore(message: IncomingMessage) -> None:
    """Nothing is subscribed to, so nothing comes."""
