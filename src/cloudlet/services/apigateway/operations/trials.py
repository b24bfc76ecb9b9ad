"""Operations that try a method or an authorizer as it stands now, without a deployment.

What is run, and the words that tell of it, are the data plane's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import BadRequestException, refused
from cloudlet.services.apigateway.model import Authorizer, Resource, Snapshot
from cloudlet.services.apigateway.permissions import API, METHOD, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_AUTHORIZER: Final = f"{API}/authorizers/{{authorizerId}}"


@rest_operation("TestInvokeMethod", METHOD)
async def test_invoke_method(call: Call, request: api.TestInvokeMethodRequestTypeDef) -> dict[str, Any]:
    """Calls a method, and tells step by step what became of the request."""
    from cloudlet.services.apigateway.execute.trial import (  # noqa: PLC0415  start time: as in stages.py
        try_method,
    )

    if request.get("clientCertificateId"):
        raise refused("trials with a client certificate")

    def read(inner: Call) -> tuple[Snapshot, Resource]:
        resource = resource_state.resource(inner, request["restApiId"], request["resourceId"])
        if resource_state.method(resource, request["httpMethod"]).method_integration is None:
            raise BadRequestException("No integration defined for method")
        return state.snapshot_of(inner, state.api(inner, request["restApiId"])), resource

    snapshot, resource = await call.transact(read, read_only=True)
    return await try_method(call, snapshot, resource, request["httpMethod"], request)


@rest_operation("TestInvokeAuthorizer", _AUTHORIZER)
async def test_invoke_authorizer(
    call: Call, request: api.TestInvokeAuthorizerRequestTypeDef
) -> dict[str, Any]:
    """Asks an authorizer, and tells what it answered."""
    from cloudlet.services.apigateway.execute.trial_authorizer import (  # noqa: PLC0415  start time: as above
        try_authorizer,
    )

    if request.get("additionalContext"):
        raise refused("additional context for trials of authorizers")

    def read(inner: Call) -> tuple[Snapshot, Authorizer]:
        row = state.authorizer(inner, request["restApiId"], request["authorizerId"])
        return state.snapshot_of(inner, state.api(inner, request["restApiId"])), row

    snapshot, row = await call.transact(read, read_only=True)
    return await try_authorizer(call, snapshot, row, request)
