"""Lambda's runtimes: which AWS still takes, and which of them cloudlet can run.

One interpreter serves all names of a language: the Python that runs cloudlet runs python3.*, the machine's
Node runs nodejs*, and provided.* finds the machine's own system. It runs nothing.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException

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


def check(runtime: str) -> None:
    """Raises what AWS says to an unknown or retired name, and our own word for one that cannot run."""
    if runtime in RETIRED:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda "
            "functions. We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in SUPPORTED:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED)}] or be a valid ARN"
        )
    if find_engine(runtime) is None:
        raise InvalidParameterValueException(
            f"cloudlet cannot run {runtime} functions, only python3.*, nodejs* and provided.* ones. "
            "Nothing was created or changed."
        )


def find_engine(runtime: str) -> str | None:
    """The sandbox's runtime that serves one of Lambda's; None where there is none."""
    if runtime.startswith("python3."):
        return "python"
    if runtime.startswith("nodejs"):
        return "nodejs"
    if runtime.startswith("provided."):
        return "provided"
    return None


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
    for language in ("python", "nodejs", "provided"):
        if runtime.startswith(language):
            release = runtime.removeprefix(language).removeprefix(".").removesuffix(".x")
            return f"{language}:{release}.v1"
    return f"{runtime}.v1"
