"""What somebody tries who wants out of a function, or to spoil it for others, and what comes of it.

Walls and limits as such are in test_walls.py and test_limits.py; as these, it holds for root and for users.
"""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress

import pytest
from sandbox_bench import LIMITS

from cloudlet.core.sandbox import Limits

SMALL = Limits(memory_bytes=256 << 20, cpu_cores=1.0, tmp_bytes=16 << 20)


def answer_of(bench, code, event, **more):
    async def scenario():
        async with bench.function(code, **more) as function:
            return await function.invoke(event)

    kind, answer = bench.run(scenario())
    assert kind == "response", answer
    return answer


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.100.1", "fd00:ec2::254", "10.0.0.1"],
)
def test_metadata_addresses_and_the_network_lead_nowhere(bench, python, address):
    source = """
        import errno, socket

        def handler(address, context):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            results = []
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as attempt:
                    attempt.settimeout(2)
                    try:
                        attempt.connect((address, 80))
                        attempt.send(b"x")
                        results.append("sent")
                    except OSError as error:
                        results.append(errno.errorcode.get(error.errno, str(error)))
            return results
    """
    results = answer_of(bench, python(source), address)
    assert set(results) <= {"ENETUNREACH", "EADDRNOTAVAIL", "EHOSTUNREACH", "EACCES", "EPERM"}


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_files_without_number_fill_only_the_functions_own_folder(bench, python, folder):
    source = """
        import os

        def handler(folder, context):
            count = 0
            try:
                while count < 200_000:
                    os.close(os.open(f"{folder}/{count}", os.O_CREAT))
                    count += 1
            except OSError as error:
                return [count, error.errno]
            return [count, 0]
    """
    limits = Limits(memory_bytes=1 << 30, cpu_cores=2.0, tmp_bytes=16 << 20)
    count, error = answer_of(bench, python(source), folder, limits=limits)
    assert error in (errno.ENOSPC, errno.EDQUOT)
    assert count <= 20_000
    clean = "import os\ndef handler(folder, context):\n    return os.listdir(folder)\n"
    assert answer_of(bench, python(clean), folder, limits=limits) == []


def test_sparse_and_preallocated_files_are_held_to_the_size_of_tmp(bench, python):
    source = """
        import os

        def handler(event, context):
            descriptor = os.open("/tmp/big", os.O_CREAT | os.O_RDWR)
            try:
                os.posix_fallocate(descriptor, 0, 1 << 34)
            except OSError as error:
                return error.errno
    """
    assert answer_of(bench, python(source), {}, limits=SMALL) in (errno.ENOSPC, errno.EFBIG)


def test_process_that_connects_for_the_server_gives_nothing_away(bench, python):
    """It stands inside and is no function's: nobody reads it, takes its channel or makes it do anything."""
    source = """
        import ctypes, errno, os, threading, socket

        libc = ctypes.CDLL(None, use_errno=True)
        server = socket.create_server(("127.0.0.1", 7777))

        def serve():
            while True:
                connection, _ = server.accept()
                connection.recv(100)
                connection.sendall(b"pong")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()

        def attempt(path, mode):
            try:
                os.close(os.open(path, mode))
                return "opened"
            except OSError as error:
                return errno.errorcode[error.errno]

        def handler(event, context):
            found = {}
            for name in os.listdir("/proc"):
                if name.isdigit() and int(name) not in (os.getpid(), 1):
                    found[name] = [
                        attempt(f"/proc/{name}/mem", os.O_RDWR),
                        attempt(f"/proc/{name}/environ", os.O_RDONLY),
                        attempt(f"/proc/{name}/fd", os.O_RDONLY),
                        "traced" if libc.ptrace(16, int(name), 0, 0) == 0 else "refused",
                    ]
            return found
    """

    async def scenario():
        async with bench.function(python(source), reachable=True) as function:
            answer = await function.invoke({})
            pong = await function.sandbox.send(7777, b"ping", answered=True)
            with pytest.raises(OSError):
                await function.sandbox.send(7778, b"ping", answered=True)
            return answer, pong

    (kind, found), pong = bench.run(scenario())
    assert kind == "response", found
    assert pong == b"pong"
    assert len(found) == 1
    for opened in found.values():
        assert set(opened) <= {"EACCES", "EPERM", "refused"}, found


def test_function_that_kills_all_it_can_harms_only_itself(bench, python, tmp_path):
    source = """
        import os, signal

        def handler(event, context):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.kill(-1, number)
                except OSError:
                    pass
            return "alive"
    """
    bystander = tmp_path / "bystander"
    bystander.mkdir(mode=0o755)
    (bystander / "app.py").write_text("def handler(event, context):\n    return event\n")

    async def scenario():
        async with (
            bench.function(bystander) as other,
            bench.function(python(source), reachable=True) as attacker,
        ):
            kind, answer = await attacker.invoke({})
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(attacker.sandbox.send(1, b"", answered=False), 5)
            return kind, answer, await other.invoke(7)

    kind, answer, other = bench.run(scenario())
    assert (kind, answer) == ("response", "alive")
    assert other == ("response", 7)


def test_next_function_finds_nothing_of_the_one_before(bench, python):
    """Sandboxes are made ahead and taken one after the other; none is ever given to a second function."""
    leaving = """
        import os, subprocess

        def handler(event, context):
            for folder in ("/tmp", "/dev/shm"):
                open(f"{folder}/left", "w").write("secret")
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            os.environ["LEFT"] = "secret"
    """
    looking = """
        import os

        def handler(event, context):
            programs = []
            for name in os.listdir("/proc"):
                if name.isdigit():
                    programs.append(open(f"/proc/{name}/comm").read().strip())
            return [os.listdir("/tmp"), os.listdir("/dev/shm"), "LEFT" in os.environ, "sleep" in programs]
    """

    async def scenario():
        async with bench.function(python(leaving), limits=LIMITS) as function:
            await function.invoke({})
        async with bench.function(python(looking), limits=LIMITS) as function:
            return await function.invoke({})

    assert bench.run(scenario()) == ("response", [[], [], False, False])
