"""Operations on the tags of log groups, in the new form and the old."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.call import Call
from cloudlet.core.operation import Request, operation
from cloudlet.services.logs import state
from cloudlet.services.logs.errors import InvalidParameterException, ResourceNotFoundException
from cloudlet.services.logs.model import LogGroup
from cloudlet.services.logs.operations.groups import GROUP, group_name

if TYPE_CHECKING:
    from types_boto3_logs import type_defs as api


def _arn(call: Call, request: Request) -> str:
    return str(request["resourceArn"])


def _group(call: Call, arn: str) -> LogGroup:
    if find_arn(arn) is None:
        raise InvalidParameterException(f"{arn} is not a valid ARN.")
    found = state.find_group(call, group_name(arn))
    if found is None:
        raise ResourceNotFoundException("The specified resource does not exist.")
    return found


@operation("TagResource", resource=_arn)
def tag_resource(call: Call, request: api.TagResourceRequestTypeDef) -> None:
    """Adds tags to a group."""
    group = _group(call, request["resourceArn"])
    state.save_group(call, replace(group, tags={**group.tags, **request["tags"]}))


@operation("UntagResource", resource=_arn)
def untag_resource(call: Call, request: api.UntagResourceRequestTypeDef) -> None:
    """Takes tags off a group."""
    group = _group(call, request["resourceArn"])
    state.save_group(call, _without(group, request["tagKeys"]))


@operation("ListTagsForResource", resource=_arn, read_only=True)
def list_tags_for_resource(call: Call, request: api.ListTagsForResourceRequestTypeDef) -> dict[str, Any]:
    """A group's tags."""
    return {"tags": dict(_group(call, request["resourceArn"]).tags)}


@operation("TagLogGroup", resource=GROUP)
def tag_log_group(call: Call, request: api.TagLogGroupRequestTypeDef) -> None:
    """Adds tags to a group."""
    group = state.group(call, request["logGroupName"])
    state.save_group(call, replace(group, tags={**group.tags, **request["tags"]}))


@operation("UntagLogGroup", resource=GROUP)
def untag_log_group(call: Call, request: api.UntagLogGroupRequestTypeDef) -> None:
    """Takes tags off a group."""
    state.save_group(call, _without(state.group(call, request["logGroupName"]), request["tags"]))


@operation("ListTagsLogGroup", resource=GROUP, read_only=True)
def list_tags_log_group(call: Call, request: api.ListTagsLogGroupRequestTypeDef) -> dict[str, Any]:
    """A group's tags."""
    return {"tags": dict(state.group(call, request["logGroupName"]).tags)}


def _without(group: LogGroup, keys: Iterable[str]) -> LogGroup:
    return replace(group, tags={key: value for key, value in group.tags.items() if key not in set(keys)})
