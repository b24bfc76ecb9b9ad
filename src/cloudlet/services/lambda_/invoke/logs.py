"""A function's log, and its delivery to CloudWatch Logs under the function's role.

Lines wait in memory and are delivered in batches: no invocation waits for its log. A role that may not write
its log loses it silently, as in AWS.
"""

from __future__ import annotations

import base64
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import AccessDenied, NotImplementedHere, ServiceError
from cloudlet.core.log_events import HeldLines, batches_of, make_group, make_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.call import Call, Cloud
    from cloudlet.core.clock import Clock

_TAIL_BYTES: Final = 4096
_TAIL_LINES: Final = 4096
_HELD_LIMIT_BYTES: Final = 32 << 20
_LOG: Final = logging.getLogger("cloudlet.lambda")


class LogDelivery:
    """Brings the lines of all environments to CloudWatch Logs. A component and, by run(), a worker's body."""

    name: Final = "lambda-logs"

    def __init__(self, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._held: HeldLines[LogStream] = HeldLines("functions", _HELD_LIMIT_BYTES)

    async def close(self) -> None:
        """Delivers what is left."""
        await self.deliver()

    def add(self, stream: LogStream, message: str) -> None:
        """Takes a line of an environment; beyond the bound it is counted and lost."""
        self._held.add(stream, self._clock.time(), message)

    async def run(self) -> None:
        """Delivers, a little after there is something."""
        while True:
            await self._held.gather()
            await self.deliver()

    async def deliver(self) -> None:
        """Delivers all that is held now."""
        for stream, lines in self._held.take().items():
            for batch in batches_of(lines):
                await _put(stream, batch)


class LogStream:
    """One environment's log stream."""

    def __init__(self, delivery: LogDelivery, clock: Clock, call: Call, group: str, name: str) -> None:
        self._delivery = delivery
        self._clock = clock
        self.call = call
        """Made as the function's role."""
        self.group = group
        self.name = name
        self._tail: deque[str] | None = None
        self.listener: Callable[[str, str], None] | None = None
        """Gets what the function or an extension writes beside."""

    def write(self, piece: bytes, kind: str = "function") -> None:
        """Takes what the function wrote: a line without its end, or a message of the framed log."""
        text = piece.decode("utf-8", "replace")
        if self.listener is not None:
            self.listener(kind, text)
        # A line has no break in it, so what has one came framed, and whole.
        self.say(text if "\n" in text else f"{text}\n")

    def say(self, message: str) -> None:
        """Writes a message."""
        if self._tail is not None:
            self._tail.append(message)
        self._delivery.add(self, message)

    def keep_tail(self) -> None:
        """Keeps what follows, for take_tail()."""
        self._tail = deque(maxlen=_TAIL_LINES)

    def take_tail(self) -> bytes:
        """The last 4 KB since keep_tail(), in base64."""
        pieces, self._tail = self._tail or (), None
        text = "".join(piece if piece.endswith("\n") else f"{piece}\n" for piece in pieces)
        return base64.b64encode(text.encode()[-_TAIL_BYTES:])


async def _put(stream: LogStream, batch: list[dict[str, Any]]) -> None:
    """Puts a batch, making stream and group when they are missing."""
    names = {"logGroupName": stream.group, "logStreamName": stream.name}
    put = {**names, "logEvents": batch}
    ask: Callable[..., Any] = stream.call.ask
    try:
        try:
            await ask("logs", "PutLogEvents", put)
        except ServiceError as error:
            if error.code != "ResourceNotFoundException":
                raise
            await _make_stream(stream)
            await ask("logs", "PutLogEvents", put)
    except (AccessDenied, NotImplementedHere) as error:
        _LOG.debug("the log of %s is not kept: %s", stream.group, error.message)
    except ServiceError as error:
        _LOG.warning("the log of %s was refused: %s", stream.group, error.message)


async def _make_stream(stream: LogStream) -> None:
    """Makes the stream, unless another environment has just made it, and its group if there is none."""
    try:
        await make_stream(stream.call, stream.group, stream.name)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        await make_group(stream.call, stream.group)
        await make_stream(stream.call, stream.group, stream.name)
