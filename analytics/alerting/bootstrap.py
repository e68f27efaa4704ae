"""Wires alerting together from the analytics program's settings."""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from analytics.alerting.case_file import Policy
from analytics.alerting.composer import EmailComposer
from analytics.alerting.delivery import Delivery
from analytics.alerting.engine import AlertEngine
from analytics.alerting.hysteresis import HYSTERESIS, AveragingKind, Hysteresis
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.sender import MailSender, SmtpAddress, SmtpSender
from analytics.rulebook import Rule, load_rulebook
from service_runtime.clock import Clock
from service_runtime.errors import SettingsError
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore

DAY_MS = 86_400_000


class AlertSettings(Protocol):
    """The settings alerting needs."""

    @property
    def smtp_host(self) -> str: ...
    @property
    def smtp_port(self) -> int: ...
    @property
    def smtp_username(self) -> str: ...
    @property
    def smtp_password(self) -> str: ...
    @property
    def smtp_starttls(self) -> bool: ...
    @property
    def smtp_ca_file(self) -> str: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def state_path(self) -> str | Path: ...
    @property
    def console_url(self) -> str: ...
    @property
    def late_alert_days(self) -> int: ...


def build_alert_engine(
    settings: AlertSettings,
    park: Park,
    store: TelemetryStore,
    clock: Clock,
    rules: Sequence[Rule] | None = None,
    sender: MailSender | None = None,
    hysteresis: Mapping[AveragingKind, Hysteresis] = HYSTERESIS,
) -> AlertEngine:
    """An engine on the file ``state_path``; call inside a running loop, and ``close()`` it at the end.

    ``rules`` give the titles (default: the rulebook). Raises :class:`SettingsError` for a ``mail_from`` that is no
    address or a password that would travel in the clear.
    """
    local_part, _, domain = parseaddr(settings.mail_from)[1].rpartition("@")
    if not local_part or not domain or not settings.mail_from.rpartition("<")[2].isascii():
        raise SettingsError(f"mail_from: '{settings.mail_from}' is not an e-mail address in ASCII")
    sender = sender or SmtpSender(
        SmtpAddress(
            host=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password,
            starttls=settings.smtp_starttls,
            ca_file=settings.smtp_ca_file,
        )
    )
    incidents = IncidentStore(Path(settings.state_path))
    composer = EmailComposer(
        park, load_rulebook() if rules is None else rules, store, settings.mail_from, settings.console_url, clock
    )
    delivery = Delivery(incidents, sender, composer.compose, clock)
    policy = Policy(hysteresis, settings.late_alert_days * DAY_MS)
    return AlertEngine(park, incidents, delivery, clock, domain, policy)
