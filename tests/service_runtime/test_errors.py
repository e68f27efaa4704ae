"""What a chain of wrapped errors says in the end."""

import urllib.error

import pytest

from service_runtime.errors import why_unreachable


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")),
        RuntimeError("too often", ValueError(OSError(111, "Connection refused"))),
    ],
)
def test_the_system_has_the_last_word(error: Exception) -> None:
    assert why_unreachable(error) == "connection refused"


def test_a_cause_counts() -> None:
    error = RuntimeError("gave up")
    error.__cause__ = TimeoutError(110, "Connection timed out")
    assert why_unreachable(error) == "connection timed out"


def test_where_the_system_said_nothing_the_error_does() -> None:
    error = ValueError("no such host")
    error.__context__ = error
    assert why_unreachable(error) == "no such host"
