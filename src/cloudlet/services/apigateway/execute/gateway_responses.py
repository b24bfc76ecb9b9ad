"""What the gateway says in its own name: templates filled by plain substitution, not by VTL.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
Decides nothing: the error says which response it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from cloudlet.core.http import Headers, HttpResponse
from cloudlet.services.apigateway.model import GatewayResponse
from cloudlet.services.apigateway.responses import DEFAULT_TEMPLATES, STATUS, response_for

from .errors import GatewayError
from .headers import can_be_sent
from .invocation import Invocation
from .mapping import Source, context_value, gateway_response_source

_NAME: Final = (
    r"(context\.[A-Za-z0-9_.]*[A-Za-z0-9_]|stageVariables\.[A-Za-z0-9_]+"
    r"|method\.request\.(?:header|path|querystring)\.[A-Za-z0-9_\-]+)"
)
_VARIABLE: Final = re.compile(rf"\$(?:\{{{_NAME}\}}|{_NAME})")
_HEADER: Final = "gatewayresponse.header."
# What AWS writes for its own faults has a space in it that the default template does not have, and what it
# writes for those who may not has a capital letter.
_OWN_FAULT: Final = '{"message": $context.error.messageString}'
_AS_SEEN: Final = {
    "ACCESS_DENIED": '{"Message":$context.error.messageString}',
    "API_CONFIGURATION_ERROR": _OWN_FAULT,
    "DEFAULT_5XX": _OWN_FAULT,
    "INTEGRATION_FAILURE": _OWN_FAULT,
    "INTEGRATION_TIMEOUT": _OWN_FAULT,
}
_STATUS_OF_ANY: Final = {"DEFAULT_4XX": 400, "DEFAULT_5XX": 500}


class GatewayResponses:
    """The gateway responses of one deployment."""

    __slots__ = ("_put", "_sources")

    def __init__(self, put: Iterable[GatewayResponse]) -> None:
        self._put = {each.response_type: each for each in put}
        self._sources: dict[str, Source] = {}

    def answer(self, invocation: Invocation, error: GatewayError) -> HttpResponse:
        """The answer to a request that ends in the gateway."""
        response, _ = response_for(self._put, error.response_type)
        _describe(invocation, error)
        content_type, text = _template(response, invocation)
        if text == DEFAULT_TEMPLATES["application/json"]:
            text = _AS_SEEN.get(error.response_type, text)
        headers: Headers = [("Content-Type", content_type), ("x-amzn-ErrorType", error.error_type)]
        for target, expression in response.response_parameters.items():
            value = self._source(expression)(invocation)
            if value is not None and target.startswith(_HEADER):
                headers += _lines(target.removeprefix(_HEADER), value)
        headers = [each for each in headers if can_be_sent(*each)]
        body = _VARIABLE.sub(lambda found: self._value(invocation, found[1] or found[2]), text)
        return HttpResponse(self._status(response, error), headers, body.encode())

    def _status(self, response: GatewayResponse, error: GatewayError) -> int:
        own = self._put.get(error.response_type)
        said = STATUS[error.response_type]
        family = self._put.get(f"DEFAULT_{said[0]}XX") if said else None
        chosen = next((each.status_code for each in (own, family) if each and each.status_code), None)
        if chosen is not None:
            return int(chosen)
        if error.status is not None:
            return error.status
        return int(response.status_code or _STATUS_OF_ANY[error.response_type])

    def _source(self, expression: str) -> Source:
        source = self._sources.get(expression)
        if source is None:
            source = self._sources[expression] = gateway_response_source(expression)
        return source

    def _value(self, invocation: Invocation, name: str) -> str:
        if name.startswith("context."):
            return context_value(invocation.context(), name.removeprefix("context.")) or ""
        value = self._source(name)(invocation)
        return value if isinstance(value, str) else ""


def _describe(invocation: Invocation, error: GatewayError) -> None:
    invocation.context()["error"] = {
        "message": error.message,
        "messageString": "null" if error.message is None else json.dumps(error.message, ensure_ascii=False),
        "responseType": error.response_type,
        "validationErrorString": error.validation_error,
    }


def _template(response: GatewayResponse, invocation: Invocation) -> tuple[str, str]:
    wanted = (invocation.request.header("accept") or "").partition(",")[0].partition(";")[0].strip()
    templates = response.response_templates
    for content_type in (wanted, "application/json"):
        if content_type in templates:
            return content_type, templates[content_type]
    return next(iter(templates.items()))


def _lines(name: str, value: str | list[str]) -> Headers:
    return [(name, value)] if isinstance(value, str) else [(name, each) for each in value]
