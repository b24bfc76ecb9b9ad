"""An answer on its way from the runtime to a caller who wants it piece by piece.

It holds a bounded number of bytes: the runtime is read no faster than the caller reads. It knows neither.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STREAM_LIMIT_BYTES: Final = 200 << 20
_HELD_BYTES: Final = 1 << 20


class ResponseStream:
    """The pieces of one answer."""

    def __init__(self) -> None:
        self.content_type = ""
        """As the runtime said it; known once the stream has begun."""
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self.begun = False
        """Whether the runtime streams: what the invocation comes to is then at most an error's text."""
        self._ended = False
        self._unread = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def begin(self, content_type: str) -> None:
        """Says that the runtime streams."""
        self.content_type = content_type
        self.begun = True
        self._changed.set()

    async def put(self, piece: bytes) -> None:
        """Adds a piece, once there is room for it."""
        await self._room.wait()
        if self._unread:
            return
        self._pieces.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes >= _HELD_BYTES:
            self._room.clear()
        self._changed.set()

    def end(self) -> None:
        """Says that no piece follows."""
        self._ended = True
        self._changed.set()

    def abandon(self) -> None:
        """Says that nobody reads any more; the function runs on."""
        self._unread = True
        self._pieces.clear()
        self._room.set()

    async def begun_before(self, running: asyncio.Future[Any]) -> bool:
        """Whether pieces may come; False if the invocation ended without."""
        running.add_done_callback(lambda _: self.end())
        while not self.begun and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        return self.begun

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces as they come, until the end."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._held_bytes -= len(piece)
                if self._held_bytes < _HELD_BYTES:
                    self._room.set()
                yield piece
            if self._ended:
                return
            self._changed.clear()
            await self._changed.wait()
