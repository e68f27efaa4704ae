"""Makes the e-mail of a queued notification from what the store and the register know at the time of sending."""

import asyncio
from collections.abc import Sequence
from email.message import EmailMessage

from analytics.alerting.alert import Correction, Incident
from analytics.alerting.chart_data import read_chart_series
from analytics.alerting.email_message import Chart, build_email, finding_of, make_chart
from analytics.alerting.naming import Naming
from analytics.alerting.notification import Notification
from analytics.alerting.texts import texts_of
from analytics.rulebook.rule import Rule
from service_runtime.clock import Clock, utc_from_ms
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore

MAX_CHARTS_KEPT = 8


class EmailComposer:
    """Composes e-mails; persons who read the same language share one chart."""

    def __init__(
        self,
        park: Park,
        rules: Sequence[Rule],
        store: TelemetryStore,
        mail_from: str,
        console_url: str,
        clock: Clock,
    ) -> None:
        self._park = park
        self._rules = rules
        self._store = store
        self._mail_from = mail_from
        self._console_url = console_url
        self._clock = clock
        self._charts: dict[tuple[str, str, str], Chart | None] = {}

    async def compose(self, notification: Notification, matter: Incident | Correction) -> EmailMessage:
        """The message, ready to send. ``ValueError`` when the recipient's address is no address."""
        naming = Naming(self._park, texts_of(notification.language), self._rules)
        chart = await self._chart(notification, matter, naming)
        sent_at = utc_from_ms(self._clock.now_ms())
        return build_email(notification, matter, naming, chart, self._mail_from, sent_at, self._console_url)

    async def _chart(self, notification: Notification, matter: Incident | Correction, naming: Naming) -> Chart | None:
        finding = finding_of(matter, notification.step)
        if finding.observed is None or finding.limit is None:
            return None
        key = (notification.incident, notification.step, notification.language)
        if key not in self._charts:
            series = await read_chart_series(self._store, self._park, finding)
            chart = await asyncio.to_thread(make_chart, finding, series, naming)
            while len(self._charts) >= MAX_CHARTS_KEPT:
                self._charts.pop(next(iter(self._charts)))
            self._charts[key] = chart
        return self._charts[key]
