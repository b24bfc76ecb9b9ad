"""Operations on the account's settings and on tags."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException, NotFoundException
from cloudlet.services.apigateway.model import Account
from cloudlet.services.apigateway.patches import check_replaces, patches_in, unknown_path
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_ARN: Final = re.compile(
    r"arn:aws[^:]*:apigateway:[^:]*::/restapis/(?P<api>[^/]+)(?:/stages/(?P<stage>[^/]+))?"
)


def _account_permissions(call: Call, request: api.UpdateAccountRequestTypeDef) -> list[Permission]:
    own = Permission(action="apigateway:PATCH", resource=f"arn:aws:apigateway:{call.region}::/account")
    roles = [
        patch.value for patch in patches_in(request) if patch.path == "/cloudwatchRoleArn" and patch.value
    ]
    context = {"iam:PassedToService": ("apigateway.amazonaws.com",)}
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
        if patch.path != "/cloudwatchRoleArn":
            raise unknown_path(patch)
        if patch.op == "remove":
            row = replace(row, cloudwatch_role_arn=None)
            continue
        check_replaces(patch)
        row = replace(row, cloudwatch_role_arn=patch.value or None)
    state.save_account(call, row)
    return _described(row)


@rest_operation("GetTags", "/tags/{resourceArn}")
def get_tags(call: Call, request: api.GetTagsRequestTypeDef) -> dict[str, Any]:
    """Shows the tags of an API or a stage."""
    return {"tags": _tags(call, request["resourceArn"])}


@rest_operation("TagResource", "/tags/{resourceArn}")
def tag_resource(call: Call, request: api.TagResourceRequestTypeDef) -> None:
    """Adds tags to an API or a stage."""
    _save_tags(call, request["resourceArn"], {**_tags(call, request["resourceArn"]), **request["tags"]})


@rest_operation("UntagResource", "/tags/{resourceArn}")
def untag_resource(call: Call, request: api.UntagResourceRequestTypeDef) -> None:
    """Takes tags from an API or a stage."""
    gone = set(request["tagKeys"])
    tags = _tags(call, request["resourceArn"])
    _save_tags(call, request["resourceArn"], {key: tags[key] for key in tags if key not in gone})


def _described(row: Account) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    if row.cloudwatch_role_arn:
        settings["cloudwatchRoleArn"] = row.cloudwatch_role_arn
    return settings


def _named(arn: str) -> tuple[str, str | None]:
    found = _ARN.fullmatch(arn)
    if found is None:
        raise BadRequestException(f"Invalid ARN specified in the request: {arn}")
    return found["api"], found["stage"]


def _tags(call: Call, arn: str) -> dict[str, str]:
    api_id, stage_name = _named(arn)
    if stage_name is not None:
        return state.stage(call, api_id, stage_name).tags or {}
    row = state.find_api(call, api_id)
    if row is None:
        raise NotFoundException("Invalid API identifier specified")
    return row.tags or {}


def _save_tags(call: Call, arn: str, tags: dict[str, str]) -> None:
    api_id, stage_name = _named(arn)
    if stage_name is None:
        state.save_api(call, replace(state.api(call, api_id), tags=tags or None))
    else:
        stage = state.stage(call, api_id, stage_name)
        state.save_stage(call, api_id, replace(stage, tags=tags or None))
