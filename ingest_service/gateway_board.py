"""What the gateways say about themselves, remembered for the status page; nothing here decides about readings."""

import logging

import msgspec

from service_runtime.logs import event
from telemetry_model.control_messages import GatewayHealth, GatewayStatus, decode_health, decode_status
from telemetry_model.topics import Channel

MAX_GATEWAYS = 10_000
_log = logging.getLogger(__name__)


class GatewayView(msgspec.Struct):
    """The last word of one gateway; ``state`` is ``unknown`` until it has published its status."""

    state: str = "unknown"
    last_seen_ms: int | None = None
    status: GatewayStatus | None = None
    health: GatewayHealth | None = None


class GatewayBoard:
    """One view per gateway that was ever heard."""

    def __init__(self) -> None:
        self.views: dict[str, GatewayView] = {}

    def seen(self, gateway: str, at_ms: int) -> None:
        """A batch came in."""
        view = self._view(gateway)
        if view is not None:
            view.last_seen_ms = at_ms

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
        except (ValueError, RecursionError) as error:
            event(_log, logging.WARNING, "gateway sent an unreadable message", gateway=gateway, channel=channel,
                  error=error)  # fmt: skip
            return
        # A retained message tells what was, not that the gateway lives now.
        if not retained and view.state != "offline":
            view.last_seen_ms = now_ms

    def _view(self, gateway: str) -> GatewayView | None:
        view = self.views.get(gateway)
        if view is None and len(self.views) < MAX_GATEWAYS:
            view = self.views[gateway] = GatewayView()
        return view
