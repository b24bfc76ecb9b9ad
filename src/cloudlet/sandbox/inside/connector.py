"""A process inside a sandbox that does for the server what only can be done there: connecting, and signals.

It runs none of the function's code and holds no right that the function could take over.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from cloudlet.sandbox.inside import control
from cloudlet.sandbox.linux import privileges

if TYPE_CHECKING:
    from cloudlet.sandbox.inside.control import Message

_CONNECT_SECONDS: Final = 5.0


def start(channel: socket.socket) -> None:
    """Starts the process and hands the server its end of a channel of its own."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        channel.close()
        theirs.close()
        _serve(ours)
    ours.close()
    control.send(channel, {"connector": True}, (theirs.fileno(),))
    theirs.close()


def _serve(channel: socket.socket) -> NoReturn:
    try:
        os.closerange(3, channel.fileno())
        os.closerange(channel.fileno() + 1, 4096)
        privileges.forbid_inspection()
        while True:
            message, _ = control.receive(channel)
            _obey(channel, message)
    except (control.Closed, OSError):
        os._exit(0)


def _obey(channel: socket.socket, message: Message) -> None:
    if "signal" in message:
        with suppress(ProcessLookupError):
            os.kill(message["process"], message["signal"])
        return
    try:
        connection = socket.create_connection(("127.0.0.1", message["port"]), _CONNECT_SECONDS)
    except OSError as error:
        control.send(channel, {"error": str(error)})
        return
    with connection:
        control.send(channel, {"connected": True}, (connection.fileno(),))
