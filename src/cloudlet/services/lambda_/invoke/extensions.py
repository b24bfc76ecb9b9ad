"""The Extensions API: programs beside the runtime that hear of its invocations and of its end.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html. It starts no process; what they are
told of logs is telemetry.py's.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from cloudlet.core.http import HttpResponse, RequestEntityTooLarge
from cloudlet.services.lambda_.invoke.invocation import Reply, document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudlet.core.http import Headers, HttpRequest
    from cloudlet.core.ids import Ids
    from cloudlet.core.sandbox import Exit
    from cloudlet.services.lambda_.invoke.invocation import Invocation
    from cloudlet.services.lambda_.invoke.telemetry import Telemetry

ROOT: Final = "/2020-01-01/extension/"
INVOKE: Final = "INVOKE"
SHUTDOWN: Final = "SHUTDOWN"
_MOST: Final = 10
_LARGEST_BYTES: Final = 1 << 18
_IDENTIFIER: Final = "lambda-extension-identifier"
_JSON: Final = [("Content-Type", "application/json")]


class Registered(Struct, frozen=True):
    """What an extension is told of its function."""

    name: str
    version: str
    handler: str
    account: str


class _Extension(Struct):
    """One that has registered."""

    id: str
    name: str
    external: bool
    events: tuple[str, ...]
    inbox: deque[dict[str, Any]] = field(default_factory=deque)
    waiting: asyncio.Future[None] | None = None
    ended: bool = False

    @property
    def idle(self) -> bool:
        return self.ended or (self.waiting is not None and not self.inbox)


class Extensions:
    """The extensions of one environment's processes."""

    def __init__(
        self,
        launched: tuple[str, ...],
        function: Registered,
        ids: Ids,
        telemetry: Telemetry,
        fail: Callable[[Reply], None],
    ) -> None:
        self._launched = launched
        self._function = function
        self._ids = ids
        self._telemetry = telemetry
        self._fail = fail
        self._all: dict[str, _Extension] = {}
        self._changed = asyncio.Event()
        self._closed = False
        self.request_id = ""
        """The invocation under way, for what is told of a failure."""

    @property
    def any(self) -> bool:
        """Whether there are extensions, or will be."""
        return bool(self._launched or self._all)

    @property
    def idle(self) -> bool:
        """Whether all of them wait for an event."""
        return all(extension.idle for extension in self._all.values())

    @property
    def ready(self) -> list[tuple[str, tuple[str, ...]]]:
        """The names of those that have registered, and what they want to hear of."""
        return [(extension.name, extension.events) for extension in self._all.values()]

    async def all_registered(self) -> None:
        """Returns once every program that was started has registered."""
        await self._until(lambda: set(self._launched) <= {each.name for each in self._all.values()})

    async def all_idle(self) -> None:
        """Returns once all wait for an event; no other registers from then on."""
        await self._until(lambda: self.idle)
        self.close_registration()

    def close_registration(self) -> None:
        """The initialization is over: nobody registers or subscribes any more."""
        self._closed = True
        self._telemetry.close_registration()

    def invoke(self, invocation: Invocation, deadline_ms: int) -> None:
        """Tells of an invocation."""
        self.request_id = invocation.request_id
        event = {
            "eventType": INVOKE,
            "deadlineMs": deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.function_arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
        }
        self._tell(INVOKE, event)

    def shut_down(self, reason: str, deadline_ms: int) -> bool:
        """Tells of the end; whether anybody wants to know."""
        event = {"eventType": SHUTDOWN, "shutdownReason": reason, "deadlineMs": deadline_ms}
        return self._tell(SHUTDOWN, event)

    async def all_ended(self) -> None:
        """Returns once those have ended that were told of the end."""
        await self._until(lambda: all(each.ended for each in self._all.values() if SHUTDOWN in each.events))

    def ended(self, name: str, end: Exit) -> None:
        """One of the programs has ended, which none should before it is told to."""
        for extension in self._all.values():
            if extension.name == name:
                extension.ended = True
        self._changed.set()
        how = f"exit code {end.status}" if end.status is not None else f"signal {end.signal}"
        self._crash("Extension.Crash", how)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answers an extension."""
        path = request.path.removeprefix(ROOT)
        if path == "register" and request.method == "POST":
            return await self._register(request)
        extension = self.find(request)
        if extension is None:
            return unknown(request)
        if path == "event/next" and request.method == "GET":
            return await self._next(extension)
        if path in ("init/error", "exit/error") and request.method == "POST":
            kind = request.header("lambda-extension-function-error-type") or "Extension.UnknownError"
            self._crash(kind, f"the extension {extension.name} gave up")
            return HttpResponse(202, list(_JSON), b'{"status":"OK"}\n')
        return refusal(404, "NotFound", "404 page not found")

    def find(self, request: HttpRequest) -> _Extension | None:
        """Who asks, by the identifier that registering gave."""
        return self._all.get(request.header(_IDENTIFIER) or "")

    async def _register(self, request: HttpRequest) -> HttpResponse:
        name = request.header("lambda-extension-name")
        wanted = await read_json(request)
        if not name:
            return refusal(403, "Extension.InvalidExtensionName", "Extension name is missing or invalid")
        if wanted is None or not isinstance(wanted.get("events", []), list):
            return refusal(400, "InvalidRequestFormat", "Request could not be parsed")
        external = name in self._launched
        events = tuple(str(event) for event in wanted.get("events", []))
        trouble = self._trouble(name, events, external=external)
        if trouble is not None:
            return trouble
        extension = _Extension(self._ids.uuid(), name, external, events)
        self._all[extension.id] = extension
        self._changed.set()
        function = self._function
        answer = {
            "functionName": function.name,
            "functionVersion": function.version,
            "handler": function.handler,
        }
        if "accountId" in (request.header("lambda-extension-accept-feature") or ""):
            answer["accountId"] = function.account
        headers: Headers = [*_JSON, ("Lambda-Extension-Identifier", extension.id)]
        return HttpResponse(200, headers, json.dumps(answer).encode())

    def _trouble(self, name: str, events: tuple[str, ...], *, external: bool) -> HttpResponse | None:
        if any(each.name == name for each in self._all.values()):
            return refusal(403, "Extension.AlreadyRegistered", "Extension with this name already registered")
        if self._closed:
            return refusal(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if len(self._all) >= _MOST:
            text = f"Extension limit ({_MOST}) reached"
            return refusal(403, "Extension.TooManyExtensions", text)
        wrong = [event for event in events if event not in (INVOKE, SHUTDOWN)]
        if wrong:
            return refusal(400, "Extension.InvalidEventType", f"{wrong[0]}: ErrorInvalidEventType")
        if SHUTDOWN in events and not external:
            text = "SHUTDOWN: ErrorShutdownEventNotSupportedForInternalExtension"
            return refusal(400, "Extension.InvalidEventType", text)
        return None

    async def _next(self, extension: _Extension) -> HttpResponse:
        if extension.waiting is not None:
            text = "Extension is waiting for an event already"
            return refusal(403, "Extension.InvalidExtensionState", text)
        while not extension.inbox:
            extension.waiting = asyncio.get_running_loop().create_future()
            self._changed.set()
            try:
                await extension.waiting
            finally:
                extension.waiting = None
        event = extension.inbox.popleft()
        headers: Headers = [*_JSON, ("Lambda-Extension-Event-Identifier", self._ids.uuid())]
        return HttpResponse(200, headers, json.dumps(event).encode())

    def _tell(self, kind: str, event: dict[str, Any]) -> bool:
        listening = [each for each in self._all.values() if kind in each.events and not each.ended]
        for extension in listening:
            extension.inbox.append(event)
            if extension.waiting is not None and not extension.waiting.done():
                extension.waiting.set_result(None)
        return bool(listening)

    def _crash(self, kind: str, how: str) -> None:
        text = f"RequestId: {self.request_id} Error: {how}"
        self._fail(Reply(document(kind, text), kind, "error", f"{text}\n{kind}"))

    async def _until(self, fulfilled: Callable[[], bool]) -> None:
        while not fulfilled():
            self._changed.clear()
            await self._changed.wait()


async def read_json(request: HttpRequest) -> Mapping[str, Any] | None:
    """The object that a request has as its body; an empty one for none, None for what is no object."""
    try:
        content = await request.body.read(_LARGEST_BYTES)
        found = json.loads(content or b"{}")
    except (RequestEntityTooLarge, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unknown(request: HttpRequest) -> HttpResponse:
    """The answer to somebody who has not registered."""
    if request.header(_IDENTIFIER) is None:
        text = "Missing Lambda-Extension-Identifier header"
        return refusal(403, "Extension.MissingExtensionIdentifier", text)
    return refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown extension identifier")


def refusal(status: int, error_type: str, message: str) -> HttpResponse:
    """A refusal as the Extensions API words it."""
    body = {"errorMessage": message, "errorType": error_type}
    return HttpResponse(status, list(_JSON), json.dumps(body).encode())
