"""One execution environment: a sandbox, its runtime's state, its log. It runs one event at a time.

Which environment runs which event is the pool's business.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.invoke import invocation as invocations
from cloudlet.services.lambda_.invoke.invocation import Outcome
from cloudlet.services.lambda_.invoke.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from cloudlet.core.clock import Clock
    from cloudlet.core.sandbox import Sandbox, Sandboxes, SandboxSpec
    from cloudlet.services.lambda_.invoke.invocation import Invocation, Reply
    from cloudlet.services.lambda_.invoke.logs import Journal, JsonJournal, LogStream

INIT_SECONDS: Final = 10.0
INIT_CORES: Final = 2.0
_FREEZE_AFTER_SECONDS: Final = 0.02
_MEMORY_LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an environment is made from."""

    id: str
    generation: str
    spec: SandboxSpec
    """With the processors of the initialization; afterwards it is `cores`."""
    cores: float
    timeout_seconds: int
    runtime_version: str
    runtime_version_arn: str
    expires_at: float
    """When its role's session ends, on the cloud's clock."""
    log: LogStream
    journal: Journal | JsonJournal


class Environment:
    """An execution environment."""

    def __init__(self, plan: Plan, sandboxes: Sandboxes, clock: Clock) -> None:
        self.plan = plan
        self.idle_since = 0.0
        """On the cloud's clock."""
        self.used_bytes = 0
        self._sandboxes = sandboxes
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi()
        self._sandbox: Sandbox | None = None
        self._watching: asyncio.Task[None] | None = None
        self._busy = False
        self._frozen = False
        self._freezing: asyncio.TimerHandle | None = None
        self._last_busy = 0.0
        self._looked_at = 0.0
        self._init_milliseconds: float | None = None

    @property
    def alive(self) -> bool:
        """Whether it can take an event."""
        return self._sandbox is not None and self._sandbox.alive

    async def run(self, invocation: Invocation) -> Outcome:
        """Runs one event; a new or broken environment initializes first. Raises SandboxError."""
        log = self.plan.log
        self._busy = True
        if not self.alive:
            await self.initialize()
        if invocation.tail:
            log.keep_tail()
        reply = await self._invoke(invocation)
        tail = log.take_tail() if invocation.tail else None
        return Outcome(reply.payload, reply.error_type is not None, tail)

    def rest(self) -> None:
        """Says that no event comes for now: it may be frozen soon."""
        self._busy = False
        self._last_busy = self._loop.time()
        if self._freezing is None:
            self._freezing = self._loop.call_later(_FREEZE_AFTER_SECONDS, self._freeze)

    async def close(self) -> None:
        """Ends it, if it still runs."""
        if self._freezing is not None:
            self._freezing.cancel()
            self._freezing = None
        if self._sandbox is not None:
            self._sandbox.kill()
        if self._watching is not None:
            await self._watching

    async def initialize(self) -> bool:
        """The init phase; whether it succeeded. A failed one is tried again in an invocation, as at AWS."""
        plan = self.plan
        began = self._clock.machine_time()
        plan.journal.init_started(plan.runtime_version, plan.runtime_version_arn)
        failure = await self._start_runtime(INIT_SECONDS, "")
        milliseconds = self._milliseconds_since(began)
        if failure is None:
            self._init_milliseconds = milliseconds
        else:
            plan.journal.init_failed(milliseconds, failure, "init")
            await self._end_runtime()
        return failure is None

    async def _start_runtime(self, seconds: float, request_id: str) -> Reply | None:
        """Starts a process and waits until it asks for an event; why it will not, or None."""
        api = self._api = RuntimeApi(request_id)
        self._frozen = False
        sandbox = self._sandbox = await self._sandboxes.start(
            self.plan.spec, runtime_api=api.handle, output=self.plan.log.write
        )
        self._watching = self._loop.create_task(self._watch(sandbox, api))
        late = self._loop.call_later(seconds, _expire, api, int(seconds))
        try:
            failure = await api.initialized
        finally:
            late.cancel()
        if failure is None:
            sandbox.limit_cpu(self.plan.cores)
        return failure

    async def _end_runtime(self) -> None:
        if self._sandbox is not None and self._watching is not None:
            self._sandbox.kill()
            await self._watching

    async def _watch(self, sandbox: Sandbox, api: RuntimeApi) -> None:
        end = await sandbox.wait()
        self.used_bytes = sandbox.peak_memory_bytes()
        api.end(invocations.exited(api.request_id, end))

    async def _invoke(self, invocation: Invocation) -> Reply:
        plan = self.plan
        plan.journal.started(invocation.request_id)
        began = self._clock.machine_time()
        reply = await self._reply(invocation)
        milliseconds = self._milliseconds_since(began)
        # What the function wrote before it answered is in its pipe: one turn of the loop reads it.
        await asyncio.sleep(0)
        plan.journal.ended(
            invocation.request_id, reply, milliseconds, self._init_milliseconds, self._memory()
        )
        self._init_milliseconds = None
        return reply

    async def _reply(self, invocation: Invocation) -> Reply:
        seconds = self.plan.timeout_seconds
        began = self._loop.time()
        if not await self._ready(seconds):
            failure = await self._start_runtime(seconds, invocation.request_id)
            if failure is not None:
                await self._end_runtime()
                return failure
        left = seconds - (self._loop.time() - began)
        deadline_ms = int((self._clock.machine_time() + left) * 1000)
        answered = self._api.give(invocation, deadline_ms)
        late = self._loop.call_later(left, _expire, self._api, seconds)
        try:
            reply = await answered
        finally:
            late.cancel()
        if reply.status is not None:
            await self._end_runtime()
        return reply

    async def _ready(self, seconds: float) -> bool:
        """Whether the runtime takes an event; it may still be busy with what follows its last answer."""
        if not self.alive or self._sandbox is None:
            return False
        if self._frozen:
            self._frozen = False
            self._sandbox.thaw()
        if self._api.waiting:
            return True
        late = self._loop.call_later(seconds, _expire, self._api, int(seconds))
        try:
            asks = await self._api.asks()
        finally:
            late.cancel()
        if not asks:
            await self._end_runtime()
        return asks

    def _milliseconds_since(self, began: float) -> float:
        """By the machine's clock, as the loop's knows whole milliseconds only."""
        return max(self._clock.machine_time() - began, 0.0) * 1000

    def _memory(self) -> int:
        now = self._loop.time()
        if self._sandbox is not None and self._sandbox.alive and now - self._looked_at > _MEMORY_LOOK_SECONDS:
            self._looked_at = now
            self.used_bytes = self._sandbox.peak_memory_bytes()
        return self.used_bytes

    def _freeze(self) -> None:
        self._freezing = None
        if self._busy or self._sandbox is None or not self._sandbox.alive:
            return
        left = self._last_busy + _FREEZE_AFTER_SECONDS - self._loop.time()
        if left > 0 or not self._api.waiting:
            self._freezing = self._loop.call_later(max(left, _FREEZE_AFTER_SECONDS), self._freeze)
        else:
            self._frozen = True
            self._sandbox.freeze()


def _expire(api: RuntimeApi, seconds: int) -> None:
    api.end(invocations.timed_out(api.request_id, seconds))
