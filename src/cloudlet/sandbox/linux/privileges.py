"""Giving up power: capabilities, ids, resource limits, and what the kernel should do when a parent dies.

Nothing here gives power, but for keep_capabilities(), which saves over an exec what the caller has already.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_CAPBSET_DROP: Final = 24
_PR_SET_SECUREBITS: Final = 28
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
# noroot, no_setuid_fixup and no_cap_ambient_raise, each with its lock; keep_caps locked in its off state.
_SECUREBITS: Final = 0b11101111
_CAP_SETPCAP: Final = 8
_CAPABILITY_VERSION_3: Final = 0x20080522

_libc: Final = ctypes.PyDLL(None, use_errno=True)


def _prctl(option: int, first: int = 0, second: int = 0) -> None:
    if _libc.prctl(option, *(ctypes.c_ulong(value) for value in (first, second, 0, 0))) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")


def die_with_parent() -> None:
    """Has the kernel kill the caller once its parent is gone."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_inspection() -> None:
    """Keeps others of the same user from reading or tracing the caller."""
    _prctl(_PR_SET_DUMPABLE, 0)


def allow_inspection() -> None:
    """Gives the caller its own files in /proc back, which a change of user takes away."""
    _prctl(_PR_SET_DUMPABLE, 1)


def forbid_new_privileges() -> None:
    """Makes every later exec unable to gain anything."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def keep_capabilities() -> None:
    """Lets all present capabilities survive the next exec, whatever the user id."""
    _, permitted, _ = _get_capabilities()
    _set_capabilities(permitted, permitted, permitted)
    for capability in range(64):
        if permitted >> capability & 1:
            _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def close_bounds() -> None:
    """Makes sure that no exec, and no change of user, can bring a capability back."""
    for capability in range(_last_capability() + 1):
        _prctl(_PR_CAPBSET_DROP, capability)
    _prctl(_PR_SET_SECUREBITS, _SECUREBITS)


def drop_capabilities() -> None:
    """Gives up all capabilities."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _set_capabilities(0, 0, 0)


def become(uid: int, gid: int) -> None:
    """Changes to a user without supplementary groups."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def limit(kind: int, amount: int) -> None:
    """Sets a resource limit, soft and hard, as far as the present hard limit allows."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    resource.setrlimit(kind, (amount, amount))


def _last_capability() -> int:
    return int(Path("/proc/sys/kernel/cap_last_cap").read_text())


def _get_capabilities() -> tuple[int, int, int]:
    data = ctypes.create_string_buffer(24)
    if _libc.capget(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), data) < 0:
        raise OSError(ctypes.get_errno(), "capget")
    low_e, low_p, low_i, high_e, high_p, high_i = struct.unpack("=6I", data.raw)
    return low_e | high_e << 32, low_p | high_p << 32, low_i | high_i << 32


def _set_capabilities(effective: int, permitted: int, inheritable: int) -> None:
    sets = (effective, permitted, inheritable)
    data = struct.pack("=6I", *(value & 0xFFFFFFFF for value in sets), *(value >> 32 for value in sets))
    if _libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), data) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"capset: {os.strerror(code)}")
