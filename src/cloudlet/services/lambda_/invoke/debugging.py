"""Functions under a debugger, where a function's tag names a port and the server's user allows it.

The tag is cloudlet's own; AWS keeps it as any other. A function of Node listens for an inspector, one of
Python waits for debugpy's client before it does anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.services.lambda_.invoke.router import Target

TAG: Final = "cloudlet:debug"
LONGEST_SECONDS: Final = 1800
"""How long a call may take while somebody looks at it; its role's session lasts twice as long."""
_PORTS: Final = range(1024, 65536)
_INSIDE: Final = 9229


def port_of(tags: Mapping[str, str], runtime: str, *, allowed: bool) -> int | None:
    """The port that a function's tag names. Raises InvalidParameterValueException."""
    text = tags.get(TAG)
    if text is None:
        return None
    if not allowed:
        raise InvalidParameterValueException(
            f"The tag {TAG} asks for a debugger, which this server does not allow: start it with --debug."
        )
    if not text.isdecimal() or int(text) not in _PORTS:
        raise InvalidParameterValueException(
            f"The tag {TAG} must name a port from 1024 to 65535, not {text}."
        )
    if not runtime.startswith(("python", "nodejs")):
        raise InvalidParameterValueException(f"Functions of {runtime} have no debugger here.")
    return int(text)


def apart(target: Target) -> Target:
    """The target; with a debugger it is another generation, as what runs already has none."""
    if target.debug_port is None:
        return target
    generation = f"{target.version.generation} debugged at {target.debug_port}"
    return replace(target, version=replace(target.version, generation=generation))


def variables(runtime: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a function needs in its environment to be debugged."""
    if runtime.startswith("nodejs"):
        return {"NODE_OPTIONS": f"{given.get('NODE_OPTIONS', '')} --inspect=127.0.0.1:{_INSIDE}".strip()}
    return {"CLOUDLET_DEBUGGER": str(_INSIDE)}


def inside() -> int:
    """The port on which the debugger listens inside."""
    return _INSIDE
