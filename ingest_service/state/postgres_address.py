"""The address of the state's PostgreSQL database: known to its connections and to whoever looks into it."""

from urllib.parse import parse_qs, urlsplit

from service_runtime.errors import OperatorError

FORM = "postgresql://user@host:5432/database"
_SCHEMES = ("postgresql", "postgres")


class PostgresAddress:
    """A database by URL; its tables lie in the schema that the connection finds first."""

    def __init__(self, url: str, password: str = "") -> None:
        self.url = url
        self.password = password
        self._name = _checked_name(url)

    def __str__(self) -> str:
        return self._name


def _checked_name(url: str) -> str:
    """The URL without user and options, to be shown; raises :class:`OperatorError` when it names no database."""
    try:
        parts = urlsplit(url)
        has_password = bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError as error:
        raise OperatorError(f"state_url: {error} (form: {FORM})") from error
    if has_password:
        raise OperatorError("state_url: the password does not belong in it; set state_password or state_password_file")
    if parts.scheme not in _SCHEMES:
        raise OperatorError(f"state_url '{url}': unknown kind '{parts.scheme}' (form: {FORM})")
    try:
        port = parts.port
    except ValueError as error:
        raise OperatorError(f"state_url '{url}': {error} (form: {FORM})") from error
    socket_folder = parse_qs(parts.query).get("host", [""])[0]
    database = parts.path.strip("/")
    if not database or "/" in database or not (parts.hostname or socket_folder):
        raise OperatorError(f"state_url '{url}': needs a host and a database (form: {FORM})")
    host = parts.netloc.rpartition("@")[2] or socket_folder
    return f"postgresql://{host}{f':{port}' if port and not parts.netloc else ''}/{database}"
