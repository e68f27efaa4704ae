"""Sends generated dashboards to a Grafana server over its HTTP API."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import niquests
from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException

from dashboards.grafana.check import check_file
from service_runtime.errors import OperatorError, UnreachableError, why_unreachable

MESSAGE = "ecopark dashboards publish"


class PublishRefusedError(OperatorError):
    """Grafana answered, but not with a yes."""


def publish(grafana_url: str, token: str, files: Sequence[Path], folder_uid: str = "") -> list[str]:
    """Create or replace each dashboard; returns the addresses Grafana gave them.

    Nothing is sent when a file has a problem. Raises :class:`OperatorError` naming the file, ``UnreachableError``
    when the server does not answer, :class:`PublishRefusedError` with what it answered.
    """
    parts = urlsplit(grafana_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OperatorError(f"--grafana {grafana_url}: an address like https://grafana.example.org is expected")
    problems = [problem for file in files for problem in check_file(file)]
    if problems:
        raise OperatorError(f"nothing was published: {problems[0]}")
    grafana = GrafanaApi.from_url(grafana_url, credential=token)
    return [_publish_one(grafana, grafana_url, file, folder_uid) for file in files]


def _publish_one(grafana: GrafanaApi, grafana_url: str, file: Path, folder_uid: str) -> str:
    board = json.loads(file.read_text(encoding="utf-8"))
    request = {"dashboard": board, "overwrite": True, "message": MESSAGE}
    if folder_uid:
        request["folderUid"] = folder_uid
    try:
        answer = grafana.dashboard.update_dashboard(request)  # type: ignore[no-untyped-call]
    except GrafanaException as error:
        raise PublishRefusedError(f"{grafana_url}: {file.name}: {_said_by(error)}") from error
    except (niquests.exceptions.RequestException, OSError) as error:
        raise UnreachableError(f"{grafana_url}: {why_unreachable(error)}") from error
    return f"{grafana_url.rstrip('/')}{answer.get('url', '')}"


def _said_by(error: GrafanaException) -> str:
    """Grafana's own sentence, where it gave one."""
    said = error.response.get("message") if isinstance(error.response, dict) else None
    return str(said or error.message)
