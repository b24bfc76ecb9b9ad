"""What Lambda itself tells of environments and invocations: lines of the log, and events.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html. It writes nowhere.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudlet.core.clock import Clock
    from cloudlet.services.lambda_.invoke.invocation import Reply

_LEVELS: Final = ("DEBUG", "INFO", "WARN")
_SUCCESS: Final = "success"


class Journal(Protocol):
    """Who is told."""

    def init_started(self, runtime_version: str, runtime_version_arn: str) -> None:
        """An environment begins to initialize."""

    def initialized(self, milliseconds: float) -> None:
        """An environment is ready."""

    def init_failed(self, milliseconds: float, reply: Reply, phase: str) -> None:
        """An environment could not be initialized."""

    def extension(self, name: str, state: str, events: Sequence[str]) -> None:
        """An extension takes part."""

    def subscribed(self, name: str, api: str, types: Sequence[str]) -> None:
        """An extension wants telemetry, by the API of that name."""

    def started(self, request_id: str) -> None:
        """An invocation begins."""

    def ended(
        self,
        request_id: str,
        reply: Reply,
        milliseconds: float,
        init_milliseconds: float | None,
        used_bytes: int,
    ) -> None:
        """An invocation is over."""


class TextJournal:
    """The lines that Lambda itself writes, as text."""

    def __init__(self, say: Callable[[str], None], clock: Clock, version: str, memory_mb: int) -> None:
        self._say = say
        self._clock = clock
        self._version = version
        self._memory_mb = memory_mb

    def init_started(self, runtime_version: str, runtime_version_arn: str) -> None:
        """An environment begins to initialize."""
        self._say(
            f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}\n"
        )

    def initialized(self, milliseconds: float) -> None:
        """An environment is ready, which the first invocation's report tells."""

    def init_failed(self, milliseconds: float, reply: Reply, phase: str) -> None:
        """An environment could not be initialized."""
        kind = f"\tError Type: {reply.error_type}" if reply.status == "error" else ""
        self._say(
            f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\t"
            f"Status: {reply.status}{kind}\n"
        )

    def extension(self, name: str, state: str, events: Sequence[str]) -> None:
        """An extension takes part."""
        self._say(f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{','.join(events)}]\n")

    def subscribed(self, name: str, api: str, types: Sequence[str]) -> None:
        """An extension wants telemetry."""
        told = ", ".join(each.capitalize() for each in types)
        self._say(f"{api}\tName: {name}\tState: Subscribed\tTypes: [{told}]\n")

    def started(self, request_id: str) -> None:
        """An invocation begins."""
        self._say(f"START RequestId: {request_id} Version: {self._version}\n")

    def ended(
        self,
        request_id: str,
        reply: Reply,
        milliseconds: float,
        init_milliseconds: float | None,
        used_bytes: int,
    ) -> None:
        """An invocation is over."""
        say = self._say
        if reply.message is not None:
            at = f"{stamp(self._clock.time())} {request_id} " if reply.status == "timeout" else ""
            say(f"{at}{reply.message}\n")
        say(f"END RequestId: {request_id}\n")
        billed = math.ceil(milliseconds + (init_milliseconds or 0.0))
        parts = [
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {self._memory_mb} MB\tMax Memory Used: {_megabytes(used_bytes)} MB\t"
        ]
        if init_milliseconds is not None:
            parts.append(f"Init Duration: {init_milliseconds:.2f} ms\t")
        if reply.status is not None:
            parts.append(f"Status: {reply.status}")
            if reply.status == "error":
                parts.append(f"\tError Type: {reply.error_type}")
        say("".join([*parts, "\n"]))


class EventJournal:
    """Platform events from a level on: what JSON logs show, and telemetry in full."""

    def __init__(
        self,
        tell: Callable[[dict[str, Any]], None],
        clock: Clock,
        version: str,
        memory_mb: int,
        *,
        level: str,
        initialization_type: str = "on-demand",
        tenant_id: str | None = None,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._version = version
        self._memory_mb = memory_mb
        self._level = _LEVELS.index(level)
        self._kind = {"initializationType": initialization_type}
        self._tenant = {} if tenant_id is None else {"tenantId": tenant_id}

    def init_started(self, runtime_version: str, runtime_version_arn: str) -> None:
        """An environment begins to initialize."""
        record = {"runtimeVersion": runtime_version, "runtimeVersionArn": runtime_version_arn}
        self._say("INFO", "platform.initStart", {**self._kind, "phase": "init", **record})

    def initialized(self, milliseconds: float) -> None:
        """An environment is ready."""
        self._say("DEBUG", "platform.initRuntimeDone", {**self._kind, "phase": "init", "status": _SUCCESS})
        metrics = {"durationMs": round(milliseconds, 3)}
        level = "DEBUG" if self._kind["initializationType"] == "on-demand" else "INFO"
        record = {**self._kind, "phase": "init", "status": _SUCCESS, "metrics": metrics}
        self._say(level, "platform.initReport", record)

    def init_failed(self, milliseconds: float, reply: Reply, phase: str) -> None:
        """An environment could not be initialized."""
        record: dict[str, Any] = {**self._kind, "phase": phase, "status": reply.status}
        if reply.status == "error":
            record["errorType"] = reply.error_type
        self._say("WARN", "platform.initRuntimeDone", dict(record))
        record["metrics"] = {"durationMs": round(milliseconds, 3)}
        self._say("WARN", "platform.initReport", record)

    def extension(self, name: str, state: str, events: Sequence[str]) -> None:
        """An extension takes part."""
        level = "INFO" if state == "Ready" else "WARN"
        self._say(level, "platform.extension", {"name": name, "state": state, "events": list(events)})

    def subscribed(self, name: str, api: str, types: Sequence[str]) -> None:
        """An extension wants telemetry, by the API of that name."""
        kind = "platform.telemetrySubscription" if api == "TELEMETRY" else "platform.logsSubscription"
        self._say("INFO", kind, {"name": name, "state": "Subscribed", "types": list(types)})

    def started(self, request_id: str) -> None:
        """An invocation begins."""
        self._say(
            "INFO", "platform.start", {"requestId": request_id, "version": self._version, **self._tenant}
        )

    def ended(
        self,
        request_id: str,
        reply: Reply,
        milliseconds: float,
        init_milliseconds: float | None,
        used_bytes: int,
    ) -> None:
        """An invocation is over."""
        record: dict[str, Any] = {
            "requestId": request_id,
            "status": reply.status or _SUCCESS,
            **self._tenant,
        }
        if reply.status == "error":
            record["errorType"] = reply.error_type
        duration = round(milliseconds, 3)
        done = {**record, "metrics": {"durationMs": duration, "producedBytes": len(reply.payload)}}
        self._say("DEBUG" if reply.status is None else "WARN", "platform.runtimeDone", done)
        metrics: dict[str, Any] = {
            "durationMs": duration,
            "billedDurationMs": math.ceil(milliseconds + (init_milliseconds or 0.0)),
            "memorySizeMB": self._memory_mb,
            "maxMemoryUsedMB": _megabytes(used_bytes),
        }
        if init_milliseconds is not None:
            metrics["initDurationMs"] = round(init_milliseconds, 3)
        level = "INFO" if reply.status is None else "WARN"
        self._say(level, "platform.report", {**record, "metrics": metrics})

    def _say(self, level: str, kind: str, record: dict[str, Any]) -> None:
        if _LEVELS.index(level) >= self._level:
            self._tell({"time": stamp(self._clock.time()), "type": kind, "record": record})


def stamp(seconds: float) -> str:
    """A time as log lines have it: 2024-01-31T12:00:00.000Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _megabytes(count: int) -> int:
    return math.ceil(count / (1 << 20))
