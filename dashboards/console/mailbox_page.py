"""The mailbox pages: what tenants were written, in a frame that can load and run nothing."""

from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from nicegui import ui

from dashboards.console.elements import TableCell, rows_table, text_element
from dashboards.console.mailbox import Mail, MailboxError, MailLine, list_mails, open_mail
from dashboards.console.texts import say
from dashboards.words import local_text

REFRESH_SECONDS = 5.0


def mailbox_page(mailbox_path: str, zone: ZoneInfo, language: str) -> None:
    """The list of mails, newest first, kept fresh."""
    with ui.element("div").classes("tools"):
        text_element("h1", say("mailbox", language))
    holder = ui.element("div").classes("mail").props("data-panel=mailbox")
    shown: list[list[MailLine] | str] = []

    def refresh() -> None:
        lines = _list_or_message(mailbox_path, language)
        if shown and shown[0] == lines:
            return
        shown[:] = [lines]
        holder.clear()
        with holder:
            if isinstance(lines, str):
                ui.label(lines)
            else:
                _table(lines, zone, language)
        holder.props("data-state=empty" if isinstance(lines, str) else "data-state=data")

    refresh()
    ui.timer(REFRESH_SECONDS, refresh)


def mail_page(mailbox_path: str, name: str, zone: ZoneInfo, language: str) -> None:
    """One mail."""
    with ui.element("div").classes("tools"):
        text_element("h1", say("mailbox", language))
        ui.link(f"← {say('back', language)}", "/mailbox")
    try:
        mail = open_mail(Path(mailbox_path), name) if mailbox_path else None
    except MailboxError as error:
        ui.label(f"{say('mail_broken', language)}: {error}").classes("error").props("role=alert")
        return
    if mail is None:
        ui.label(f"{say('mail_gone', language)}: {name}").classes("error").props("role=alert")
        return
    _show_mail(mail, zone, language)


def _show_mail(mail: Mail, zone: ZoneInfo, language: str) -> None:
    line = mail.line
    date = local_text(line.date_ms, zone) if line.date_ms is not None else "–"
    head = (
        ("mail_subject", line.subject), ("mail_from", line.sender), ("mail_to", line.to), ("mail_date", date)
    )  # fmt: skip
    with ui.element("article").classes("mail").props("data-panel=mail data-state=data"):
        with ui.element("dl"):
            for key, value in head:
                text_element("dt", say(key, language))
                text_element("dd", value)
        if mail.html:
            frame = ui.element("iframe").props('sandbox="allow-popups allow-popups-to-escape-sandbox"')
            frame.props["srcdoc"] = mail.html
            frame.props["title"] = line.subject
        if mail.text and not mail.html:
            text_element("pre", mail.text)
        elif mail.text:
            with ui.element("details"):
                text_element("summary", say("mail_plain", language))
                text_element("pre", mail.text)


def _list_or_message(mailbox_path: str, language: str) -> list[MailLine] | str:
    if not mailbox_path:
        return say("mail_off", language)
    try:
        lines = list_mails(Path(mailbox_path))
    except MailboxError as error:
        return f"{say('mail_broken', language)}: {error}"
    return lines or say("mail_empty", language)


def _table(lines: list[MailLine], zone: ZoneInfo, language: str) -> None:
    header = [TableCell(say(key, language)) for key in ("mail_date", "mail_subject", "mail_to")]
    rows = [
        [
            TableCell(local_text(line.date_ms, zone) if line.date_ms is not None else "–", "time"),
            TableCell(line.subject or line.name, address=f"/mailbox/{quote(line.name)}"),
            TableCell(line.to),
        ]
        for line in lines
    ]
    rows_table(header, rows)
