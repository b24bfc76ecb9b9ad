"""A fork server: enters a root of its own, imports what functions need, and makes sandboxes when told.

It holds no secret: whatever is in its memory is in every function's. The server runs it and never imports it.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from cloudlet.sandbox.inside import control, environment, rootfs, runtime, sdk
from cloudlet.sandbox.linux import privileges, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.sandbox.inside.control import Message

_CHANNEL: Final = 3
_SECOND_STAGE: Final = (
    "import sys; sys.path.insert(0, '/.cloudlet'); from cloudlet.sandbox.inside import zygote; zygote.main()"
)


def enter() -> NoReturn:
    """First stage, on the machine's own root: builds the new root and starts Python anew inside it.

    Anew, because a module imported by a path of the machine cannot find its data, or be reloaded, inside.
    """
    os.dup2(int(sys.argv[2]), _CHANNEL, inheritable=True)
    with socket.socket(fileno=os.dup(_CHANNEL)) as channel:
        try:
            config, _ = control.receive(channel)
            _enter_namespaces(config)
            rootfs.build(config)
            privileges.keep_capabilities()
        except Exception as error:  # noqa: BLE001  the edge: the only way to tell is the channel
            control.send(channel, {"error": f"{type(error).__name__}: {error}"})
            sys.exit(1)
    os.closerange(_CHANNEL + 1, 256)
    os.execve(config["python"], [config["python"], "-c", _SECOND_STAGE], config["environment"])


def main() -> None:
    """Second stage, inside: preloads, then serves; in a function's process it becomes that function."""
    channel = socket.socket(fileno=_CHANNEL)
    os.set_inheritable(_CHANNEL, False)
    config, _ = control.receive(channel)
    touch = _preload(config)
    control.send(channel, {"ready": True, "modules": sorted({name.split(".")[0] for name in sys.modules})})
    runtime.become(_serve(channel), touch)


def _enter_namespaces(config: Message) -> None:
    flags = syscalls.CLONE_NEWNS
    uid, gid = os.getuid(), os.getgid()
    if config["user_namespace"]:
        flags |= syscalls.CLONE_NEWUSER
    syscalls.unshare(flags)
    if config["user_namespace"]:
        runtime.write_identity_map(rootfs.UID, uid, rootfs.GID, gid)


def _preload(config: Message) -> Callable[[], None] | None:
    """Imports what functions need; what makes memory a process's own that has come of this one."""
    sys.path.insert(1, "/var/runtime")
    for name in config["preload"]:
        importlib.import_module(name)
    touch = sdk.warm(config["clients"]) if config["clients"] else None
    # What is frozen is not touched by the collector, so its pages stay shared with every function.
    gc.collect()
    gc.disable()
    gc.freeze()
    return touch


def _serve(channel: socket.socket) -> Message:
    """Makes a sandbox for each request; returns in a function's process only."""
    while True:
        try:
            _, descriptors = control.receive(channel)
        except control.Closed:
            os._exit(0)
        own_end, *cgroup = descriptors
        try:
            child, pidfd = syscalls.clone_sibling(environment.NAMESPACES, cgroup[0] if cgroup else None)
        except OSError as error:
            control.send(channel, {"error": str(error)})
        else:
            if not child:
                channel.close()
                return environment.run(socket.socket(fileno=own_end))
            control.send(channel, {"pid": child}, (pidfd,))
            os.close(pidfd)
        for descriptor in descriptors:
            os.close(descriptor)
