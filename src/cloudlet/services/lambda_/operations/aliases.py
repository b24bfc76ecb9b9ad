"""CreateAlias to ListAliases.

What an alias leads a call to is decided in invoke/router.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, provisioning, references, state
from cloudlet.services.lambda_.model import LATEST, Alias
from cloudlet.services.lambda_.pages import page_of
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference


@operation("CreateAlias", permissions=permissions.on_unqualified_function("lambda:CreateAlias"))
def create_alias(call: Call, request: api.CreateAliasRequestTypeDef) -> dict[str, Any]:
    """Makes a name for a version."""
    reference = _function(call, request["FunctionName"])
    weights = _weights(request)
    _check_target(call, reference, request["FunctionVersion"], weights)
    if state.find_alias(call, reference, request["Name"]) is not None:
        raise errors.ResourceConflictException(f"Alias already exists: {reference.arn_of(request['Name'])}")
    alias = Alias(
        function_name=reference.name,
        name=request["Name"],
        version=request["FunctionVersion"],
        revision_id=call.ids.uuid(),
        description=request.get("Description", ""),
        weights=weights,
    )
    state.save_alias(call, reference, alias)
    return alias.describe(reference.unqualified_arn)


@operation("GetAlias", permissions=permissions.on_unqualified_function("lambda:GetAlias"), read_only=True)
def get_alias(call: Call, request: api.GetAliasRequestTypeDef) -> dict[str, Any]:
    """An alias."""
    reference = _function(call, request["FunctionName"])
    return state.alias(call, reference, request["Name"]).describe(reference.unqualified_arn)


@operation("UpdateAlias", permissions=permissions.on_unqualified_function("lambda:UpdateAlias"))
def update_alias(call: Call, request: api.UpdateAliasRequestTypeDef) -> dict[str, Any]:
    """Lets an alias lead somewhere else."""
    reference = _function(call, request["FunctionName"])
    before = state.find_alias(call, reference, request["Name"])
    if before is None:
        raise errors.ResourceNotFoundException(f"Alias not found: {reference.arn_of(request['Name'])}")
    if request.get("RevisionId", before.revision_id) != before.revision_id:
        raise errors.wrong_revision()
    version = request.get("FunctionVersion", before.version)
    weights = _weights(request) if "RoutingConfig" in request else before.weights
    _check_target(call, reference, version, weights)
    after = replace(
        before,
        version=version,
        weights=weights,
        description=request.get("Description", before.description),
        revision_id=call.ids.uuid(),
    )
    state.save_alias(call, reference, after)
    call.wake(provisioning.TOPIC)
    return after.describe(reference.unqualified_arn)


@operation("DeleteAlias", permissions=permissions.on_unqualified_function("lambda:DeleteAlias"))
def delete_alias(call: Call, request: api.DeleteAliasRequestTypeDef) -> None:
    """Removes an alias; one that is not there is no error. Its URL stays, and leads nowhere."""
    reference = _function(call, request["FunctionName"])
    state.delete_alias(call, reference, request["Name"])
    settings.delete_provisioned(call, reference, request["Name"])
    call.wake(provisioning.TOPIC)


@operation(
    "ListAliases", permissions=permissions.on_unqualified_function("lambda:ListAliases"), read_only=True
)
def list_aliases(call: Call, request: api.ListAliasesRequestTypeDef) -> dict[str, Any]:
    """A function's aliases by name, or those of one version."""
    reference = _function(call, request["FunctionName"])
    state.function(call, reference)
    wanted = request.get("FunctionVersion")
    matching = (
        alias
        for alias in state.list_aliases(call, reference, request.get("Marker"))
        if wanted is None or wanted in (alias.version, *alias.weights)
    )
    page, marker = page_of(matching, request, lambda alias: alias.name)
    return {
        "Aliases": [alias.describe(reference.unqualified_arn) for alias in page],
        "NextMarker": marker,
    }


def _function(call: Call, name: str) -> FunctionReference:
    return references.parse(call, name).with_qualifier(None)


def _weights(request: Mapping[str, Any]) -> dict[str, float]:
    return dict(request.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def _check_target(call: Call, reference: FunctionReference, version: str, weights: dict[str, float]) -> None:
    if len(weights) > 1:
        raise errors.InvalidParameterValueException(
            "Number of items in AdditionalVersionWeights cannot be greater than 1"
        )
    if version in weights:
        raise errors.InvalidParameterValueException(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )
    if weights and version == LATEST:
        raise errors.InvalidParameterValueException(
            "$LATEST is not supported for an alias pointing to more than 1 version", Type=None
        )
    for each in (version, *weights):
        state.version(call, reference.with_qualifier(each), each)
