"""A seccomp filter, assembled by hand: which system calls a function may not make.

It refuses by name what reaches for the machine; it does not list what is allowed, as any program may come.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final

_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_KILL_PROCESS: Final = 0x80000000

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_GREATER_OR_EQUAL: Final = 0x35
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06

_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 16

_X32_BIT: Final = 0x40000000
_NAMESPACES: Final = 0x7E020080  # every CLONE_NEW* flag
_TIOCSTI: Final = 0x5412
_TIOCLINUX: Final = 0x541C
_FAMILIES: Final = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink

_AUDIT: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# The calls that only the machine's owner should make (asm/unistd_64.h, asm-generic/unistd.h).
_REFUSED: Final = {
    "x86_64": (
        *(
            101,
            103,
            134,
            135,
            136,
            139,
            153,
            154,
            155,
            156,
            159,
            161,
            163,
            164,
            165,
            166,
            167,
            168,
            169,
            170,
            171,
        ),
        *(172, 173, 174, 175, 176, 177, 178, 179, 180, 212, 227, 246, 248, 249, 250, 308, 298, 300, 303, 304),
        *(305, 310, 311, 312, 313, 320, 321, 323, 428, 429, 430, 431, 432, 433, 438, 442, 443),
    ),
    "aarch64": (
        *(
            39,
            40,
            41,
            42,
            51,
            58,
            60,
            89,
            92,
            104,
            105,
            106,
            112,
            116,
            117,
            142,
            161,
            162,
            170,
            171,
            217,
            218,
            219,
        ),
        *(
            224,
            225,
            241,
            262,
            264,
            265,
            266,
            268,
            270,
            271,
            272,
            273,
            280,
            282,
            294,
            428,
            429,
            430,
            431,
            432,
            433,
        ),
        *(438, 442, 443),
    ),
}
_ABSENT: Final = (425, 426, 427, 435)  # io_uring and clone3: programs fall back on ENOSYS
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_UNSHARE: Final = {"x86_64": 272, "aarch64": 97}
_IOCTL: Final = {"x86_64": 16, "aarch64": 29}
_SOCKET: Final = {"x86_64": 41, "aarch64": 198}

_libc: Final = ctypes.PyDLL(None, use_errno=True)


def build(machine: str) -> bytes:
    """The filter for an architecture."""
    program = [
        _op(_LOAD, _ARCHITECTURE),
        _op(_JUMP_EQUAL, _AUDIT[machine], 1, 0),
        _op(_RETURN, _KILL_PROCESS),
        _op(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        program += [_op(_JUMP_GREATER_OR_EQUAL, _X32_BIT, 0, 1), _op(_RETURN, _ERRNO | errno.ENOSYS)]
    program += _refuse(_REFUSED[machine], errno.EPERM)
    program += _refuse(_ABSENT, errno.ENOSYS)
    for number in (_CLONE[machine], _UNSHARE[machine]):
        program += _refuse_argument(number, 0, [_op(_JUMP_ANY_BIT, _NAMESPACES, 0, 1)], errno.EPERM)
    for request in (_TIOCSTI, _TIOCLINUX):
        program += _refuse_argument(_IOCTL[machine], 1, [_op(_JUMP_EQUAL, request, 0, 1)], errno.EPERM)
    known = [
        _op(_JUMP_EQUAL, family, len(_FAMILIES) - position, 0) for position, family in enumerate(_FAMILIES)
    ]
    program += _refuse_argument(_SOCKET[machine], 0, known, errno.EAFNOSUPPORT)
    return b"".join([*program, _op(_RETURN, _ALLOW)])


def install(program: bytes) -> None:
    """Binds the caller, and all that it starts, to a filter for ever; no_new_privs must have been set."""
    memory = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("@HP", len(program) // 8, ctypes.addressof(memory))
    if _libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), description, 0, 0) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(numbers: tuple[int, ...], code: int) -> list[bytes]:
    program = []
    for number in numbers:
        program += [_op(_JUMP_EQUAL, number, 0, 1), _op(_RETURN, _ERRNO | code)]
    return program


def _refuse_argument(number: int, argument: int, test: list[bytes], code: int) -> list[bytes]:
    """Refuses a call when `test`, run on the lower half of an argument, does not jump over the refusal."""
    load = _op(_LOAD, _ARGUMENTS + 8 * argument)
    body = [load, *test, _op(_RETURN, _ERRNO | code), _op(_LOAD, _NUMBER)]
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]
