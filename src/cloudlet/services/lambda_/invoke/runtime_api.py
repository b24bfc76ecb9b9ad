"""The Runtime API, as one runtime process sees it: next, response, error, init/error and restore/*.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. It knows one process and no pool.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import ClientDisconnected, HttpResponse, RequestEntityTooLarge
from cloudlet.services.lambda_.invoke import invocation as invocations
from cloudlet.services.lambda_.invoke.invocation import RESPONSE_LIMIT_BYTES, Invocation, Reply
from cloudlet.services.lambda_.invoke.streaming import STREAM_LIMIT_BYTES

if TYPE_CHECKING:
    from cloudlet.core.http import Headers, HttpRequest

_ROOT: Final = "/2018-06-01/runtime/"
_INVOCATION: Final = f"{_ROOT}invocation/"
_NEXT: Final = f"{_INVOCATION}next"
_INIT_ERROR: Final = f"{_ROOT}init/error"
_RESTORE_NEXT: Final = f"{_ROOT}restore/next"
_RESTORE_ERROR: Final = f"{_ROOT}restore/error"
_JSON: Final = [("Content-Type", "application/json")]
_ACCEPTED: Final = b'{"status":"OK"}\n'


class RuntimeApi:
    """One runtime process: what it has been given, and what it answered."""

    def __init__(self, request_id: str = "") -> None:
        self._loop = asyncio.get_running_loop()
        self.request_id = request_id
        """The invocation that it works on, or that waits for its initialization."""
        self.initialized: asyncio.Future[Reply | None] = self._loop.create_future()
        """None once the runtime asks for its first event; before that, why it never will."""
        self.over: asyncio.Future[Reply] = self._loop.create_future()
        """Why no event is taken any more, once that is so."""
        self._asking: asyncio.Future[None] | None = None
        self._given: tuple[Invocation, int] | None = None
        self._invocation: Invocation | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._ready: asyncio.Future[bool] | None = None

    @property
    def waiting(self) -> bool:
        """Whether the runtime waits for an event, so that it may be frozen."""
        return self._asking is not None

    async def asks(self) -> bool:
        """Waits until the runtime asks for an event; False if it ends before that."""
        if self._asking is not None:
            return True
        self._ready = self._loop.create_future()
        return await self._ready

    def give(self, invocation: Invocation, deadline_ms: int) -> asyncio.Future[Reply]:
        """Hands the runtime an event; what it will have answered."""
        self._given = (invocation, deadline_ms)
        self._invocation = invocation
        self.request_id = invocation.request_id
        self._reply = self._loop.create_future()
        if self._asking is not None and not self._asking.done():
            self._asking.set_result(None)
        return self._reply

    def end(self, reply: Reply) -> None:
        """Answers in the place of a runtime that will not."""
        if not self.over.done():
            self.over.set_result(reply)
        if not self.initialized.done():
            self.initialized.set_result(reply)
        self._answer(reply)
        self._tell_ready(asking=False)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answers the runtime."""
        path = request.path
        if path == _NEXT and request.method == "GET":
            return await self._next()
        if path == _RESTORE_NEXT and request.method == "GET":
            # Nothing is frozen into a snapshot: what would follow a restore follows the initialization.
            return HttpResponse(200)
        if request.method != "POST":
            return _refusal(404, "NotFound", "404 page not found")
        if path in (_INIT_ERROR, _RESTORE_ERROR):
            return await self._init_error(request)
        if path.startswith(_INVOCATION):
            request_id, _, kind = path[len(_INVOCATION) :].partition("/")
            if kind in ("response", "error"):
                return await self._result(request, request_id, kind)
        return _refusal(404, "NotFound", "404 page not found")

    async def _next(self) -> HttpResponse:
        if not self.initialized.done():
            self.initialized.set_result(None)
        while self._given is None:
            self._asking = self._loop.create_future()
            self._tell_ready(asking=True)
            try:
                await self._asking
            finally:
                self._asking = None
        (invocation, deadline_ms), self._given = self._given, None
        return HttpResponse(200, _headers(invocation, deadline_ms), invocation.payload)

    async def _result(self, request: HttpRequest, request_id: str, kind: str) -> HttpResponse:
        if request_id != self.request_id or self._given is not None:
            return _refusal(400, "InvalidRequestID", "Invalid request ID")
        if kind == "response" and request.header("lambda-runtime-function-response-mode") == "streaming":
            return await self._streamed(request)
        try:
            body = await request.body.read(RESPONSE_LIMIT_BYTES)
        except RequestEntityTooLarge:
            self._answer(invocations.too_large())
            return _refusal(
                413,
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).",
            )
        if self._reply is None or self._reply.done():
            return _given_before()
        if kind == "response":
            self._answer(Reply(body))
        else:
            self._answer(Reply(body, _error_type(request)))
        return HttpResponse(202, _JSON, _ACCEPTED)

    async def _streamed(self, request: HttpRequest) -> HttpResponse:
        """Takes an answer that comes in pieces, and after them perhaps the word that it failed.

        https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
        """
        if self._reply is None or self._reply.done():
            return _given_before()
        try:
            content, small = await self._pass_on(request)
        except ClientDisconnected:
            return _refusal(400, "StreamInterrupted", "The response ended before its end.")
        limit_bytes = RESPONSE_LIMIT_BYTES if content is not None else STREAM_LIMIT_BYTES
        if not small:
            self._answer(invocations.too_large(limit_bytes))
            text = f"Exceeded maximum allowed payload size ({limit_bytes} bytes)."
            return _refusal(413, "RequestEntityTooLarge", text)
        self._answer(_streamed_reply(request, content))
        return HttpResponse(202, _JSON, _ACCEPTED)

    async def _pass_on(self, request: HttpRequest) -> tuple[bytes | None, bool]:
        """Hands pieces to a caller who wants them, or gathers them; and whether they were not too many."""
        stream = None if self._invocation is None else self._invocation.stream
        if stream is None:
            try:
                return await request.body.read(RESPONSE_LIMIT_BYTES), True
            except RequestEntityTooLarge:
                return b"", False
        stream.begin(request.header("content-type") or "application/octet-stream")
        size = 0
        async for piece in request.body.stream():
            size += len(piece)
            if size > STREAM_LIMIT_BYTES:
                return None, False
            await stream.put(piece)
        return None, True

    async def _init_error(self, request: HttpRequest) -> HttpResponse:
        try:
            body = await request.body.read(RESPONSE_LIMIT_BYTES)
        except RequestEntityTooLarge:
            body = invocations.too_large().payload
        kind = _error_type(request)
        reply = Reply(body, kind, "error")
        if self.initialized.done():
            return _refusal(403, "InvalidStateTransition", "State transition is not allowed: init has ended.")
        self.initialized.set_result(reply)
        self._answer(reply)
        if not self.over.done():
            self.over.set_result(reply)
        return HttpResponse(202, _JSON, _ACCEPTED)

    def _tell_ready(self, *, asking: bool) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(asking)

    def _answer(self, reply: Reply) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)


def _headers(invocation: Invocation, deadline_ms: int) -> Headers:
    headers = [
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id),
    ]
    if invocation.client_context is not None:
        headers.append(("Lambda-Runtime-Client-Context", invocation.client_context))
    if invocation.tenant_id is not None:
        headers.append(("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id))
    return headers


def _streamed_reply(request: HttpRequest, content: bytes | None) -> Reply:
    """What a stream came to, by the lines that followed it."""
    trailers = {name.lower(): value for name, value in request.trailers or ()}
    error_type = trailers.get("lambda-runtime-function-error-type")
    if error_type is None:
        return Reply(content or b"")
    try:
        payload = base64.b64decode(trailers.get("lambda-runtime-function-error-body", ""), validate=True)
    except binascii.Error:
        payload = invocations.document(error_type, "")
    return Reply(payload, error_type)


def _given_before() -> HttpResponse:
    return _refusal(403, "InvalidStateTransition", "State transition is not allowed: the response was given.")


def _error_type(request: HttpRequest) -> str:
    return request.header("lambda-runtime-function-error-type") or "Function.Unknown"


def _refusal(status: int, error_type: str, message: str) -> HttpResponse:
    return HttpResponse(
        status, _JSON, json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    )
