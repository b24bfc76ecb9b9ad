"""The seccomp filter, run by an interpreter of its instructions: also for the architecture not at hand."""

from __future__ import annotations

import errno
import struct

import pytest

from cloudlet.sandbox.linux import seccomp

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {
        "read": 0,
        "ioctl": 16,
        "socket": 41,
        "clone": 56,
        "ptrace": 101,
        "mount": 165,
        "unshare": 272,
    },
    "aarch64": {
        "read": 63,
        "ioctl": 29,
        "socket": 198,
        "clone": 220,
        "ptrace": 117,
        "mount": 40,
        "unshare": 97,
    },
}
NEW_USER, NEW_NET, THREAD = 0x10000000, 0x40000000, 0x3D0F00


def judge(machine, number, *arguments, architecture=None):
    """What the kernel would answer."""
    program = list(struct.iter_unpack("=HBBI", seccomp.build(machine)))
    architecture = architecture or ARCHITECTURES[machine]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    accumulator, position = 0, 0
    while True:
        code, if_true, if_false, value = program[position]
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value
        else:
            met = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[
                code
            ]
            position += if_true if met else if_false


@pytest.fixture(params=sorted(NUMBERS))
def machine(request):
    return request.param


def test_ordinary_calls_are_allowed(machine):
    numbers = NUMBERS[machine]
    assert judge(machine, numbers["read"]) == ALLOW
    assert judge(machine, numbers["clone"], THREAD) == ALLOW
    assert judge(machine, numbers["unshare"], 0x400) == ALLOW
    assert judge(machine, numbers["ioctl"], 1, 0x5401) == ALLOW
    assert {judge(machine, numbers["socket"], family) for family in (1, 2, 10, 16)} == {ALLOW}


def test_calls_that_reach_for_the_machine_are_refused(machine):
    numbers = NUMBERS[machine]
    refused = REFUSE | errno.EPERM
    assert judge(machine, numbers["ptrace"]) == refused
    assert judge(machine, numbers["mount"]) == refused
    assert judge(machine, numbers["clone"], NEW_USER | 17) == refused
    assert judge(machine, numbers["unshare"], NEW_NET) == refused
    assert judge(machine, numbers["ioctl"], 0, 0x5412) == refused
    assert {judge(machine, numbers["socket"], family) for family in (17, 38, 40)} == {
        REFUSE | errno.EAFNOSUPPORT
    }


def test_calls_that_programs_can_do_without_seem_absent(machine):
    assert {judge(machine, number) for number in (425, 435)} == {REFUSE | errno.ENOSYS}


def test_calls_of_another_architecture_end_the_process(machine):
    assert judge(machine, 0, architecture=0x40000003) == KILL


def test_the_x32_calls_are_absent():
    assert judge("x86_64", 0x40000000 + 101) == REFUSE | errno.ENOSYS
