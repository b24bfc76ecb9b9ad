"""An invocation on its way into an environment, and what came of it.

Plain values; the documents are the ones that AWS answers when a function does not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.core.sandbox import Exit
    from cloudlet.services.lambda_.invoke.streaming import ResponseStream

RESPONSE_LIMIT_BYTES: Final = 6_291_556
# As Go's syscall package names them, which AWS's supervisor is written in.
_SIGNALS: Final = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    5: "trace/breakpoint trap",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    10: "user defined signal 1",
    11: "segmentation fault",
    12: "user defined signal 2",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
    31: "bad system call",
}


class Invocation(Struct, frozen=True):
    """One event for a function."""

    request_id: str
    function_arn: str
    """As the caller named it."""
    payload: bytes
    trace_id: str
    client_context: str | None = None
    tail: bool = False
    """Whether the caller wants to see the end of the log."""
    tenant_id: str | None = None
    """For whom it is, where the function keeps its tenants apart."""
    stream: ResponseStream | None = None
    """Where an answer goes that the runtime streams; without one it is gathered."""


class Reply(Struct, frozen=True):
    """What a runtime answered, or what is answered in its place."""

    payload: bytes
    error_type: str | None = None
    """None where the function succeeded."""
    status: str | None = None
    """What the REPORT line says of it, where it says anything: timeout or error."""
    message: str | None = None
    """What the log says of it beside."""


class Outcome(Struct, frozen=True):
    """What the caller gets."""

    payload: bytes
    failed: bool
    milliseconds: float = 0.0
    """How long the function ran, without its initialization."""
    log: bytes | None = None
    """The last 4 KB of the invocation's log, where they were wanted."""


def timed_out(request_id: str, seconds: int) -> Reply:
    """The reply of a function that ran beyond its time."""
    text = f"Task timed out after {seconds:.2f} seconds"
    payload = document("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}")
    return Reply(payload, "Sandbox.Timedout", "timeout", text)


def exited(request_id: str, end: Exit) -> Reply:
    """The reply of a function whose process ended."""
    kind = "Runtime.OutOfMemory" if end.out_of_memory else "Runtime.ExitError"
    if end.not_started is not None:
        kind = "Runtime.InvalidEntrypoint"
    text = f"RequestId: {request_id} Error: {_how(end)}"
    return Reply(document(kind, text), kind, "error", f"{text}\n{kind}")


def too_large(limit_bytes: int = RESPONSE_LIMIT_BYTES) -> Reply:
    """The reply of a function that answered more than may be answered."""
    kind = "Function.ResponseSizeTooLarge"
    text = f"Response payload size exceeded maximum allowed payload size ({limit_bytes} bytes)."
    payload = json.dumps({"errorMessage": text, "errorType": kind}, separators=(",", ":")).encode()
    return Reply(payload, kind)


def document(error_type: str, message: str) -> bytes:
    """An error document of Lambda's own, its members in AWS's order."""
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()


def _how(end: Exit) -> str:
    if end.not_started is not None:
        return end.not_started
    if end.out_of_memory:
        return "Runtime exited with error: signal: killed"
    if end.signal is not None:
        return f"Runtime exited with error: signal: {_SIGNALS.get(end.signal, f'signal {end.signal}')}"
    if end.status:
        return f"Runtime exited with error: exit status {end.status}"
    return "Runtime exited without providing a reason"
