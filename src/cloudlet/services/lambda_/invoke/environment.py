"""One execution environment: a sandbox, its runtime's state, its log. It runs one event at a time.

Which environment runs which event is the pool's business.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.services.lambda_ import runtimes
from cloudlet.services.lambda_.invoke import debugging, extensions, telemetry
from cloudlet.services.lambda_.invoke import invocation as invocations
from cloudlet.services.lambda_.invoke.extensions import Extensions
from cloudlet.services.lambda_.invoke.invocation import Outcome
from cloudlet.services.lambda_.invoke.journal import EventJournal
from cloudlet.services.lambda_.invoke.runtime_api import RuntimeApi
from cloudlet.services.lambda_.invoke.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest, HttpResponse
    from cloudlet.core.sandbox import Sandbox, SandboxSpec, Tmp
    from cloudlet.services.lambda_.invoke.extensions import Registered
    from cloudlet.services.lambda_.invoke.invocation import Invocation, Reply
    from cloudlet.services.lambda_.invoke.journal import Journal
    from cloudlet.services.lambda_.invoke.logs import LogStream

INIT_SECONDS: Final = 10.0
INIT_CORES: Final = 2.0
PROVISIONED: Final = "provisioned-concurrency"
"""The initialization type of environments that are made before anybody calls."""
_FREEZE_AFTER_SECONDS: Final = 0.02
_MEMORY_LOOK_SECONDS: Final = 0.25
_SHUTDOWN_SECONDS: Final = 2.0


class Plan(Struct, frozen=True):
    """All that an environment is made from."""

    id: str
    generation: str
    spec: SandboxSpec
    """With the processors of the initialization; afterwards it is `cores`."""
    cores: float
    timeout_seconds: int
    runtime: str
    runtime_version: str
    runtime_version_arn: str
    expires_at: float
    """When its role's session ends, on the cloud's clock."""
    log: LogStream
    journal: Journal
    initialization_type: str
    memory_mb: int
    function: Registered
    tenant_id: str | None = None
    """The only tenant that it serves, where the function keeps them apart."""
    debug_port: int | None = None
    """Where its debugger is reached; one that is debugged has all the time there is, and is never frozen."""


class Environment:
    """An execution environment."""

    def __init__(self, plan: Plan, cloud: Cloud) -> None:
        self.plan = plan
        self.idle_since = 0.0
        """On the cloud's clock."""
        self.used_bytes = 0
        self._cloud = cloud
        self._clock = cloud.clock
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi()
        self._telemetry = Telemetry(cloud.clock)
        self._extensions = self._new_extensions()
        self._journals: tuple[Journal, ...] = (plan.journal,)
        self._runtime_ended = False
        self._sandbox: Sandbox | None = None
        self._watching: asyncio.Task[None] | None = None
        self._watching_extensions: asyncio.Task[None] | None = None
        self._busy = False
        self._frozen = False
        self._freezing: asyncio.TimerHandle | None = None
        self._last_busy = 0.0
        self._looked_at = 0.0
        self._init_milliseconds: float | None = None
        self._milliseconds = 0.0
        self._initialized_once = False
        self._tmp: Tmp | None = None

    @property
    def alive(self) -> bool:
        """Whether it can take an event."""
        return self._sandbox is not None and self._sandbox.alive and not self._api.over.done()

    @property
    def reusable(self) -> bool:
        """Whether it can take an event, if need be by a new process with the /tmp of the one that ended.

        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-invoke
        """
        kept = self._tmp is not None and self.plan.initialization_type != PROVISIONED
        return self.alive or (self._initialized_once and kept)

    async def run(self, invocation: Invocation) -> Outcome:
        """Runs one event; a new environment initializes first. Raises SandboxError."""
        log = self.plan.log
        self._busy = True
        if not (self.alive or self._initialized_once):
            await self.initialize()
        if invocation.tail:
            log.keep_tail()
        reply = await self._invoke(invocation)
        tail = log.take_tail() if invocation.tail else None
        return Outcome(reply.payload, reply.error_type is not None, self._milliseconds, tail)

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
        await self._end_runtime("SPINDOWN")
        if self._tmp is not None:
            self._tmp.close()

    async def initialize(self) -> bool:
        """The init phase; whether it succeeded. A failed one is tried again in an invocation, as at AWS."""
        plan = self.plan
        began = self._clock.machine_time()
        plan.journal.init_started(plan.runtime_version, plan.runtime_version_arn)
        seconds = INIT_SECONDS if plan.debug_port is None else float(plan.timeout_seconds)
        failure = await self._start_runtime(seconds, "")
        milliseconds = self._milliseconds_since(began)
        if failure is None:
            self._init_milliseconds = milliseconds
            self._initialized_once = True
            for journal in self._journals:
                for name, events in self._extensions.ready:
                    journal.extension(name, "Ready", events)
                journal.initialized(milliseconds)
        else:
            for journal in self._journals:
                journal.init_failed(milliseconds, failure, "init")
            await self._end_runtime()
        return failure is None

    async def _start_runtime(self, seconds: float, request_id: str) -> Reply | None:
        """Starts a process and waits until it asks for an event; why it will not, or None."""
        plan = self.plan
        api = self._api = RuntimeApi(request_id)
        self._telemetry = Telemetry(self._clock)
        self._extensions = self._new_extensions()
        self._frozen = self._runtime_ended = False
        self._watch_telemetry()
        former, self._tmp = self._tmp, None
        try:
            sandbox = self._sandbox = await self._cloud.sandboxes.start(
                plan.spec,
                runtime_api=self._handle,
                output=plan.log.write,
                output_of_extensions=lambda piece: plan.log.write(piece, "extension"),
                tmp=former,
            )
        finally:
            if former is not None:
                former.close()
        self._telemetry.reach_by(sandbox.send)
        if not request_id:
            self._tell_of_stand_in()
        if plan.debug_port is not None:
            await self._open_debugger(sandbox, plan.debug_port)
        self._watching = self._loop.create_task(self._watch(sandbox, api))
        if plan.spec.extensions:
            self._watching_extensions = self._loop.create_task(self._watch_extensions(sandbox))
        late = self._loop.call_later(seconds, _expire, api, int(seconds))
        try:
            failure = await self._initialized(sandbox, api)
        finally:
            late.cancel()
        if failure is None:
            sandbox.limit_cpu(plan.cores)
            if not self._extensions.any:
                self._watch_no_telemetry()
            self._tmp = sandbox.take_tmp()
        return failure

    async def _open_debugger(self, sandbox: Sandbox, port: int) -> None:
        try:
            await sandbox.open_port(port, debugging.inside())
        except OSError as error:
            self.plan.log.say(f"cloudlet: no debugger can be reached at port {port}: {error}.\n")
        else:
            self.plan.log.say(f"cloudlet: a debugger is reached at 127.0.0.1:{port}.\n")

    def _tell_of_stand_in(self) -> None:
        spec = self.plan.spec
        version = self._cloud.sandboxes.interpreter(spec.runtime, spec.release)
        told = runtimes.stands_in(self.plan.runtime, version)
        if told is not None:
            self.plan.log.say(f"cloudlet: {told}.\n")

    async def _initialized(self, sandbox: Sandbox, api: RuntimeApi) -> Reply | None:
        """Waits until extensions and runtime ask for an event; why they will not, or None."""
        if self.plan.spec.extensions:
            await self._unless_over(api, self._extensions.all_registered())
            if not api.over.done():
                await sandbox.release()
        failure = await api.initialized
        if failure is None and self._extensions.any:
            await self._unless_over(api, self._extensions.all_idle())
            failure = api.over.result() if api.over.done() else None
        return failure

    async def _unless_over(self, api: RuntimeApi, wanted: Coroutine[Any, Any, None]) -> None:
        """Waits for something that does not come once the runtime has ended."""
        waiting = self._loop.create_task(wanted)
        try:
            await asyncio.wait((waiting, api.over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def _new_extensions(self) -> Extensions:
        plan = self.plan
        return Extensions(
            plan.spec.extensions,
            plan.function,
            self._cloud.ids,
            self._telemetry,
            lambda reply: self._api.end(reply),
        )

    async def _handle(self, request: HttpRequest) -> HttpResponse:
        """Answers whoever asks inside: the runtime, extensions."""
        if request.path.startswith(extensions.ROOT):
            return await self._extensions.handle(request)
        if request.path in (telemetry.TELEMETRY, telemetry.LOGS):
            return await self._subscribe(request)
        return await self._api.handle(request)

    async def _subscribe(self, request: HttpRequest) -> HttpResponse:
        extension = self._extensions.find(request)
        if extension is None:
            return extensions.unknown(request)
        wanted = await extensions.read_json(request)
        if request.method != "PUT" or wanted is None:
            return extensions.refusal(400, "ValidationError", "Request could not be parsed")
        answer = self._telemetry.subscribe(extension.name, request.path, wanted)
        if answer.status == HTTPStatus.OK:
            api = "TELEMETRY" if request.path == telemetry.TELEMETRY else "LOGS"
            for journal in self._journals:
                journal.subscribed(extension.name, api, wanted["types"])
        return answer

    def _watch_telemetry(self) -> None:
        """Has everything told that extensions may subscribe to."""
        plan = self.plan
        told = EventJournal(
            self._telemetry.event,
            self._clock,
            plan.function.version,
            plan.memory_mb,
            level="DEBUG",
            initialization_type=plan.initialization_type,
            tenant_id=plan.tenant_id,
        )
        if len(self._journals) == 1:
            told.init_started(plan.runtime_version, plan.runtime_version_arn)
        self._journals = (plan.journal, told)
        plan.log.listener = self._telemetry.line

    def _watch_no_telemetry(self) -> None:
        """Nobody has registered who could subscribe, and nobody may any more."""
        self._journals = (self.plan.journal,)
        self.plan.log.listener = None
        self._extensions.close_registration()

    async def _end_runtime(self, reason: str = "FAILURE") -> None:
        sandbox = self._sandbox
        if sandbox is None or self._watching is None:
            return
        if sandbox.alive and self._extensions.any:
            await self._shut_down(sandbox, reason)
        sandbox.kill()
        await self._watching
        await sandbox.wait()
        if self._watching_extensions is not None:
            self._watching_extensions.cancel()

    async def _shut_down(self, sandbox: Sandbox, reason: str) -> None:
        """Gives extensions, and a runtime beside them, time to end by themselves.

        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
        """
        if self._frozen:
            self._frozen = False
            sandbox.thaw()
        deadline_ms = int((self._clock.machine_time() + _SHUTDOWN_SECONDS) * 1000)
        if not self._runtime_ended:
            sandbox.terminate()
        await self._telemetry.flush()
        if self._extensions.shut_down(reason, deadline_ms):
            try:
                async with asyncio.timeout(_SHUTDOWN_SECONDS):
                    await self._extensions.all_ended()
            except TimeoutError:
                pass  # they had their time
        self._telemetry.close()

    async def _watch(self, sandbox: Sandbox, api: RuntimeApi) -> None:
        end = await sandbox.wait_for_runtime()
        self._runtime_ended = True
        self.used_bytes = sandbox.peak_memory_bytes()
        api.end(invocations.exited(api.request_id, end))

    async def _watch_extensions(self, sandbox: Sandbox) -> None:
        while True:
            name, end = await sandbox.wait_for_extension()
            self._extensions.ended(name, end)

    async def _invoke(self, invocation: Invocation) -> Reply:
        for journal in self._journals:
            journal.started(invocation.request_id)
        began = self._clock.machine_time()
        reply = await self._reply(invocation)
        milliseconds = self._milliseconds = self._milliseconds_since(began)
        # What the function wrote before it answered is in its pipe: one turn of the loop reads it.
        await asyncio.sleep(0)
        memory = self._memory()
        for journal in self._journals:
            journal.ended(invocation.request_id, reply, milliseconds, self._init_milliseconds, memory)
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
        self._extensions.invoke(invocation, deadline_ms)
        late = self._loop.call_later(left, _expire, self._api, seconds)
        try:
            reply = await answered
        finally:
            late.cancel()
        if reply.status is not None:
            await self._end_runtime("TIMEOUT" if reply.status == "timeout" else "FAILURE")
        return reply

    async def _ready(self, seconds: float) -> bool:
        """Whether the runtime takes an event; it may still be busy with what follows its last answer."""
        if not self.alive or self._sandbox is None:
            return False
        if self._frozen:
            self._frozen = False
            self._sandbox.thaw()
        if self._api.waiting and self._extensions.idle:
            return True
        late = self._loop.call_later(seconds, _expire, self._api, int(seconds))
        try:
            asks = await self._api.asks()
            if asks and not self._extensions.idle:
                await self._unless_over(self._api, self._extensions.all_idle())
                asks = not self._api.over.done()
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
        if self._busy or self._sandbox is None or not self._sandbox.alive or self.plan.debug_port:
            return
        left = self._last_busy + _FREEZE_AFTER_SECONDS - self._loop.time()
        if left > 0 or not self._api.waiting or not self._extensions.idle:
            self._freezing = self._loop.call_later(max(left, _FREEZE_AFTER_SECONDS), self._freeze)
        else:
            self._frozen = True
            self._sandbox.freeze()


def _expire(api: RuntimeApi, seconds: int) -> None:
    api.end(invocations.timed_out(api.request_id, seconds))
