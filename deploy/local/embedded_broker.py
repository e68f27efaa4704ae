"""A foreground MQTT 5 broker on loopback from PyPI (rumqttd through ``iotcore``); ends with SIGTERM.

Run as ``python -m deploy.local.embedded_broker --port N``. Sessions live in memory only: the stored cursor carries
what a restart forgets (decision 0003).
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

RING_SEGMENT_BYTES = 32 * 2**20
RING_SEGMENTS = 10
"""The ring per topic filter is memory and backlog limit at once: beyond it the oldest message goes."""

_SETTINGS = """\
id = 0
[router]
id = 0
max_connections = 200
max_outgoing_packet_count = 200
max_segment_size = {segment_bytes}
max_segment_count = {segments}
[v5.1]
name = "v5"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


def main(port: int) -> None:
    """Serve until a signal; exits 0 on SIGTERM and SIGINT, 1 when the broker cannot run."""
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked before any thread exists, so that only sigwait below sees them.
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    from iotcore import IotCoreBroker  # noqa: PLC0415 - its native threads must start after the mask is set

    with tempfile.TemporaryDirectory(prefix="ecopark-broker-") as folder:
        settings = Path(folder, "broker.toml")
        text = _SETTINGS.format(port=port, segment_bytes=RING_SEGMENT_BYTES, segments=RING_SEGMENTS)
        settings.write_text(text, encoding="utf-8")
        try:
            broker = IotCoreBroker(config_path=str(settings))
            broker.check_ports()
        except OSError as error:
            sys.exit(f"embedded broker: port {port} is taken ({error})")
    threading.Thread(target=_serve, args=(broker,), daemon=True).start()
    signal.sigwait(stop_signals)
    # The library has no shutdown call; nothing of it needs to be kept.
    os._exit(0)


def _serve(broker: object) -> None:
    try:
        broker.run_forever()  # type: ignore[attr-defined]
    finally:
        os._exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    main(parser.parse_args().port)
