"""Answers of the query protocol in JSON, for those who say that they accept it, as API Gateway does.

Knows no model: names and values are those that boto3 users see.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloudlet.core.http import HttpResponse

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.protocols.protocol import ErrorAnswer, Members

_JSON = "application/json"


def wants_json(request: HttpRequest) -> bool:
    """Whether JSON is what a client accepts first."""
    return (request.header("accept") or "").partition(",")[0].partition(";")[0].strip() == _JSON


def json_answer(operation: str, result: Members, request_id: str) -> HttpResponse:
    """The answer."""
    present = {name: value for name, value in result.items() if value is not None}
    said = {f"{operation}Result": present, "ResponseMetadata": {"RequestId": request_id}}
    return _response(200, {f"{operation}Response": said}, request_id)


def json_error(answer: ErrorAnswer, request_id: str) -> HttpResponse:
    """The answer that says no."""
    error = {"Code": answer.code, "Message": answer.message, "Type": answer.fault}
    return _response(answer.status, {"Error": error, "RequestId": request_id}, request_id)


def _response(status: int, document: Any, request_id: str) -> HttpResponse:
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", _JSON)]
    return HttpResponse(status, headers, json.dumps(document, default=_plain).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
