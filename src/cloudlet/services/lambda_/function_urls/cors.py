"""What a URL's settings let browsers of other origins do.

Asks nobody: the settings are those of CreateFunctionUrlConfig.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.http import Headers, HttpRequest


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks what it may do, rather than does it."""
    return request.method == "OPTIONS" and request.header("access-control-request-method") is not None


def headers_of(cors: Mapping[str, Any], request: HttpRequest, *, preflight: bool) -> Headers:
    """What the answer says of it; nothing to an origin that the settings do not name."""
    origin = request.header("origin")
    allowed = _allowed_origin(cors, origin)
    if allowed is None:
        return []
    headers = [("Access-Control-Allow-Origin", allowed), ("Vary", "Origin")]
    if cors.get("AllowCredentials"):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if not preflight:
        return headers + _listed("Access-Control-Expose-Headers", cors.get("ExposeHeaders"))
    headers += _listed("Access-Control-Allow-Methods", cors.get("AllowMethods"))
    headers += _listed("Access-Control-Allow-Headers", cors.get("AllowHeaders"))
    if cors.get("MaxAge") is not None:
        headers.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return headers


def without_own(headers: Headers) -> Headers:
    """A function's headers but for those that the settings decide."""
    return [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]


def _allowed_origin(cors: Mapping[str, Any], origin: str | None) -> str | None:
    origins = cors.get("AllowOrigins") or ()
    if origin is None:
        return None
    if "*" in origins:
        return origin if cors.get("AllowCredentials") else "*"
    return origin if origin in origins else None


def _listed(name: str, values: list[str] | None) -> Headers:
    return [(name, ",".join(values))] if values else []
