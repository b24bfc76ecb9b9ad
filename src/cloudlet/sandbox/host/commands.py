"""Which program a function of each runtime is, and whether a process that runs already can become it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.sandbox.host import languages, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.sandbox import Limits, SandboxSpec
    from cloudlet.sandbox.host.surroundings import Machine

_NODE_START: Final = "/var/runtime/nodejs/start.mjs"
_OLD_SPACE_SHARE: Final = 0.9
DEBUGGER: Final = "CLOUDLET_DEBUGGER"
"""The variable with the port on which a function of Python waits for a debugger."""
_WRAPPER: Final = "AWS_LAMBDA_EXEC_WRAPPER"
# What a runtime, or the loader before it, reads when it starts: one that runs already would not heed it.
_READ_AT_START: Final = (
    "LD_",
    "LC_",
    "NODE_",
    "UV_",
    "SSL_",
    "OPENSSL_",
    "PYTHON",
    "MALLOC_",
    _WRAPPER,
    DEBUGGER,
)
_HEEDED_LATER: Final = ("NODE_PATH", "NODE_ENV", "PYTHONPATH", "PYTHONUNBUFFERED")


def may_be_ahead(environment: Mapping[str, str]) -> bool:
    """Whether the runtime may have been started before the function's environment was known."""
    started_with = surroundings.zygote_environment()
    return not any(
        name.startswith(_READ_AT_START) and name not in _HEEDED_LATER and value != started_with.get(name)
        for name, value in environment.items()
    )


def command(spec: SandboxSpec, machine: Machine) -> list[str]:
    """What to execute for a function of one of AWS's runtimes, by its wrapper script if it names one.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html. Raises SandboxError.
    """
    wrapper = [spec.environment[_WRAPPER]] if _WRAPPER in spec.environment else []
    return wrapper + _unwrapped(spec, machine)


def _unwrapped(spec: SandboxSpec, machine: Machine) -> list[str]:
    if spec.runtime == "nodejs":
        return node_command(spec.limits)
    if spec.runtime in languages.LANGUAGES:
        interpreter = languages.used(machine.interpreters, spec)
        return languages.command(interpreter, spec.limits, spec.environment.get("_HANDLER", ""))
    return _python_command(spec, machine.python)


def node_command(limits: Limits) -> list[str]:
    """Node with AWS's client."""
    return [surroundings.NODE_IN_SANDBOX, *node_options(limits), _NODE_START]


def node_options(limits: Limits) -> list[str]:
    """Node is told how much memory there is: it sees the machine's, not the sandbox's."""
    old_space = max(16, round((limits.memory_bytes >> 20) * _OLD_SPACE_SHARE))
    return [f"--max-old-space-size={old_space}"]


def _python_command(spec: SandboxSpec, python: str) -> list[str]:
    own = ["/var/task", f"/opt/python/lib/{python}/site-packages", "/opt/python"]
    program = f"import sys; sys.path[0:1] = {own}; sys.path.append('/var/runtime'); "
    if port := spec.environment.get(DEBUGGER):
        program += f"import debugpy; debugpy.listen(('127.0.0.1', {int(port)})); debugpy.wait_for_client(); "
    program += "from awslambdaric.__main__ import main; main(sys.argv)"
    return [f"/var/lang/bin/{python}", "-c", program, spec.environment.get("_HANDLER", "")]
