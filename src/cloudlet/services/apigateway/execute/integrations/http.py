"""HTTP and HTTP_PROXY: another server's answer, mapped or as it is.

https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cloudlet.core.http import BackendTimeout, BackendUnreachable
from cloudlet.services.apigateway import network_state
from cloudlet.services.apigateway.errors import NotFoundException

from ..content import content_of
from ..errors import configuration_error, integration_failure, integration_timeout
from ..invocation import Answer, Sent
from ..querystrings import encoded

if TYPE_CHECKING:
    from cloudlet.core.http import Headers

    from ..invocation import IntegrationRequest, Invocation, MultiValues

_NOT_PASSED_ON: Final = frozenset({"host", "content-encoding", "via", "x-amzn-trace-id"})
_NEVER_ON_THE_WIRE: Final = frozenset({"content-length", "transfer-encoding", "connection"})


async def integrate(invocation: Invocation) -> None:
    """Asks the backend."""
    integration, wanted = invocation.method.integration, invocation.integration_request
    is_proxy = integration.type == "HTTP_PROXY"
    http_method = invocation.request.method if integration.http_method == "ANY" else integration.http_method
    url = _url(integration.uri, wanted, invocation.querystring if is_proxy else {})
    headers = _headers(invocation, wanted, is_proxy=is_proxy)
    if integration.vpc_link is not None:
        await _check_link(invocation, integration.vpc_link)
    invocation.sent = Sent(url, headers)
    client = invocation.call.cloud.http_client
    ask = client.stream if integration.streams else client.send
    try:
        response = await ask(
            http_method, url, headers, wanted.body, integration.timeout_seconds, integration.tls
        )
    except BackendTimeout as error:
        raise integration_timeout() from error
    except BackendUnreachable as error:
        raise integration_failure() from error
    if integration.streams and isinstance(response.body, AsyncIterator):
        invocation.stream, response.body = response.body, b""
    invocation.answer = Answer(
        response.status, response.headers, await content_of(response), selected_by=str(response.status)
    )


async def _check_link(invocation: Invocation, link_id: str) -> None:
    """A link is a way only while it is there; which one it is, a stage variable may say."""
    try:
        await invocation.call.transact(lambda inner: network_state.vpc_link(inner, link_id), read_only=True)
    except NotFoundException as error:
        raise configuration_error(error.message) from error


def _url(uri: str, wanted: IntegrationRequest, sent: MultiValues) -> str:
    if not uri.startswith(("http://", "https://")):
        raise configuration_error("Invalid endpoint address")
    path, _, query = uri.partition("?")
    for name, value in wanted.path.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="/~@:!$&'()*+,;="))
        query = query.replace(f"{{{name}}}", quote(value, safe="~"))
    merged = {name: list(values) for name, values in sent.items()}
    for name, values in wanted.querystring.items():
        merged.setdefault(name, []).extend(values)
    whole = "&".join(each for each in (query, encoded(merged)) if each)
    return f"{path}?{whole}" if whole else path


def _headers(invocation: Invocation, wanted: IntegrationRequest, *, is_proxy: bool) -> Headers:
    mapped = {name.lower() for name, _ in wanted.headers}
    headers: Headers = []
    if is_proxy:
        headers += [
            (name, value)
            for name, values in invocation.headers.items()
            if name.lower() not in mapped and name.lower() not in _NOT_PASSED_ON
            for value in values
        ]
    headers += [(name, value) for name, value in wanted.headers if name.lower() not in _NEVER_ON_THE_WIRE]
    present = {name.lower() for name, _ in headers}
    defaults = [
        ("Accept", "application/json"),
        ("User-Agent", f"AmazonAPIGateway_{invocation.stage.api_id}"),
        ("X-Amzn-Apigateway-Api-Id", invocation.stage.api_id),
        ("X-Amzn-Trace-Id", invocation.trace_id),
    ]
    if wanted.body and not is_proxy:
        defaults.append(("Content-Type", "application/json"))
    return headers + [each for each in defaults if each[0].lower() not in present]
