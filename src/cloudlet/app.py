"""Puts the cloud together: engines, services, edge. The only module that imports everything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cloudlet import __version__
from cloudlet.access.evaluate import Evaluator
from cloudlet.access.judge import Judge
from cloudlet.config import Config
from cloudlet.core.call import Cloud
from cloudlet.core.clock import Clock, SystemClock
from cloudlet.core.http import Origin
from cloudlet.core.ids import Ids
from cloudlet.core.operation import Service
from cloudlet.core.store import LAST, Store, Transaction
from cloudlet.core.worker import Supervisor, Wakeups
from cloudlet.on_demand import SandboxesOnDemand
from cloudlet.services import dynamodb, iam, sts
from cloudlet.services.iam.identities import StoredIdentities
from cloudlet.store.blobs import DirectoryBlobs
from cloudlet.store.errors import StoreFailed
from cloudlet.store.open import open_store
from cloudlet.wire.authenticate import Authenticator, UnknownKeys
from cloudlet.wire.invoke import Invoker
from cloudlet.wire.pages import Facts, Pages
from cloudlet.wire.pipeline import Pipeline
from cloudlet.wire.protocols import Protocols
from cloudlet.wire.route import Router
from cloudlet.wire.server import Server
from cloudlet.wire.tls import CertificateAuthority

_LOG: Final = logging.getLogger("cloudlet")
_GRACE_SECONDS: Final = 5.0

SERVICES: Final[tuple[Service, ...]] = (
    dynamodb.SERVICE,
    iam.SERVICE,
    sts.SERVICE,
)


class App:
    """One running cloud."""

    def __init__(self, config: Config, cloud: Cloud, server: Server, sandboxes: SandboxesOnDemand) -> None:
        self._config = config
        self._server = server
        self._sandboxes = sandboxes
        self.cloud = cloud
        self.failed: asyncio.Future[StoreFailed] = asyncio.get_running_loop().create_future()

    @property
    def endpoint(self) -> str:
        """Where clients on this machine reach it."""
        return self.cloud.endpoint

    async def start(self) -> None:
        """Begins to answer, then starts what works in the background."""
        port = await self._server.listen(self._config.host, self._config.port)
        self.cloud.endpoint = f"http://{_reachable(self._config.host)}:{port}"
        await self._start_services()

    async def close(self) -> None:
        """Lets running requests end, stops everything and closes the store."""
        await self._server.close(_GRACE_SECONDS)
        await self._stop_services()
        await self._sandboxes.close()
        await self.cloud.store.close()

    def health(self) -> Mapping[str, Any]:
        """What /_cloudlet/health tells."""
        services = {name: "available" for name in sorted(self.cloud.services)}
        return {"status": "running", "version": __version__, "edition": "cloudlet", "services": services}

    async def status(self) -> Mapping[str, Any]:
        """What /_cloudlet/status tells: what is enforced, and what is not."""
        capabilities = (await self._sandboxes.open()).capabilities
        return {
            **self.health(),
            "endpoint": self.endpoint,
            "data": str(self._config.data) if self._config.data else None,
            "state": self._config.state,
            "auth": self._config.auth,
            "sandbox": {name: _plain(getattr(capabilities, name)) for name in capabilities.__slots__},
            "workers": sorted(self.cloud.supervisor.names),
        }

    async def reset(self) -> None:
        """Forgets everything: every row, every body, every environment."""
        await self._stop_services()
        await self.cloud.store.transact(lambda transaction: transaction.delete_range((), (LAST,)))
        await self.cloud.blobs.sweep(lambda _: False, 0)
        await self._start_services()

    async def _start_services(self) -> None:
        cloud = self.cloud
        made = [make(cloud) for service in cloud.services.values() for make in service.components]
        cloud.components.update({type(component): component for component in made})
        for component in made:
            await component.start()
        for service in cloud.services.values():
            for make_worker in service.workers:
                cloud.supervisor.start(make_worker(cloud))

    async def _stop_services(self) -> None:
        await self.cloud.supervisor.stop()
        for component in reversed(self.cloud.components.values()):
            await component.close()
        self.cloud.components.clear()


async def build(config: Config, *, clock: Clock | None = None, ids: Ids | None = None) -> App:
    """A cloud that is put together but does not answer yet. Raises StoreInUse, EngineMissing or OSError."""
    data = config.data or Path(tempfile.mkdtemp(prefix="cloudlet-"))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ids = ids or Ids()
    models = Protocols()
    authority = CertificateAuthority(data / "tls")
    server = Server(_not_yet, tls=authority)
    sandboxes = SandboxesOnDemand(config, data / "sandbox", data / "tls" / "ca.pem", server)
    cloud = Cloud(
        store=_open(config, data),
        blobs=DirectoryBlobs(data / "blobs", ids),
        clock=clock or SystemClock(),
        ids=ids,
        wakeups=Wakeups(),
        supervisor=Supervisor(),
        sandboxes=sandboxes,
        access=Evaluator(),
        services={service.name: service for service in SERVICES},
        work_dir=data / "work",
        endpoint="",
        identities=StoredIdentities(),
    )
    invoker = Invoker(Judge(audit=config.auth == "audit"), models.validate)
    cloud.api = invoker
    app = App(config, cloud, server, sandboxes)
    pages = Pages(Facts(cloud.clock, app.health, app.status, app.reset, authority.certificate))
    pipeline = Pipeline(
        cloud,
        router=Router(models.endpoints()),
        protocols=models,
        authenticator=Authenticator(UnknownKeys(strict=config.auth == "strict")),
        invoker=invoker,
        pages=pages,
    )
    server.handler = pipeline.handle
    return app
