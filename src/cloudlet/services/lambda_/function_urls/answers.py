"""What a function's answer means as a response: as it says, or inferred where it says nothing of HTTP.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec

from cloudlet.core.http import Headers, HttpResponse

_JSON: Final = "application/json"


class Unusable(Exception):
    """Raised for an answer that is no response."""


def response_of(payload: bytes) -> HttpResponse:
    """The response. Raises Unusable."""
    try:
        answer: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unusable from error
    if isinstance(answer, dict) and "statusCode" in answer:
        return stated(answer, _body(answer))
    text = answer if isinstance(answer, str) else msgspec.json.encode(answer).decode()
    return HttpResponse(200, [("Content-Type", _JSON)], text.encode())


def stated(answer: dict[str, Any], body: bytes, *, content_type: str = _JSON) -> HttpResponse:
    """The response with the status, headers and cookies that an answer states. Raises Unusable."""
    status, given = answer.get("statusCode", 200), answer.get("headers")
    given = {} if given is None else given
    cookies = [] if answer.get("cookies") is None else answer["cookies"]
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise Unusable
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise Unusable
    headers: Headers = [(name, _text(value)) for name, value in given.items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))
    headers += [("Set-Cookie", _text(cookie)) for cookie in cookies]
    return HttpResponse(status, headers, body)


def _body(answer: dict[str, Any]) -> bytes:
    text = _text(answer.get("body"))
    if answer.get("isBase64Encoded") is not True:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unusable from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
