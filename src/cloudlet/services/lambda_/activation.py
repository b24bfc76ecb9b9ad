"""Putting new code and configuration into place: from Pending and InProgress to Active and Successful.

Any server may do it, any number of times; the row says what is left to do.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.sandbox import SandboxError
from cloudlet.services.lambda_ import runtimes, state
from cloudlet.services.lambda_.packages import Packages

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.model import FunctionVersion
    from cloudlet.services.lambda_.references import FunctionReference

TOPIC: Final = "lambda.activation"
_SWEEP_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger("cloudlet.lambda")


class ActivationWorker:
    """Puts every version into place that waits for it."""

    name: Final = "lambda-activation"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._prepared: set[str] = set()

    async def run(self) -> None:
        """Works until cancelled."""
        cloud = self._cloud
        call = cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        with cloud.wakeups.listening(TOPIC) as listener:
            async with asyncio.TaskGroup() as preparations:
                while True:
                    waiting = await call.transact(state.unsettled, read_only=True)
                    for reference, version in waiting:
                        self._expect(await activate(call, reference, version), preparations)
                    await listener.wait(cloud.clock, _SWEEP_SECONDS)

    def _expect(self, version: FunctionVersion | None, preparations: asyncio.TaskGroup) -> None:
        """Has a runtime got ready for the first call, which mostly follows soon."""
        runtime = "" if version is None else version.configuration.runtime
        engine = runtimes.find_engine(runtime)
        if engine is not None and runtime not in self._prepared:
            self._prepared.add(runtime)
            preparations.create_task(self._get_ready(runtime, engine))

    async def _get_ready(self, runtime: str, engine: str) -> None:
        sandboxes, release = self._cloud.sandboxes, runtimes.release(runtime)
        try:
            await sandboxes.prepare(engine, release)
        except SandboxError as error:
            _LOG.warning("%s functions cannot run: %s", engine, error)
            return
        told = runtimes.stands_in(runtime, sandboxes.interpreter(engine, release))
        if told is not None:
            _LOG.warning("%s", told)


async def activate(call: Call, reference: FunctionReference, version: str) -> FunctionVersion | None:
    """Puts one version into place, unless that is done already; None if it is gone."""
    row = await call.transact(lambda inner: state.find_version(inner, reference, version), read_only=True)
    if row is None or row.settled:
        return row
    trouble = await _prepare(call, row)
    return await call.transact(lambda inner: _settle(inner, reference, row, trouble))


async def language_trouble(cloud: Cloud, runtime: str) -> str | None:
    """Why functions in a language that not every machine has cannot run here, or None."""
    engine = runtimes.engine(runtime)
    if engine not in runtimes.OPTIONAL:
        return None
    try:
        await cloud.sandboxes.prepare(engine, runtimes.release(runtime))
    except SandboxError as error:
        return str(error)
    return None


async def _prepare(call: Call, row: FunctionVersion) -> str | None:
    """Unpacks what the version needs; what went wrong, or None."""
    trouble = await language_trouble(call.cloud, row.configuration.runtime)
    if trouble is not None:
        return trouble
    packages = call.cloud.component(Packages)
    user = f"activation {row.generation}"
    try:
        for package in (row.package, *(layer.package for layer in row.configuration.layers)):
            await packages.folder(package, user)
    except ServiceError as error:
        _LOG.warning("the code of %s cannot be unpacked: %s", row.name, error.message)
        return error.message
    finally:
        packages.leave(user)
    return None


def _settle(
    call: Call, reference: FunctionReference, prepared: FunctionVersion, trouble: str | None
) -> FunctionVersion | None:
    row = state.find_version(call, reference, prepared.version)
    if row is None or row.settled or row.generation != prepared.generation:
        return row
    revision_id = call.ids.uuid()
    after = row.activated(revision_id, call.time()) if trouble is None else row.failed(trouble, revision_id)
    state.save_version(call, reference, after)
    return after
