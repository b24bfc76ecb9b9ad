"""The second process: gives up its rights and becomes the function's runtime.

Whatever runs after harden() is the function's.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.inside import entrypoint, rootfs
from cloudlet.sandbox.linux import privileges, seccomp, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.sandbox.inside.control import Message

ORDER: Final = 4
"""The descriptor by which a waiting runtime is told its function."""
_OUT_OF_MEMORY_SCORE: Final = 500
_EXTENSIONS: Final = "/opt/extensions"
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html: extensions do not have these.
_RUNTIMES_OWN: Final = frozenset(
    {
        "_HANDLER", "_LAMBDA_TELEMETRY_LOG_FD", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip


def become(message: Message, touch: Callable[[], None] | None) -> None:
    """Turns the calling process into the function, or into a runtime that will be told its function.

    One that waits to be told uses the time to `touch` the memory that functions need.
    """
    os.setsid()
    harden(message)
    if message["waits"]:
        if touch is not None:
            touch()
        message = _await_order()
    os.chdir("/var/task")
    os.environ.clear()
    os.environ.update(message["environment"])
    if message["command"] is not None:
        entrypoint.become_command(message["command"], message["environment"])
    elif message["runtime"] == "python":
        _become_python(message)
    else:
        entrypoint.become_bootstrap({path: path for path in entrypoint.BOOTSTRAPS}, message["environment"])


def _await_order() -> Message:
    """Which function this process is: one JSON document, sent when that is known."""
    with open(ORDER, encoding="utf-8") as pipe:  # noqa: PTH123  quicker, and every start waits for it
        order: Message = json.load(pipe)
    Path("/proc/self/comm").write_text(order["name"])
    return order


def as_extension(function: Message, name: str) -> Message:
    """What a process becomes that is one of a function's extensions: it knows no handler."""
    environment = {
        key: value
        for key, value in function["environment"].items()
        if key not in _RUNTIMES_OWN and not key.startswith("_AWS_XRAY")
    }
    return {
        **function,
        "runtime": "extension",
        "command": [f"{_EXTENSIONS}/{name}"],
        "environment": environment,
    }


def harden(message: Message) -> None:
    """Makes the calling process an ordinary user who can become nothing else."""
    limits = message["limits"]
    with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123  quicker, and every start waits for it
        score.write(str(_OUT_OF_MEMORY_SCORE))
    privileges.limit(resource.RLIMIT_CORE, 0)
    privileges.limit(resource.RLIMIT_NOFILE, limits["open_files"])
    privileges.limit(resource.RLIMIT_MEMLOCK, 64 << 10)
    privileges.limit(resource.RLIMIT_MSGQUEUE, 819200)
    if message["own_user_namespace"]:
        _enter_own_user_namespace()
        privileges.limit(resource.RLIMIT_NPROC, limits["pids"])
        privileges.close_bounds()
    elif os.getuid() == 0:
        privileges.close_bounds()
        privileges.become(rootfs.UID, rootfs.GID)
    privileges.drop_capabilities()
    privileges.allow_inspection()
    privileges.forbid_new_privileges()
    seccomp.install(seccomp.build(os.uname().machine))


def _enter_own_user_namespace() -> None:
    """Where no cgroup counts processes, the kernel counts them for each user namespace."""
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    write_identity_map(uid, uid, gid, gid)


def write_identity_map(uid: int, outer_uid: int, gid: int, outer_gid: int) -> None:
    """Says who the one user of the caller's new user namespace is outside."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  quicker, and every start waits for it
            file.write(text)


def _become_python(message: Message) -> None:
    """Runs AWS's own client, imported by the fork server, as `python -m awslambdaric` would."""
    sys.argv = ["/var/runtime/bootstrap.py"]
    sys.path[:] = _python_path(os.environ["PYTHONPATH"])
    forgotten = {"cloudlet", *message["hidden_modules"]}
    for name in [name for name in sys.modules if name.split(".")[0] in forgotten]:
        del sys.modules[name]
    sys.path_importer_cache.clear()
    time.tzset()
    gc.enable()
    # These two read the environment when they are imported.
    importlib.reload(sys.modules["awslambdaric.bootstrap"])
    sys.modules["awslambdaric.__main__"].main(["bootstrap", message["handler"]])


def _python_path(python_path: str) -> list[str]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = ["/var/task", f"/opt/python/lib/{version}/site-packages", "/opt/python", *python_path.split(":")]
    if "/var/runtime" not in own:
        own.append("/var/runtime")
    return own + [path for path in sys.path if path.startswith("/var/lang/")]
