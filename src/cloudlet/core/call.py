"""A call: who asks for what, where, when, and in which transaction. Every operation's first argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.access import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cloudlet.core.access import Access
    from cloudlet.core.api import Api, Wire
    from cloudlet.core.clock import Clock
    from cloudlet.core.http import HttpClient, HttpRequest
    from cloudlet.core.identity import Identities, Signatures
    from cloudlet.core.ids import Ids
    from cloudlet.core.metrics import Metrics
    from cloudlet.core.operation import Service
    from cloudlet.core.sandbox import Sandboxes
    from cloudlet.core.secrets import Secrets
    from cloudlet.core.services import Services
    from cloudlet.core.store import Blobs, Store, Transaction
    from cloudlet.core.worker import Supervisor, Wakeups

T = TypeVar("T")


class Component(Protocol):
    """Something of a service that lives as long as the server: a pool, a cache, a batcher."""

    async def close(self) -> None:
        """Called once, after the last."""


@dataclass(slots=True)
class Cloud:
    """What every call shares. Made once, by the app."""

    store: Store
    blobs: Blobs
    clock: Clock
    metrics: Metrics
    ids: Ids
    wakeups: Wakeups
    supervisor: Supervisor
    sandboxes: Sandboxes
    access: Access
    work_dir: Path
    """A folder for files that can be made again: unpacked code, caches."""
    endpoint: str
    """How people on this machine reach the cloud: http://127.0.0.1:4566."""
    identities: Identities
    http_client: HttpClient
    secrets: Secrets
    user_pools: str = "https://cognito-idp.{region}.amazonaws.com"
    """Below which URL user pools publish their keys."""
    local_folders: tuple[Path, ...] = ()
    """The folders of this machine that functions may be run from, as the server's user said."""
    debugging_allowed: bool = False
    """Whether functions may open ports of this machine's loopback for their debuggers."""
    throughput_limits: bool = False
    """Whether services throttle what AWS throttles by throughput; off, they are as fast as the machine."""
    services: Services = field(init=False)
    api: Api = field(init=False)
    wire: Wire = field(init=False)
    signatures: Signatures = field(init=False)
    components: dict[type, Component] = field(default_factory=dict)

    def component(self, kind: type[T]) -> T:
        """The one component of a type. Raises KeyError where no service brings it."""
        return cast("T", self.components[kind])

    def call(self, service: str, principal: Principal, account: str, region: str) -> Call:
        """A call that begins here rather than at the edge: a worker's, or a data plane's."""
        return Call(self, self.services[service], principal, account, region, self.ids.uuid())


class Call(Struct):
    """One request on its way through a service."""

    cloud: Cloud
    service: Service
    principal: Principal
    account: str
    """Whose resources it is about."""
    region: str
    request_id: str
    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    secure: bool = False
    via: tuple[str, ...] = ()
    """The services that made the call on the principal's behalf, the first one first (aws:CalledVia)."""
    source_arn: str | None = None
    """The resource on whose behalf a service calls (aws:SourceArn)."""
    trace_id: str | None = None
    """The X-Amzn-Trace-Id that the request came with or was given; whoever is asked for it gets it too."""
    http: HttpRequest | None = None
    """The request at the edge; None for a call from inside."""
    open_transaction: Transaction | None = None
    lenient: bool = False
    """Whether what it asks for may give numbers and booleans as text, as CloudFormation's templates do."""

    @property
    def transaction(self) -> Transaction:
        """The open transaction. Raises RuntimeError in an `async def` outside of transact()."""
        if self.open_transaction is None:
            raise RuntimeError("No transaction is open here: use call.transact().")
        return self.open_transaction

    @property
    def arn_name(self) -> str:
        """The service's name in ARNs and IAM actions."""
        return self.service.arn_name or self.service.name

    @property
    def clock(self) -> Clock:
        """The cloud's clock."""
        return self.cloud.clock

    @property
    def ids(self) -> Ids:
        """The cloud's source of identifiers."""
        return self.cloud.ids

    def now(self) -> datetime:
        """The cloud's time, in UTC."""
        return self.cloud.clock.now()

    def time(self) -> float:
        """The cloud's time in seconds since 1970."""
        return self.cloud.clock.time()

    def arn(self, resource: str) -> str:
        """The ARN of one of this service's resources in the call's region and account."""
        return f"arn:aws:{self.arn_name}:{self.region}:{self.account}:{resource}"

    async def transact(self, work: Callable[[Call], T], *, read_only: bool = False) -> T:
        """Runs `work` with a call that has a transaction open; returns when its writes are on disk."""
        return await self.cloud.store.transact(
            lambda transaction: work(self._within(transaction)), read_only=read_only
        )

    async def ask(self, service: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Calls an operation of a service as the same principal. Raises ServiceError."""
        return await self.cloud.api.request(self, service, operation, request)

    def ask_within(self, service: str, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The same in this call's transaction, for an operation that does not wait."""
        return self.cloud.api.request_within(self, service, operation, request)

    def where(self, account: str, region: str) -> Call:
        """The same call about what stands in an account and a region."""
        if (account, region) == (self.account, self.region):
            return self
        return replace(self, account=account, region=region)

    def as_principal(self, principal: Principal) -> Call:
        """The same call made by somebody else, such as a role session."""
        return replace(self, principal=principal, via=(), source_arn=None)

    def as_service(self, principal_name: str, source_arn: str | None = None) -> Call:
        """The same call made by a service, such as apigateway.amazonaws.com, for one of its resources."""
        service = Principal.of_service(principal_name)
        return replace(self, principal=service, via=(), source_arn=source_arn)

    def on_behalf(self, principal_name: str) -> Call:
        """The same principal's call, made by a service for it (forward access session)."""
        return replace(self, via=(*self.via, principal_name))

    def _within(self, transaction: Transaction) -> Call:
        return replace(self, open_transaction=transaction)

    def wake(self, topic: str) -> None:
        """Wakes a worker once the open transaction is on disk."""
        wakeups = self.cloud.wakeups
        self.transaction.after_commit(lambda: wakeups.wake(topic))
