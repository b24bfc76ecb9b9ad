"""The messages between the server and what it starts: a JSON object a packet, file descriptors beside it.

Both ends use this module; it knows no message by name.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias  # absent in the oldest Python that this runs in

    Message: TypeAlias = dict[str, Any]

_LARGEST = 1 << 20
_MOST_DESCRIPTORS = 16


class Closed(Exception):
    """Raised when the other end is gone."""


def send(control: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Sends one message."""
    socket.send_fds(control, [json.dumps(message).encode()], descriptors)


def receive(control: socket.socket) -> tuple[Message, list[int]]:
    """The next message; raises Closed when there will be none, and BlockingIOError as the socket does."""
    try:
        data, descriptors, _, _ = socket.recv_fds(
            control, _LARGEST, _MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
        )
    except ConnectionResetError as error:
        raise Closed from error
    if not data:
        raise Closed
    return json.loads(data), descriptors
