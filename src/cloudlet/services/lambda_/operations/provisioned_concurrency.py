"""PutProvisionedConcurrencyConfig to ListProvisionedConcurrencyConfigs.

Environments are kept by invoke/provisioned.py; provisioning.py asks it for what is stored here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, provisioning, references, state, tenancy
from cloudlet.services.lambda_.invoke.concurrency import ACCOUNT_LIMIT
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.pages import page_of
from cloudlet.services.lambda_.settings import state as settings
from cloudlet.services.lambda_.settings.model import ProvisionedConcurrency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference

_LEAST_UNRESERVED: Final = 100


@operation(
    "PutProvisionedConcurrencyConfig",
    permissions=permissions.on_function("lambda:PutProvisionedConcurrencyConfig"),
)
def put_provisioned_concurrency_config(
    call: Call, request: api.PutProvisionedConcurrencyConfigRequestTypeDef
) -> dict[str, Any]:
    """Sets how many environments a version or alias shall have ready."""
    reference = references.parse(call, request["FunctionName"], request["Qualifier"])
    if reference.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    _check_there(call, reference)
    tenancy.refuse(state.qualified_version(call, reference).configuration, "Provisioned Concurrency")
    wanted = request["ProvisionedConcurrentExecutions"]
    _check_room(call, reference, wanted)
    _check_alone(call, reference)
    row = ProvisionedConcurrency(request["Qualifier"], wanted, call.time())
    settings.save_provisioned(call, reference, row)
    call.wake(provisioning.TOPIC)
    return {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AvailableProvisionedConcurrentExecutions": 0,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
        "LastModified": _moment(row.modified_at),
    }


@operation(
    "GetProvisionedConcurrencyConfig",
    permissions=permissions.on_function("lambda:GetProvisionedConcurrencyConfig"),
    read_only=True,
)
def get_provisioned_concurrency_config(
    call: Call, request: api.GetProvisionedConcurrencyConfigRequestTypeDef
) -> dict[str, Any]:
    """How many a version or alias shall have ready, and how many are."""
    reference = _published(call, request)
    found = settings.find_provisioned(call, reference)
    if found is None:
        raise errors.ProvisionedConcurrencyConfigNotFoundException(
            "No Provisioned Concurrency Config found for this function"
        )
    return _described(call, reference, found)


@operation(
    "ListProvisionedConcurrencyConfigs",
    permissions=permissions.on_unqualified_function("lambda:ListProvisionedConcurrencyConfigs"),
    read_only=True,
)
def list_provisioned_concurrency_configs(
    call: Call, request: api.ListProvisionedConcurrencyConfigsRequestTypeDef
) -> dict[str, Any]:
    """The same of all versions and aliases of a function."""
    reference = references.parse_unqualified(call, request["FunctionName"])
    state.function(call, reference)
    rows = settings.list_provisioned(call, reference, request.get("Marker"))
    page, marker = page_of(rows, request, lambda row: row.qualifier)
    listed = [
        {
            "FunctionArn": reference.arn_of(row.qualifier),
            **_described(call, reference.with_qualifier(row.qualifier), row),
        }
        for row in page
    ]
    return {"ProvisionedConcurrencyConfigs": listed, "NextMarker": marker}


@operation(
    "DeleteProvisionedConcurrencyConfig",
    permissions=permissions.on_function("lambda:DeleteProvisionedConcurrencyConfig"),
)
def delete_provisioned_concurrency_config(
    call: Call, request: api.DeleteProvisionedConcurrencyConfigRequestTypeDef
) -> None:
    """Lets the environments go; where there is nothing to delete, that is no error."""
    reference = _published(call, request)
    settings.delete_provisioned(call, reference, request["Qualifier"])
    call.wake(provisioning.TOPIC)


def _published(call: Call, request: Mapping[str, Any]) -> FunctionReference:
    reference = references.parse(call, request["FunctionName"], request["Qualifier"])
    if reference.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "The function resource provided must be an alias or a published version."
        )
    _check_there(call, reference)
    return reference


def _check_there(call: Call, reference: FunctionReference) -> None:
    qualifier = reference.qualifier or ""
    if references.is_version(qualifier):
        state.version(call, reference, qualifier)
    else:
        state.alias(call, reference, qualifier)


def _check_room(call: Call, reference: FunctionReference, wanted: int) -> None:
    others = sum(row.requested for row in settings.list_provisioned(call, reference))
    own = settings.find_provisioned(call, reference)
    others -= 0 if own is None else own.requested
    reserved = state.function(call, reference).reserved_concurrency
    if reserved is not None:
        if others + wanted > reserved:
            raise errors.InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        return
    free = ACCOUNT_LIMIT - state.usage(call, call.account, call.region).reserved_concurrency
    free -= provisioning.unreserved(call) - (0 if own is None else own.requested)
    if wanted > free:
        raise errors.InvalidParameterValueException(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
            f"[{free}].",
            Type=None,
        )
    if free - wanted < _LEAST_UNRESERVED:
        raise errors.InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{_LEAST_UNRESERVED}].",
            Type=None,
        )


def _check_alone(call: Call, reference: FunctionReference) -> None:
    """An alias and the version that it leads to cannot both have environments of their own."""
    qualifier = reference.qualifier or ""
    if references.is_version(qualifier):
        leading = [alias for alias in state.list_aliases(call, reference) if alias.version == qualifier]
        if any(settings.find_provisioned(call, reference.with_qualifier(alias.name)) for alias in leading):
            raise errors.ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")
        return
    version = state.alias(call, reference, qualifier).version
    if settings.find_provisioned(call, reference.with_qualifier(version)):
        raise errors.ResourceConflictException(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )


def _described(call: Call, reference: FunctionReference, row: ProvisionedConcurrency) -> dict[str, Any]:
    status = call.cloud.component(Pool).provisioned.status(reference.arn)
    available = 0 if status is None else min(status.available, row.requested)
    trouble = None if status is None else status.trouble
    ready = "READY" if available >= row.requested else "IN_PROGRESS"
    return {
        "RequestedProvisionedConcurrentExecutions": row.requested,
        "AvailableProvisionedConcurrentExecutions": available,
        "AllocatedProvisionedConcurrentExecutions": available,
        "Status": "FAILED" if trouble else ready,
        "StatusReason": trouble,
        "LastModified": _moment(row.modified_at),
    }


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}+0000"
