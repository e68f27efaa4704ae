"""Plays a recording through a chain: file -> outbox -> broker -> ingest -> store, as a gateway would."""

import asyncio
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.broker import BrokerKind
from deploy.local.chain import LocalChain
from deploy.local.ingest_status import read_ingest_status
from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from gateway.outbox_drain import OutboxDrain
from gateway.recording_player import PlayCounts, play_recording
from gateway.sources.recording import Recording, RecordingOptions
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.mqtt_session import MqttOptions
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park

DEFAULT_GATEWAY = "replay"
STALL_SECONDS = 60.0


@dataclass(frozen=True)
class BrokerLogin:
    """A broker that is already there; without a CA file the system's are used."""

    url: str
    username: str = ""
    password: str = ""
    ca_file: str = ""


@dataclass(frozen=True)
class ReplayRequest:
    """What to play; ``speed`` ``None`` is as fast as possible."""

    file: Path
    park_folder: Path
    options: RecordingOptions
    speed: float | None = None


@dataclass(frozen=True)
class ReplaySummary:
    """What became of the recording; readings, except ``rows``."""

    rows: int
    published: int
    stored: int
    quarantined: int
    missing: int
    counts: PlayCounts


@dataclass(frozen=True)
class ReplayProgress:
    """Who wants to know how far it is: rows played, then batches still to be stored."""

    rows: Callable[[int], None]
    batches_left: Callable[[int], None]


def replay_into_workdir(
    request: ReplayRequest, folder: Path, broker: BrokerKind, progress: ReplayProgress
) -> ReplaySummary:
    """Start a private chain in ``folder``, play, wait until all is stored, stop it; what is there already stays."""
    workdir = Workdir(folder)
    park = parse_park(read_text_folder(request.park_folder))
    parts = open_recordings(request, park)
    workdir.create()
    workdir.adopt_park(request.park_folder)
    chain = LocalChain(workdir, broker)
    try:
        chain.start_broker()
        chain.start_ingest()
        before = read_ingest_status(chain.ingest_url)
        counts = _play_all(request, park, parts, BrokerLogin(chain.broker.url), workdir.outbox, progress)
        after = read_ingest_status(chain.ingest_url)
    finally:
        chain.stop()
    stored, quarantined = after.stored - before.stored, after.quarantined - before.quarantined
    missing = counts.readings - stored - quarantined
    return ReplaySummary(counts.rows, counts.readings, stored, quarantined, missing, counts)


def replay_to_broker(request: ReplayRequest, login: BrokerLogin, progress: ReplayProgress) -> PlayCounts:
    """Play to a running park; returns when its ingest service has said that all of it is stored or in quarantine."""
    park = parse_park(read_text_folder(request.park_folder))
    parts = open_recordings(request, park)
    with tempfile.TemporaryDirectory(prefix="ecopark-replay-") as folder:
        return _play_all(request, park, parts, login, lambda gateway: Path(folder, f"{gateway}.db"), progress)


def open_recordings(request: ReplayRequest, park: Park) -> dict[str, Recording]:
    """One view of the file per gateway of the mapped points, because each gateway may only send its own."""
    Recording(request.file, request.options, park)
    by_gateway: dict[str, list[int]] = {}
    for index, mapping in enumerate(request.options.mappings):
        by_gateway.setdefault(park.points[mapping.point].gateway or DEFAULT_GATEWAY, []).append(index)
    return {
        gateway: Recording(
            request.file, replace(request.options, mappings=tuple(request.options.mappings[i] for i in indices)), park
        )
        for gateway, indices in by_gateway.items()
    }


def _play_all(
    request: ReplayRequest,
    park: Park,
    parts: dict[str, Recording],
    login: BrokerLogin,
    outbox_path: Callable[[str], Path],
    progress: ReplayProgress,
) -> PlayCounts:
    units = {point.id: point.unit for point in park.points.values()}
    total: PlayCounts | None = None
    for gateway, recording in parts.items():
        with closing(Outbox.open(outbox_path(gateway), SystemClock())) as outbox:
            counts = play_recording(
                recording, outbox, units, speed=request.speed, progress=lambda so_far: progress.rows(so_far.rows)
            )
            drain = OutboxDrain(outbox, park.id, gateway, _mqtt_options(login), SystemClock())
            asyncio.run(drain.run(progress.batches_left, STALL_SECONDS))
        total = counts if total is None else _joined(total, counts)
    if total is None:
        raise OperatorError("nothing to play: give at least one --map COLUMN=POINT")
    return total


def _joined(first: PlayCounts, second: PlayCounts) -> PlayCounts:
    """The same rows, more columns."""
    return replace(first, readings=first.readings + second.readings, no_value=first.no_value + second.no_value)


def _mqtt_options(login: BrokerLogin) -> MqttOptions:
    return MqttOptions(
        url=login.url,
        client_id=f"ecopark-replay-{uuid.uuid4().hex[:8]}",
        username=login.username,
        password=login.password,
        ca_file=login.ca_file,
    )
