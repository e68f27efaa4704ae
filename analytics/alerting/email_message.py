"""Builds the e-mail of one notification: text, HTML and the chart, with headers that survive a repeat."""

import html
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from analytics import wording
from analytics.alerting.alert import Correction, Incident, Step
from analytics.alerting.chart import ChartTexts, draw_chart
from analytics.alerting.chart_data import ChartSeries
from analytics.alerting.correction_story import tell_correction
from analytics.alerting.mail_policy import MAIL_POLICY
from analytics.alerting.naming import Naming, is_oxygen_corrected
from analytics.alerting.notification import Notification, message_id_of
from analytics.alerting.story import Fact, Story, figures_of, tell
from analytics.alerting.texts import page_template, texts_of
from analytics.finding import Finding
from service_runtime.clock import utc_from_ms
from telemetry_model.park_register import Park
from telemetry_model.park_register.types import PARK_TENANT

COLOURS = {Step.OPENED: "#b42318", Step.RESOLVED: "#1f7a4d", Step.CORRECTED: "#8a5a00"}


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture and what it says to those who cannot see it."""

    png: bytes
    alt: str


def finding_of(matter: Incident | Correction, step: Step) -> Finding:
    """The finding an e-mail is about."""
    if isinstance(matter, Correction):
        return matter.after
    return matter.opened_by if step is Step.OPENED else matter.latest


def make_chart(finding: Finding, series: ChartSeries | None, naming: Naming) -> Chart:
    """Draw the chart of a finding in a language; slow (tenths of a second), so call it in a worker thread."""
    park, language, texts = naming.park, naming.language, naming.texts
    figures = figures_of(finding, language)
    quantity, place = naming.quantity(finding), naming.place(finding)
    zone = wording.zone_label(utc_from_ms(finding.period_start_ms).astimezone(park.timezone))
    span = wording.period(finding.period_start_ms, finding.period_end_ms, park.timezone, language)
    corrected = is_oxygen_corrected(park, finding)
    words = ChartTexts(
        language=language,
        title=f"{quantity} – {place}",
        unit=wording.unit_label(finding.unit) or quantity,
        measured=texts.fill("chart", "measured_uncorrected" if corrected else "measured"),
        observed=texts.fill("chart", "observed", observed=figures.observed),
        limit=texts.fill("chart", "limit", limit=figures.limit),
        time_axis=texts.fill("chart", "time", zone=zone),
        comparable=not corrected,
    )
    alt = texts.fill(
        "chart", "alt", quantity=quantity, place=place, period=span,
        observed=figures.observed or "–", limit=figures.limit or "–",
    )  # fmt: skip
    return Chart(draw_chart(finding, series, words, park.timezone), alt)


def build_email(
    notification: Notification,
    matter: Incident | Correction,
    naming: Naming,
    chart: Chart | None,
    mail_from: str,
    sent_at: datetime,
    console_url: str = "",
) -> EmailMessage:
    """The whole message. Everything that came from outside is escaped in the HTML part."""
    park, language = naming.park, naming.language
    story = (
        tell_correction(matter, naming) if isinstance(matter, Correction) else tell(matter, notification.step, naming)
    )
    thread = ""
    if isinstance(matter, Correction):
        thread = matter.incident
    elif notification.step is Step.RESOLVED:
        thread = matter.id
    message = EmailMessage(policy=MAIL_POLICY)
    _set_headers(message, notification, story, park, mail_from, sent_at, thread)
    message.set_content(_text(story, notification, park, console_url), cte="quoted-printable")
    colour = COLOURS[notification.step]
    image_id = f"chart.{notification.message_id[1:-1]}"
    page = _html(story, notification, park, _chart_html(chart, image_id, language), console_url, colour)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    if chart is not None:
        parts = message.get_payload()
        html_part = parts[1] if isinstance(parts, list) else None
        if not isinstance(html_part, EmailMessage):
            raise TypeError("the HTML part must be there before its image")
        html_part.add_related(
            chart.png, "image", "png", cid=f"<{image_id}>", filename="chart.png", disposition="inline"
        )
    # Last, because adding parts moves the Content headers that are there into the first part.
    message["Content-Language"] = language
    return message


def _set_headers(
    message: EmailMessage,
    notification: Notification,
    story: Story,
    park: Park,
    mail_from: str,
    sent_at: datetime,
    thread: str,
) -> None:
    sender_name, sender_address = parseaddr(mail_from)
    message["Message-ID"] = notification.message_id
    message["Date"] = format_datetime(sent_at)
    message["From"] = _address(sender_name or park.name(notification.language), sender_address)
    message["To"] = _address(notification.name, notification.person)
    reply_to = [_address(c.name, c.email) for c in park.contacts if c.tenant == PARK_TENANT]
    if reply_to:
        message["Reply-To"] = reply_to
    if thread:
        domain = notification.message_id[1:-1].rpartition("@")[2]
        opening = message_id_of(park.id, thread, Step.OPENED, notification.person, domain)
        message["In-Reply-To"] = opening
        message["References"] = opening
    message["Subject"] = " ".join(story.subject.split())
    # RFC 3834: keeps vacation responders from answering a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if notification.step in (Step.OPENED, Step.CORRECTED):
        message["Importance"] = "high"


def _address(name: str, address: str) -> Address:
    """Raises ``ValueError`` for an address mail cannot go to; a domain in its own script gets its ASCII form."""
    local_part, _, domain = address.rpartition("@")
    # A line break in a register cell must not become a header of its own.
    return Address(" ".join(name.split()), addr_spec=f"{local_part}@{domain.encode('idna').decode('ascii')}")


def _text(story: Story, notification: Notification, park: Park, console_url: str) -> str:
    texts = texts_of(notification.language)
    width = max(len(fact.label) for fact in story.facts) + 2
    evidence = "\n".join(f"- {sentence}" for sentence in story.evidence)
    return page_template("message.txt").substitute(
        park=park.name(notification.language),
        kicker=story.kicker.upper(),
        headline=story.headline,
        greeting=texts.fill("labels", "greeting", name=notification.name),
        lead=story.lead,
        notes="".join(f"\n{note}\n" for note in story.notes),
        facts="\n".join(f"{fact.label + ':':<{width}} {fact.value}" for fact in story.facts),
        next_steps_title=texts.fill("labels", "next_steps") + ":",
        next_steps="\n".join(f"{index}. {line}" for index, line in enumerate(story.next_steps, start=1)),
        evidence_title=texts.fill("labels", "evidence") + ":" if evidence else "",
        evidence=evidence,
        console=f"\n{texts.fill('labels', 'console')}: {console_url}\n" if console_url else "",
        footer="\n".join(story.footer),
    )


def _html(story: Story, notification: Notification, park: Park, chart: str, console_url: str, colour: str) -> str:
    texts = texts_of(notification.language)
    return page_template("message.html").substitute(
        language=notification.language,
        subject=html.escape(story.subject),
        park=html.escape(park.name(notification.language)),
        colour=colour,
        kicker=html.escape(story.kicker),
        headline=html.escape(story.headline),
        greeting=html.escape(texts.fill("labels", "greeting", name=notification.name)),
        lead=html.escape(story.lead),
        notes="".join(f'<p style="margin:10px 0 0 0;">{html.escape(note)}</p>' for note in story.notes),
        facts="\n".join(_fact_html(fact, colour) for fact in story.facts),
        chart=chart,
        next_steps_title=html.escape(texts.fill("labels", "next_steps")),
        next_steps="\n".join(f'<li style="margin:0 0 4px 0;">{html.escape(line)}</li>' for line in story.next_steps),
        evidence=_evidence_html(story, texts.fill("labels", "evidence")),
        console=_console_html(console_url, texts.fill("labels", "console")),
        footer="<br>\n".join(html.escape(line) for line in story.footer),
    )


def _fact_html(fact: Fact, colour: str) -> str:
    value = html.escape(fact.value)
    if fact.strong:
        value = f'<strong style="color:{colour};">{value}</strong>'
    cell = "padding:8px 0;border-bottom:1px solid #edf1f4;vertical-align:top;"
    return (
        f'<tr><td width="34%" style="{cell}padding-right:12px;color:#616e7c;">{html.escape(fact.label)}</td>'
        f'<td style="{cell}">{value}</td></tr>'
    )


def _chart_html(chart: Chart | None, image_id: str, language: str) -> str:
    if chart is None:
        return ""
    title = html.escape(texts_of(language).fill("labels", "chart"))
    return (
        '<tr><td style="padding:20px 32px 0 32px;">'
        f'<h2 style="margin:0 0 8px 0;font-size:15px;color:#102a43;">{title}</h2>'
        f'<img src="cid:{html.escape(image_id)}" width="574" alt="{html.escape(chart.alt)}" '
        'style="display:block;width:100%;max-width:574px;height:auto;border:0;"></td></tr>'
    )


def _evidence_html(story: Story, title: str) -> str:
    if not story.evidence:
        return ""
    lines = "".join(f'<li style="margin:0 0 4px 0;">{html.escape(sentence)}</li>' for sentence in story.evidence)
    return (
        '<tr><td style="padding:18px 32px 0 32px;">'
        f'<h2 style="margin:0 0 6px 0;font-size:15px;color:#102a43;">{html.escape(title)}</h2>'
        f'<ul style="margin:0;padding-left:22px;font-size:13px;color:#3e4c59;">{lines}</ul></td></tr>'
    )


def _console_html(console_url: str, label: str) -> str:
    if not console_url.startswith(("http://", "https://")):
        return ""
    return (
        '<tr><td style="padding:22px 32px 0 32px;">'
        f'<a href="{html.escape(console_url)}" style="display:inline-block;background:#243b53;color:#ffffff;'
        'text-decoration:none;font-size:14px;padding:10px 18px;border-radius:4px;">'
        f"{html.escape(label)}</a></td></tr>"
    )
