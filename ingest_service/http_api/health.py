"""Is it alive, and is it ready: ``/health/live`` for restarts, ``/health/ready`` for traffic and alarms."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from ingest_service.http_api.problem import problem
from ingest_service.service_view import ServiceView


def health_routes(view: ServiceView) -> APIRouter:
    """Both answers."""
    routes = APIRouter()

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """The event loop moves, or there would be no answer."""
        return {"status": "live"}

    @routes.get("/health/ready", response_class=JSONResponse, response_model=None)
    async def ready() -> Response | dict[str, str]:
        """200 when broker, store and state all work and readings move; else 503 with what does not."""
        problems = view.problems()
        if not problems:
            return {"status": "ready"}
        detail = "; ".join(f"{check}: {what}" for check, what in problems.items())
        return problem(503, detail, checks=problems)

    return routes
