"""What browsers are told that ask on behalf of pages of other origins: preflights, and headers of answers.

Judges nobody: the request itself is judged as any other.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from cloudlet.core.call import Call
from cloudlet.core.http import Headers, HttpRequest, HttpResponse
from cloudlet.services.s3 import cors, state
from cloudlet.services.s3.errors import AccessForbidden, BadRequest

if TYPE_CHECKING:
    from cloudlet.services.s3.model import Bucket

_METHODS: Final = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})


async def preflight(call: Call, request: HttpRequest) -> HttpResponse:
    """The answer to OPTIONS. Raises BadRequest or AccessForbidden."""
    origin, method = request.header("origin"), request.header("access-control-request-method")
    if origin is None:
        raise BadRequest("Insufficient information. Origin request header needed.")
    if method not in _METHODS:
        raise BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    bucket = await _bucket(call, request)
    kind = "OBJECT" if request.path.strip("/").count("/") else "BUCKET"
    if bucket is None:
        raise AccessForbidden("CORSResponse: Bucket not found", Method=method, ResourceType=kind)
    if not bucket.cors:
        raise AccessForbidden(
            "CORSResponse: CORS is not enabled for this bucket.", Method=method, ResourceType=kind
        )
    requested = _names(request.header("access-control-request-headers"))
    rule = cors.find_rule(bucket.cors, origin, method, requested)
    if rule is None:
        raise AccessForbidden(
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
            "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are "
            "not whitelisted by the resource's CORS spec.",
            Method=method,
            ResourceType=kind,
        )
    return HttpResponse(200, cors.headers_of(rule, origin, requested))


async def headers(call: Call, request: HttpRequest) -> Headers:
    """What any other answer says to a browser; nothing where no rule lets it through."""
    origin = request.header("origin")
    bucket = await _bucket(call, request) if origin else None
    if origin is None or bucket is None:
        return []
    rule = cors.find_rule(bucket.cors, origin, request.method)
    return [] if rule is None else cors.headers_of(rule, origin)


async def _bucket(call: Call, request: HttpRequest) -> Bucket | None:
    name = unquote(request.path.split("/")[1])
    return await call.transact(partial(state.find_bucket, name=name), read_only=True)


def _names(header: str | None) -> list[str]:
    return [name.strip() for name in (header or "").split(",") if name.strip()]
