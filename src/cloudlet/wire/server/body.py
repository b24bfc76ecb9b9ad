"""A request body that is still arriving.

It holds a bounded number of bytes and knows no protocol: whoever feeds it is told when to go on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from cloudlet.core.http import ClientDisconnected, RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Source(Protocol):
    """Where the bytes of a body come from."""

    def body_wanted(self) -> None:
        """Somebody begins to read."""

    def body_taken(self, count: int) -> None:
        """The reader took `count` bytes, so as many may follow."""


class RequestRefused(ClientDisconnected):
    """Raised to the reader of a body whose rest breaks the rules; the server answers the client itself."""


class StreamBody:
    """The body of a request that reached its handler before its end."""

    __slots__ = (
        "_ended",
        "_error",
        "_length",
        "_pieces",
        "_source",
        "_waiter",
        "_wanted",
        "buffered",
        "unread",
    )

    def __init__(self, source: Source, length: int | None) -> None:
        self._source = source
        self._length = length
        self._pieces: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._ended = False
        self._wanted = False
        self.buffered = 0
        self.unread = False
        """Whether the handler is done with it, so that what still comes is thrown away."""

    @property
    def length(self) -> int | None:
        """The announced size in bytes; None for a chunked body."""
        return self._length

    @property
    def ended(self) -> bool:
        """Whether its last byte has arrived."""
        return self._ended

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises RequestEntityTooLarge beyond `limit_bytes`."""
        if self._length is not None and self._length > limit_bytes:
            raise RequestEntityTooLarge(limit_bytes)
        content = bytearray()
        async for piece in self.stream():
            content += piece
            if len(content) > limit_bytes:
                raise RequestEntityTooLarge(limit_bytes)
        return bytes(content)

    async def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece, with back-pressure; can be consumed once."""
        if not self._wanted:
            self._wanted = True
            self._source.body_wanted()
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self.buffered -= len(piece)
                self._source.body_taken(len(piece))
                yield piece
            if self._error is not None:
                raise self._error
            if self._ended:
                return
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def feed(self, piece: bytes) -> None:
        """Adds what has arrived."""
        if self.unread:
            self._source.body_taken(len(piece))
            return
        self._pieces.append(piece)
        self.buffered += len(piece)
        self._wake()

    def end(self) -> None:
        """Marks the body as complete."""
        self._ended = True
        self._wake()

    def fail(self, error: BaseException) -> None:
        """Lets the reader see, after what has arrived, why the rest never will."""
        if not self._ended and self._error is None:
            self._error = error
            self._wake()

    def discard(self) -> None:
        """Throws away what is there and what still comes: nobody will read it."""
        self.unread = True
        taken, self.buffered = self.buffered, 0
        self._pieces.clear()
        if taken:
            self._source.body_taken(taken)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
