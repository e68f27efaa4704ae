"""Whether the file of an embedded store is there: reading one that is not would make an empty one."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from service_runtime.errors import OperatorError


def refuse_missing_file(url: str) -> None:
    """Raise ``OperatorError`` for a SQLite file that is not there; other addresses are not looked at."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path.removeprefix("/")))
    if parts.scheme == "sqlite" and not parts.netloc and parts.path.strip("/") and not path.is_file():
        raise OperatorError(f"store {path}: no such file")
