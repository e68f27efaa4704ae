"""``/api/v1/refills``: begin a refill of the store from the gateways' logs, and see how it is getting on."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ingest_service.gateway_logs import ask_for_logs
from ingest_service.http_api.ledger import moment_ms
from ingest_service.http_api.problem import problem
from ingest_service.service_view import ServiceView

MAX_BODY_BYTES = 100_000


class RefillOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to refill: everything created or received since then, of these gateways or (none named) of all."""

    since: str
    gateways: list[str] = []


def refill_routes(view: ServiceView) -> APIRouter:
    """Order and progress."""
    routes = APIRouter()

    @routes.get("/api/v1/refills")
    async def progress() -> dict[str, Any]:
        """Per gateway run: batches, refilled, outstanding, and those in no gateway's log any more."""
        return {"refills": view.refills()}

    @routes.post("/api/v1/refills", response_class=JSONResponse, response_model=None)
    async def begin(request: Request) -> Response:
        """202 with the refills that were begun and the gateways that did not say what they hold.

        A JSON body only, so that no web page can send one unasked.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return problem(415, "send application/json")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return problem(413, f"more than {MAX_BODY_BYTES} bytes")
        try:
            order = msgspec.json.decode(body, type=RefillOrder)
            since_ms = moment_ms(order.since, "since")
        except ValueError as error:
            return problem(400, str(error))
        known = view.gateways_with_logs()
        unknown = sorted(set(order.gateways) - known)
        if unknown:
            return problem(404, f"gateway '{unknown[0]}' is not registered and has never sent a numbered batch")
        asked = set(order.gateways) or known
        logs = await ask_for_logs(view.subscriber.session, view.park, view.board, asked, since_ms)
        begun = await view.state.begin_refills(since_ms, order.gateways, view.clock.now_ms(), logs.ranges)
        runs = {(key.gateway, key.run) for key in begun}
        refills = [refill for refill in view.refills() if (refill["gateway"], refill["run"]) in runs]
        return JSONResponse({"refills": refills, "unheard": logs.unheard}, 202)

    return routes
