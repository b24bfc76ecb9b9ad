"""A sandbox's first process, from its birth in new namespaces to the end of its function.

It prepares what any function needs, tells the server, waits to be told its function, starts that as the
second process and then only reaps. It never runs a byte of the function's own.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.inside import connector, control, rootfs, runtime
from cloudlet.sandbox.linux import loop, privileges, syscalls

if TYPE_CHECKING:
    from cloudlet.sandbox.inside.control import Message

NAMESPACES: Final = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
)
RUNTIME_API_PORT: Final = 9001
LISTENERS: Final = (
    ("runtime_api", socket.SOCK_STREAM, RUNTIME_API_PORT),
    ("cloud", socket.SOCK_STREAM, 4566),
    ("cloud_http", socket.SOCK_STREAM, 80),
    ("cloud_https", socket.SOCK_STREAM, 443),
    ("dns_tcp", socket.SOCK_STREAM, 53),
    ("dns_udp", socket.SOCK_DGRAM, 53),
)
_HIDDEN_IN_PROC: Final = ("kcore", "keys", "kmsg", "sysrq-trigger", "timer_list")
_READ_ONLY_IN_PROC: Final = ("sys", "irq", "bus", "fs")
_LOOP_MOUNT: Final = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOATIME


def run(channel: socket.socket) -> Message:
    """Lives the first process's life; returns in the second process only, with what that is to become.

    What goes wrong is told to the server in one message.
    """
    try:
        privileges.die_with_parent()
        _mount_own()
        _listen(channel)
        complaints, complaining = os.pipe2(os.O_CLOEXEC)
        extensions: dict[int, str] = {}
        second = _start_second(channel, complaining, extensions)
        if isinstance(second, dict):
            return second
        _tell_started(channel, second)
        privileges.drop_capabilities()
        privileges.forbid_inspection()
        os.close(complaining)
        status = _reap_until_end_of(second, channel, extensions)
        control.send(channel, {"status": status, "not_started": os.read(complaints, 4096).decode() or None})
        if extensions:
            _reap_until_end_of(None, channel, extensions)
    except control.Closed:
        pass  # the server is gone, or wants this sandbox no more
    except Exception:  # noqa: BLE001  the edge: the only way to tell is the channel
        control.send(channel, {"error": traceback.format_exc()})
    os._exit(0)


def _tell_started(channel: socket.socket, second: int) -> None:
    """Tells of the second process, and hands over /tmp, so that it may outlive this sandbox."""
    tmp = syscalls.clone_mount("/tmp")
    control.send(channel, {"started": second}, (tmp,))
    os.close(tmp)


def _start_second(channel: socket.socket, complaining: int, extensions: dict[int, str]) -> int | Message:
    """The second process's number; in the second process itself, what it is to become.

    It is started before its function is known where the runtime takes long to start, else after. Extensions
    come before it; their numbers and names are put into `extensions`.
    """
    preparation, pipes = control.receive(channel)
    _mount_tmp(preparation)
    if preparation["node"]:
        syscalls.bind(preparation["node"], "/var/lang/bin/node", syscalls.MS_RDONLY)
    if preparation["cgroup_namespace"]:
        syscalls.unshare(syscalls.CLONE_NEWCGROUP)
    if preparation["idle"] is None:
        function, given = control.receive(channel)
        _mount_function(function, given)
        if companion := _start_companions(channel, function, given, extensions):
            return companion
        second = os.fork()
        if not second:
            own = [*pipes, complaining] if function["runtime"] == "provided" else pipes
            return _leave(channel, own, function)
    else:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        second = os.fork()
        if not second:
            return _leave(channel, [*pipes, reading], preparation["idle"])
        os.close(reading)
        function, given = control.receive(channel)
        _mount_function(function, given)
        if companion := _start_companions(channel, function, given, extensions):
            return companion
        with os.fdopen(writing, "w") as order:
            json.dump(function if preparation["idle"]["waits"] else function["environment"], order)
    for descriptor in pipes:
        os.close(descriptor)
    return second


def _start_companions(
    channel: socket.socket, function: Message, given: list[int], extensions: dict[int, str]
) -> Message | None:
    """Starts what runs beside the runtime, then waits until that may start.

    In an extension's process it returns what that is to become.
    """
    if function["reachable"]:
        connector.start(channel)
    for extension in function["extensions"]:
        child = os.fork()
        if not child:
            return _leave(channel, given, runtime.as_extension(function, extension))
        extensions[child] = extension
    for descriptor in given:
        os.close(descriptor)
    if extensions:
        control.receive(channel)
    return None


def _mount_own() -> None:
    """Mounts what does not depend on the function."""
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount("proc", "/proc", "proc", flags)
    for name in _HIDDEN_IN_PROC:
        if Path("/proc", name).exists():
            syscalls.mount("/dev/null", f"/proc/{name}", flags=syscalls.MS_BIND)
    for name in _READ_ONLY_IN_PROC:
        if Path("/proc", name).exists():
            syscalls.bind(f"/proc/{name}", f"/proc/{name}", flags | syscalls.MS_RDONLY)
    syscalls.mount("shm", "/dev/shm", "tmpfs", flags, f"mode=1777,size=64m,nr_inodes={_inodes(64 << 20)}")


def _listen(channel: socket.socket) -> None:
    """Makes sockets in this network namespace and hands them to the server, which answers, and calls."""
    syscalls.bring_loopback_up()
    listeners = []
    for _, kind, port in LISTENERS:
        listener = socket.socket(socket.AF_INET, kind)
        listener.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            listener.listen(512)
        listeners.append(listener)
    # By this one the server reaches what listens here, though nobody here connects for it.
    listeners.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    control.send(channel, {"listening": True}, tuple(listener.fileno() for listener in listeners))
    for listener in listeners:
        listener.close()


def _mount_function(message: Message, given: list[int]) -> None:
    """Mounts code and layers, and lets go of everything of the machine."""
    if message["inherits_tmp"]:
        _inherit_tmp(given.pop())
    syscalls.sethostname(message["hostname"])
    Path("/proc/self/comm").write_text(message["name"])
    read_only = syscalls.MS_RDONLY | syscalls.MS_NODEV
    syscalls.bind(rootfs.OLD_ROOT + message["code"], "/var/task", read_only)
    layers = [rootfs.OLD_ROOT + layer for layer in message["layers"]]
    if len(layers) == 1:
        syscalls.bind(layers[0], "/opt", read_only)
    elif layers:
        _merge(layers)
    syscalls.unmount(rootfs.OLD_ROOT)
    syscalls.unmount(rootfs.PROGRAM + "/cloudlet")
    syscalls.mount(
        "none", "/", flags=syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY | syscalls.MS_NOSUID
    )


def _merge(layers: list[str]) -> None:
    """Lays the layers over each other, the last on top."""
    escaped = [
        path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,") for path in reversed(layers)
    ]
    flags = syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount("layers", "/opt", "overlay", flags, "lowerdir=" + ":".join(escaped))


def _mount_tmp(message: Message) -> None:
    """A loop file does not count as the function's memory; a tmpfs does, but needs no rights."""
    if message["tmp_image"] is None:
        size = message["tmp_bytes"]
        syscalls.mount(
            "tmp",
            "/tmp",
            "tmpfs",
            syscalls.MS_NOSUID | syscalls.MS_NODEV,
            f"mode=1777,size={size},nr_inodes={_inodes(size)}",
        )
        return
    with loop.attach(rootfs.OLD_ROOT, rootfs.OLD_ROOT + message["tmp_image"]) as device:
        Path(rootfs.OLD_ROOT + message["tmp_image"]).unlink()
        syscalls.mount(device, "/tmp", "ext4", _LOOP_MOUNT, "errors=continue,noinit_itable")
    Path("/tmp/lost+found").rmdir()
    os.chown("/tmp", 0, 0)
    os.chmod("/tmp", 0o1777)  # noqa: PTH101  quicker, and every start waits for it


def _inherit_tmp(descriptor: int) -> None:
    """Shows the /tmp of a sandbox that has ended in the place of the own, which is empty."""
    syscalls.unmount("/tmp")
    syscalls.move_mount(descriptor, "/tmp")
    os.close(descriptor)


def _inodes(size_bytes: int) -> int:
    """As many files as an ext4 of that size has room for: empty ones take the kernel's memory."""
    return max(1024, size_bytes // 4096)


def _leave(channel: socket.socket, descriptors: list[int], message: Message) -> Message:
    """Puts null, output, output and what else is given at 0, 1, 2 and so on, and closes everything else."""
    channel.close()
    null = os.open("/dev/null", os.O_RDONLY)
    output, *others = descriptors
    # Lifted first, as one of them may have one of the target numbers.
    lifted = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (null, output, output, *others)]
    for target, descriptor in enumerate(lifted):
        os.dup2(descriptor, target, inheritable=True)
    os.closerange(len(lifted), 4096)
    return message


def _reap_until_end_of(child: int | None, channel: socket.socket, extensions: dict[int, str]) -> int:
    """Collects the dead until the function is among them; returns its wait status. Tells of extensions."""
    while True:
        try:
            ended, status = os.wait()
        except ChildProcessError:
            return 0
        if ended == child:
            return status
        if ended in extensions:
            control.send(channel, {"extension": extensions[ended], "status_of_extension": status})
