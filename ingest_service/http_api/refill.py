"""``/api/v1/refills``: begin a refill of the store from the gateways' logs, and see how it is getting on."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

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
        """202 with the refills that were begun; a JSON body only, so that no web page can send one unasked."""
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
        known = {key.gateway for key in view.state.cursors}
        unknown = sorted(set(order.gateways) - known)
        if unknown:
            return problem(404, f"gateway '{unknown[0]}' has never sent a numbered batch")
        begun = await view.state.begin_refills(since_ms, order.gateways, view.clock.now_ms())
        runs = {(key.gateway, key.run) for key in begun}
        return JSONResponse({"refills": [r for r in view.refills() if (r["gateway"], r["run"]) in runs]}, 202)

    return routes
