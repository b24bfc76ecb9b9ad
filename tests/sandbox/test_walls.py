"""What a function sees of the machine, and what happens when it tries to leave."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

LOOK = """
    import os, subprocess

    def read(path):
        try:
            with open(path) as file:
                return file.read()
        except OSError as error:
            return f"error {error.errno}"

    def handler(event, context):
        if "list" in event:
            return sorted(os.listdir(event["list"]))
        if "read" in event:
            return read(event["read"])
        if "run" in event:
            done = subprocess.run(event["run"], capture_output=True, text=True, shell=True)
            return [done.returncode, done.stdout + done.stderr]
        return eval(event["eval"], {"os": os})
"""
SECRET = "the machine's own secret"


@pytest.fixture(scope="module")
def inside(bench, tmp_path_factory):
    """Asks one long-lived function about its surroundings."""
    code = tmp_path_factory.mktemp("walls") / "code"
    code.mkdir(mode=0o755)
    (code / "app.py").write_text("\n".join(line[4:] for line in LOOK.splitlines()))
    context = bench.function(code)
    function = bench.run(context.__aenter__())

    def ask(**event):
        kind, answer = bench.run(function.invoke(event))
        assert kind == "response", answer
        return answer

    yield ask
    bench.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize(
    "folder",
    [
        "/root",
        "/home",
        "/mnt",
        "/run",
        "/sys",
        "/tmp",
        "/.host",
        "/.cloudlet/cloudlet",
        "/opt/lib",
        "/var/tmp",
    ],
)
def test_folders_of_the_machine_are_empty_inside(inside, folder):
    assert inside(list=folder) == []


def test_the_root_has_only_what_the_sandbox_put_there(inside):
    assert set(inside(list="/")) <= {
        *(".cloudlet", ".host", "bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "mnt", "opt"),
        *("proc", "root", "run", "sbin", "sys", "tmp", "usr", "var"),
    }
    assert inside(list="/var") == ["lang", "runtime", "task", "tmp"]
    assert inside(list="/var/task") == ["app.py"]
    assert inside(list="/dev") == [
        *("fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"),
    ]


def test_etc_is_the_sandboxs_own(inside):
    assert inside(read="/etc/passwd").splitlines()[1].startswith("sbx_user1051:x:993:990:")
    assert inside(read="/etc/shadow") == "error 2"
    assert inside(read="/etc/hostname") == "error 2"
    assert "127.0.0.1" in inside(read="/etc/resolv.conf")


def test_the_machines_files_and_other_functions_code_cannot_be_reached(inside, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    assert inside(read=str(secret)) == "error 2"
    assert inside(read=f"/proc/1/root{secret}").startswith("error")
    assert inside(read=f"/proc/self/root{secret}") == "error 2"
    assert inside(read=f"/proc/1/cwd{secret}").startswith("error")
    assert inside(read="/proc/1/environ").startswith("error")
    assert inside(list="/.host") == []


def test_only_its_own_processes_are_there(inside):
    pids = [name for name in inside(list="/proc") if name.isdigit()]
    assert pids == ["1", "2"]


def test_it_is_an_ordinary_user_without_any_capability(inside):
    status = dict(line.split(":", 1) for line in inside(read="/proc/self/status").splitlines())
    assert status["Uid"].split() == ["993"] * 4
    assert status["Gid"].split() == ["990"] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"


def test_nothing_of_the_server_is_inherited(inside):
    numbers = inside(
        eval="[(n, os.readlink('/proc/self/fd/' + n)) for n in os.listdir('/proc/self/fd') if int(n) < 4]"
    )
    kinds = {number: target.split(":")[0] for number, target in numbers}
    assert kinds["0"] == "/dev/null" and {kinds["1"], kinds["2"]} == {"pipe"}
    variables = inside(read="/proc/self/environ").split("\0")
    assert not [variable for variable in variables if variable.startswith(("VIRTUAL_ENV", "PYTEST", "HOME="))]


@pytest.mark.parametrize(
    "folder", ["/", "/etc", "/usr/bin", "/var/task", "/var/runtime", "/opt", "/proc/sys/kernel"]
)
def test_nothing_can_be_written_but_tmp_and_shm(inside, folder):
    code, text = inside(run=f"touch {folder}/mark")
    assert code != 0, text


def test_tmp_and_shm_can_be_written(inside):
    assert inside(run="touch /tmp/mark /dev/shm/mark && rm /tmp/mark /dev/shm/mark") == [0, ""]


CALLS = """
    import ctypes, ctypes.util, errno, os, socket, signal

    libc = ctypes.CDLL(None, use_errno=True)

    def attempt(function, *arguments):
        ctypes.set_errno(0)
        try:
            result = function(*arguments)
        except OSError as error:
            return errno.errorcode[error.errno]
        return "done" if result is None or result >= 0 else errno.errorcode[ctypes.get_errno()]

    def handler(event, context):
        number = libc.syscall
        return {
            "ptrace": attempt(libc.ptrace, 16, 1, 0, 0),
            "mount": attempt(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None),
            "umount": attempt(libc.umount2, b"/var/task", 2),
            "remount": attempt(libc.mount, None, b"/var/task", None, 0x1020, None),
            "chroot": attempt(libc.chroot, b"/tmp"),
            "pivot_root": attempt(number, 155, b"/tmp", b"/tmp"),
            "unshare_user": attempt(libc.unshare, 0x10000000),
            "unshare_mount": attempt(libc.unshare, 0x20000),
            "clone_user": attempt(number, 56, 0x10000000 | 17, 0, 0, 0, 0),
            "clone3": attempt(number, 435, 0, 0),
            "setns": attempt(libc.setns, 0, 0),
            "keyctl": attempt(number, 250, 0, -3, 0),
            "add_key": attempt(number, 248, b"user", b"a", b"b", 1, -3),
            "bpf": attempt(number, 321, 0, 0, 0),
            "perf": attempt(number, 298, 0, 0, -1, -1, 0),
            "open_by_handle": attempt(number, 304, -1, 0, 0),
            "process_vm_readv": attempt(number, 310, 1, 0, 0, 0, 0, 0),
            "pidfd_getfd": attempt(number, 438, 0, 0, 0),
            "io_uring": attempt(number, 425, 1, 0),
            "userfaultfd": attempt(number, 323, 0),
            "reboot": attempt(number, 169, 0, 0, 0, 0),
            "settime": attempt(libc.settimeofday, ctypes.create_string_buffer(16), None),
            "sethostname": attempt(libc.sethostname, b"x", 1),
            "mknod": attempt(os.mknod, "/tmp/disk", 0o60666, os.makedev(254, 0)),
            "setuid": attempt(os.setuid, 0),
            "raw": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()),
            "packet": attempt(lambda: socket.socket(17, socket.SOCK_RAW, 0).close()),
            "vsock": attempt(lambda: socket.socket(40, socket.SOCK_STREAM).close()),
            "kill_init": attempt(os.kill, 1, signal.SIGTERM),
            "kill_outside": attempt(os.kill, event["server"], 0),
            "kmsg": attempt(os.open, "/proc/kmsg", os.O_RDONLY),
            "sysrq": attempt(os.open, "/proc/sysrq-trigger", os.O_WRONLY),
            "core_pattern": attempt(os.open, "/proc/sys/kernel/core_pattern", os.O_WRONLY),
            "init_memory": attempt(os.open, "/proc/1/mem", os.O_RDWR),
            "cgroup": attempt(os.open, "/sys/fs/cgroup", os.O_RDONLY | os.O_DIRECTORY),
            "ptrace_attach_self_parent": attempt(os.kill, os.getppid(), signal.SIGSTOP),
        }
"""
REFUSED = {
    "EPERM",
    "EACCES",
    "ENOSYS",
    "EAFNOSUPPORT",
    "ESRCH",
    "ENOENT",
    "EROFS",
    "EPROTONOSUPPORT",
    "EINVAL",
}


def test_no_way_out_is_open(bench, python):
    async def scenario():
        async with bench.function(python(CALLS)) as function:
            first = await function.invoke({"server": os.getpid()})
            second = await function.invoke({"server": os.getpid()})
            return first, second

    (kind, answer), (second, _) = bench.run(scenario())
    assert kind == second == "response", answer
    # What may be asked of the first process changes nothing: it does not listen to its own namespace.
    assert answer.pop("kill_init") in {"done", "EPERM"}
    assert answer.pop("ptrace_attach_self_parent") in {"done", "EPERM"}
    assert {name: result for name, result in answer.items() if result not in REFUSED} == {
        # /dev/null lies over it
        "kmsg": "done",
    }


def test_the_machines_loopback_and_the_outside_cannot_be_reached(bench, python):
    source = """
        import socket

        def handler(event, context):
            results = []
            for address in event["addresses"]:
                try:
                    socket.create_connection(tuple(address), timeout=2).close()
                    results.append("connected")
                except OSError as error:
                    results.append(error.errno)
            return results
    """

    async def scenario(port):
        async with bench.function(python(source)) as function:
            return await function.invoke({"addresses": [["127.0.0.1", port], ["192.0.2.1", 80]]})

    with socket.create_server(("127.0.0.1", 0)) as service:
        _, results = bench.run(scenario(service.getsockname()[1]))
    assert results == [111, 101]


def test_abstract_unix_sockets_of_the_machine_are_not_there(bench, python):
    source = """
        import socket

        def handler(event, context):
            try:
                socket.socket(socket.AF_UNIX).connect(event)
            except OSError as error:
                return error.errno
    """

    async def scenario(name):
        async with bench.function(python(source)) as function:
            return await function.invoke(name)

    with socket.socket(socket.AF_UNIX) as service:
        service.bind("\0cloudlet-test-of-walls")
        service.listen()
        assert bench.run(scenario("\0cloudlet-test-of-walls")) == ("response", 111)


def test_two_functions_do_not_see_each_other(bench, inside, python):
    source = """
        def handler(event, context):
            open("/tmp/mine", "w").write("secret")
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            await function.invoke({})
            return function.sandbox.alive

    assert bench.run(scenario())
    assert inside(list="/tmp") == []


def test_the_code_on_the_machine_is_as_it_was(bench, python):
    code = python("def handler(event, context):\n    open('/var/task/app.py', 'a').write('x')\n")
    (code / "app.py").chmod(0o777)
    before = (code / "app.py").read_text()

    async def scenario():
        async with bench.function(code) as function:
            return await function.invoke({})

    kind, error = bench.run(scenario())
    assert (kind, error["errorType"]) == ("error", "OSError")
    assert (code / "app.py").read_text() == before
    assert sorted(path.name for path in Path(code).iterdir()) == ["app.py"]
