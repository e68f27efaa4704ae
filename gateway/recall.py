"""Sends again what ingest asks for by number, also what was stored long ago, beside live sending and slower than it."""

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.events import GatewayEvents
from gateway.outbox import Outbox, OutboxBatch
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Session, publish_batch
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.control_messages import ResendRequest, decode_resend

MAX_IN_FLIGHT = 8
"""Recalled batches without a PUBACK at one time; live batches have the rest of the window."""
MAX_REQUESTS = 256
"""More than this wait at no time: ingest repeats what it still misses."""


class Recall:
    """Run :meth:`run` as a task. Nothing here is remembered: what gets lost, ingest asks for again.

    Pending batches are left out, because live sending brings them; so recalled ones never widen the window.
    """

    def __init__(
        self,
        outbox: OutboxThread,
        session: Session,
        topic: str,
        events: GatewayEvents,
        say_status: Callable[[int], None],
        batches_per_second: float = 200.0,
        window_batches: int = 64,
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._topic = topic
        self._events = events
        self._say_status = say_status
        self._in_flight = max(1, min(MAX_IN_FLIGHT, window_batches // 4))
        self._pause_seconds = 1.0 / batches_per_second
        self._requests: deque[ResendRequest] = deque(maxlen=MAX_REQUESTS)
        self._asked = asyncio.Event()

    def resend_message(self, message: IncomingMessage) -> None:
        """A message on our ``…/resend`` topic."""
        try:
            request = decode_resend(message.payload)
        except (ValueError, RecursionError) as error:
            self._events.control_message_refused(message.topic, error)
            return
        self._requests.append(request)
        self._asked.set()

    async def run(self) -> None:
        """Serve requests in their order until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._requests:
                await self._serve(self._requests.popleft())

    async def _serve(self, request: ResendRequest) -> None:
        run, oldest, newest = await self._outbox.call(lambda o: (o.run, o.oldest_kept(), o.next_seq - 1))
        if request.run != run or request.from_seq < oldest:
            self._say_status(request.since_ms)
        if request.run != run:
            return
        at, end = max(request.from_seq, oldest), min(request.to_seq, newest)
        recalled = 0
        while at <= end:
            upto = min(at + self._in_flight - 1, end)
            sent = await self._send(at, upto)
            if sent is None:
                # The connection is gone, and with it perhaps more than this: ingest will ask for what it misses.
                self._requests.clear()
                break
            recalled += sent
            at = upto + 1
        self._events.batches_recalled(recalled, request.from_seq, request.to_seq)

    async def _send(self, from_seq: int, to_seq: int) -> int | None:
        """How many batches went; ``None`` when the broker did not take one of them."""

        def pick(outbox: Outbox) -> tuple[list[OutboxBatch], str, int]:
            return outbox.already_sent(from_seq, to_seq), outbox.run, outbox.oldest_unstored()

        batches, run, oldest = await self._outbox.call(pick)
        sends = (publish_batch(self._session, self._topic, batch, run, oldest) for batch in batches)
        taken = await asyncio.gather(*sends)
        await asyncio.sleep(self._pause_seconds * len(batches))
        return len(batches) if all(taken) else None
