"""``GET /api/v1/ledger?from=&to=&gateway=``: the completeness ledger, line by line, for an auditor to add up."""

import asyncio
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ingest_service.http_api.problem import problem
from ingest_service.ledger_book import LedgerBook, LedgerTooLongError, ledger_document
from service_runtime.clock import Clock, ms_from_datetime, utc_from_ms

DEFAULT_SPAN_MS = 24 * 3_600_000
_PARAMETERS = ("from", "to", "gateway")
_FORM = "not a moment such as 2026-11-01T06:00:00Z or 2026-11-01T06:00:00+07:00"


def ledger_routes(book: LedgerBook, clock: Clock) -> APIRouter:
    """The ledger."""
    routes = APIRouter()

    @routes.get("/api/v1/ledger", response_class=JSONResponse, response_model=None)
    async def ledger(request: Request) -> Response:
        """Lines of the hours in ``[from, to)``; the last 24 hours unless said otherwise. 400 names a bad parameter."""
        query = request.query_params
        unknown = sorted(set(query) - set(_PARAMETERS))
        if unknown:
            return problem(400, f"unknown parameter '{unknown[0]}' (known: {', '.join(_PARAMETERS)})")
        try:
            to_ms = moment_ms(query["to"], "to") if "to" in query else clock.now_ms() + 1
            from_ms = moment_ms(query["from"], "from") if "from" in query else to_ms - DEFAULT_SPAN_MS
            if from_ms >= to_ms:
                return problem(400, f"from ({_text(from_ms)}) is not before to ({_text(to_ms)})")
            lines = await asyncio.to_thread(book.lines, from_ms, to_ms, query.get("gateway", ""))
        except (ValueError, LedgerTooLongError) as error:
            return problem(400, str(error))
        span = {"from": _text(from_ms), "to": _text(to_ms)}
        return JSONResponse(span | ledger_document(lines))

    return routes


def moment_ms(text: str, name: str) -> int:
    """UTC milliseconds of an ISO 8601 moment with its offset; ``ValueError`` naming the parameter."""
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = ms_from_datetime(datetime.fromisoformat(text.replace(" ", "+")))
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: '{text}' is {_FORM}") from None
    if moment < 0:
        raise ValueError(f"{name}: '{text}' is before 1970")
    return moment


def _text(time_ms: int) -> str:
    return utc_from_ms(time_ms).isoformat()
