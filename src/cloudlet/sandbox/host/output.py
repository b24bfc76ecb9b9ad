"""Reading what a function writes: lines from stdout and stderr, frames from AWS's own log protocol.

Everything is bounded: a function may write what it likes, and no more of it is held here than one piece.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST_PIECE_BYTES: Final = 256 << 10  # the largest event of CloudWatch Logs
_READ_BYTES: Final = 64 << 10
_FRAME_HEADER_BYTES: Final = 16
_FRAME_MAGIC: Final = b"\xa5\x5a\x00"


class LineSplitter:
    """Cuts a stream into lines; a line that grows too long is cut where it stands."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that are complete now, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from _cut(line)
        while len(self._rest) >= LARGEST_PIECE_BYTES:
            yield self._rest[:LARGEST_PIECE_BYTES]
            self._rest = self._rest[LARGEST_PIECE_BYTES:]

    def end(self) -> Iterator[bytes]:
        """What was written after the last line's end."""
        if self._rest:
            yield self._rest
        self._rest = b""


class FrameSplitter:
    """Cuts AWS's framed log: type, length, time of writing, message. What is no frame is taken as lines."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._missing = 0
        self._broken: LineSplitter | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are complete now; one that is too long comes in pieces."""
        if self._broken is not None:
            yield from self._broken.feed(data)
            return
        self._buffer += data
        while self._buffer:
            if not self._missing:
                if not self._buffer.startswith(_FRAME_MAGIC[: len(self._buffer)]):
                    self._broken = LineSplitter()
                    yield from self._broken.feed(bytes(self._buffer))
                    self._buffer.clear()
                    return
                if len(self._buffer) < _FRAME_HEADER_BYTES:
                    return
                self._missing = int.from_bytes(self._buffer[4:8], "big")
                del self._buffer[:_FRAME_HEADER_BYTES]
                if not self._missing:
                    continue
            wanted = min(self._missing, LARGEST_PIECE_BYTES)
            if len(self._buffer) < wanted:
                return
            yield bytes(self._buffer[:wanted])
            del self._buffer[:wanted]
            self._missing -= wanted

    def end(self) -> Iterator[bytes]:
        """What is left of a message that was not finished."""
        if self._broken is not None:
            yield from self._broken.end()
        elif self._missing and self._buffer:
            yield bytes(self._buffer)
        self._buffer.clear()


class Drain:
    """Reads one pipe of a sandbox to its end."""

    def __init__(self, splitter: LineSplitter | FrameSplitter) -> None:
        self._splitter = splitter
        self._early: list[bytes] = []
        self._output: Callable[[bytes], None] = self._early.append
        self._ours, self.theirs = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._ours, False)
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._ours, self._read)

    def pass_on(self, output: Callable[[bytes], None]) -> None:
        """Passes everything on from now, and first what came before anybody cared."""
        for piece in self._early:
            output(piece)
        self._early.clear()
        self._output = output

    def hand_over(self) -> None:
        """Forgets the writing end, which the sandbox has now."""
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    def close(self) -> None:
        """Stops reading; what is complete has been passed on."""
        self.hand_over()
        if not self.ended.done():
            self._loop.remove_reader(self._ours)
            os.close(self._ours)
            self.ended.set_result(None)

    def _read(self) -> None:
        try:
            data = os.read(self._ours, _READ_BYTES)
        except BlockingIOError:
            return
        for piece in self._splitter.feed(data) if data else self._splitter.end():
            self._output(piece)
        if not data:
            self.close()


def _cut(line: bytes) -> Iterator[bytes]:
    for start in range(0, max(len(line), 1), LARGEST_PIECE_BYTES):
        yield line[start : start + LARGEST_PIECE_BYTES]
