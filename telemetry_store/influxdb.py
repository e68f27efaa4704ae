"""The InfluxDB store: writes line protocol over ``influxdb-client``, reads InfluxQL over ``GET /query``.

Works with InfluxDB 1.8 and later 1.x, 2.x (a bucket, with its DBRP mapping for reads), 3.x and, behind a proxy that
maps ``/api/v2/write`` to ``/write``, with older 1.x; see :mod:`telemetry_store.generation`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.client.write_api_async import WriteApiAsync
from influxdb_client.domain.write_precision import WritePrecision

from service_runtime.errors import UnreachableError
from telemetry_store.admissible import refused_readings, refused_records, series_problem
from telemetry_store.generation import LACKS, Generation, generation_of
from telemetry_store.influx_answer import QueryFailedError, decode_answer, error_text, version_in
from telemetry_store.influx_status import WriteAnswer
from telemetry_store.influx_write import LineDelivery
from telemetry_store.influxql import quote_name, quote_string, render
from telemetry_store.line_protocol import ReadingLines, record_line
from telemetry_store.protocol import StoreDescription
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, WriteOutcome

WRITE_TIMEOUT_SECONDS = 30.0
QUERY_TIMEOUT_SECONDS = 120.0
CHECK_TIMEOUT_SECONDS = 10.0
_MAX_QUERY_IN_URL = 4_000
"""Longer queries go as a form: servers and proxies limit the length of an address."""
# Unlike SHOW, a SELECT fails on InfluxDB 1.x when the database does not exist.
_CHECK_STATEMENT = 'SELECT * FROM "energy" WHERE time > now() - 1s LIMIT 1'
_MILLISECONDS: Any = WritePrecision.MS
_NETWORK_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class InfluxAddress:
    """Where the data is: ``base_url`` without a path; ``retention_policy`` is for reads, empty for the default."""

    base_url: str
    bucket: str
    org: str = ""
    retention_policy: str = ""

    def __str__(self) -> str:
        return f"influxdb {self.base_url}/{self.bucket}"


class InfluxStore:
    """A :class:`~telemetry_store.protocol.TelemetryStore`; use one object within one event loop."""

    def __init__(self, address: InfluxAddress, token: str = "") -> None:
        self.address = address
        self._token = token
        self._lines = ReadingLines()
        self._bad_series: set[PointSeries] = set()
        self._client: InfluxDBClientAsync | None = None
        self._writes: WriteApiAsync | None = None
        self._session: aiohttp.ClientSession | None = None

    async def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        """Write in requests of bounded size; a bad row is isolated, everything else is written or kept."""
        unmet = {row.series for row in rows}.difference(self._lines.known)
        self._bad_series.update(series for series in unmet if series_problem(series))
        refused = refused_readings(rows, self._bad_series)
        bad = {rejection.index for rejection in refused}
        good = [index for index in range(len(rows)) if index not in bad] if bad else range(len(rows))
        lines = self._lines.lines([rows[index] for index in good] if bad else rows)
        return await LineDelivery(str(self.address), self._post, lines, good).send(len(rows), refused)

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        """Write in requests of bounded size; a bad row is isolated, everything else is written or kept."""
        refused = refused_records(rows)
        bad = {rejection.index for rejection in refused}
        good = [index for index in range(len(rows)) if index not in bad]
        lines = [record_line(rows[index]) for index in good]
        return await LineDelivery(str(self.address), self._post, lines, good).send(len(rows), refused)

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        """Answer in one request; raises :class:`UnreachableError` with the address and the database's words."""
        if query.limit == 0 or query.start_ms >= query.stop_ms or not all(values for _, values in query.where):
            return []
        text = await self._ask(render(query), QUERY_TIMEOUT_SECONDS)
        try:
            return decode_answer(text, query)
        except QueryFailedError as error:
            raise UnreachableError(f"{self.address}: {error}") from error

    async def delete_readings(self, measurement: str, park: str, before_ms: int) -> None:
        """InfluxQL's DELETE; InfluxDB 3 has none and says so."""
        which = f'"park" = {quote_string(park)} AND time < {before_ms * 1_000_000}'
        statement = f"DELETE FROM {quote_name(measurement)} WHERE {which}"
        text = await self._ask(statement, QUERY_TIMEOUT_SECONDS, changes=True)
        if problem := error_text(text):
            raise UnreachableError(f"{self.address}: {problem}")

    async def check(self) -> StoreDescription:
        """The server's version and generation, after it has shown that the bucket can be read."""
        version, generation = await self._version()
        try:
            problem = error_text(await self._ask(_CHECK_STATEMENT, CHECK_TIMEOUT_SECONDS))
        except UnreachableError as error:
            raise UnreachableError(f"{error}{_way_out(generation, str(error))}") from error
        if problem:
            raise UnreachableError(f"{self.address}: {problem}{_way_out(generation, problem)}")
        detail = f"{self.address.base_url}/{self.address.bucket}"
        return StoreDescription("influxdb", version, f"{detail} ({generation})", LACKS[generation])

    async def close(self) -> None:
        """Close both connection pools."""
        client, self._client, self._writes = self._client, None, None
        session, self._session = self._session, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]
        if session is not None:
            await session.close()

    async def _post(self, body: bytes) -> WriteAnswer:
        address = self.address
        try:
            # InfluxDB 1.x and 3.x have no organisations, but the client library wants a name.
            await self._write_api().write(address.bucket, address.org or "-", body, _MILLISECONDS)
        except InfluxDBError as error:
            status = getattr(error, "status", 0) or 0
            message = error_text(getattr(error, "body", None) or b"") or str(error.message)
            return WriteAnswer(status, message.strip(), error.retry_after or "")
        except _NETWORK_ERRORS as error:
            return WriteAnswer(0, _explain(error))
        return WriteAnswer(204)

    def _write_api(self) -> WriteApiAsync:
        if self._writes is None:
            timeout = aiohttp.ClientTimeout(total=WRITE_TIMEOUT_SECONDS)
            address = self.address
            self._client = InfluxDBClientAsync(
                address.base_url, self._token, address.org or "-", timeout=timeout, enable_gzip=False
            )
            self._writes = self._client.write_api()
        return self._writes

    def _queries(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Accept": "application/json"}
            if self._token:
                headers["Authorization"] = f"Token {self._token}"
            self._session = aiohttp.ClientSession(headers=headers)
        return self._session

    async def _ask(self, statement: str, timeout_seconds: float, changes: bool = False) -> bytes:
        parameters = {"db": self.address.bucket, "epoch": "ms", "chunked": "true", "q": statement}
        if self.address.retention_policy:
            parameters["rp"] = self.address.retention_policy
        how: dict[str, Any] = {"params": parameters}
        method = "GET"
        if changes or len(statement) > _MAX_QUERY_IN_URL:
            method, how = "POST", {"data": parameters}
        status, _, text = await self._request(method, "/query", timeout_seconds, **how)
        if status != 200:
            raise UnreachableError(f"{self.address}: {status} {error_text(text)}".rstrip())
        return text

    async def _version(self) -> tuple[str, Generation]:
        status, headers, text = await self._request("GET", "/ping", CHECK_TIMEOUT_SECONDS)
        if status == 404:
            status, headers, text = await self._request("GET", "/health", CHECK_TIMEOUT_SECONDS)
        if status >= 300:
            raise UnreachableError(f"{self.address}: {status} {error_text(text)}".rstrip())
        version = headers.get("X-Influxdb-Version", "") or version_in(text)
        generation = generation_of(version, headers.get("X-Influxdb-Build", ""), headers.get("X-Server-Hostname", ""))
        return version, generation

    async def _request(
        self, method: str, path: str, timeout_seconds: float, **how: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        try:
            async with self._queries().request(method, self.address.base_url + path, timeout=timeout, **how) as answer:
                return answer.status, answer.headers, await answer.read()
        except _NETWORK_ERRORS as error:
            raise UnreachableError(f"{self.address}: {_explain(error)}") from error


def _way_out(generation: Generation, problem: str) -> str:
    """A missing database means a missing mapping in InfluxDB 2, even when the bucket is there."""
    return f" (it {LACKS[generation][0]})" if generation is Generation.V2 and "not found" in problem else ""


def _explain(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        return os.strerror(number).lower() if number > 0 else str(error.os_error.strerror or error)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return os.strerror(error.errno).lower() if error.errno else "connection lost"
    return str(error) or type(error).__name__
