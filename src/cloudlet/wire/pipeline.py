"""The path of every request, as one list of steps. Read this file first.

    own pages -> data planes -> route -> name bucket -> answer preflight
              -> find operation -> authenticate -> parse -> invoke -> serialize

A step adds what it found to the exchange, or answers, or raises a ServiceError; then the rest is skipped.
No step knows what an operation does.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cloudlet.core.access import Principal
from cloudlet.core.call import Call
from cloudlet.core.errors import InternalFailure, ServiceError, UnknownOperation
from cloudlet.core.http import (
    Body,
    BytesBody,
    ClientDisconnected,
    HttpRequest,
    HttpResponse,
    RequestEntityTooLarge,
)
from cloudlet.core.identity import Outdated, Recollection
from cloudlet.core.operation import Outcome
from cloudlet.wire.authenticate import DEFAULT_ACCOUNT, Authenticator, family_of
from cloudlet.wire.compression import inflated, may_be_compressed
from cloudlet.wire.invoke import implemented
from cloudlet.wire.refusals import refuse, unknown_service
from cloudlet.wire.route import Destination, Router, names_its_action
from cloudlet.wire.virtual_host import path_style

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.operation import Service
    from cloudlet.wire.invoke import Invoker
    from cloudlet.wire.pages import Pages
    from cloudlet.wire.protocols import Protocols
    from cloudlet.wire.protocols.protocol import Protocol
    from cloudlet.wire.sigv4.credential import SignedBy

_LOG: Final = logging.getLogger("cloudlet.edge")
_BODY_LIMIT_BYTES: Final = 16 * 1024 * 1024
_BODY_LIMITS_BYTES: Final[Mapping[str, int]] = {"lambda": 70_167_211}
"""Lambda takes zip files of 50 MB, in base64."""


class RequestEntityTooLargeException(ServiceError):
    """Raised for a body beyond what the service reads."""

    status = 413


_NOWHERE: Final = Destination(None, "", "")


@dataclass(slots=True)
class Exchange:
    """One request and what the steps have found out so far."""

    request: HttpRequest
    request_id: str
    addressed: HttpRequest = field(init=False)
    """The request as the service's paths are written: an S3 bucket stands in the path."""
    response: HttpResponse | None = None
    signed_by: SignedBy | None = None
    destination: Destination = _NOWHERE
    service: Service | None = None
    protocol: Protocol | None = None
    operation: str = ""
    body: bytes | Body = b""
    principal: Principal = field(default_factory=Principal.anonymous)
    recalled: Recollection | None = None
    """What the signature was verified by, where that was not looked up but remembered."""
    parameters: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.addressed = self.request

    def known(self) -> tuple[Service, Protocol]:
        """What the step `route` has found; only for the steps after it."""
        if self.service is None or self.protocol is None:
            raise RuntimeError("This request has not been routed.")
        return self.service, self.protocol


Step: TypeAlias = Callable[[Exchange], Awaitable[None]]
Validate: TypeAlias = Callable[[str, str, Mapping[str, Any]], None]


class Pipeline:
    """The edge: an HTTP handler."""

    def __init__(
        self,
        cloud: Cloud,
        *,
        router: Router,
        protocols: Protocols,
        validate: Validate,
        authenticator: Authenticator,
        invoker: Invoker,
        pages: Pages,
    ) -> None:
        self._cloud = cloud
        self._router = router
        self._protocols = protocols
        self._validate = validate
        self._authenticator = authenticator
        self._invoker = invoker
        self._pages = pages
        self._planes = cloud.services.data_planes
        self._steps: tuple[Step, ...] = (
            self.answer_own_pages,
            self.serve_data_plane,  # before signatures: API Gateway judges its callers itself
            self.route,
            self.name_bucket,  # before the operation is found: that is read from the path
            self.answer_preflight,
            self.find_operation,
            self.authenticate,  # before parsing: what is not signed is not looked at
            self.parse,
            self.invoke,
            self.serialize,
        )

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answers a request. Raises only what tells the server that the client is gone."""
        exchange = Exchange(request, self._cloud.ids.uuid())
        response = await self._answer(exchange)
        if request.header("origin") is not None:
            await self._tell_browser(exchange, response)
        return response

    async def _tell_browser(self, exchange: Exchange, response: HttpResponse) -> None:
        """Adds to any answer, refusals too, what lets a page of another origin read it."""
        service = exchange.service
        if service is not None and service.cross_origin and exchange.request.method != "OPTIONS":
            call = self._call(exchange, Principal.anonymous())
            response.headers += await service.cross_origin.headers(call, exchange.addressed)

    async def _answer(self, exchange: Exchange) -> HttpResponse:
        request = exchange.request
        try:
            for step in self._steps:
                await step(exchange)
                if exchange.response is not None:
                    return exchange.response
        except ServiceError as error:
            return self._refuse(exchange, error)
        except RequestEntityTooLarge as error:
            return self._refuse(exchange, RequestEntityTooLargeException(_too_large(exchange, error)))
        except ClientDisconnected:
            raise
        except Exception:  # noqa: BLE001  the edge: a fault of ours is answered as AWS answers its own
            _LOG.exception("request %s (%s %s) failed", exchange.request_id, request.method, request.path)
            return self._refuse(
                exchange, InternalFailure(f"cloudlet failed; its log says why, at {exchange.request_id}.")
            )
        raise AssertionError("the last step always answers")

    async def answer_own_pages(self, exchange: Exchange) -> None:
        """/_cloudlet/... and the addresses that existing tools ask for."""
        exchange.response = await self._pages.answer(exchange.request)

    async def serve_data_plane(self, exchange: Exchange) -> None:
        """Invoke URLs and the like: a service's own HTTP, outside of its API."""
        for service, plane in self._planes:
            if plane.claims(exchange.request):
                self._cloud.services.load(service)
                exchange.response = await plane.handle(self._cloud, exchange.request)
                if exchange.response is not None:
                    return

    async def route(self, exchange: Exchange) -> None:
        """Finds the service and the protocol that the client speaks."""
        request = exchange.request
        signed_by = exchange.signed_by = self._authenticator.find_credential(request)
        scope = (signed_by.scope.region, signed_by.scope.service) if signed_by else None
        form = await self._read(exchange) if scope is None and names_its_action(request) else b""
        destination = exchange.destination = self._router.route(request, scope, form)
        if destination.service is None or destination.service not in self._cloud.services:
            raise unknown_service(destination.named)
        exchange.service = self._cloud.services[destination.service]
        exchange.protocol = self._protocols.choose(destination.service, request)

    async def name_bucket(self, exchange: Exchange) -> None:
        """Moves the bucket of S3's virtual-hosted addresses from the host to the path."""
        service, _ = exchange.known()
        if service.name == "s3":
            exchange.addressed = path_style(exchange.request)

    async def answer_preflight(self, exchange: Exchange) -> None:
        """Tells a browser what it may ask for a page of another origin."""
        service, _ = exchange.known()
        if service.cross_origin and exchange.request.method == "OPTIONS":
            call = self._call(exchange, Principal.anonymous())
            exchange.response = await service.cross_origin.preflight(call, exchange.addressed)

    async def find_operation(self, exchange: Exchange) -> None:
        """Finds the operation."""
        service, protocol = exchange.known()
        form = b""
        if protocol.routes_by_body:
            content = await self._read(exchange)
            form = inflated(service.name, exchange.request, content, self._limit(exchange))
        operation = protocol.route(exchange.addressed, form)
        if operation is None:
            raise UnknownOperation(f"{service.name} has no operation for this request.")
        exchange.operation = operation

    async def authenticate(self, exchange: Exchange) -> None:
        """Finds out who asks. Raises what AWS says to a wrong, stale or missing signature."""
        service, protocol = exchange.known()
        operation = service.operations.get(exchange.operation)
        signed_by = exchange.signed_by
        if signed_by is not None:
            key, token = signed_by.scope.access_key_id, signed_by.session_token
            exchange.recalled = self._cloud.identities.recall(key, token)
        principal, body = await self._authenticator.authenticate(
            self._call(exchange, Principal.anonymous()),
            exchange.request,
            signed_by,
            family=family_of(protocol),
            body_limit_bytes=self._limit(exchange),
            unsigned_allowed=operation is not None and operation.unsigned,
            recalled=exchange.recalled,
        )
        exchange.principal = principal
        exchange.body = body
        if not protocol.streams_input(exchange.operation):
            exchange.body = await body.read(self._limit(exchange))
            if may_be_compressed(service.name, protocol.service.operation(exchange.operation)):
                limit_bytes = self._limit(exchange)
                exchange.body = inflated(service.name, exchange.request, exchange.body, limit_bytes)

    async def parse(self, exchange: Exchange) -> None:
        """Reads the parameters and holds them against the model's constraints."""
        service, protocol = exchange.known()
        try:
            exchange.parameters = protocol.parse(exchange.operation, exchange.addressed, exchange.body)
            self._validate(service.name, exchange.operation, exchange.parameters)
        except ServiceError as error:
            if service.observe is not None:
                call = self._call(exchange, exchange.principal)
                service.observe(call, exchange.operation, {}, Outcome({}, error, 0.0))
            raise

    async def invoke(self, exchange: Exchange) -> None:
        """Judges and runs the operation."""
        service, _ = exchange.known()
        call = self._call(exchange, exchange.principal)
        operation = implemented(service, exchange.operation)
        try:
            exchange.result = await self._invoker.invoke(
                call, operation, exchange.parameters, exchange.recalled
            )
        except Outdated:
            call = self._call(exchange, await self._identified_anew(exchange))
            exchange.result = await self._invoker.invoke(call, operation, exchange.parameters)

    async def _identified_anew(self, exchange: Exchange) -> Principal:
        _, protocol = exchange.known()
        signed_by, recalled = exchange.signed_by, exchange.recalled
        if signed_by is None or recalled is None:
            raise RuntimeError("Only who was recalled can be outdated.")
        call = self._call(exchange, Principal.anonymous())
        return await self._authenticator.identify_anew(
            call, exchange.request, signed_by, recalled, family_of(protocol)
        )

    async def serialize(self, exchange: Exchange) -> None:
        """Writes the answer."""
        _, protocol = exchange.known()
        exchange.response = protocol.serialize(exchange.operation, exchange.result, exchange.request_id)

    def _call(self, exchange: Exchange, principal: Principal) -> Call:
        service, _ = exchange.known()
        request = exchange.request
        return Call(
            self._cloud,
            service,
            principal,
            principal.account or DEFAULT_ACCOUNT,
            exchange.destination.region,
            exchange.request_id,
            source_ip=request.client[0],
            user_agent=request.header("user-agent") or "",
            secure=request.scheme == "https",
            trace_id=request.header("x-amzn-trace-id"),
            http=request,
        )

    async def _read(self, exchange: Exchange) -> bytes:
        content = await exchange.request.body.read(self._limit(exchange))
        exchange.request.body = BytesBody(content)
        return content

    def _limit(self, exchange: Exchange) -> int:
        return _BODY_LIMITS_BYTES.get(exchange.destination.service or "", _BODY_LIMIT_BYTES)

    def _refuse(self, exchange: Exchange, error: ServiceError) -> HttpResponse:
        protocol = exchange.protocol
        if protocol is None:
            return refuse(exchange.request, error, exchange.request_id)
        return protocol.serialize_error(exchange.operation or None, error, exchange.request_id)


def _too_large(exchange: Exchange, error: RequestEntityTooLarge) -> str:
    """In Lambda's words where it is asked, the only service whose words for it are known."""
    if exchange.destination.service != "lambda":
        return str(error)
    return f"Request must be smaller than {error.limit_bytes} bytes for the {exchange.operation} operation"
