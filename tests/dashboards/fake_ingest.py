"""A small HTTP server that answers ``/api/v1/status`` as ingest does; its answer can be changed between requests."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.ports import free_port

STOP_SECONDS = 0.01
"""How often the server looks whether it shall end: half a second, the library's own, every test would wait for."""
HEALTH = {
    "at_ms": 1_795_000_000_000, "run": "r1", "readings": 5_000, "bad_readings": 3, "batches_pending": 1,
    "batches_sent": 2, "batches_stored": 300, "dropped_unstored_batches": 0, "devices_online": 12,
    "devices_offline": 1, "oldest_unstored_age_seconds": 1.2,
}  # fmt: skip
STATUS: dict[str, Any] = {
    "park": "bach-dang",
    "readings": {"received": 120_450, "stored": 120_440, "quarantined": 10, "no_value": 31, "late": 12},
    "batches": {"received": 900, "stored": 898, "duplicate": 2},
    "gateways": {
        "gw-east": {"state": "online", "run": "r1", "through": 300, "missing": 0, "last_seen_ms": 1_795_000_000_000,
                    "health": HEALTH},
        "gw-west": {"state": "offline", "run": "r2", "through": 298, "missing": 3, "last_seen_ms": 1_794_900_000_000,
                    "health": None},
    },
    "store": {"kind": "sqlite", "version": "3.46", "reachable": True, "detail": ""},
    "latency_ms": {"p50": 41.0, "p99": 180.5, "count": 900},
    "quarantine": {"records": 10, "by_reason": {"unknown_point": 7, "out_of_range": 3}},
    "something_new": {"this console does": "not know"},
}  # fmt: skip


LEDGER: dict[str, Any] = {
    "totals": {},
    "lines": [
        {"gateway": "gw-west", "run": "r2", "hour": "2026-11-18T13:00:00Z",
         "batches": {"expected": 301, "received": 298, "missing": 3, "duplicate": 1, "refilled": 0},
         "readings": {"received": 60_010, "stored": 60_000, "quarantined": 10, "late": 4},
         "sequences": [1, 301], "missing_sequences": [[17, 18], [40, 40]]},
        {"gateway": "gw-east", "run": "r1", "hour": "2026-11-18T14:00:00Z",
         "batches": {"expected": 300, "received": 300, "missing": 0, "duplicate": 0, "refilled": 12},
         "readings": {"received": 60_440, "stored": 60_440, "quarantined": 0, "late": 0},
         "sequences": [1, 300], "missing_sequences": []},
    ],
}  # fmt: skip


class FakeIngest:
    """Serves ``body`` with ``code`` at ``/api/v1/status`` and ``ledger_body`` at ``/api/v1/ledger``, 404 elsewhere."""

    def __init__(self) -> None:
        self.body = json.dumps(STATUS).encode()
        self.ledger_body = json.dumps(LEDGER).encode()
        self.code = 200
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bodies = {"/api/v1/status": fake.body, "/api/v1/ledger": fake.ledger_body}
                body = bodies.get(self.path)
                self.send_response(fake.code if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_SECONDS,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving: connections are refused afterwards."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
