"""Puts the cloud together: engines, services, edge. The only module that imports everything."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from socket import socket
from typing import Any, Final

from msgspec.structs import asdict

from cloudlet import __version__
from cloudlet.access.audit import Audit
from cloudlet.access.evaluate import Evaluator
from cloudlet.access.judge import Judge
from cloudlet.catalogue import OFFERS
from cloudlet.config import Config
from cloudlet.core import clock_offset
from cloudlet.core.access import Principal
from cloudlet.core.blobs import BlobSweeper
from cloudlet.core.call import Cloud
from cloudlet.core.clock import Clock, SystemClock
from cloudlet.core.http import Handler, Origin
from cloudlet.core.ids import Ids
from cloudlet.core.metrics import Metrics, MetricsWorker
from cloudlet.core.operation import Service
from cloudlet.core.sandbox import Capabilities, Sandboxes
from cloudlet.core.services import Offer, Services
from cloudlet.core.store import LAST, Transaction
from cloudlet.core.tls import TlsDemands
from cloudlet.core.worker import Supervisor, Wakeups
from cloudlet.sandbox.on_demand import SandboxesOnDemand
from cloudlet.services.iam.identities import StoredIdentities
from cloudlet.store.blobs import DirectoryBlobs
from cloudlet.store.errors import StoreFailed
from cloudlet.store.open import open_store
from cloudlet.store.secrets import DirectorySecrets
from cloudlet.wire.authenticate import DEFAULT_ACCOUNT, Authenticator, UnknownKeys
from cloudlet.wire.client import PooledHttpClient
from cloudlet.wire.coerce import Coercion
from cloudlet.wire.internal import InternalWire
from cloudlet.wire.invoke import Invoker
from cloudlet.wire.model import Models
from cloudlet.wire.pages import Facts, Pages
from cloudlet.wire.pipeline import Pipeline
from cloudlet.wire.protocols import Protocols
from cloudlet.wire.route import DEFAULT_REGION, Router, endpoints
from cloudlet.wire.server import Closer, Server, Tls
from cloudlet.wire.tls import CertificateAuthority
from cloudlet.wire.validate import Validators

_LOG: Final = logging.getLogger("cloudlet")
_GRACE_SECONDS: Final = 5.0


class App:
    """One running cloud."""

    def __init__(self, config: Config, data: Path, clock: Clock, ids: Ids, offers: tuple[Offer, ...]) -> None:
        self._config = config
        self._data = data
        self.port = config.port
        self._identities = StoredIdentities()
        self._audit = Audit() if config.auth == "audit" else None
        self.failed: asyncio.Future[StoreFailed] = asyncio.get_running_loop().create_future()
        self._authority = CertificateAuthority(data / "tls")
        self._sandboxes = SandboxesOnDemand(self._open_sandboxes)
        self.cloud = Cloud(
            store=open_store(_state_url(config, data), self.failed.set_result),
            blobs=DirectoryBlobs(data / "blobs", ids),
            clock=clock,
            metrics=Metrics(clock),
            ids=ids,
            wakeups=Wakeups(),
            supervisor=Supervisor(),
            sandboxes=self._sandboxes,
            access=Evaluator(),
            work_dir=data / "work",
            endpoint="",
            identities=self._identities,
            http_client=PooledHttpClient(),
            secrets=DirectorySecrets(data / "secrets"),
            local_folders=tuple(folder.resolve() for folder in config.local_folders),
            debugging_allowed=config.debug,
            throughput_limits=config.throughput_limits,
        )
        self.cloud.services = Services(offers, self._begin_service)
        self._server = Server(
            self._pipeline().handle, tls=Tls(self._authority, self._tls_demands), clock=clock
        )

    @property
    def endpoint(self) -> str:
        """Where clients on this machine reach it."""
        return self.cloud.endpoint

    @property
    def ca_certificate(self) -> Path:
        """The certificate of the authority that signs the cloud's own."""
        return self._authority.certificate_path

    async def capabilities(self) -> Capabilities:
        """What functions are held to on this machine. Raises SandboxError."""
        return (await self._sandboxes.opened()).capabilities

    async def root_key(self) -> tuple[str, str]:
        """The access key and the secret of the default account's root user."""
        call = self.cloud.call("iam", Principal.root(DEFAULT_ACCOUNT), DEFAULT_ACCOUNT, DEFAULT_REGION)
        return await call.transact(self._identities.root_key)

    async def start(self) -> None:
        """Listens, and starts what works in the background. Raises OSError for a busy port."""
        await clock_offset.restore(self.cloud.store, self.cloud.clock)
        self.port = await self._server.listen(self._config.host, self._config.port)
        self.cloud.endpoint = f"http://{_reachable(self._config.host)}:{self.port}"
        await self._start_services()

    async def close(self) -> None:
        """Lets running requests end, stops everything and closes the store."""
        await self._server.close(_GRACE_SECONDS)
        await self._stop_services()
        await self._sandboxes.close()
        await self.cloud.http_client.close()
        await self.cloud.store.close()
        if self._config.data is None:
            await asyncio.to_thread(shutil.rmtree, self._data, ignore_errors=True)

    def health(self) -> Mapping[str, Any]:
        """What /_cloudlet/health tells."""
        services = dict.fromkeys(sorted(self.cloud.services), "available")
        return {"status": "running", "version": __version__, "edition": "cloudlet", "services": services}

    async def status(self) -> Mapping[str, Any]:
        """What /_cloudlet/status tells: what is enforced, and what is not."""
        capabilities = asdict(await self.capabilities())
        return {
            **self.health(),
            "endpoint": self.endpoint,
            "data": str(self._config.data) if self._config.data else None,
            "state": self._config.state,
            "auth": self._config.auth,
            "sandbox": {name: _plain(value) for name, value in capabilities.items()},
            "workers": sorted(self.cloud.supervisor.names),
        }

    async def reset(self) -> None:
        """Forgets everything: every row, every body, every environment; only the time goes on."""
        await self._stop_services()
        await self.cloud.store.transact(_forget_everything)
        await self.cloud.blobs.sweep(lambda _: False, 0)
        await self._start_services()

    async def advance_clock(self, seconds: float) -> None:
        """Moves the cloud's time forward, for good."""
        await clock_offset.advance(self.cloud.store, self.cloud.clock, seconds)

    def least_privilege(self) -> Mapping[str, Any] | None:
        """What /_cloudlet/least-privilege tells; None unless this is --auth audit."""
        if self._audit is None:
            return None
        return {"complete": self._audit.complete, "policies": self._audit.policies()}

    def _pipeline(self) -> Pipeline:
        models = Models()
        validators = Validators(models)

        def validate(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
            validators.service(service).check(operation, parameters)

        invoker = Invoker(Judge(self._audit), validate, Coercion(models).coerce)
        protocols = Protocols(models)
        authenticator = Authenticator(UnknownKeys(strict=self._config.auth == "strict"))
        self.cloud.api = invoker
        self.cloud.wire = InternalWire(endpoints(models), protocols, validate, invoker)
        self.cloud.signatures = authenticator
        facts = Facts(
            self.cloud.clock,
            self.advance_clock,
            self.health,
            self.status,
            self.reset,
            self.least_privilege,
            self._authority.certificate_path.read_bytes,
        )
        return Pipeline(
            self.cloud,
            router=Router(endpoints(models)),
            protocols=protocols,
            validate=validate,
            authenticator=authenticator,
            invoker=invoker,
            pages=Pages(facts),
        )

    async def _open_sandboxes(self) -> Sandboxes:
        from cloudlet.sandbox.opening import open_sandboxes  # noqa: PLC0415 (start time: not needed to listen)

        return await open_sandboxes(
            serve=self._serve_in_sandbox,
            state_dir=self._data / "sandbox",
            ca_certificate=self._authority.certificate_path,
            hosts=lambda name: name.endswith((".amazonaws.com", ".on.aws")),
            driver=self._config.sandbox,
            runtimes_dir=self._config.runtimes,
        )

    async def _serve_in_sandbox(self, listener: socket, handler: Handler | None, tls: bool) -> _Cut:
        served = await self._server.serve_socket(
            listener, handler=handler, origin=Origin.SANDBOX, tls_only=tls
        )
        return _Cut(served)

    async def _start_services(self) -> None:
        cloud = self.cloud
        cloud.work_dir.mkdir(exist_ok=True)
        await cloud.services.load_used(cloud.store)
        cloud.supervisor.start(BlobSweeper(cloud))
        cloud.supervisor.start(MetricsWorker(cloud))

    async def _tls_demands(self, server_name: str) -> TlsDemands | None:
        """What a server name demands of clients, where it is some service's."""
        for _, plane in self.cloud.services.data_planes:
            found = await plane.tls_demands(self.cloud, server_name) if plane.tls_demands else None
            if found is not None:
                return found
        return None

    def _begin_service(self, service: Service) -> None:
        cloud = self.cloud
        made = [make(cloud) for make in service.components]
        cloud.components.update({type(component): component for component in made})
        for make_worker in service.workers:
            cloud.supervisor.start(make_worker(cloud))

    async def _stop_services(self) -> None:
        await self.cloud.supervisor.stop()
        for component in reversed(self.cloud.components.values()):
            await component.close()
        await self.cloud.metrics.flush(self.cloud)
        self.cloud.components.clear()
        self.cloud.services.forget()


class _Cut:
    """A listener of a sandbox that is gone: nobody is left to wait for."""

    def __init__(self, served: Closer) -> None:
        self._served = served
        self._closing: asyncio.Future[None] | None = None

    def close(self) -> None:
        """Stops listening, and ends the connections it has."""
        self._closing = asyncio.ensure_future(self._served.close())


async def build(
    config: Config,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    offers: tuple[Offer, ...] = OFFERS,
) -> App:
    """A cloud that is put together but does not answer yet. Raises StoreInUse, EngineMissing or OSError."""
    data = config.data or Path(tempfile.mkdtemp(prefix="cloudlet-"))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return App(config, data, clock or SystemClock(), ids or Ids(), offers)


def _forget_everything(transaction: Transaction) -> None:
    moved_by = clock_offset.seconds(transaction)
    transaction.delete_range((), (LAST,))
    clock_offset.save(transaction, moved_by)


def _state_url(config: Config, data: Path) -> str:
    engine, _, path = config.state.partition(":")
    if engine == "memory":
        return "memory:"
    return f"{engine}:{path or data / engine}"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
