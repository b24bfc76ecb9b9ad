"""What makes a function an operation of an AWS API, and a package a service.

The decorator says only what the service model does not: what IAM judges, and whether the store is written.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import ModuleType

    from cloudlet.core.call import Call, Cloud, Component
    from cloudlet.core.http import Headers, HttpRequest, HttpResponse
    from cloudlet.core.metrics import Gathered
    from cloudlet.core.resource import ResourceType
    from cloudlet.core.tls import TlsDemands
    from cloudlet.core.worker import Worker

Request: TypeAlias = "Mapping[str, Any]"
Resource: TypeAlias = "str | Callable[[Call, Any], str | Sequence[str]]"
"""A template such as "table/{TableName}", a whole ARN template, "*", or a function that returns ARNs."""
Context: TypeAlias = "Mapping[str, Sequence[str]]"

_MARK: Final = "__cloudlet_operation__"
_NO_CONTEXT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


class Operation(Struct, frozen=True):
    """An operation and what the pipeline must know of it."""

    name: str
    function: Callable[..., Any]
    waits: bool
    """Whether it is an `async def`, which opens its own transactions."""
    read_only: bool
    unsigned: bool
    """Whether a request without a signature reaches it, as the anonymous principal."""
    permissions: Callable[[Call, Request], Sequence[Permission]]


class DataPlane(Struct, frozen=True):
    """A door of a service that is not its API: the invoke URLs of API Gateway, function URLs, websites."""

    claims: Callable[[HttpRequest], bool]
    """Whether a request may come here; asked of every request, so it must be quick."""
    handle: Callable[[Cloud, HttpRequest], Awaitable[HttpResponse | None]]
    """Answers; None means that the request is somebody else's after all."""
    tls_demands: Callable[[Cloud, str], Awaitable[TlsDemands | None]] | None = None
    """What a server name demands of clients over TLS; None for one that is not its own."""


class CrossOrigin(Struct, frozen=True):
    """How a service's API answers browsers that ask for pages of other origins."""

    preflight: Callable[[Call, HttpRequest], Awaitable[HttpResponse]]
    """Answers OPTIONS, unsigned as browsers send it."""
    headers: Callable[[Call, HttpRequest], Awaitable[Headers]]
    """What the answer to any other request says beside; asked for those that name their origin."""


class Outcome(Struct, frozen=True):
    """What came of a request: an answer or an error, and how long it took."""

    answer: Mapping[str, Any]
    """Empty where there is an error."""
    error: ServiceError | None
    seconds: float


class Service(Struct, frozen=True):
    """A service's manifest."""

    name: str
    """The service's name in the service models, such as "dynamodb"."""
    operations: Mapping[str, Operation]
    arn_name: str = ""
    """The service's name in ARNs and IAM actions, where it is another."""
    resources: tuple[ResourceType, ...] = ()
    components: tuple[Callable[[Cloud], Component], ...] = ()
    """What lives as long as the server: pools, caches. Found again by `cloud.component(Type)`."""
    workers: tuple[Callable[[Cloud], Worker], ...] = ()
    blobs_in_use: Callable[[Call], AsyncIterator[str]] | None = None
    """Every blob that its rows name, in all accounts and regions; one that is not told is removed.

    It reads in several transactions: a blob that is named the whole time must be told, also where its name
    moves from one row to another meanwhile.
    """
    cross_origin: CrossOrigin | None = None
    observe: Callable[[Call, str, Request, Outcome], None] | None = None
    """Told of each request, with the operation's name, once it is answered: for metrics; it is quick."""
    keeps_metrics: Callable[[Call, Sequence[Gathered]], None] | None = None
    """Writes what the services counted, in the open transaction. CloudWatch alone has it."""


def operation(
    name: str,
    *,
    resource: Resource = "*",
    action: str | None = None,
    read_only: bool = False,
    unsigned: bool = False,
    public: bool = False,
    conditions: Callable[[Call, Any], Context] | None = None,
    resource_policy: Callable[[Call, Any], PolicyDocument | None] | None = None,
    passes_role: Callable[[Any], str | None] | None = None,
    passed_to: str = "",
    permissions: Callable[[Call, Any], Sequence[Permission]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a function as the operation `name`.

    IAM judges `action` (service:Name unless said otherwise) on `resource` with the condition keys of
    `conditions` and the policy of `resource_policy`; iam:PassRole on the role that `passes_role` finds in the
    request, handed to the service `passed_to`. `permissions` replaces all of that by a list. A `public`
    operation needs no permission.
    """

    arns_of = _arns_by(resource)

    def judge(call: Call, request: Request) -> Sequence[Permission]:
        return [
            *_own_permissions(
                call,
                request,
                action or f"{call.arn_name}:{name}",
                arns_of(call, request),
                conditions,
                resource_policy,
            ),
            *_pass_role(passes_role(request) if passes_role else None, passed_to),
        ]

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        waits = inspect.iscoroutinefunction(function)
        chosen = (lambda _call, _request: ()) if public else permissions or judge
        setattr(function, _MARK, Operation(name, function, waits, read_only, unsigned, chosen))
        return function

    return mark


def operations_in(*modules: ModuleType) -> dict[str, Operation]:
    """Every operation that stands in the modules, by name."""
    found = (
        vars(value).get(_MARK)
        for module in modules
        for value in vars(module).values()
        if callable(value) and hasattr(value, "__dict__")
    )
    return {each.name: each for each in found if isinstance(each, Operation)}


def _own_permissions(
    call: Call,
    request: Request,
    action: str,
    arns: Sequence[str],
    conditions: Callable[[Call, Any], Context] | None,
    resource_policy: Callable[[Call, Any], PolicyDocument | None] | None,
) -> list[Permission]:
    context = LazyContext(lambda: conditions(call, request)) if conditions else _NO_CONTEXT
    policy = resource_policy(call, request) if resource_policy else None
    return [Permission(action=action, resource=arn, context=context, resource_policy=policy) for arn in arns]


def _arns_by(resource: Resource) -> Callable[[Call, Request], Sequence[str]]:
    """What finds the ARNs that IAM judges for a request."""
    if callable(resource):
        return _arns_found_by(resource)
    if resource == "*":
        return lambda _call, _request: ("*",)
    return _arn_written_by(resource)


def _arns_found_by(
    find: Callable[[Call, Any], str | Sequence[str]],
) -> Callable[[Call, Request], Sequence[str]]:
    def arns(call: Call, request: Request) -> Sequence[str]:
        named = find(call, request)
        return (named,) if isinstance(named, str) else named

    return arns


def _arn_written_by(template: str) -> Callable[[Call, Request], Sequence[str]]:
    fields = [field for _, field, _, _ in Formatter().parse(template) if field]
    whole = template.startswith("arn:")

    def arns(call: Call, request: Request) -> Sequence[str]:
        text = template.format_map({field: request.get(field) or "*" for field in fields})
        return (text if whole or text.startswith("arn:") else call.arn(text),)

    return arns


def _pass_role(role: str | None, passed_to: str) -> list[Permission]:
    if not role:
        return []
    return [Permission(action="iam:PassRole", resource=role, context={"iam:PassedToService": (passed_to,)})]
