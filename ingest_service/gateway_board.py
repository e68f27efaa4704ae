"""What the gateways say about themselves, remembered for the status page; nothing here decides about readings."""

import logging
from collections.abc import Iterable

import msgspec

from ingest_service.gateway_clock import GatewayClock, clock_flag
from service_runtime.logs import event
from telemetry_model.control_messages import GatewayHealth, GatewayStatus, decode_health, decode_status
from telemetry_model.reading import QualityFlag
from telemetry_model.storage_schema import QUALITY_FLAGS
from telemetry_model.topics import Channel
from telemetry_store.rows import RecordRow

MINUTE_MS = 60_000
MAX_GATEWAYS = 10_000
_log = logging.getLogger(__name__)


class GatewayView(msgspec.Struct):
    """The last word of one gateway; ``state`` is ``unknown`` until it has published its status."""

    state: str = "unknown"
    last_seen_ms: int | None = None
    status: GatewayStatus | None = None
    health: GatewayHealth | None = None
    clock: GatewayClock = msgspec.field(default_factory=GatewayClock)
    clock_flag: QualityFlag | None = None
    clock_flagged_ms: int = 0


class GatewayBoard:
    """One view per gateway that was ever heard."""

    def __init__(self, clock_skew_seconds: float = 30.0) -> None:
        self.views: dict[str, GatewayView] = {}
        self._clock_skew_seconds = clock_skew_seconds
        self.clocks_off: set[str] = set()
        """Gateways whose clock differs from ours by more than that."""

    def seen(self, gateway: str, at_ms: int, created_ms: int | None = None) -> None:
        """A batch came in, which its gateway says it made at ``created_ms``."""
        view = self._view(gateway)
        if view is not None:
            view.last_seen_ms = at_ms
            if created_ms is not None:
                view.clock.note(created_ms, at_ms, is_prompt=False)
                # One that is in order and seems behind has waited: only its health could tell.
                if created_ms > at_ms or gateway in self.clocks_off:
                    self._judge_clock(gateway, view, at_ms)

    def clock_rows(self, gateways: Iterable[str], park: str, now_ms: int) -> list[RecordRow]:
        """For those of these gateways whose clock is off now: at most one row a minute, at the minute's start."""
        rows: list[RecordRow] = []
        minute_ms = now_ms - now_ms % MINUTE_MS
        for gateway in self.clocks_off.intersection(gateways):
            view = self.views[gateway]
            skew_seconds = view.clock.skew_seconds(now_ms)
            if view.clock_flag is None or skew_seconds is None or view.clock_flagged_ms == minute_ms:
                continue
            view.clock_flagged_ms = minute_ms
            tags = {"flag": view.clock_flag.value, "gateway": gateway, "park": park}
            rows.append(
                RecordRow(QUALITY_FLAGS, tags, minute_ms, {"observed": skew_seconds, "limit": self._clock_skew_seconds})
            )
        return rows

    def largest_skew_seconds(self, now_ms: int) -> float:
        """Of all gateways that can be told, without its sign."""
        skews = (view.clock.skew_seconds(now_ms) for view in self.views.values())
        return max((abs(skew) for skew in skews if skew is not None), default=0.0)

    def note(self, gateway: str, channel: Channel, payload: bytes, retained: bool, now_ms: int) -> None:
        """A status or health message; one that cannot be read is logged and changes nothing."""
        view = self._view(gateway)
        if view is None or not payload:
            return
        try:
            if channel is Channel.STATUS:
                view.status = decode_status(payload)
                if view.status.state != view.state:
                    event(_log, logging.INFO, f"gateway is {view.status.state!r}", gateway=gateway)
                view.state = view.status.state
            elif channel is Channel.HEALTH:
                view.health = decode_health(payload)
                if not retained:
                    view.clock.note(view.health.at_ms, now_ms, is_prompt=True)
                    self._judge_clock(gateway, view, now_ms)
        except (ValueError, RecursionError) as error:
            event(_log, logging.WARNING, "gateway sent an unreadable message", gateway=gateway, channel=channel,
                  error=error)  # fmt: skip
            return
        # A retained message tells what was, not that the gateway lives now.
        if not retained and view.state != "offline":
            view.last_seen_ms = now_ms

    def _judge_clock(self, gateway: str, view: GatewayView, now_ms: int) -> None:
        skew_seconds = view.clock.skew_seconds(now_ms)
        flag = clock_flag(skew_seconds, self._clock_skew_seconds)
        if flag is view.clock_flag or (skew_seconds is None and view.clock_flag is not QualityFlag.CLOCK_AHEAD):
            return
        view.clock_flag = flag
        seconds = round(skew_seconds or 0.0, 1)
        if flag is None:
            self.clocks_off.discard(gateway)
            event(_log, logging.INFO, "gateway's clock is right again", gateway=gateway, skew_seconds=seconds)
        else:
            self.clocks_off.add(gateway)
            ahead = "ahead of" if flag is QualityFlag.CLOCK_AHEAD else "behind"
            event(_log, logging.WARNING, f"gateway's clock is {ahead} ours", gateway=gateway, skew_seconds=seconds)

    def _view(self, gateway: str) -> GatewayView | None:
        view = self.views.get(gateway)
        if view is None and len(self.views) < MAX_GATEWAYS:
            view = self.views[gateway] = GatewayView()
        return view
