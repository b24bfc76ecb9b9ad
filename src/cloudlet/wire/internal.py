"""A service's HTTP from inside: parsed, judged, run and serialized as at the edge, but with a known caller.

No signature is looked at: whoever comes this way has a principal already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.errors import NotImplementedHere, ServiceError, UnknownOperation
from cloudlet.core.http import BytesBody, HttpRequest, HttpResponse
from cloudlet.wire.invoke import implemented
from cloudlet.wire.protocols.query import QueryProtocol
from cloudlet.wire.protocols.query_json import json_answer, json_error, wants_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudlet.core.call import Call
    from cloudlet.wire.invoke import Invoker
    from cloudlet.wire.protocols import Protocol, Protocols
    from cloudlet.wire.route import Endpoint

_BODY_LIMIT_BYTES: Final = 16 * 1024 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


class InternalWire:
    """Implements core.api.Wire."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        protocols: Protocols,
        validate: Callable[[str, str, Mapping[str, Any]], None],
        invoker: Invoker,
    ) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        for endpoint in endpoints:
            self._endpoints.setdefault(endpoint.endpoint_prefix, endpoint)
        self._protocols = protocols
        self._validate = validate
        self._invoker = invoker

    async def request(
        self, call: Call, endpoint: str, action: str | None, request: HttpRequest
    ) -> HttpResponse:
        """Answers as `call.principal` what the service at an endpoint is sent."""
        found = self._endpoints.get(endpoint)
        if found is None or found.service not in call.cloud.services:
            raise NotImplementedHere(f"cloudlet has no service {endpoint} (yet). Nothing was done.")
        body = await request.body.read(_BODY_LIMIT_BYTES)
        if action is not None:
            request, body = _for_action(found, action, request, body)
        service = call.cloud.services[found.service]
        protocol = self._protocols.choose(found.service, request)
        asked = replace(call, service=service, request_id=call.ids.uuid(), http=request)
        operation = protocol.route(request, body)
        try:
            return await self._answer(asked, protocol, operation, request, body)
        except ServiceError as error:
            if isinstance(protocol, QueryProtocol) and wants_json(request):
                return json_error(protocol.error_answer(error), asked.request_id)
            return protocol.serialize_error(operation, error, asked.request_id)

    async def _answer(
        self, call: Call, protocol: Protocol, operation: str | None, request: HttpRequest, body: bytes
    ) -> HttpResponse:
        if operation is None:
            raise UnknownOperation(f"{call.service.name} has no operation for this request.")
        streamed = BytesBody(body) if protocol.streams_input(operation) else body
        parameters = protocol.parse(operation, request, streamed)
        self._validate(call.service.name, operation, parameters)
        result = await self._invoker.invoke(call, implemented(call.service, operation), parameters)
        if isinstance(protocol, QueryProtocol) and wants_json(request):
            return json_answer(operation, result, call.request_id)
        return protocol.serialize(operation, result, call.request_id)


def _for_action(
    endpoint: Endpoint, action: str, request: HttpRequest, body: bytes
) -> tuple[HttpRequest, bytes]:
    """The request as clients of the service write it: its action is in a header, or among the parameters."""
    is_form = (request.header("content-type") or "").startswith(_FORM)
    if endpoint.target_prefix is not None and not is_form:
        target = ("X-Amz-Target", f"{endpoint.target_prefix}.{action}")
        headers = [each for each in request.headers if each[0].lower() != "x-amz-target"]
        return HttpRequest("POST", "/", "", [*headers, target], BytesBody(body)), body
    named = f"Action={action}&Version={endpoint.api_version}"
    query = "&".join(each for each in (named, request.query) if each)
    if is_form and body:
        query = "&".join((query, body.decode("ascii", "replace")))
    headers = [each for each in request.headers if each[0].lower() != "content-type"]
    form = query.encode()
    return HttpRequest("POST", "/", "", [*headers, ("Content-Type", _FORM)], BytesBody(form)), form
