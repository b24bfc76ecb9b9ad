"""Versions that nobody used for long: Inactive, until an invocation fails and has them put into place again.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html. Only those become so for which AWS holds
something that it takes back: the snapshot of a SnapStart version, the network interface of one in a VPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.lambda_ import activation, state
from cloudlet.services.lambda_.errors import ResourceNotReadyException, SnapStartNotReadyException
from cloudlet.services.lambda_.model import INACTIVE, PENDING
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from cloudlet.core.call import Call, Cloud
    from cloudlet.services.lambda_.model import FunctionVersion
    from cloudlet.services.lambda_.references import FunctionReference

_DAY_SECONDS: Final = 86400.0
_IDLE_SECONDS: Final = 14 * _DAY_SECONDS
_SWEEP_SECONDS: Final = 3600.0


class IdlenessWorker:
    """Finds the versions that have become inactive."""

    name: Final = "lambda-idleness"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self) -> None:
        """Works until cancelled."""
        call = self._cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
        while True:
            await self._cloud.clock.sleep(_SWEEP_SECONDS)
            await call.transact(_put_to_rest)


async def note_use(call: Call, reference: FunctionReference, version: FunctionVersion) -> None:
    """Notes that an environment of a version was made, unless that was noted within a day."""
    if version.may_become_inactive and call.time() > version.used_at + _DAY_SECONDS:
        await call.transact(lambda inner: _note_use(inner, reference, version))


async def awaken(call: Call, reference: FunctionReference, version: FunctionVersion) -> None:
    """Has an inactive version put into place. Always raises what AWS says to whoever invoked it."""
    await call.transact(lambda inner: _restore(inner, reference, version))
    if version.has_snapshot:
        raise SnapStartNotReadyException(
            "Lambda is initializing your function. It will be ready to invoke once your function state "
            "becomes ACTIVE."
        )
    raise ResourceNotReadyException(
        "The function is inactive and its VPC connection is no longer available. "
        "Wait for the VPC connection to reestablish and try again."
    )


def _put_to_rest(call: Call) -> None:
    provisioned = {(each.account, each.region, each.name) for each, _ in settings.all_provisioned(call)}
    for reference, name in state.resting_soon(call):
        version = state.version(call, reference, name)
        kept = (reference.account, reference.region, reference.name) in provisioned
        if not kept and call.time() > version.used_at + _IDLE_SECONDS:
            state.save_version(call, reference, replace(version, state=INACTIVE))


def _note_use(call: Call, reference: FunctionReference, used: FunctionVersion) -> None:
    version = state.find_version(call, reference, used.version)
    if version is not None:
        state.save_version(call, reference, replace(version, used_at=call.time()))


def _restore(call: Call, reference: FunctionReference, found: FunctionVersion) -> None:
    version = state.find_version(call, reference, found.version)
    if version is not None and version.state == INACTIVE:
        state.save_version(call, reference, replace(version, state=PENDING, used_at=call.time()))
        call.wake(activation.TOPIC)
