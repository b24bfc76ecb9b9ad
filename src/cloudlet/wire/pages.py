"""cloudlet's own addresses, below /_cloudlet/: health, status, clock, reset; and one existing tools ask for.

Nothing here belongs to AWS's API, and nothing here answers a sandbox: a function must not reset the cloud.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import orjson
from msgspec import Struct

from cloudlet.core.clock import Clock
from cloudlet.core.http import HttpRequest, HttpResponse, Origin

_BODY_LIMIT_BYTES: Final = 64 * 1024
# Python's dates end with the year 9999, and much is said to expire years from now.
_LATEST_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
_PREFIXES: Final = ("/_cloudlet/", "/_localstack/health")
_FOR_FUNCTIONS: Final = frozenset({"/_cloudlet/health", "/_localstack/health", "/_cloudlet/clock"})

Page: TypeAlias = "Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]"


class PageError(Exception):
    """Raised by a page for a request it cannot serve; the text is for people."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Facts(Struct, frozen=True):
    """What the pages tell and do; the app gives them."""

    clock: Clock
    advance_clock: Callable[[float], Awaitable[None]]
    health: Callable[[], Mapping[str, Any]]
    status: Callable[[], Awaitable[Mapping[str, Any]]]
    reset: Callable[[], Awaitable[None]]
    least_privilege: Callable[[], Mapping[str, Any] | None]
    ca_certificate: Callable[[], bytes]


class Pages:
    """The table of pages."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._pages: Mapping[tuple[str, str], Page] = {
            ("GET", "/_cloudlet/health"): self._health,
            ("GET", "/_localstack/health"): self._health,
            ("GET", "/_cloudlet/status"): self._status,
            ("GET", "/_cloudlet/clock"): self._clock,
            ("POST", "/_cloudlet/clock"): self._advance_clock,
            ("POST", "/_cloudlet/reset"): self._reset,
            ("GET", "/_cloudlet/least-privilege"): self._least_privilege,
        }

    async def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The page's answer; None for a request that is not for a page."""
        if not request.path.startswith(_PREFIXES):
            return None
        if request.path == "/_cloudlet/ca.pem" and request.method == "GET":
            headers = [("Content-Type", "application/x-pem-file")]
            return HttpResponse(200, headers, self._facts.ca_certificate())
        try:
            return _json(HTTPStatus.OK, await self._find(request)(await _parameters(request)))
        except PageError as error:
            return _json(error.status, {"message": str(error)})

    def _find(self, request: HttpRequest) -> Page:
        page = self._pages.get((request.method, request.path))
        if page is None:
            known = ", ".join(f"{method} {path}" for method, path in self._pages)
            raise PageError(
                HTTPStatus.NOT_FOUND, f"There is no {request.method} {request.path} here, but: {known}."
            )
        if request.method != "GET":
            _refuse_strangers(request)
        elif request.origin is Origin.SANDBOX and request.path not in _FOR_FUNCTIONS:
            raise PageError(HTTPStatus.FORBIDDEN, "Functions may not ask this.")
        return page

    async def _health(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._facts.health()

    async def _status(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._facts.status()

    async def _clock(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"now": self._facts.clock.now().isoformat(), "time": self._facts.clock.time()}

    async def _advance_clock(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        seconds = parameters.get("advance_seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 10**10:
            raise PageError(
                HTTPStatus.BAD_REQUEST, 'Send {"advance_seconds": N}; the clock only moves forward.'
            )
        if self._facts.clock.time() + seconds > _LATEST_TIME:
            raise PageError(HTTPStatus.BAD_REQUEST, "The clock does not go beyond the year 9000.")
        await self._facts.advance_clock(seconds)
        return await self._clock(parameters)

    async def _least_privilege(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        seen = self._facts.least_privilege()
        if seen is None:
            raise PageError(
                HTTPStatus.CONFLICT, "Only a cloud started with --auth audit watches what is needed."
            )
        return seen

    async def _reset(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._facts.reset()
        return {"message": "Everything was deleted."}


async def _parameters(request: HttpRequest) -> Mapping[str, Any]:
    body = await request.body.read(_BODY_LIMIT_BYTES)
    if not body:
        return {}
    try:
        parameters = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PageError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from error
    if not isinstance(parameters, dict):
        raise PageError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return parameters


def _refuse_strangers(request: HttpRequest) -> None:
    """Only people on this machine change the cloud itself, and no web page they visit does it for them."""
    if request.origin is Origin.SANDBOX or not ipaddress.ip_address(request.client[0]).is_loopback:
        raise PageError(HTTPStatus.FORBIDDEN, "Only this machine's own users may do this.")
    if (request.header("content-type") or "").partition(";")[0].strip() != "application/json":
        # A browser sends this type across origins only after asking, and it is not given leave.
        raise PageError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.")


def _json(status: HTTPStatus, document: Mapping[str, Any]) -> HttpResponse:
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return HttpResponse(status, [("Content-Type", "application/json")], body)
