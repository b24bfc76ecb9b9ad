"""A request as the event of its function, in payload format 2.0.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. It judges nothing.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from cloudlet.core.access import PrincipalKind

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.http import HttpRequest

_TEXT: Final = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
)
_TEXT_ENDINGS: Final = ("+json", "+xml")
_ANONYMOUS: Final = "anonymous"


def event_of(
    call: Call, request: HttpRequest, body: bytes, *, url_id: str, path: str, domain_name: str
) -> dict[str, Any]:
    """The event, its members in AWS's order."""
    headers = _headers(call, request)
    cookies = request.header("cookie")
    content, encoded = _body(request, body)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "cookies": [each.strip() for each in cookies.split(";")] if cookies else None,
        "headers": headers,
        "queryStringParameters": _query(request.query),
        "requestContext": {
            "accountId": _account(call),
            "apiId": url_id,
            "authorizer": _authorizer(call),
            "domainName": domain_name,
            "domainPrefix": url_id,
            "http": _http(call, request, path),
            "requestId": call.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{call.now():%d/%b/%Y:%H:%M:%S} +0000",
            "timeEpoch": int(call.time() * 1000),
        },
        "body": content,
        "isBase64Encoded": encoded,
    }
    event["requestContext"] = _present(event["requestContext"])
    return _present(event)


def _http(call: Call, request: HttpRequest, path: str) -> dict[str, Any]:
    return _present(
        {
            "method": request.method,
            "path": unquote(path),
            "protocol": f"HTTP/{request.version}",
            "sourceIp": call.source_ip,
            "userAgent": request.header("user-agent"),
        }
    )


def _present(members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _account(call: Call) -> str:
    return _ANONYMOUS if call.principal.kind is PrincipalKind.ANONYMOUS else call.principal.account


def _authorizer(call: Call) -> dict[str, Any] | None:
    principal = call.principal
    if principal.kind is PrincipalKind.ANONYMOUS:
        return None
    return {
        "iam": {
            "accessKey": principal.access_key_id,
            "accountId": principal.account,
            "callerId": principal.unique_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": principal.arn,
            "userId": principal.unique_id,
        }
    }


def _headers(call: Call, request: HttpRequest) -> dict[str, str]:
    """The headers in lower case, lines of one name joined; cookies stand in their own member."""
    names = dict.fromkeys(name.lower() for name, _ in request.headers)
    headers = {name: request.header(name) or "" for name in names if name != "cookie"}
    forwarded = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {call.source_ip}" if forwarded else call.source_ip
    headers["x-forwarded-proto"] = request.scheme
    headers["x-forwarded-port"] = _port(request)
    headers["x-amzn-trace-id"] = (call.trace_id or "").partition(";")[0]
    return headers


def _port(request: HttpRequest) -> str:
    port = (request.header("host") or "").rpartition(":")[2]
    return port if port.isdecimal() else {"https": "443"}.get(request.scheme, "80")


def _query(query: str) -> dict[str, str] | None:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined or None


def _body(request: HttpRequest, body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind.startswith(_TEXT) or kind.endswith(_TEXT_ENDINGS):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True
