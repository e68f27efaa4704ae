"""Errors as ``application/problem+json`` (RFC 9457)."""

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


def problem(status: int, detail: str, **more: object) -> JSONResponse:
    """A problem document; ``more`` are extension members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


async def http_problem(request: Request, error: Exception) -> JSONResponse:
    """For what the router refuses: unknown paths, wrong methods."""
    assert isinstance(error, HTTPException)
    response = problem(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
    response.headers.update(error.headers or {})
    return response


async def operator_problem(_request: Request, error: Exception) -> JSONResponse:
    """For what the operator can mend, e.g. a state file that cannot be read."""
    return problem(503, str(error))
