"""The warm environments of every function, and when one is made, reused and ended.

The newest idle one is taken first, so that the others grow old and go. It knows nothing of events' contents.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import SandboxError
from cloudlet.services.lambda_ import metrics, tenancy
from cloudlet.services.lambda_.errors import ServiceException, TooManyRequestsException
from cloudlet.services.lambda_.invoke import debugging, launch, local_code
from cloudlet.services.lambda_.invoke.concurrency import Concurrency, throttled
from cloudlet.services.lambda_.invoke.environment import Environment
from cloudlet.services.lambda_.invoke.provisioned import Provisioned
from cloudlet.services.lambda_.metrics import FunctionMetrics
from cloudlet.services.lambda_.packages import Packages

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.invoke.invocation import Invocation, Outcome
    from cloudlet.services.lambda_.invoke.router import Target

KEEP_ALIVE_SECONDS: Final = 600.0
_SWEEP_SECONDS: Final = 30.0
_IDLE_SWEEP_SECONDS: Final = 3600.0
_TOPIC: Final = "lambda.pool"
_SHARE_OF_MEMORY: Final = 0.6
_ENVIRONMENT_BYTES: Final = 48 << 20
"""What an environment is taken to need until it was measured."""
_SESSION_MARGIN_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class Pool:
    """All environments of this server. A component and, by run(), the worker that ends old ones."""

    name: Final = "lambda-environments"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._idle: dict[str, list[Environment]] = {}
        self._all: set[Environment] = set()
        self._newest: dict[str, str] = {}
        self._current: set[str] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[Outcome]] = set()
        self.provisioned = Provisioned(self)
        """What is kept ready for versions and aliases, whoever calls."""
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self._memory_limit_bytes = int(memory * _SHARE_OF_MEMORY)

    async def close(self) -> None:
        """Ends every environment, whatever runs in it."""
        self.provisioned.close()
        for task in self._running:
            task.cancel()
        for environment in list(self._all):
            self.end(environment)
        while self._ending or self._running:
            await asyncio.wait(self._ending | self._running)

    async def invoke(self, call: Call, target: Target, invocation: Invocation) -> Outcome:
        """Runs an event in a warm environment, or in a new one. Raises ServiceError.

        It runs to its end also if nobody waits any more, as at AWS.
        """
        return await asyncio.shield(self.begin(call, target, invocation))

    def begin(self, call: Call, target: Target, invocation: Invocation) -> asyncio.Task[Outcome]:
        """The same, without waiting for it."""
        task = asyncio.ensure_future(self._invoke(call, target, invocation))
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Outcome]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits is told; where nobody does, nobody needs to know

    async def _invoke(self, call: Call, target: Target, invocation: Invocation) -> Outcome:
        counted = self._cloud.component(FunctionMetrics).of(target)
        try:
            with self._cloud.component(Concurrency).slot(target, self.provisioned):
                counted.began()
                try:
                    outcome = await self._run(call, target, invocation)
                finally:
                    counted.ended()
        except TooManyRequestsException:
            counted.throttled()
            raise
        counted.ran(outcome.milliseconds, failed=outcome.failed)
        return outcome

    async def _run(self, call: Call, target: Target, invocation: Invocation) -> Outcome:
        target = await local_code.with_stamp(debugging.apart(target), self._cloud.local_folders)
        tenant_id = invocation.tenant_id
        environment = self.provisioned.take(target)
        if serving := self.provisioned.serving(target):
            self._count_provisioned(call, target, serving, kept=environment is not None)
        environment = environment or self._take(target, tenant_id)
        if environment is None:
            environment = await self.make(call, target, tenant_id=tenant_id)
        try:
            outcome = await environment.run(invocation)
        except SandboxError as error:
            self.end(environment)
            _LOG.error("no environment for %s: %s", target.reference.arn, error)
            raise ServiceException(f"cloudlet could not start an environment: {error}") from error
        except BaseException:
            self.end(environment)
            raise
        self._give_back(environment)
        return outcome

    def _count_provisioned(self, call: Call, target: Target, serving: str, *, kept: bool) -> None:
        """Tells of a call for what something is provisioned, and of how much of that is in use."""
        reference = target.reference
        name = metrics.PROVISIONED_INVOCATIONS if kept else metrics.PROVISIONED_SPILLOVER
        metrics.count(call, reference, name)
        in_use = self._cloud.component(Concurrency).of_provisioned(serving)
        metrics.count(call, reference, metrics.PROVISIONED_EXECUTIONS, in_use)
        if granted := self.provisioned.granted(serving):
            metrics.count(call, reference, metrics.PROVISIONED_UTILIZATION, in_use / granted, metrics.NO_UNIT)

    async def run(self) -> None:
        """Ends the environments that were idle for long, until cancelled."""
        cloud = self._cloud
        while True:
            pause = _SWEEP_SECONDS if self._all else _IDLE_SWEEP_SECONDS
            await cloud.wakeups.wait(_TOPIC, cloud.clock, pause)
            self.end_idle(cloud.clock.time() - KEEP_ALIVE_SECONDS)

    def end_idle(self, since: float) -> None:
        """Ends the environments that have been idle since then or longer."""
        for environments in list(self._idle.values()):
            for environment in list(environments):
                if environment.idle_since <= since:
                    self.end(environment)

    def retire(self, version_arn: str, generation: str | None) -> None:
        """Ends what runs a version's former code or settings: idle ones now, busy ones after their event."""
        before = self._newest.get(version_arn)
        if before == generation:
            return
        if generation is not None:
            self._newest[version_arn] = generation
            self._current.add(generation)
        else:
            del self._newest[version_arn]
        if before is not None:
            self._current.discard(before)
            for environment in list(self._idle.get(before, ())):
                self.end(environment)

    def retire_function(self, function_arn: str) -> None:
        """Ends what runs any version of a function."""
        for version_arn in [arn for arn in self._newest if arn.rpartition(":")[0] == function_arn]:
            self.retire(version_arn, None)
        self.provisioned.forget_function(function_arn)
        self._cloud.component(FunctionMetrics).forget(function_arn)

    def _take(self, target: Target, tenant_id: str | None) -> Environment | None:
        generation = target.version.generation
        self.retire(target.reference.arn_of(target.version.version), generation)
        idle = self._idle.get(generation)
        while idle:
            environment = idle.pop() if tenant_id is None else _pop_of(tenant_id, idle)
            if environment is None:
                break
            if environment.reusable and not self.expires(environment):
                return environment
            self.end(environment)
        return None

    async def make(
        self, call: Call, target: Target, *, tenant_id: str | None = None, provisioned: bool = False
    ) -> Environment:
        """A new environment that is not initialized. Raises ServiceError."""
        if tenant_id is not None:
            self._check_tenants(target.version.generation)
        self._make_room()
        plan = await launch.plan(call, target, tenant_id=tenant_id, provisioned=provisioned)
        environment = Environment(plan, self._cloud)
        if not self._all:
            self._cloud.wakeups.wake(_TOPIC)
        self._all.add(environment)
        return environment

    def _give_back(self, environment: Environment) -> None:
        if self.provisioned.give_back(environment):
            return
        generation = environment.plan.generation
        if not environment.reusable or generation not in self._current:
            self.end(environment)
            return
        environment.idle_since = self._cloud.clock.time()
        self._idle.setdefault(generation, []).append(environment)
        environment.rest()

    def _check_tenants(self, generation: str) -> None:
        """Raises TooManyRequestsException where a function's tenants have all environments there may be."""
        if sum(each.plan.generation == generation for each in self._all) >= tenancy.ENVIRONMENTS_LIMIT:
            raise throttled("ConcurrentInvocationLimitExceeded")

    def _make_room(self) -> None:
        """Ends the longest idle environments while the machine has no memory for one more."""
        needed = _ENVIRONMENT_BYTES + sum(
            max(environment.used_bytes, _ENVIRONMENT_BYTES) for environment in self._all
        )
        if needed <= self._memory_limit_bytes:
            return
        idle = [environment for environments in self._idle.values() for environment in environments]
        for environment in sorted(idle, key=lambda each: each.idle_since):
            self.end(environment)
            needed -= max(environment.used_bytes, _ENVIRONMENT_BYTES)
            if needed <= self._memory_limit_bytes:
                return
        raise throttled("ConcurrentInvocationLimitExceeded")

    def expires(self, environment: Environment) -> bool:
        """Whether its credentials would not last for an event."""
        left = environment.plan.expires_at - self._cloud.clock.time()
        return left < environment.plan.timeout_seconds + _SESSION_MARGIN_SECONDS

    def end(self, environment: Environment) -> None:
        """Ends an environment."""
        self._all.discard(environment)
        generation = environment.plan.generation
        idle = self._idle.get(generation)
        if idle is not None:
            if environment in idle:
                idle.remove(environment)
            if not idle:
                del self._idle[generation]
        self._cloud.component(Packages).leave(environment.plan.id)
        task = asyncio.ensure_future(environment.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _pop_of(tenant_id: str, idle: list[Environment]) -> Environment | None:
    """Takes the newest of a tenant's environments out of a function's idle ones."""
    for index in range(len(idle) - 1, -1, -1):
        if idle[index].plan.tenant_id == tenant_id:
            return idle.pop(index)
    return None
