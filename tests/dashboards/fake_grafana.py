"""A small HTTP server that speaks the one Grafana endpoint we use: ``POST /api/dashboards/db`` with a bearer token.

Its answers are those a running Grafana (9.3.2) gave: 200 with uid and url, 400, 401, 412 with a message.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.ports import free_port

STOP_SECONDS = 0.01
"""How often the server looks whether it shall end: half a second, the library's own, every test would wait for."""


class FakeGrafana:
    """Keeps dashboards by uid; ``folders`` are the folder uids that exist."""

    def __init__(self, token: str, folders: tuple[str, ...] = ()) -> None:
        self.boards: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self.provisioned: set[str] = set()
        self.token, self.folders = token, folders
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                code, answer = fake.answer(self.path, self.headers.get("Authorization", ""), body)
                payload = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_SECONDS,), daemon=True)
        self._thread.start()

    def answer(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status code and JSON, as Grafana would."""
        if path != "/api/dashboards/db":
            return 404, {"message": "Not found"}
        if authorization != f"Bearer {self.token}":
            return 401, {"message": "invalid API key", "traceID": ""}
        board = body["dashboard"]
        if not board.get("title"):
            return 400, {"message": "Dashboard title cannot be empty"}
        if body.get("folderUid") and body["folderUid"] not in self.folders:
            return 400, {"message": "Folder not found", "traceID": ""}
        uid = board["uid"]
        if uid in self.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if uid in self.boards and not body.get("overwrite"):
            return 412, {"message": "A dashboard with the same uid already exists", "status": "version-mismatch"}
        self.boards[uid] = board
        self.requests.append(body)
        return 200, {"uid": uid, "url": f"/d/{uid}/board", "status": "success", "version": 1}

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
