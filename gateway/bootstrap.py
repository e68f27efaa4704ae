"""The wiring of the gateway: the only place that knows every part, and the order in which they start and stop."""

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from gateway.events import GatewayEvents
from gateway.heartbeat import OFFLINE, Heartbeat, status_message
from gateway.outbox import Outbox, OutboxLimits
from gateway.outbox_thread import OutboxThread
from gateway.polling_schedule import DevicePoller
from gateway.publisher import Publisher
from gateway.reading_buffer import ReadingBuffer
from gateway.recall import Recall
from gateway.settings import GatewaySettings
from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.registry import create_source
from gateway.sources.source import Source
from service_runtime.clock import Clock, SystemClock
from service_runtime.errors import OperatorError
from service_runtime.logs import event
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession, Will
from service_runtime.supervision import run_until_stopped, stop_on_signals
from service_runtime.text_folder import read_text_folder
from telemetry_model.control_messages import encode_control
from telemetry_model.park_register import Park, parse_park
from telemetry_model.topics import Channel, topic_for

FAREWELL_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.1
_log = logging.getLogger(__name__)


async def run_gateway(settings: GatewaySettings, clock: Clock | None = None, stop: asyncio.Event | None = None) -> None:
    """Poll and publish until stopped (SIGTERM or SIGINT when no ``stop`` is given). Raises ``OperatorError``."""
    clock = clock or SystemClock()
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    park = parse_park(read_text_folder(Path(settings.park_folder)))
    sources = create_sources(park, settings)
    outbox = open_outbox(settings, clock)
    thread = OutboxThread(outbox)
    try:
        await Gateway(settings, park, sources, outbox, thread, clock).run(stop or stop_on_signals())
    finally:
        thread.close()
        outbox.close()


def open_outbox(settings: GatewaySettings, clock: Clock) -> Outbox:
    """The outbox the settings name, with their limits."""
    limits = OutboxLimits(settings.outbox_max_mb * 1_000_000, settings.outbox_max_age_days)
    return Outbox.open(Path(settings.outbox_path), clock, limits)


def create_sources(park: Park, settings: GatewaySettings) -> dict[str, tuple[Source, float]]:
    """This gateway's devices with their poll interval in seconds; raises ``OperatorError`` when it has none."""
    profiles = load_profiles(Path(settings.profiles_folder) if settings.profiles_folder else None)
    at_address = Counter((device.host, device.port) for device in park.devices.values())
    sources = {
        device.device: (
            create_source(
                device, park.points_of_device(device.device), profiles, at_address[device.host, device.port] > 1
            ),
            device.poll_seconds,
        )
        for device in park.devices.values()
        if device.gateway == settings.gateway
    }
    if not sources:
        known = ", ".join(sorted({device.gateway for device in park.devices.values()})) or "none"
        raise OperatorError(f"devices.csv: gateway '{settings.gateway}' has no device (gateways there: {known})")
    return sources


class Gateway:
    """One running gateway: its parts and their tasks."""

    def __init__(
        self,
        settings: GatewaySettings,
        park: Park,
        sources: dict[str, tuple[Source, float]],
        outbox: Outbox,
        thread: OutboxThread,
        clock: Clock,
    ) -> None:
        topics = {channel: topic_for(park.id, settings.gateway, channel) for channel in Channel}
        self._settings = settings
        self._thread = thread
        self._clock = clock
        self._events = GatewayEvents()
        will = Will(topics[Channel.STATUS], encode_control(status_message(outbox, OFFLINE, clock.now_ms())))
        self._session = MqttSession(
            mqtt_options(settings, will), self._on_message, on_connected=lambda _present: self._on_connected()
        )
        self._resend_topic = topics[Channel.RESEND]
        self._session.subscribe(topics[Channel.STORED])
        self._session.subscribe(self._resend_topic)
        self._publisher = Publisher(
            thread,
            self._session,
            topics[Channel.READINGS],
            self._events,
            clock,
            settings.window_batches,
            settings.resend_after_seconds,
        )
        self._heartbeat = Heartbeat(
            thread,
            self._session,
            self._events,
            clock,
            topics[Channel.STATUS],
            topics[Channel.HEALTH],
            settings.health_interval_seconds,
        )
        self._recall = Recall(
            thread,
            self._session,
            topics[Channel.READINGS],
            self._events,
            self._heartbeat.connected,
            settings.resend_batches_per_second,
            settings.window_batches,
        )
        self._buffer = ReadingBuffer(
            thread,
            {point.id: point.unit for point in park.points.values()},
            self._events,
            self._publisher.committed,
            settings.batch_max_readings,
            settings.batch_max_age_seconds,
        )
        self._pollers = {
            name: DevicePoller(name, source, seconds, self._buffer.add, self._events, clock)
            for name, (source, seconds) in sources.items()
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``; then what was read is committed and sent, and the broker is told that we leave."""
        event(_log, logging.INFO, "gateway starts", gateway=self._settings.gateway, devices=len(self._pollers))
        sent = asyncio.Event()
        try:
            await run_until_stopped(
                sent,
                {
                    "mqtt": self._session.run(),
                    "publisher": self._publisher.run(),
                    "recall": self._recall.run(),
                    "heartbeat": self._heartbeat.run(),
                    "devices": self._poll_and_send_off(stop, sent),
                },
            )
        finally:
            await self._say_farewell()
            event(_log, logging.INFO, "gateway stopped", gateway=self._settings.gateway)

    async def _poll_and_send_off(self, stop: asyncio.Event, sent: asyncio.Event) -> None:
        """Poll until ``stop``; then commit the rest and give the chain a little time to store it."""
        polling: dict[str, Coroutine[Any, Any, None]] = {"buffer": self._buffer.run()}
        polling |= {f"poll {name}": poller.run() for name, poller in self._pollers.items()}
        try:
            await run_until_stopped(stop, polling)
        finally:
            await self._buffer.flush()
        with contextlib.suppress(TimeoutError, sqlite3.Error):
            async with asyncio.timeout(self._settings.stop_grace_seconds):
                await self._until_all_is_stored()
        sent.set()
        await asyncio.Event().wait()

    async def _until_all_is_stored(self) -> None:
        while True:
            counts = await self._thread.call(lambda outbox: outbox.counts())
            if counts.pending + counts.sent == 0:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _say_farewell(self) -> None:
        if self._session.connected:
            try:
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._heartbeat.say(OFFLINE)
            except TimeoutError:
                _log.warning("broker did not take our farewell")
            except sqlite3.Error as error:
                event(_log, logging.WARNING, "no farewell: the outbox cannot be read", error=error)
        await self._session.close()

    def _on_connected(self) -> None:
        self._publisher.connected()
        self._heartbeat.connected()

    def _on_message(self, message: IncomingMessage) -> None:
        if message.topic == self._resend_topic:
            self._recall.resend_message(message)
        else:
            self._publisher.stored_message(message)


def mqtt_options(settings: GatewaySettings, will: Will) -> MqttOptions:
    """How this gateway connects: its name is its client id; nothing is kept for it in the broker."""
    return MqttOptions(
        url=settings.mqtt_url,
        client_id=settings.gateway,
        username=settings.mqtt_username,
        password=settings.mqtt_password,
        ca_file=settings.mqtt_ca_file,
        will=will,
    )
