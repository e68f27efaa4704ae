"""Readings over HTTP, on their way into the same pipeline as everything else: checked, entered, and waited for."""

import asyncio
from collections import Counter

from ingest_service.http_sources import HttpSource
from ingest_service.outcome import DeliveryOutcome
from ingest_service.payload_formats import decode_readings
from ingest_service.reception import HTTP_TOPIC, Reception
from ingest_service.subscriber import Delivery, Subscriber
from service_runtime.clock import Clock
from service_runtime.mqtt_session import IncomingMessage

MAX_WAITING_REQUESTS = 32
"""Requests under way over all sources; bounds what they hold in memory."""
MAX_WAITING_OF_A_SOURCE = 8
ANSWER_TIMEOUT_SECONDS = 30.0


class SourceForbiddenError(Exception):
    """The source may not write these points; nothing was taken."""

    def __init__(self, points: list[str]) -> None:
        super().__init__(f"not for this source to write: {', '.join(points[:20])}")


class IntakeBusyError(Exception):
    """No room, or no answer in time; the same body may be sent again and gives the same rows."""


class HttpIntake:
    """Takes bodies in for sources; decoding before entering tells a sender at once what is wrong with a body."""

    def __init__(
        self,
        reception: Reception,
        subscriber: Subscriber,
        clock: Clock,
        answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS,
    ) -> None:
        self._reception = reception
        self._subscriber = subscriber
        self._clock = clock
        self._answer_timeout_seconds = answer_timeout_seconds
        self._waiting: Counter[str] = Counter()

    def source_of(self, token: str) -> HttpSource | None:
        """Whose token it is."""
        return self._reception.sources.of_token(token)

    def enter(self, source: HttpSource) -> None:
        """Take a place for a request; raises :class:`IntakeBusyError`. :meth:`leave` gives it back."""
        if (
            self._waiting.total() >= MAX_WAITING_REQUESTS
            or self._waiting[source.name] >= MAX_WAITING_OF_A_SOURCE
        ):  # fmt: skip
            raise IntakeBusyError("too many requests are under way")
        self._waiting[source.name] += 1

    def leave(self, source: HttpSource) -> None:
        """The request is answered."""
        self._waiting[source.name] -= 1

    async def submit(self, source: HttpSource, content_type: str, body: bytes) -> DeliveryOutcome:
        """What became of the readings, once they are stored or in quarantine and that is on disk.

        Raises :class:`~telemetry_model.senml.PackError` (a ``ValueError``) for a body that cannot be read,
        :class:`SourceForbiddenError`, or :class:`IntakeBusyError` when the store does not take them in time; then they
        may still be stored later.
        """
        now_ms = self._clock.now_ms()
        forbidden = self._reception.forbidden(source, decode_readings(content_type, body, now_ms))
        if forbidden:
            raise SourceForbiddenError(forbidden)
        topic = HTTP_TOPIC + source.name
        message = IncomingMessage(topic, body, {}, content_type, qos=0, mid=0, retain=False)
        answer: asyncio.Future[DeliveryOutcome] = asyncio.get_running_loop().create_future()
        self._subscriber.enter(Delivery(message, "", None, now_ms, topic, answer))
        try:
            async with asyncio.timeout(self._answer_timeout_seconds):
                return await answer
        except TimeoutError as error:
            raise IntakeBusyError("the store has not taken them yet; send the same body again") from error
