"""REST APIs and what belongs to them, as they are stored. Fields are the API's members in snake case.

No I/O, no clock. None is a member that was never given: AWS leaves it out of its answers.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
DEFAULT_TIMEOUT_MILLIS = 29_000
MOST_STREAMING_MILLIS = 900_000
DEFAULT_AUTHORIZER_TTL_SECONDS = 300


class EndpointConfiguration(Struct, frozen=True):
    """How an API is reached."""

    types: list[str] = field(default_factory=lambda: ["EDGE"])
    ip_address_type: str = "ipv4"
    vpc_endpoint_ids: list[str] | None = None


class RestApi(Struct, frozen=True):
    """A REST API, without its parts."""

    id: str
    name: str
    created_date: float
    root_resource_id: str
    description: str | None = None
    version: str | None = None
    binary_media_types: list[str] | None = None
    minimum_compression_size: int | None = None
    api_key_source: str = "HEADER"
    endpoint_configuration: EndpointConfiguration = field(default_factory=EndpointConfiguration)
    disable_execute_api_endpoint: bool = False
    tags: dict[str, str] | None = None
    policy: str | None = None
    """As it is judged: whole ARNs, no escapes. AWS shows it in another form."""
    security_policy: str | None = None
    endpoint_access_mode: str | None = None


class Authorizer(Struct, frozen=True):
    """Who decides whether a method may be called."""

    id: str
    name: str
    type: str
    """TOKEN, REQUEST or COGNITO_USER_POOLS."""
    provider_arns: list[str] | None = None
    auth_type: str | None = None
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    """One expression, or for REQUEST several with commas between them."""
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    """None where it was never given; it counts as DEFAULT_AUTHORIZER_TTL_SECONDS."""


class TlsConfig(Struct, frozen=True):
    """How an HTTP integration trusts its endpoint."""

    insecure_skip_verification: bool = False


class IntegrationResponse(Struct, frozen=True):
    """What an integration's answer becomes, for those answers that the selection pattern matches."""

    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] | None = None
    response_templates: dict[str, str | None] | None = None
    content_handling: str | None = None


class Integration(Struct, frozen=True):
    """What a method does."""

    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] | None = None
    request_templates: dict[str, str] | None = None
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_in_millis: int = DEFAULT_TIMEOUT_MILLIS
    cache_namespace: str = ""
    cache_key_parameters: list[str] = field(default_factory=list)
    integration_responses: dict[str, IntegrationResponse] | None = None
    connection_id: str | None = None
    tls_config: TlsConfig | None = None
    response_transfer_mode: str | None = None
    """BUFFERED or STREAM; None, where it was never given, is BUFFERED."""

    @property
    def streams(self) -> bool:
        """Whether the client gets the answer as it comes."""
        return self.response_transfer_mode == "STREAM"

    def with_response(self, status_code: str, response: IntegrationResponse | None) -> Integration:
        """The integration with one response put or, where it is None, taken away."""
        kept = {**(self.integration_responses or {})}
        kept.pop(status_code, None)
        if response is not None:
            kept[status_code] = response
        return replace(self, integration_responses=kept or None)


class MethodResponse(Struct, frozen=True):
    """What a method may answer."""

    status_code: str
    response_parameters: dict[str, bool] | None = None
    response_models: dict[str, str] | None = None


class Method(Struct, frozen=True):
    """An HTTP method of a resource."""

    http_method: str
    authorization_type: str
    api_key_required: bool = False
    request_validator_id: str | None = None
    operation_name: str | None = None
    request_parameters: dict[str, bool] | None = None
    request_models: dict[str, str] | None = None
    authorization_scopes: list[str] | None = None
    method_responses: dict[str, MethodResponse] | None = None
    method_integration: Integration | None = None
    authorizer_id: str | None = None

    def with_response(self, status_code: str, response: MethodResponse | None) -> Method:
        """The method with one response put or, where it is None, taken away."""
        kept = {**(self.method_responses or {})}
        kept.pop(status_code, None)
        if response is not None:
            kept[status_code] = response
        return replace(self, method_responses=kept or None)


class Resource(Struct, frozen=True):
    """One part of a path, with its methods."""

    id: str
    path: str
    parent_id: str | None = None
    path_part: str | None = None
    methods: dict[str, Method] = field(default_factory=dict)

    def with_method(self, http_method: str, method: Method | None) -> Resource:
        """The resource with one method put or, where it is None, taken away."""
        kept = {**self.methods}
        kept.pop(http_method, None)
        if method is not None:
            kept[http_method] = method
        return replace(self, methods=kept)


class Model(Struct, frozen=True):
    """The shape of a payload."""

    id: str
    name: str
    content_type: str
    schema: str
    description: str | None = None


class RequestValidator(Struct, frozen=True):
    """What is checked before an integration is called."""

    id: str
    name: str
    validate_request_body: bool = False
    validate_request_parameters: bool = False


class GatewayResponse(Struct, frozen=True):
    """What the gateway says in its own name."""

    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] = field(default_factory=dict)
    response_templates: dict[str, str] = field(default_factory=dict)


class Snapshot(Struct, frozen=True):
    """Everything that a deployment froze."""

    api: RestApi
    resources: list[Resource]
    models: list[Model]
    validators: list[RequestValidator]
    gateway_responses: list[GatewayResponse]
    authorizers: list[Authorizer] = field(default_factory=list)


class Deployment(Struct, frozen=True):
    """A deployment, without its snapshot."""

    id: str
    created_date: float
    description: str | None = None


class MethodSetting(Struct, frozen=True):
    """How a stage treats a method, or all of them."""

    metrics_enabled: bool = False
    data_trace_enabled: bool = False
    logging_level: str | None = None
    throttling_burst_limit: int = 5000
    throttling_rate_limit: float = 10000.0
    caching_enabled: bool = False
    cache_ttl_in_seconds: int = 300
    cache_data_encrypted: bool = False
    require_authorization_for_cache_control: bool = True
    unauthorized_cache_control_header_strategy: str = "SUCCEED_WITH_RESPONSE_HEADER"


class AccessLogSettings(Struct, frozen=True):
    """Where a stage writes a line for each request, and how."""

    destination_arn: str | None = None
    format: str | None = None


class CanarySettings(Struct, frozen=True):
    """The part of a stage's requests that another deployment serves."""

    deployment_id: str
    percent_traffic: float = 0.0
    stage_variable_overrides: dict[str, str] | None = None
    use_stage_cache: bool = False


class Stage(Struct, frozen=True):
    """A name under which a deployment is served."""

    stage_name: str
    deployment_id: str
    created_date: float
    last_updated_date: float
    description: str | None = None
    documentation_version: str | None = None
    variables: dict[str, str] | None = None
    method_settings: dict[str, MethodSetting] = field(default_factory=dict)
    cache_cluster_enabled: bool = False
    cache_cluster_status: str = "NOT_AVAILABLE"
    tracing_enabled: bool = False
    tags: dict[str, str] | None = None
    cache_cluster_size: str | None = None
    client_certificate_id: str | None = None
    access_log_settings: AccessLogSettings | None = None
    canary_settings: CanarySettings | None = None

    def as_canary(self, canary: CanarySettings) -> Stage:
        """The stage as the part of the requests sees it that goes to its canary."""
        variables = {**(self.variables or {}), **(canary.stage_variable_overrides or {})}
        return replace(self, deployment_id=canary.deployment_id, variables=variables or None)


class Serving(Struct, frozen=True):
    """What the data plane reads for every request: one row for an API's stage, wherever it belongs."""

    account: str
    region: str
    stage: Stage
    cache_epoch: str = ""
    """Changes when the stage's cache is flushed: what was kept under another one does not count any more."""
    authorizers_epoch: str = ""
    """The same for what the stage remembers of its authorizers' answers."""
    certificate: str = ""
    """What the stage shows backends as its own, as PEM; nothing where it has no client certificate."""
    private_key: str = ""


class DocumentationLocation(Struct, frozen=True):
    """What a documentation part is about."""

    type: str
    path: str | None = None
    method: str | None = None
    status_code: str | None = None
    name: str | None = None


class DocumentationPart(Struct, frozen=True):
    """What is said about one thing of an API."""

    id: str
    location: DocumentationLocation
    properties: str


class DocumentationVersion(Struct, frozen=True):
    """All documentation parts as they were once."""

    version: str
    created_date: float
    description: str | None = None
    parts: list[DocumentationPart] = field(default_factory=list)


class Account(Struct, frozen=True):
    """The settings that all of an account's APIs in a region share."""

    cloudwatch_role_arn: str | None = None
