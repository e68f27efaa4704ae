"""``/api/v1/status``: what was received, stored, refused and is missing, in one JSON document."""

from typing import Any

from fastapi import APIRouter

from ingest_service.service_view import ServiceView


def status_routes(view: ServiceView) -> APIRouter:
    """The status document."""
    routes = APIRouter()

    @routes.get("/api/v1/status")
    async def status() -> dict[str, Any]:
        """Counts since the state file was made, gateways, store, latency and quarantine."""
        return await view.status()

    return routes
