"""Operations on the settings that all APIs of an account share in a region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.errors import ServiceError
from cloudlet.core.operation import operation
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.model import Account
from cloudlet.services.apigateway.patches import Patch, check_replaces, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import SERVICE, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api


def _account_permissions(call: Call, request: api.UpdateAccountRequestTypeDef) -> list[Permission]:
    own = Permission(action="apigateway:PATCH", resource=f"arn:aws:apigateway:{call.region}::/account")
    roles = [
        patch.value for patch in patches_in(request) if patch.path == "/cloudwatchRoleArn" and patch.value
    ]
    context = {"iam:PassedToService": (SERVICE,)}
    return [own, *(Permission(action="iam:PassRole", resource=role, context=context) for role in roles)]


@rest_operation("GetAccount", "/account")
def get_account(call: Call, request: api.TagsTypeDef) -> dict[str, Any]:
    """Shows the settings that all of an account's APIs share."""
    return _described(state.account(call))


@operation("UpdateAccount", permissions=_account_permissions)
def update_account(call: Call, request: api.UpdateAccountRequestTypeDef) -> dict[str, Any]:
    """Changes them."""
    row = state.account(call)
    for patch in patches_in(request):
        row = _patched(call, row, patch)
    state.save_account(call, row)
    return _described(row)


def _patched(call: Call, row: Account, patch: Patch) -> Account:
    if patch.path == "/features" and patch.op in ("add", "remove"):
        # Usage plans are there from the beginning, and AWS does not take them away either.
        if patch.op == "remove" or patch.value != "UsagePlans":
            raise BadRequestException(f"Invalid feature specified: {patch.text}")
        return row
    if patch.path != "/cloudwatchRoleArn":
        raise unknown_path(patch)
    if patch.op == "remove":
        return replace(row, cloudwatch_role_arn=None)
    check_replaces(patch)
    if patch.value:
        _check_trusted(call, patch.value)
    return replace(row, cloudwatch_role_arn=patch.value or None)


def _check_trusted(call: Call, role_arn: str) -> None:
    """Raises BadRequestException for a role that API Gateway may not take."""
    try:
        call.cloud.identities.assume_role(call.as_service(SERVICE), role_arn, "BackplaneAssumeRoleSession")
    except ServiceError as error:
        raise BadRequestException(
            "The role ARN does not have required permissions configured. "
            "Please grant trust permission for API Gateway and add the required role policy."
        ) from error


def _described(row: Account) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    if row.cloudwatch_role_arn:
        settings["cloudwatchRoleArn"] = row.cloudwatch_role_arn
    return settings
