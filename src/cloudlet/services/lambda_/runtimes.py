"""Lambda's runtimes: which AWS still takes, and which of them cloudlet can run.

python3.* and nodejs* have the interpreter of their release where it is installed, else the nearest newer one,
which is reported; provided.* finds the machine's own system. It runs nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException, not_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order in which AWS lists them in its refusals.
SUPPORTED: Final = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x",
    "java25", "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9",
    "java17", "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2",
    "java8.al2",
)  # fmt: skip
RETIRED: Final = frozenset(
    {
        "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0", "dotnet7", "go1.x",
        "java8", "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x",
        "nodejs12.x", "nodejs14.x", "provided", "python2.7", "python3.6", "python3.7", "ruby2.5", "ruby2.7",
    }
)  # fmt: skip

_NOT_SNAPSHOTTED: Final = (
    "dotnet6", "java8", "nodejs", "provided", "python3.8", "python3.9", "python3.10", "python3.11", "ruby",
)  # fmt: skip

LANGUAGES: Final = {"python": "Python", "nodejs": "Node", "ruby": "Ruby", "java": "Java"}
"""What people call the sandbox's runtimes."""

OPTIONAL: Final = ("ruby", "java")
"""Those that need something of the machine which must be installed for them."""

# What lists of layers may be asked for, in AWS's own order.
_EVER: Final = (
    "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7",
    "python2.7-greengrass",
    "dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10",
    "provided", "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x",
    "dotnet10", "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10",
    "java8", "nodejs12.x", "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9",
    "nodejs26.x", "python3.13", "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge",
    "nodejs18.x", "ruby3.2", "python3.4", "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7",
)  # fmt: skip


# AWS takes these no more; here what was written for them runs on what has become of the language.
_LIVING_ON: Final = frozenset(
    {
        "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
        "provided", "python3.6", "python3.7",
    }
)  # fmt: skip


def check(runtime: str) -> None:
    """Raises what AWS says to an unknown or retired name, and our own word for one that cannot run."""
    if runtime in RETIRED and runtime not in _LIVING_ON:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda "
            "functions. We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in SUPPORTED and runtime not in _LIVING_ON:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED)}] or be a valid ARN"
        )
    if find_engine(runtime) is None:
        raise InvalidParameterValueException(
            f"cloudlet cannot run {runtime} functions, only python3.*, nodejs*, ruby*, java* and provided.* "
            "ones. Nothing was created or changed."
        )


def check_asked_for(runtime: str | None) -> None:
    """Raises what AWS says to a list of layers for a runtime that never was."""
    if runtime is not None and runtime not in _EVER:
        raise not_of("compatibleRuntime", runtime, _EVER)


def check_compatible(runtimes: Sequence[str]) -> None:
    """Raises what AWS says to a layer for runtimes that it does not know."""
    if any(runtime not in SUPPORTED and runtime not in RETIRED for runtime in runtimes):
        raise not_of("compatibleRuntimes", f"[{', '.join(runtimes)}]", SUPPORTED)


def may_be_snapshotted(runtime: str) -> bool:
    """Whether AWS takes SnapStart for functions of a runtime."""
    return runtime in SUPPORTED and not runtime.startswith(_NOT_SNAPSHOTTED)


def find_engine(runtime: str) -> str | None:
    """The sandbox's runtime that serves one of Lambda's; None where there is none."""
    if runtime.startswith("python3."):
        return "python"
    if runtime.startswith("nodejs"):
        return "nodejs"
    for language in ("provided", "ruby", "java"):
        if runtime.startswith(language):
            return language
    return None


def release(runtime: str) -> str:
    """The version of the language that a name asks for: 3.12, or 22; empty where it names none."""
    for language in ("python", "ruby", "nodejs", "java"):
        if runtime.startswith(language):
            wanted = runtime.removeprefix(language).removesuffix(".x")
            return wanted if language in ("python", "ruby") else wanted.partition(".")[0]
    return ""


def stands_in(runtime: str, version: str) -> str | None:
    """What to tell of a function that does not have the version it asks for; None where it has."""
    wanted = release(runtime)
    if not wanted or f"{version}.".startswith(f"{wanted}."):
        return None
    language = LANGUAGES[engine(runtime)]
    advice = "" if runtime in _LIVING_ON else f": `cloudlet runtimes install {runtime}` may change that"
    return f"{runtime} functions run on {language} {version} here{advice}"


def engine(runtime: str) -> str:
    """The sandbox's runtime that serves one of Lambda's. Raises LookupError, but not after check()."""
    found = find_engine(runtime)
    if found is None:
        raise LookupError(runtime)
    return found


def version_arn(runtime: str, region: str) -> str:
    """The ARN of the runtime's version; the digest is of the name, as cloudlet has one version of each."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"


def version_name(runtime: str) -> str:
    """The version as INIT_START lines name it, such as python:3.12.v1."""
    for language in ("python", "nodejs", "provided", "ruby", "java"):
        if runtime.startswith(language):
            release = runtime.removeprefix(language).removeprefix(".").removesuffix(".x")
            return f"{language}:{release}.v1"
    return f"{runtime}.v1"
