"""Takes queued notifications to the mail server, one at a time, and writes down what came of each."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.errors import MessageError
from email.message import EmailMessage

from analytics.alerting.alert import Correction, Incident, Step
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.notification import DeliveryState, FailureReason, Notification
from analytics.alerting.sender import MailSender, Outcome, SendResult
from service_runtime.clock import Clock
from service_runtime.logs import event

BACKOFF_SECONDS = (15, 60, 300, 900, 1800)
"""Wait after the first, second ... failed attempt; the last one repeats."""
LOGIN_BACKOFF_SECONDS = 900
"""A server that locks accounts counts refused log-ins."""
SERVER_TROUBLE = frozenset({FailureReason.UNREACHABLE, FailureReason.TLS, FailureReason.AUTH})
"""Trouble that every other e-mail would meet as well."""
LONGEST_NAP_SECONDS = 60.0

Compose = Callable[[Notification, Incident | Correction], Awaitable[EmailMessage]]
_log = logging.getLogger(__name__)


class Delivery:
    """The way from the notification log to the server. The promise stands in :mod:`incident_store`."""

    def __init__(self, store: IncidentStore, sender: MailSender, compose: Compose, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._compose = compose
        self._clock = clock
        self._wake = asyncio.Event()
        self._one_pass = asyncio.Lock()
        self._trouble: FailureReason | None = None
        self._troubles_in_a_row = 0
        self._paused_until_ms = 0

    def wake(self) -> None:
        """Something was queued."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver whenever something is due, until cancelled."""
        while True:
            self._wake.clear()
            await self.deliver_due()
            try:
                await asyncio.wait_for(self._wake.wait(), self._nap_seconds())
            except TimeoutError:
                continue

    async def deliver_due(self) -> int:
        """One pass over everything due now; returns how many were sent. Stops early when the server is in trouble."""
        sent = 0
        async with self._one_pass:
            while self._clock.now_ms() >= self._paused_until_ms:
                batch = self._store.due(self._clock.now_ms())
                for notification in batch:
                    result = await self._attempt(notification)
                    sent += result.outcome is Outcome.SENT
                    self._note_server(result)
                    if result.reason in SERVER_TROUBLE:
                        return sent
                if not batch:
                    break
        return sent

    async def finish(self, running: asyncio.Task[None], grace_seconds: float) -> None:
        """End a running delivery between two e-mails, or after the grace time in the middle of one."""
        try:
            async with asyncio.timeout(grace_seconds):
                await self._one_pass.acquire()
        except TimeoutError:
            event(_log, logging.WARNING, "stopping while an alert e-mail is on its way")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def _attempt(self, notification: Notification) -> SendResult:
        matter = self._matter(notification)
        if matter is None:
            raise LookupError(f"notification {notification.message_id} is about an unknown incident")
        try:
            message = await self._compose(notification, matter)
        except (ValueError, MessageError) as error:
            result = SendResult(Outcome.PERMANENT, FailureReason.REJECTED_RECIPIENT, f"not an e-mail address: {error}")
        else:
            sending = replace(notification, state=DeliveryState.SENDING)
            result = await self._sender.send(message, lambda: self._store.save_notification(sending))
        self._record(notification, result)
        return result

    def _matter(self, notification: Notification) -> Incident | Correction | None:
        if notification.step is Step.CORRECTED:
            return self._store.correction(notification.incident)
        return self._store.incident(notification.incident)

    def _record(self, notification: Notification, result: SendResult) -> None:
        now_ms, attempts = self._clock.now_ms(), notification.attempts + 1
        state = {
            Outcome.SENT: DeliveryState.SENT,
            Outcome.TEMPORARY: DeliveryState.QUEUED,
            Outcome.PERMANENT: DeliveryState.FAILED,
            Outcome.UNKNOWN: DeliveryState.UNCONFIRMED,
        }[result.outcome]
        done = replace(
            notification,
            state=state,
            attempts=attempts,
            next_attempt_ms=now_ms + 1000 * backoff_seconds(attempts, result.reason),
            sent_ms=now_ms if state is DeliveryState.SENT else None,
            reason=result.reason,
            detail=result.detail,
        )
        self._store.save_notification(done)
        _log_outcome(notification, done)

    def _note_server(self, result: SendResult) -> None:
        """One line when the server's trouble begins, changes or ends; none while it lasts."""
        trouble = result.reason if result.reason in SERVER_TROUBLE else None
        if trouble is None:
            if self._trouble is not None:
                event(_log, logging.INFO, "mail server answers again", after=self._trouble)
            self._trouble, self._troubles_in_a_row = None, 0
            return
        if trouble is not self._trouble:
            event(_log, logging.ERROR, "mail server cannot be used", reason=trouble, detail=result.detail)
        self._trouble = trouble
        self._troubles_in_a_row += 1
        self._paused_until_ms = self._clock.now_ms() + 1000 * backoff_seconds(self._troubles_in_a_row, trouble)

    def _nap_seconds(self) -> float | None:
        due_ms = self._store.next_due_ms()
        if due_ms is None:
            return None
        wait_ms = max(due_ms, self._paused_until_ms) - self._clock.now_ms()
        return min(max(wait_ms / 1000, 0.05), LONGEST_NAP_SECONDS)


def backoff_seconds(attempts: int, reason: FailureReason | None) -> int:
    """How long to wait after so many attempts in a row."""
    if reason is FailureReason.AUTH:
        return LOGIN_BACKOFF_SECONDS
    return BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1]


def _log_outcome(before: Notification, after: Notification) -> None:
    fields = {"incident": after.incident, "step": after.step, "message_id": after.message_id}
    if after.state is DeliveryState.SENT:
        event(_log, logging.INFO, "alert e-mail sent", **fields, attempts=after.attempts)
    elif after.state is DeliveryState.FAILED:
        event(_log, logging.ERROR, "alert e-mail refused for good", **fields, reason=after.reason, detail=after.detail)
    elif after.state is DeliveryState.UNCONFIRMED:
        event(_log, logging.WARNING, "alert e-mail left without an answer; not sent again", **fields)
    elif after.reason not in SERVER_TROUBLE and after.reason is not before.reason:
        event(_log, logging.WARNING, "alert e-mail postponed", **fields, reason=after.reason, detail=after.detail)
