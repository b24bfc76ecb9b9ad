"""Which server a TLS client asks for, read from its first record before the handshake begins.

https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2
Pure functions: what is no ClientHello asks for nothing, and the handshake will refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

RECORD_HEADER_BYTES: Final = 5
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_LARGEST_RECORD_BYTES: Final = 1 << 14
_BEFORE_SESSION_ID: Final = RECORD_HEADER_BYTES + 4 + 2 + 32
"""The record's head, the message's head, the version and the random bytes."""
_SERVER_NAME: Final = 0
_HOST_NAME: Final = 0


def record_bytes(head: bytes) -> int:
    """The length of the record that a head begins, with the head; of no handshake the head's own."""
    if len(head) < RECORD_HEADER_BYTES or head[0] != _HANDSHAKE:
        return len(head)
    return RECORD_HEADER_BYTES + min(int.from_bytes(head[3:5]), _LARGEST_RECORD_BYTES)


def server_name(record: bytes) -> str | None:
    """The name that the ClientHello of a record asks for; None where it asks for none."""
    if len(record) <= _BEFORE_SESSION_ID or record[RECORD_HEADER_BYTES] != _CLIENT_HELLO:
        return None
    rest = record[_BEFORE_SESSION_ID:]
    for length_bytes in (1, 2, 1):  # the session's id, cipher suites, compression methods
        _, rest = _vector(rest, length_bytes)
    extensions, _ = _vector(rest, 2)
    names = next((body for kind, body in _extensions(extensions) if kind == _SERVER_NAME), b"")
    listed, _ = _vector(names, 2)
    name, _ = _vector(listed[1:], 2)
    if not name or listed[0] != _HOST_NAME or not name.isascii():
        return None
    return name.decode("ascii").lower()


def _extensions(content: bytes) -> Iterator[tuple[int, bytes]]:
    while len(content) > 2:
        kind = int.from_bytes(content[:2])
        body, content = _vector(content[2:], 2)
        yield kind, body


def _vector(content: bytes, length_bytes: int) -> tuple[bytes, bytes]:
    """A vector that begins with its length, and what follows it; nothing of one that is cut off."""
    end = length_bytes + int.from_bytes(content[:length_bytes])
    return (content[length_bytes:end], content[end:]) if end <= len(content) else (b"", b"")
