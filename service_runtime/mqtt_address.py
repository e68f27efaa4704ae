"""Where a broker is and how to log on to it: checked before anything connects."""

import ipaddress
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from service_runtime.errors import OperatorError, SettingsError

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerAddress(NamedTuple):
    """Host and port of a broker, and whether TLS is spoken there."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the broker is on this machine, so that no one can listen on the way."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Will(msgspec.Struct, frozen=True):
    """What the broker publishes for us when the connection breaks without a goodbye (MQTT 5 section 3.1.2.5)."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


class MqttOptions(msgspec.Struct, frozen=True):
    """How one program speaks to its broker; ``receive_maximum`` bounds what is in flight to us, unacknowledged."""

    url: str
    client_id: str
    username: str = ""
    password: str = ""
    ca_file: str = ""
    session_expiry_seconds: int = 0
    clean_start: bool = True
    receive_maximum: int = 100
    keepalive_seconds: int = 30
    will: Will | None = None
    manual_ack: bool = False


def parse_broker_url(url: str) -> BrokerAddress:
    """``mqtt://host[:1883]`` or ``mqtts://host[:8883]``; raises :class:`OperatorError` on anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OperatorError(f"broker address '{url}': {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise OperatorError(f"broker address '{url}': expected mqtt://host:1883 or mqtts://host:8883")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise OperatorError(f"broker address '{parts.scheme}://{parts.hostname}': only a host and a port belong here")
    return BrokerAddress(parts.hostname, port or DEFAULT_PORTS[parts.scheme], parts.scheme == "mqtts")


def check_credentials(options: MqttOptions) -> BrokerAddress:
    """The address; raises :class:`SettingsError` when a password would cross a network unencrypted."""
    address = parse_broker_url(options.url)
    if options.password and not address.tls and not address.is_loopback:
        raise SettingsError(f"broker {address}: a password over plain mqtt:// can be read on the way; use mqtts://")
    return address


def tls_context(address: BrokerAddress, ca_file: str) -> ssl.SSLContext | None:
    """Verifying TLS for ``mqtts://``, ``None`` for ``mqtt://``; raises :class:`SettingsError` for a bad CA file."""
    if not address.tls:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{ca_file}: not usable as a CA file ({error.strerror or error})") from error
