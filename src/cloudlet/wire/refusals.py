"""Refusals of requests for which no protocol could be chosen: in JSON to who speaks JSON, else in XML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import orjson

from cloudlet.core.errors import NotImplementedHere, ServiceError
from cloudlet.core.http import HttpResponse

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest


def unknown_service(named: str) -> ServiceError:
    """The refusal of a service that cloudlet does not have."""
    return NotImplementedHere(f"cloudlet does not have the service {named!r} (yet). Nothing was done.")


def refuse(request: HttpRequest, error: ServiceError, request_id: str) -> HttpResponse:
    """The answer that says no, in the form that the request's own form suggests."""
    if request.header("x-amz-target") is not None or "json" in (request.header("content-type") or ""):
        body = orjson.dumps({"__type": error.code, "message": error.message})
        headers = [("Content-Type", "application/x-amz-json-1.0")]
    else:
        body = (
            f"<ErrorResponse><Error><Type>{'Sender' if error.status < 500 else 'Receiver'}</Type>"
            f"<Code>{_text(error.code)}</Code><Message>{_text(error.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        ).encode()
        headers = [("Content-Type", "text/xml")]
    # Clients of REST services read the code in a header, and their requests do not show that they are such.
    headers += [("x-amzn-ErrorType", error.code), ("x-amzn-RequestId", request_id)]
    return HttpResponse(error.status, headers, body)


def _text(value: str) -> str:
    return escape(value, quote=False)
