"""From what a caller named to the version that runs: qualifiers, aliases and their weights.

It reads rows and starts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.services.lambda_ import activation, errors, idleness, metrics, state
from cloudlet.services.lambda_.invoke import debugging, local_code, tracing
from cloudlet.services.lambda_.invoke.concurrency import ACCOUNT_LIMIT
from cloudlet.services.lambda_.model import FAILED, INACTIVE, LATEST
from cloudlet.services.lambda_.references import is_version

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import FunctionVersion
    from cloudlet.services.lambda_.references import FunctionReference


class Target(Struct, frozen=True):
    """What is to run."""

    reference: FunctionReference
    """The function as it was named."""
    version: FunctionVersion
    reserved_concurrency: int | None
    unreserved_limit: int
    loops_allowed: bool
    """Whether the function may be invoked by what it does itself without end."""
    local_folder: str | None = None
    """Where its code lies on this machine, if its owner wants it run from there."""
    debug_port: int | None = None
    """The port of this machine's loopback by which its debugger is reached, if its owner wants one."""


async def find_target(call: Call, reference: FunctionReference) -> Target:
    """The version to run; one that is not in place yet is put there. Raises ResourceNotFoundException."""
    target = await call.transact(lambda inner: target_within(inner, reference), read_only=True)
    if not target.version.settled:
        await activation.activate(call, reference, target.version.version)
        target = await call.transact(lambda inner: target_within(inner, reference), read_only=True)
    if target.version.state == INACTIVE:
        await idleness.awaken(call, reference, target.version)
    if target.version.state == FAILED:
        raise errors.ResourceConflictException(
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Failed"
        )
    return target


def check_loops(call: Call, target: Target, trace_id: str) -> None:
    """Raises RecursiveInvocationException for a function that has come back to itself too often."""
    looped = tracing.loops(trace_id, target.reference.unqualified_arn)
    if looped >= tracing.LOOPS_LIMIT and not target.loops_allowed:
        metrics.count(call, target.reference, metrics.RECURSIVE_INVOCATIONS_DROPPED)
        raise errors.RecursiveInvocationException(
            "Lambda has detected your function being invoked in a recursive loop with other AWS resources "
            "and stopped your function's invocation."
        )


def target_within(call: Call, reference: FunctionReference) -> Target:
    """The version to run, in the call's open transaction."""
    named = reference.with_qualifier(reference.qualifier or LATEST)
    function = state.function(call, named)
    version = state.version(call, named, _version_name(call, named))
    reserved = function.reserved_concurrency
    limit = ACCOUNT_LIMIT
    if reserved is None:
        limit -= state.usage(call, reference.account, reference.region).reserved_concurrency
    return Target(
        reference,
        version,
        reserved,
        limit,
        function.recursive_loop == "Allow",
        function.tags.get(local_code.TAG),
        debugging.port_of(function.tags, version.configuration.runtime, allowed=call.cloud.debugging_allowed),
    )


def _version_name(call: Call, named: FunctionReference) -> str:
    qualifier = named.qualifier or LATEST
    if qualifier == LATEST or is_version(qualifier):
        return qualifier
    alias = state.find_alias(call, named, qualifier)
    if alias is None:
        raise errors.function_not_found(named.arn)
    for other, weight in alias.weights.items():
        if call.ids.random.random() < weight:
            return other
    return alias.version
