"""Has the pool keep what versions and aliases shall have ready, also after a start and when an alias moves.

How environments are kept is invoke/provisioned.py's business.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.services.lambda_ import state
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.invoke.provisioned import Provisioned
    from cloudlet.services.lambda_.invoke.router import Target
    from cloudlet.services.lambda_.references import FunctionReference

TOPIC: Final = "lambda.provisioned"
_SWEEP_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class ProvisioningWorker:
    """Compares what is stored with what is kept."""

    name: Final = "lambda-provisioning"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._kept: dict[str, tuple[Target, int]] = {}

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        call = cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        with cloud.wakeups.listening(TOPIC) as listener:
            while True:
                await self._look(call)
                await listener.wait(cloud.clock, _SWEEP_SECONDS)

    async def _look(self, call: Call) -> None:
        wanted = await call.transact(settings.all_provisioned, read_only=True)
        for reference, count in wanted:
            await self._keep(call, reference, count)
        for arn in self._kept.keys() - {reference.arn for reference, _ in wanted}:
            target, _ = self._kept.pop(arn)
            self._provisioned.keep(call, target, 0)

    async def _keep(self, call: Call, reference: FunctionReference, count: int) -> None:
        call = self._cloud.call("lambda", call.principal, reference.account, reference.region)
        try:
            target = await _target(call, reference)
        except ServiceError as error:
            _LOG.warning("no environments are kept for %s: %s", reference.arn, error.message)
            return
        before = self._kept.get(reference.arn)
        generation = target.version.generation
        if before is None or (before[0].version.generation, before[1]) != (generation, count):
            self._kept[reference.arn] = (target, count)
            self._provisioned.keep(call, target, count)

    @property
    def _provisioned(self) -> Provisioned:
        return self._cloud.component(Pool).provisioned


async def _target(call: Call, reference: FunctionReference) -> Target:
    """What a version or alias leads to first, whatever the weights of an alias are."""
    version = await call.transact(lambda inner: state.qualified_version(inner, reference), read_only=True)
    target = await router.find_target(call, reference.with_qualifier(version.version))
    return replace(target, reference=reference)


def unreserved(call: Call, without: str = "") -> int:
    """How much is provisioned of the account's concurrency that no function has reserved."""
    provisioned = settings.all_provisioned(call, call.account, call.region)
    return sum(
        count
        for reference, count in provisioned
        if reference.name != without and state.function(call, reference).reserved_concurrency is None
    )
