"""``POST /api/v1/readings``: SenML or CSV from meters without MQTT, answered when the readings are safe."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from ingest_service.http_api.problem import problem
from ingest_service.http_intake import HttpIntake, IntakeBusyError, SourceForbiddenError
from ingest_service.http_sources import HttpSource
from ingest_service.payload_formats import HTTP_TYPES, media_type
from telemetry_model.senml import MAX_PACK_BYTES, PackError, PackTooLargeError

RETRY_AFTER_SECONDS = 5


def readings_routes(intake: HttpIntake) -> APIRouter:
    """The one route."""
    routes = APIRouter()

    @routes.post("/api/v1/readings", response_class=JSONResponse, response_model=None)
    async def post_readings(request: Request) -> JSONResponse:
        """200 when every reading is stored or in quarantine, and how many of each; else a problem document.

        401 without a known token, 403 for points of others, 413 for too much, 415 for another type or any
        compression, 422 for what cannot be read (nothing of it was taken), 503 to send the same again later.
        """
        source = intake.source_of(_bearer(request))
        if source is None:
            refusal = problem(401, "a token of http_sources_file is needed: Authorization: Bearer ...")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        try:
            intake.enter(source)
        except IntakeBusyError as error:
            return _try_again(str(error))
        try:
            return await _take(intake, source, request)
        finally:
            intake.leave(source)

    return routes


async def _take(intake: HttpIntake, source: HttpSource, request: Request) -> JSONResponse:
    kind = media_type(request.headers.get("content-type", ""))
    if kind not in HTTP_TYPES:
        return problem(415, f"content type '{kind[:80]}' is not one of {', '.join(HTTP_TYPES)}")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return problem(415, "compressed bodies are not accepted")
    try:
        body = await _body(request)
    except ClientDisconnect:
        return problem(400, "the sender left before the body was complete")
    if body is None:
        return problem(413, f"the body is over the limit of {MAX_PACK_BYTES} bytes")
    try:
        outcome = await intake.submit(source, kind, body)
    except PackTooLargeError as error:
        return problem(413, str(error))
    except PackError as error:
        return problem(422, str(error)[:1000])
    except SourceForbiddenError as error:
        return problem(403, str(error))
    except IntakeBusyError as error:
        return _try_again(str(error))
    received = outcome.stored + outcome.quarantined
    answer = {"received": received, "stored": outcome.stored, "quarantined": outcome.quarantined}
    return JSONResponse({**answer, "reasons": outcome.reasons or {}})


async def _body(request: Request) -> bytes | None:
    """At most the limit is ever held, whatever ``Content-Length`` says."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > MAX_PACK_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PACK_BYTES:
            return None
    return bytes(body)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _try_again(detail: str) -> JSONResponse:
    refusal = problem(503, detail)
    refusal.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return refusal
