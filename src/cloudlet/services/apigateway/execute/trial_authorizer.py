"""TestInvokeAuthorizer: asks an authorizer about a request that nobody has sent, and tells what it said.

Judges no policy, and remembers no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .authorizers import functions, user_pools
from .authorizers.authorizer import compiled
from .compiled import compile_stage, with_stage_variables
from .errors import GatewayError
from .execution_log import Level, masked
from .gateway import refused
from .trial import invocation_of, serving_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.apigateway.model import Authorizer, Snapshot

    from .authorizers.authorizer import CompiledAuthorizer
    from .invocation import Invocation

STAGE_NAME: Final = "ESTestInvoke-stage"


async def try_authorizer(
    call: Call, snapshot: Snapshot, row: Authorizer, request: Mapping[str, Any]
) -> dict[str, Any]:
    """What TestInvokeAuthorizer answers: `request` as boto3 gives it, `snapshot` the API as it stands now."""
    started = call.time()
    stage = compile_stage(serving_for(call, STAGE_NAME, request), snapshot, Level.DATA)
    invocation = invocation_of(call, stage, "GET", "/", request)
    authorizer = compiled(row, lambda text: with_stage_variables(text, stage.variables))
    try:
        found = await _asked(invocation, authorizer)
    except GatewayError as error:
        found = {"clientStatus": refused(invocation, error).status}
    log = invocation.log.shown(invocation.request_id) if invocation.log is not None else ""
    return {**found, "log": log, "latency": round((call.time() - started) * 1000)}


async def _asked(invocation: Invocation, authorizer: CompiledAuthorizer) -> dict[str, Any]:
    if authorizer.type == "COGNITO_USER_POOLS":
        return {"clientStatus": 0, "claims": await user_pools.claims_of(invocation, authorizer)}
    identity = functions.identity_of(invocation, authorizer)
    answer = await functions.ask_now(invocation, authorizer, identity)
    if invocation.log is not None:
        invocation.log.add(
            Level.INFO, f"Using valid authorizer policy for principal: {masked(answer.principal_id)}"
        )
        invocation.log.add(Level.INFO, "Successfully completed authorizer execution")
    return {
        "clientStatus": 0,
        "principalId": answer.principal_id,
        "policy": answer.policy,
        "authorization": {name: [value] for name, value in answer.context.items()},
    }
