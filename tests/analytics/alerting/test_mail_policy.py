"""Header texts come out at the other end exactly as they went in."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import compat32
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.alerting.mail_policy import LINE_LENGTH, MAIL_POLICY

WORDS = st.lists(
    st.sampled_from(["nước", "thải", "COD", "xử", "lý", "–", "(+16,2%)", "trạm", "tập", "trung", "a" * 30, "=?", "Đ"]),
    min_size=1,
    max_size=40,
)


def raw_header(name: str, value: object) -> str:
    """A header as it stands on the wire, after checking that it may stand there (RFC 5322, 2.1.1; RFC 2047, 2)."""
    message = EmailMessage(policy=MAIL_POLICY)
    message[name] = value
    message.set_content("x")
    raw = message.as_bytes()
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= LINE_LENGTH
    return str(message_from_bytes(raw, policy=compat32)[name])


def decoded(header: str) -> str:
    """What RFC 2047 says it means: white space between encoded words is none."""
    return str(make_header(decode_header(header)))


def test_space_at_a_line_end_is_not_lost() -> None:
    subject = "Vượt giới hạn theo giấy phép/hợp đồng: COD – Cửa xả trạm xử lý nước thải tập trung (+7,2%)"
    assert decoded(raw_header("Subject", subject)) == subject


@given(WORDS)
def test_any_words_survive(words: list[str]) -> None:
    subject = "Đ " + " ".join(words)
    assert decoded(raw_header("Subject", subject)) == subject


@pytest.mark.parametrize("name", ["Nguyễn Văn Thép", "Laura Jensen", "Khu công nghiệp sinh thái Bạch Đằng, Hải Phòng"])
def test_names_survive_beside_their_addresses(name: str) -> None:
    addresses = [Address(name, addr_spec="a@p.example"), Address("Second, Ltd.", addr_spec="b@p.example")]
    header = raw_header("Reply-To", addresses)
    found = getaddresses([header])
    assert [(decoded(found_name), address) for found_name, address in found] == [
        (name, "a@p.example"), ("Second, Ltd.", "b@p.example"),
    ]  # fmt: skip
