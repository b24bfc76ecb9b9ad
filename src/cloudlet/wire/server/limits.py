"""How much a client may send and how long it may take over it.

Only numbers: the protocols apply them.
"""

from __future__ import annotations

from msgspec import Struct

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Limits(Struct, frozen=True):
    """Bounds on one connection and its requests."""

    request_line_bytes: int = 32 * KIB
    """The longest request target; a longer one is answered 414."""
    header_bytes: int = 64 * KIB
    """All header lines of a request together (and of its trailers); more is answered 431."""
    header_count: int = 256
    body_bytes: int = 6 * GIB
    """The largest body at all; S3 takes 5 GiB in one request, and aws-chunked adds its framing."""
    inline_body_bytes: int = 64 * KIB
    """A body up to this size is waited for; a larger one reaches the handler while it arrives."""
    buffer_bytes: int = 256 * KIB
    """How much of a body is held in memory, each way, before the sender is made to wait."""
    unread_body_bytes: int = 256 * KIB
    """How much of a body that the handler did not read is thrown away to keep the connection."""
    connections: int = 10_000
    """Open connections of one listener; more wait in the kernel's queue."""
    streams: int = 128
    """Requests at a time on one HTTP/2 connection."""
    stream_resets: int = 1000
    """Streams that an HTTP/2 client may cancel on one connection before it is sent away."""
    idle_seconds: float = 75.0
    """How long a connection may stay open without a request."""
    header_seconds: float = 20.0
    """How long a request line and its headers may take, from their first byte."""
    body_seconds: float = 60.0
    """How long a body that is being read may pause."""
    write_seconds: float = 60.0
    """How long a client may take nothing of an answer."""
    handshake_seconds: float = 20.0
    linger_seconds: float = 2.0
    """How long a refused client is still listened to, so that it can read why."""
