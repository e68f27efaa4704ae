"""How a state database is called in messages: its address and name, never user, password or options."""

import pytest

from ingest_service.state.place import PostgresPlace
from service_runtime.errors import OperatorError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://park@db.lan:5433/ingest?sslmode=verify-full", "postgresql://db.lan:5433/ingest"),
        ("postgres://db.lan/ingest", "postgresql://db.lan/ingest"),
        ("postgresql://park@[::1]:5432/ingest", "postgresql://[::1]:5432/ingest"),
        ("postgresql:///ingest?host=/run/postgresql", "postgresql:///run/postgresql/ingest"),
    ],
)
def test_an_address_is_shown_without_what_is_nobodys_business(url: str, shown: str) -> None:
    assert str(PostgresPlace(url, "secret")) == shown


@pytest.mark.parametrize(
    "url",
    ["mysql://u:geheim@h/d", "postgresql://u:geheim@h:x/d", "postgresql://h/d?password=geheim", "a://u:geheim@[h/d"],
)
def test_a_password_in_the_address_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(OperatorError) as said:
        PostgresPlace(url)
    assert "geheim" not in str(said.value)
