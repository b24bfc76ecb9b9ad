"""One request on its way through the gateway: what was sent, and what the steps have found out so far.

Takes no step itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from msgspec import Struct, field

from cloudlet.core.http import Headers, HttpRequest, HttpResponse

from .headers import DROPPED_ON_ENTRY, RECASED_ON_ENTRY
from .vtl.context import PARAMETER_PLACES, context_variables, prepare_overrides

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudlet.core.call import Call

    from .api_keys import Admission
    from .compiled import CompiledMethod, CompiledStage
    from .errors import GatewayError
    from .execution_log import ExecutionLog
    from .stage_cache import Key

MultiValues = dict[str, list[str]]


class Sent(Struct, frozen=True):
    """What an integration was sent, for those who read logs."""

    url: str
    headers: Headers


class Answer(Struct):
    """What an integration answered."""

    status: int
    headers: Headers
    body: bytes
    selected_by: str | None = None
    """What selection patterns are held against: an error message, or a status."""
    failed: bool = False
    """Whether a function answered with an error."""

    @property
    def endpoint_request_id(self) -> str | None:
        """The id by which an AWS service knows its part of the request."""
        names = ("x-amzn-requestid", "x-amz-request-id")
        return next((value for name, value in self.headers if name.lower() in names), None)


class IntegrationRequest(Struct):
    """What an integration is asked."""

    headers: Headers = field(default_factory=list)
    querystring: MultiValues = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """A header's value, by its name in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Invocation(Struct):
    """One request."""

    call: Call
    request: HttpRequest
    stage: CompiledStage
    path: str
    """The path below the stage, still percent-encoded."""
    context_path: str
    event_path: str
    """The path that functions see: with the base path of a domain name."""
    domain_name: str
    extended_request_id: str
    received_at: datetime
    trace_id: str
    headers: MultiValues = field(default_factory=dict)
    """By name as the client wrote it first."""
    querystring: MultiValues = field(default_factory=dict)
    body: bytes = b""
    base_path: str | None = None
    """The base path of a domain name that led here."""
    matched: CompiledMethod | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    caller: dict[str, str] = field(default_factory=dict)
    """Members of $context.identity that a signature or an API key gave."""
    vpc_endpoint_id: str | None = None
    """Where the request came through an endpoint of a VPC."""
    authorizer: dict[str, Any] | None = None
    """$context.authorizer: what an authorizer said of the caller."""
    authorizer_seconds: float = 0.0
    usage_identifier_key: str | None = None
    """The API key that an authorizer gave."""
    admission: Admission | None = None
    """The usage plan that a key let it in by."""
    cache_key: Key | None = None
    """Where its answer goes in the stage's cache."""
    is_served_from_cache: bool = False
    warns_of_cache: bool = False
    """Whether the client asked for a new answer and may not."""
    integration_request: IntegrationRequest = field(default_factory=IntegrationRequest)
    answer: Answer | None = None
    stream: AsyncIterator[bytes] | None = None
    """The body of the answer, where it is passed on as it comes."""
    sent: Sent | None = None
    service_status: int | None = None
    """What Lambda's own API answered, beside what the function did."""
    integration_seconds: float = 0.0
    response: HttpResponse | None = None
    error: GatewayError | None = None
    """What the request ended in, where that was in the gateway."""
    log: ExecutionLog | None = None
    """None where nobody reads it."""
    context_made: dict[str, Any] | None = None

    @property
    def request_id(self) -> str:
        """The request's id."""
        return self.call.request_id

    @property
    def method(self) -> CompiledMethod:
        """The method that serves it; only after it was found."""
        if self.matched is None:
            raise RuntimeError("No method has been found for this request.")
        return self.matched

    @property
    def answered(self) -> Answer:
        """What the integration answered; only after it was asked."""
        if self.answer is None:
            raise RuntimeError("The integration has not been asked.")
        return self.answer

    @property
    def is_integrated(self) -> bool:
        """Whether the integration has been asked, whatever came of it."""
        return self.sent is not None or self.answer is not None

    @property
    def content_type(self) -> str:
        """The body's media type as sent; AWS takes a body without one for JSON."""
        return self.request.header("content-type") or "application/json"

    def context(self) -> dict[str, Any]:
        """$context, made when it is first asked for; templates may write overrides into it."""
        if self.context_made is None:
            self.context_made = _context(self)
            prepare_overrides(self.context_made)
        return self.context_made

    def overrides(self) -> dict[str, Any] | None:
        """What templates have written into $context until now; None for nothing."""
        context = self.context()
        request, response = context["requestOverride"], context["responseOverride"]
        requests_are_as_made = len(request) == len(PARAMETER_PLACES) and not any(request.values())
        if requests_are_as_made and len(response) == 1 and not response["header"]:
            return None
        return {"requestOverride": _copied(request), "responseOverride": _copied(response)}

    def start_over(self, overrides: dict[str, Any] | None) -> None:
        """Makes $context anew, for a template that begins anew, with the overrides of those before it."""
        endpoint_request_id = self.context().get("awsEndpointRequestId")
        self.context_made = None
        context = self.context()
        context.update(overrides or {})
        if endpoint_request_id is not None:
            context["awsEndpointRequestId"] = endpoint_request_id

    def variables(self, body: str) -> dict[str, Any]:
        """The variables of a mapping template."""
        return context_variables(
            body=body,
            context=self.context(),
            path=self.path_parameters_decoded(),
            querystring={name: values[-1] for name, values in self.querystring.items()},
            header={name: values[-1] for name, values in self.headers.items()},
            stage_variables=self.stage.variables,
        )

    def network_keys(self) -> dict[str, tuple[str, ...]]:
        """The condition keys that say through which network the request came."""
        return {"aws:SourceVpce": (self.vpc_endpoint_id,)} if self.vpc_endpoint_id else {}

    def path_parameters_decoded(self) -> dict[str, str]:
        """The path's parameters as mappings see them."""
        return {name: unquote(value) for name, value in self.path_parameters.items()}


def headers_of(request: HttpRequest) -> MultiValues:
    """The headers that enter the gateway, the lines of one name together."""
    found: MultiValues = {}
    names: dict[str, str] = {}
    for name, value in request.headers:
        lower = name.lower()
        if lower in DROPPED_ON_ENTRY:
            continue
        shown = names.setdefault(lower, RECASED_ON_ENTRY.get(lower, name))
        found.setdefault(shown, []).append(value)
    return found


def querystring_of(query: str) -> MultiValues:
    """The query's parameters, decoded."""
    found: MultiValues = {}
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return found


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copied(each) for name, each in value.items()}
    return [*value] if type(value) is list else value


def _context(invocation: Invocation) -> dict[str, Any]:
    stage, call = invocation.stage, invocation.call
    context: dict[str, Any] = {
        "accountId": call.account,
        "apiId": stage.api_id,
        "deploymentId": stage.deployment_id,
        "domainName": invocation.domain_name,
        "domainPrefix": invocation.domain_name.partition(".")[0],
        "extendedRequestId": invocation.extended_request_id,
        "httpMethod": invocation.request.method,
        "identity": identity_of(invocation),
        "path": invocation.context_path,
        "protocol": f"HTTP/{invocation.request.version}",
        "requestId": invocation.request_id,
        "requestTime": invocation.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(invocation.received_at.timestamp() * 1000),
        "stage": stage.name,
    }
    if invocation.matched is not None:
        context["resourceId"] = invocation.matched.resource_id
        context["resourcePath"] = invocation.matched.resource_path
    if stage.canary_known:
        context["isCanaryRequest"] = stage.is_canary
    if invocation.base_path is not None:
        context["customDomain"] = {"basePathMatched": invocation.base_path}
    if invocation.authorizer is not None:
        context["authorizer"] = invocation.authorizer
    return context


def identity_of(invocation: Invocation) -> dict[str, Any]:
    """$context.identity, and the event's."""
    user_agent = invocation.headers.get("User-Agent")
    return {
        "cognitoIdentityPoolId": None,
        "accountId": None,
        "cognitoIdentityId": None,
        "caller": None,
        "sourceIp": invocation.call.source_ip,
        "principalOrgId": None,
        "accessKey": None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": None,
        "userAgent": user_agent[-1] if user_agent else None,
        "user": None,
        **_client_certificate(invocation),
        **invocation.caller,
    }


def _client_certificate(invocation: Invocation) -> dict[str, Any]:
    shown = invocation.request.client_certificate
    if shown is None or shown.server_name != invocation.domain_name:
        return {}
    from .client_certificates import described  # noqa: PLC0415  start time: cryptography takes 30 ms to load

    return {"clientCert": described(shown.der)}
