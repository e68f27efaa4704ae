"""The FastAPI application: routes from their modules, every error a problem document."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from ingest_service.http_api.health import health_routes
from ingest_service.http_api.ledger import ledger_routes
from ingest_service.http_api.metrics import metrics_routes
from ingest_service.http_api.problem import http_problem, operator_problem
from ingest_service.http_api.readings import readings_routes
from ingest_service.http_api.refill import refill_routes
from ingest_service.http_api.status import status_routes
from ingest_service.http_intake import HttpIntake
from ingest_service.ledger_book import LedgerBook
from ingest_service.service_view import ServiceView
from service_runtime.errors import OperatorError


def create_app(view: ServiceView, book: LedgerBook, intake: HttpIntake | None = None) -> FastAPI:
    """An application over one running service; readings are taken only with an ``intake``."""
    app = FastAPI(title="Ecopark ingest", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    rooms = (health_routes(view), metrics_routes(view), status_routes(view), ledger_routes(book, view.clock))
    for routes in (*rooms, refill_routes(view)):
        app.include_router(routes)
    if intake is not None:
        app.include_router(readings_routes(intake))
    app.add_exception_handler(HTTPException, http_problem)
    app.add_exception_handler(OperatorError, operator_problem)
    return app
