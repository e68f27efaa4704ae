"""Brokers for the session: one that takes anybody, one that does not."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.mosquitto import MosquittoServer
from tests.servers.process import require_binary


@pytest.fixture
def broker(mosquitto: MosquittoServer) -> MosquittoServer:
    return mosquitto


@pytest.fixture
def guarded_broker(tmp_path: Path) -> Iterator[MosquittoServer]:
    """Knows one user ``gw`` with password ``geheim`` who may read and write only ``mine/#``."""
    passwords = tmp_path / "passwords"
    subprocess.run([require_binary("mosquitto_passwd"), "-b", "-c", str(passwords), "gw", "geheim"], check=True)
    (tmp_path / "acl").write_text("user gw\ntopic readwrite mine/#\n")
    extra = (f"password_file {passwords}", f"acl_file {tmp_path}/acl")
    server = MosquittoServer(tmp_path / "guarded", extra, anonymous=False)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[tuple[MosquittoServer, Path]]:
    """A broker with TLS on its port, and the certificate that vouches for ``localhost``."""
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    command = [require_binary("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    key.chmod(0o644)
    server = MosquittoServer(tmp_path / "tls", (f"certfile {certificate}", f"keyfile {key}"))
    try:
        server.start()
        yield server, certificate
    finally:
        server.kill()
