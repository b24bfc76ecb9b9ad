"""From a function version to the plan of one of its environments: code unpacked, role assumed, variables set.

It starts no sandbox.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import AccessDenied
from cloudlet.core.sandbox import Limits, SandboxSpec
from cloudlet.services.lambda_ import environments, idleness, references, runtimes
from cloudlet.services.lambda_.errors import AccessDeniedException
from cloudlet.services.lambda_.invoke import debugging, surroundings
from cloudlet.services.lambda_.invoke.debugging import LONGEST_SECONDS
from cloudlet.services.lambda_.invoke.environment import INIT_CORES, PROVISIONED, Plan
from cloudlet.services.lambda_.invoke.extensions import Registered
from cloudlet.services.lambda_.invoke.journal import EventJournal, TextJournal
from cloudlet.services.lambda_.invoke.logs import LogDelivery, LogStream
from cloudlet.services.lambda_.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.identity import Session
    from cloudlet.services.lambda_.invoke.journal import Journal
    from cloudlet.services.lambda_.invoke.router import Target

_MEGABYTE: Final = 1 << 20
_MEMORY_MB_PER_CORE: Final = 1769
_PRINCIPAL: Final = "lambda.amazonaws.com"


async def plan(
    call: Call, target: Target, *, tenant_id: str | None = None, provisioned: bool = False
) -> Plan:
    """The plan of a new environment. Raises AccessDeniedException where the role may no longer be assumed."""
    version, reference = target.version, target.reference
    configuration = version.configuration
    environment_id = call.ids.uuid().replace("-", "")
    session = await assume_role(call, target)
    await idleness.note_use(call, reference, version)
    stream_name = f"{call.now():%Y/%m/%d}/[{version.version}]{environment_id}"
    owner = call.cloud.call("lambda", session.principal, reference.account, reference.region)
    readable = await environments.opened(owner, reference, version)
    log = LogStream(
        call.cloud.component(LogDelivery), call.clock, owner, configuration.logging.log_group, stream_name
    )
    kind = PROVISIONED if provisioned else _initialization_type(target)
    journal = _journal(log, call, target, kind, tenant_id)
    return Plan(
        id=environment_id,
        generation=version.generation,
        spec=await _spec(
            call,
            target,
            environment_id,
            surroundings.variables(readable, reference.region, stream_name, session, kind),
        ),
        cores=configuration.memory_mb / _MEMORY_MB_PER_CORE,
        initialization_type=kind,
        memory_mb=configuration.memory_mb,
        function=Registered(version.name, version.version, configuration.handler, reference.account),
        timeout_seconds=configuration.timeout_seconds if target.debug_port is None else LONGEST_SECONDS,
        tenant_id=tenant_id,
        debug_port=target.debug_port,
        runtime=configuration.runtime,
        runtime_version=runtimes.version_name(configuration.runtime),
        runtime_version_arn=runtimes.version_arn(configuration.runtime, reference.region),
        expires_at=session.expires_at,
        log=log,
        journal=journal,
    )


async def assume_role(call: Call, target: Target) -> Session:
    """A session of the function's role. Raises AccessDeniedException where it may no longer be assumed."""
    role = target.version.configuration.role
    name = references.role_session_name(target.version.name)
    try:
        return await call.transact(
            lambda inner: call.cloud.identities.assume_role(inner.as_service(_PRINCIPAL), role, name)
        )
    except AccessDenied as error:
        raise AccessDeniedException(
            "The role defined for the function cannot be assumed by Lambda."
        ) from error


async def _spec(call: Call, target: Target, environment_id: str, variables: dict[str, str]) -> SandboxSpec:
    configuration = target.version.configuration
    packages = call.cloud.component(Packages)
    folders = [
        await packages.folder(package, environment_id)
        for package in (target.version.package, *(layer.package for layer in configuration.layers))
    ]
    if target.debug_port is not None:
        variables |= debugging.variables(configuration.runtime, variables)
    return SandboxSpec(
        runtime=runtimes.engine(configuration.runtime),
        release=runtimes.release(configuration.runtime),
        code=folders[0] if target.local_folder is None else Path(target.local_folder),
        layers=tuple(folders[1:]),
        extensions=await asyncio.to_thread(_extensions, folders[1:]) if folders[1:] else (),
        environment=variables,
        reachable=target.debug_port is not None,
        limits=Limits(
            memory_bytes=configuration.memory_mb * _MEGABYTE,
            cpu_cores=INIT_CORES,
            tmp_bytes=configuration.ephemeral_storage_mb * _MEGABYTE,
        ),
        labels={"function": target.reference.unqualified_arn, "version": target.version.version},
    )


def _initialization_type(target: Target) -> str:
    """What the runtime client is told; with snap-start it runs the hooks that a snapshot would need."""
    return "snap-start" if target.version.has_snapshot else "on-demand"


def _journal(log: LogStream, call: Call, target: Target, kind: str, tenant_id: str | None) -> Journal:
    configuration = target.version.configuration
    facts = (call.clock, target.version.version, configuration.memory_mb)
    if configuration.logging.log_format == "Text":
        return TextJournal(log.say, *facts)
    level = configuration.logging.system_log_level or "INFO"
    return EventJournal(
        lambda event: log.say(json.dumps(event, separators=(",", ":")) + "\n"),
        *facts,
        level=level,
        initialization_type=kind,
        tenant_id=tenant_id,
    )


def _extensions(layers: Sequence[Path]) -> tuple[str, ...]:
    """The programs that AWS starts beside a function: the files right below /opt/extensions."""
    folders = [layer / "extensions" for layer in layers]
    # A link would list the machine's folder of that name, not the sandbox's.
    folders = [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]
    return tuple(sorted({entry.name for folder in folders for entry in folder.iterdir() if entry.is_file()}))
