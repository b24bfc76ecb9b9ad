"""System calls: mounts, namespaces, processes by descriptor.

Each function raises OSError as the os module does; none of them decides anything.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import signal
import socket
import struct
from typing import Final

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MS_NOATIME: Final = 0x400
MNT_DETACH: Final = 2

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWCGROUP: Final = 0x02000000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000
_CLONE_PIDFD: Final = 0x1000
_CLONE_PARENT: Final = 0x8000
_CLONE_INTO_CGROUP: Final = 0x200000000

_SYS_CLONE3: Final = 435
_SYS_MOUNT_SETATTR: Final = 442
_SYS_OPEN_TREE: Final = 428
_SYS_MOVE_MOUNT: Final = 429
_OPEN_TREE_CLONE: Final = 0x1
_MOVE_MOUNT_F_EMPTY_PATH: Final = 0x4
_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000
_SYS_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1

# PyDLL keeps the interpreter's lock over the call: a clone must not come back to a lock that nobody holds.
_libc: Final = ctypes.PyDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mounts a file system, or changes a mount."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None
    )
    _check(result, f"mount {source} on {target}")


def bind(source: str, target: str, flags: int = 0) -> None:
    """Shows `source` at `target` too, with all that is mounted below it; never with set-user-id programs."""
    mount(source, target, flags=MS_BIND | MS_REC)
    # struct mount_attr: attr_set, attr_clr, propagation, userns_fd. The flags have the values of mount(2).
    attributes = struct.pack("=4Q", MS_NOSUID | flags, 0, 0, 0)
    number, path = ctypes.c_long(_SYS_MOUNT_SETATTR), ctypes.c_char_p(target.encode())
    _check(
        _libc.syscall(number, _AT_FDCWD, path, _AT_RECURSIVE, attributes, len(attributes)),
        f"restrict {target}",
    )


def unmount(target: str) -> None:
    """Takes a mount away with all below it, also while it is in use."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def clone_mount(path: str) -> int:
    """A descriptor of what is mounted at a path, which lives on by it where the mount does not."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC
    number, target = ctypes.c_long(_SYS_OPEN_TREE), ctypes.c_char_p(path.encode())
    return _check(_libc.syscall(number, _AT_FDCWD, target, flags), f"open_tree {path}")


def move_mount(descriptor: int, target: str) -> None:
    """Mounts what clone_mount() gave, in these namespaces."""
    number, nowhere, path = ctypes.c_long(_SYS_MOVE_MOUNT), ctypes.c_char_p(b""), target.encode()
    flags = _MOVE_MOUNT_F_EMPTY_PATH
    _check(_libc.syscall(number, descriptor, nowhere, _AT_FDCWD, path, flags), f"move_mount to {target}")


def pivot_root(new_root: str, old_root: str) -> None:
    """Makes `new_root` the root; the old one is then found at `old_root`."""
    number = _SYS_PIVOT_ROOT[platform.machine()]
    _check(_libc.syscall(number, new_root.encode(), old_root.encode()), "pivot_root")


def unshare(flags: int) -> None:
    """Moves the calling process into new namespaces."""
    _check(_libc.unshare(flags), "unshare")


def sethostname(name: str) -> None:
    """Names the machine in this UTS namespace."""
    socket.sethostname(name)


def clone_sibling(flags: int, cgroup: int | None) -> tuple[int, int]:
    """Forks into new namespaces, and into a v2 cgroup; the child is one of the caller's parent.

    Returns the child's id and a pidfd of it; (0, -1) in the child.
    """
    pidfd = ctypes.c_int(-1)
    flags |= _CLONE_PIDFD | _CLONE_PARENT | (0 if cgroup is None else _CLONE_INTO_CGROUP)
    # struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
    # set_tid_size, cgroup. A sibling takes over its parent's exit signal: none may be given.
    arguments = struct.pack("=11Q", flags, ctypes.addressof(pidfd), 0, 0, 0, 0, 0, 0, 0, 0, cgroup or 0)
    child = _check(_libc.syscall(_SYS_CLONE3, arguments, len(arguments)), "clone3")
    return child, pidfd.value if child else -1


def pidfd_send_signal(pidfd: int, number: signal.Signals) -> None:
    """Signals the process behind a pidfd; nothing happens if it has ended."""
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return


def disconnect(descriptor: int) -> None:
    """Makes a connected socket one that may be connected anew."""
    unspecified = struct.pack("=H14x", socket.AF_UNSPEC)
    _check(_libc.connect(descriptor, unspecified, len(unspecified)), "disconnect")


def bring_loopback_up() -> None:
    """Switches on the lo interface of this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(control, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))
