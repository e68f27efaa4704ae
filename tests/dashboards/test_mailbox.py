"""Reading the mail sink's folder."""

import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from dashboards.console.mailbox import MAX_LISTED, MailboxError, list_mails, open_mail
from tests.dashboards.conftest import an_alert_mail


def put(folder: Path, name: str, mail: EmailMessage) -> None:
    (folder / name).write_bytes(bytes(mail))


def a_plain_mail(subject: str, date: str = "Sun, 22 Nov 2026 08:10:00 +0700") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "park@example.org", "firm@example.com"
    if date:
        mail["Date"] = date
    mail.set_content("Kính gửi quý doanh nghiệp")
    return mail


def test_mails_are_listed_newest_first(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", a_plain_mail("old", "Sat, 21 Nov 2026 08:10:00 +0700"))
    put(tmp_path, "b.eml", a_plain_mail("new"))
    (tmp_path / "note.txt").write_text("no mail")
    assert [line.subject for line in list_mails(tmp_path)] == ["new", "old"]


def test_headers_are_decoded(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", an_alert_mail())
    (line,) = list_mails(tmp_path)
    assert (line.subject, line.to) == ("Vượt giới hạn COD: Dệt may Kiến An", "an@example.com")
    assert line.date_ms == 1_795_309_800_000


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 22 Nov 2026 08:10:00 -0000"])
def test_a_mail_without_a_sure_date_is_listed(tmp_path: Path, date: str) -> None:
    put(tmp_path, "a.eml", a_plain_mail("undated", date))
    (line,) = list_mails(tmp_path)
    assert line.date_ms is None


def test_pictures_of_the_mail_stand_inside_it(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", an_alert_mail())
    mail = open_mail(tmp_path, "a.eml")
    assert mail is not None
    assert "cid:chart" not in mail.html
    assert 'src="data:image/png;base64,' in mail.html


def test_the_html_forbids_what_lies_outside(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", an_alert_mail())
    mail = open_mail(tmp_path, "a.eml")
    assert mail is not None
    assert mail.html.startswith(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    )


def test_a_plain_mail_has_text_only(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", a_plain_mail("plain"))
    mail = open_mail(tmp_path, "a.eml")
    assert mail is not None
    assert (mail.html, mail.text.strip()) == ("", "Kính gửi quý doanh nghiệp")


@pytest.mark.parametrize("name", ["../secret.eml", "missing.eml", "/etc/passwd", ""])
def test_only_listed_names_are_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_text("Subject: secret\n\n")
    folder = tmp_path / "mailbox"
    folder.mkdir()
    assert open_mail(folder, name) is None


def test_a_body_in_an_unknown_character_set_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Subject: x\nContent-Type: text/plain; charset=klingon\n\n\xff\xfe")
    with pytest.raises(MailboxError, match="klingon"):
        open_mail(tmp_path, "a.eml")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match=r"nowhere: cannot be read"):
        list_mails(tmp_path / "nowhere")


def test_a_full_mailbox_shows_its_newest_files(tmp_path: Path) -> None:
    for number in range(MAX_LISTED + 1):
        put(tmp_path, f"{number}.eml", a_plain_mail(str(number)))
        os.utime(tmp_path / f"{number}.eml", (number, number))
    names = {line.name for line in list_mails(tmp_path)}
    assert len(names) == MAX_LISTED
    assert "0.eml" not in names
