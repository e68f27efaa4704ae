"""What can be said about the running service, gathered in one place for the HTTP interface; it changes nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest_service.gateway_board import GatewayBoard
from ingest_service.pipeline import Pipeline
from ingest_service.resend_asker import ResendAsker
from ingest_service.state.ingest_state import IngestState
from ingest_service.state.quarantine import Quarantine
from ingest_service.state.settlement import FLAGGED_PREFIX, REFUSED_PREFIX, Count
from ingest_service.store_writer import StoreWriter
from ingest_service.subscriber import Subscriber
from service_runtime.clock import Clock, utc_from_ms


@dataclass(frozen=True, slots=True)
class ServiceView:
    """Read-only access to the parts."""

    park: str
    subscriber: Subscriber
    writer: StoreWriter
    state: IngestState
    board: GatewayBoard
    pipeline: Pipeline
    quarantine: Quarantine
    clock: Clock
    asker: ResendAsker
    stuck_after_seconds: float = 60.0
    """A round that takes longer than this means that readings are not moving."""

    def problems(self) -> dict[str, str]:
        """Why the service is not ready, by check; empty when it is."""
        found: dict[str, str] = {}
        if not self.subscriber.session.subscribed:
            found["broker"] = f"{self.subscriber.session.address} is not connected"
        if not self.writer.reachable:
            found["store"] = self.writer.problem or "not asked yet"
        if self.pipeline.state_problem or self.state.problem:
            found["state"] = self.pipeline.state_problem or self.state.problem
        busy_since = self.pipeline.busy_since
        if busy_since is not None and self.clock.monotonic() - busy_since > self.stuck_after_seconds:
            found["pipeline"] = f"one round has taken {self.clock.monotonic() - busy_since:.0f} s"
        return found

    def refused_by_reason(self) -> dict[str, int]:
        """Records ever refused, by reason."""
        counts = self.state.counts
        return {name.removeprefix(REFUSED_PREFIX): n for name, n in counts.items() if name.startswith(REFUSED_PREFIX)}

    def flagged_by_flag(self) -> dict[str, int]:
        """Readings ever flagged, by flag."""
        counts = self.state.counts
        return {name.removeprefix(FLAGGED_PREFIX): n for name, n in counts.items() if name.startswith(FLAGGED_PREFIX)}

    def missing_batches(self) -> int:
        """Batches given up, over all gateways and runs."""
        return sum(cursor.missing for cursor in self.state.cursors.values())

    async def status(self) -> dict[str, Any]:
        """The document of ``/api/v1/status``; the quarantine is counted on disk, in another thread."""
        by_reason = await asyncio.to_thread(self.quarantine.by_reason)
        counts, store = self.state.counts, self.writer.description
        p50_ms, p99_ms = self.pipeline.latency.percentiles_ms(0.50, 0.99)
        return {
            "park": self.park,
            "readings": {
                "received": counts[Count.READINGS_RECEIVED],
                "stored": counts[Count.READINGS_STORED],
                "quarantined": counts[Count.READINGS_QUARANTINED],
                "no_value": counts[Count.READINGS_NO_VALUE],
                "late": counts[Count.READINGS_LATE],
            },
            "batches": {
                "received": counts[Count.BATCHES_RECEIVED],
                "stored": counts[Count.BATCHES_STORED],
                "duplicate": counts[Count.BATCHES_DUPLICATE],
                "refilled": counts[Count.BATCHES_REFILLED],
            },
            "gateways": self._gateways(),
            "store": {
                "kind": store.kind,
                "version": store.version,
                "reachable": bool(self.writer.reachable),
                "detail": self.writer.problem or store.detail,
            },
            "latency_ms": {
                "p50": p50_ms,
                "p99": p99_ms,
                "count": self.pipeline.latency.count,
            },
            "flagged": self.flagged_by_flag(),
            "quarantine": {"records": sum(by_reason.values()), "by_reason": by_reason},
        }

    def gateways_with_logs(self) -> set[str]:
        """Whose logs may hold what the store has lost: who sent numbered batches, says so or is in the register.

        A registered gateway that sends, but neither numbers nor a status, is a plain device and keeps no log.
        """
        numbered = {key.gateway for key in self.state.cursors}
        views = self.board.views
        talking = {name for name, view in views.items() if view.last_seen_ms is not None and view.status is None}
        reception = self.subscriber.reception
        registered = reception.bindings.gateways if reception else frozenset[str]()
        return numbered | (registered - talking)

    def refills(self) -> list[dict[str, Any]]:
        """How each run's last refill is getting on; ``gone`` batches are in no gateway's log any more."""
        found: list[dict[str, Any]] = []
        for key, refill in sorted(self.state.refills.items()):
            oldest = self.asker.oldest_held(key)
            reachable = refill.outstanding(oldest) if oldest is not None else ()
            left = sum(high - low + 1 for low, high in reachable)
            view = self.board.views.get(key.gateway)
            found.append(
                {
                    "gateway": key.gateway,
                    "run": key.run,
                    "state": view.state if view else "unknown",
                    "since": utc_from_ms(refill.since_ms).isoformat(),
                    "sequences": [refill.from_seq, refill.to_seq],
                    "batches": refill.total,
                    "refilled": refill.arrived_count,
                    "gone": refill.total - refill.arrived_count - left,
                    "outstanding": left,
                }
            )
        return found

    def _gateways(self) -> dict[str, dict[str, Any]]:
        latest = self.state.latest_runs()
        now_ms = self.clock.now_ms()
        gateways: dict[str, dict[str, Any]] = {}
        for name in sorted({*latest, *self.board.views}):
            key = latest.get(name)
            cursor = self.state.cursors[key] if key else None
            view = self.board.views.get(name)
            gateways[name] = {
                "state": view.state if view else "unknown",
                "run": key.run if key else "",
                "through": cursor.through if cursor else 0,
                "missing": cursor.missing if cursor else 0,
                "last_seen_ms": view.last_seen_ms if view else None,
                "clock_skew_seconds": view.clock.skew_seconds(now_ms) if view else None,
                "clock": view.clock_flag if view else None,
                "health": msgspec.to_builtins(view.health) if view and view.health else None,
            }
        return gateways
