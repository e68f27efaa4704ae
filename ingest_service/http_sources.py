"""Who may send readings over HTTP: one token per source, and the points each may write."""

import hashlib
import hmac
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service_runtime.errors import SettingsError
from service_runtime.settings import PLACEHOLDERS
from telemetry_model.park_register import Park

MIN_TOKEN_CHARACTERS = 16
_OTHERS_MAY_READ = 0o077
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class HttpSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sender: its token in full or as SHA-256, and ``points`` it may write or the ``gateway`` it stands for."""

    name: Annotated[str, Meta(pattern=_NAME)]
    token: str = ""
    token_sha256: str = ""
    points: tuple[str, ...] = ()
    gateway: str = ""

    def digest(self) -> bytes:
        """SHA-256 of the token."""
        return bytes.fromhex(self.token_sha256) if self.token_sha256 else hashlib.sha256(self.token.encode()).digest()


class _SourcesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[HttpSource, ...] = ()


class HttpSources:
    """All sources of one file; empty when HTTP readings are not wanted."""

    def __init__(self, sources: tuple[HttpSource, ...] = ()) -> None:
        self.by_name: Mapping[str, HttpSource] = {source.name: source for source in sources}
        self._digests = [(source.digest(), source) for source in sources]

    def of_token(self, token: str) -> HttpSource | None:
        """Whose token it is. Every source is compared in constant time, so the time taken tells nothing."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found: HttpSource | None = None
        for known, source in self._digests:
            if hmac.compare_digest(known, digest):
                found = source
        return found


def load_http_sources(file: str, park: Park) -> HttpSources:
    """The sources, checked against the register; raises :class:`SettingsError` naming file, source and field."""
    if not file:
        return HttpSources()
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError(f"http_sources_file: {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    sources = check_sources(text, park, path)
    if any(source.token for source in sources) and mode & _OTHERS_MAY_READ:
        raise SettingsError(f"{path}: holds plain tokens and others may read it (chmod 600, or use token_sha256)")
    return HttpSources(sources)


def check_sources(text: str, park: Park | None, path: Path) -> tuple[HttpSource, ...]:
    """The sources of a file's text; without a ``park`` their points are not looked up."""
    try:
        sources = msgspec.convert(tomllib.loads(text), _SourcesFile).sources
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from error
    seen: set[str] = set()
    for source in sources:
        _check(path, source, park)
        if source.name in seen:
            raise SettingsError(f"{path}: source '{source.name}' is there twice")
        seen.add(source.name)
    if len({source.digest() for source in sources}) != len(sources):
        raise SettingsError(f"{path}: two sources have the same token")
    return sources


def _check(path: Path, source: HttpSource, park: Park | None) -> None:
    where = f"{path}: source '{source.name}'"
    if bool(source.token) == bool(source.token_sha256):
        raise SettingsError(f"{where}: needs either token or token_sha256")
    if source.token.strip().lower() in PLACEHOLDERS:
        raise SettingsError(f"{where}: token is still a placeholder; set a real secret")
    if source.token and len(source.token) < MIN_TOKEN_CHARACTERS:
        raise SettingsError(f"{where}: token has fewer than {MIN_TOKEN_CHARACTERS} characters")
    if source.token_sha256:
        placeholders = {hashlib.sha256(word.encode()).hexdigest() for word in (*PLACEHOLDERS, "")}
        if not _SHA256.match(source.token_sha256):
            raise SettingsError(f"{where}: token_sha256 is not 64 lower-case hexadecimal digits")
        if source.token_sha256 in placeholders:
            raise SettingsError(f"{where}: token_sha256 is of a placeholder; set a real secret")
    if not source.points and not source.gateway:
        raise SettingsError(f"{where}: needs points or a gateway, or it may write nothing")
    for point in source.points:
        if park is not None and point not in park.points:
            raise SettingsError(f"{where}: unknown point '{point}' (not in points.csv)")
