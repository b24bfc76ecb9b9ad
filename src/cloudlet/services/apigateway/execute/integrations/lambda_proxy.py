"""AWS_PROXY: the whole request is a function's event, and the function's answer is the whole response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cloudlet.core.http import Headers

from ..errors import internal_server_error
from ..invocation import Answer, identity_of
from ..payload import BinaryMediaTypes, first_type
from . import lambda_stream
from .functions import invoke

if TYPE_CHECKING:
    from ..invocation import Invocation, MultiValues

_MEMBERS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_METADATA: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "cookies"})


async def integrate(invocation: Invocation) -> None:
    """Invokes the function with the event of the request."""
    integration = invocation.method.integration
    function = integration.service.function if integration.service else None
    if function is None or integration.http_method != "POST":
        raise internal_server_error()
    event = invocation.integration_request.body = msgspec.json.encode(event_of(invocation))
    if integration.streams:
        invocation.answer = answer_to_stream(await lambda_stream.invoke(invocation, function, event))
        return
    answer = await invoke(invocation, function, event, "RequestResponse")
    invocation.service_status = 200
    invocation.answer = Answer(200, answer.headers(invocation), answer.payload, failed=answer.failed)


def response_of(invocation: Invocation) -> Answer:
    """What the function's answer means. Raises GatewayError for one that means nothing."""
    answer = invocation.answered
    if answer.failed:
        raise internal_server_error(502, "Lambda execution failed due to customer function error")
    accept = invocation.request.header("accept") or ""
    return answer_of(answer.body, accept, invocation.stage.binary_media_types)


def event_of(invocation: Invocation) -> dict[str, Any]:
    """The event, its members in AWS's order."""
    stage, method, request = invocation.stage, invocation.method, invocation.request
    headers = event_headers(invocation)
    body, encoded = _body(invocation)
    query = invocation.querystring
    return {
        "resource": method.resource_path,
        "path": invocation.event_path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()} or None,
        "multiValueHeaders": headers or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": invocation.path_parameters or None,
        "stageVariables": {**stage.variables} or None,
        "requestContext": event_context(invocation),
        "body": body,
        "isBase64Encoded": encoded,
    }


def event_headers(invocation: Invocation) -> MultiValues:
    """The headers that functions see: those that were sent, and those that the gateway adds."""
    return {**invocation.headers, **_added(invocation)}


def event_context(invocation: Invocation) -> dict[str, Any]:
    """The context that functions see."""
    context = {key: value for key, value in invocation.context().items() if key not in _NOT_IN_EVENT}
    return {**context, "identity": identity_of(invocation)}


_NOT_IN_EVENT: Final = frozenset({"requestOverride", "responseOverride", "error"})


def _added(invocation: Invocation) -> dict[str, list[str]]:
    request = invocation.request
    present = {name.lower(): values for name, values in invocation.headers.items()}
    forwarded = present.get("x-forwarded-for")
    client = invocation.call.source_ip
    added = {
        "X-Amzn-Trace-Id": [invocation.trace_id],
        "X-Forwarded-For": [f"{forwarded[-1]}, {client}" if forwarded else client],
        "X-Forwarded-Port": ["443" if request.scheme == "https" else _port(invocation)],
        "X-Forwarded-Proto": [request.scheme],
    }
    return {
        name: values
        for name, values in added.items()
        if name in invocation.headers or name.lower() not in present
    }


def _port(invocation: Invocation) -> str:
    return (invocation.request.header("host") or "").rpartition(":")[2] or "80"


def _body(invocation: Invocation) -> tuple[str | None, bool]:
    if not invocation.body:
        return None, False
    if invocation.content_type in invocation.stage.binary_media_types:
        return base64.b64encode(invocation.body).decode(), True
    return invocation.body.decode("utf-8", "replace"), False


def answer_of(payload: bytes, accept: str, binary: BinaryMediaTypes) -> Answer:
    """The response that a function's answer means. Raises GatewayError for one that means none."""
    document = _document(payload, _MEMBERS)
    headers = _headers(document.get("headers"), document.get("multiValueHeaders"))
    body = _text(document.get("body")).encode()
    if document.get("isBase64Encoded") is True and first_type(accept) in binary:
        try:
            body = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise internal_server_error() from error
    return Answer(_status(document.get("statusCode", 200)), headers, body)


def answer_to_stream(metadata: bytes) -> Answer:
    """What the metadata of a streamed answer say, without its body. Raises GatewayError."""
    document = _document(metadata, _METADATA)
    headers = _headers(document.get("headers"), document.get("multiValueHeaders"))
    cookies = document.get("cookies") or []
    if not isinstance(cookies, list):
        raise internal_server_error(502, "Malformed Lambda proxy response")
    headers += [("Set-Cookie", _text(cookie)) for cookie in cookies]
    return Answer(_status(document.get("statusCode", 200)), headers, b"")


def _document(payload: bytes, members: frozenset[str]) -> dict[str, Any]:
    try:
        document: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise internal_server_error(502, "Malformed Lambda proxy response") from error
    if not isinstance(document, dict) or not document.keys() <= members or not document:
        raise internal_server_error(502, "Malformed Lambda proxy response")
    return document


def _status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError) as error:
        raise internal_server_error(502) from error
    if isinstance(value, bool) or not 100 <= status <= 599:
        raise internal_server_error(502)
    return status


def _headers(single: Any, multiple: Any) -> Headers:
    if not isinstance(single, dict | None) or not isinstance(multiple, dict | None):
        raise internal_server_error(502)
    headers: Headers = []
    named: dict[str, str] = {}
    for name, values in (multiple or {}).items():
        if not isinstance(values, list):
            raise internal_server_error(502)
        named[name.lower()] = name
        headers += [(name, _text(value)) for value in values]
    for name, value in (single or {}).items():
        if isinstance(value, dict | list):
            raise internal_server_error(502)
        # The multi-value spelling wins, and a value that stands there already is not said twice.
        line = (named.get(name.lower()) or name, _text(value))
        if line not in headers:
            headers.append(line)
    return headers


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
