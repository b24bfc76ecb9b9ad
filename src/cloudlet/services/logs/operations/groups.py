"""Operations on log groups."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import find_arn
from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import Request, operation
from cloudlet.services.logs import state
from cloudlet.services.logs.encryption import Encryption
from cloudlet.services.logs.errors import InvalidParameterException, ResourceAlreadyExistsException
from cloudlet.services.logs.model import RETENTION_DAYS, LogGroup

if TYPE_CHECKING:
    from types_boto3_logs import type_defs as api

GROUP: Final = "log-group:{logGroupName}:log-stream:"


def group_name(identifier: str) -> str:
    """The name in a log group identifier, which is a name or an ARN."""
    arn = find_arn(identifier)
    return arn.resource.removeprefix("log-group:").removesuffix(":*") if arn else identifier


def asked_group(request: Request) -> str:
    """The name of the group that a request is about. Raises InvalidParameterException if it names none."""
    identifier = request.get("logGroupName") or request.get("logGroupIdentifier")
    if not identifier:
        raise InvalidParameterException("Either logGroupName or logGroupIdentifier must be provided.")
    return group_name(identifier)


@operation("CreateLogGroup", resource=GROUP)
def create_log_group(call: Call, request: api.CreateLogGroupRequestTypeDef) -> None:
    """Makes an empty group."""
    name = request["logGroupName"]
    if state.find_group(call, name) is not None:
        raise ResourceAlreadyExistsException("The specified log group already exists")
    if name.startswith("aws/"):
        raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
    key_id = request.get("kmsKeyId")
    if key_id is not None:
        Encryption(call, name).check(key_id)
    state.save_group(
        call,
        LogGroup(
            name,
            int(call.time() * 1000),
            tags=request.get("tags", {}),
            log_group_class=request.get("logGroupClass", "STANDARD"),
            kms_key_id=key_id,
        ),
    )


@operation("DeleteLogGroup", resource=GROUP)
def delete_log_group(call: Call, request: api.DeleteLogGroupRequestTypeDef) -> None:
    """Removes a group and all in it."""
    state.delete_group(call, state.group(call, request["logGroupName"]).name)


@operation("DescribeLogGroups", resource="log-group::log-stream:", read_only=True)
def describe_log_groups(call: Call, request: api.DescribeLogGroupsRequestTypeDef) -> dict[str, Any]:
    """Lists groups by prefix or by pattern."""
    prefix, pattern = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern")
    if prefix and pattern:
        raise InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    named = {group_name(each) for each in request.get("logGroupIdentifiers", ())}
    wanted = re.compile(re.escape(pattern or ""), re.IGNORECASE)
    limit = request.get("limit", 50)
    matching = (
        group
        for group in state.list_groups(call, request.get("nextToken"))
        if group.name.startswith(prefix) and wanted.search(group.name) and (not named or group.name in named)
    )
    page = list(islice(matching, limit + 1))
    answer: dict[str, Any] = {"logGroups": [_describe(call, group) for group in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].name
    return answer


def _describe(call: Call, group: LogGroup) -> dict[str, Any]:
    arn = call.arn(f"log-group:{group.name}")
    described = {
        "logGroupName": group.name,
        "creationTime": group.created_at,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "storedBytes": 0,
        "logGroupClass": group.log_group_class,
        "logGroupArn": arn,
    }
    if group.retention_days is not None:
        described["retentionInDays"] = group.retention_days
    if group.kms_key_id is not None:
        described["kmsKeyId"] = group.kms_key_id
    return described


def _keyed_group(request: Request) -> str:
    """The name of the group whose key a request changes."""
    identifier = request.get("logGroupName") or request.get("resourceIdentifier") or ""
    if bool(request.get("logGroupName")) == bool(request.get("resourceIdentifier")):
        raise InvalidParameterException("Either logGroupName or resourceIdentifier must be provided.")
    if ":query-result:" in identifier:
        raise NotImplementedHere("cloudlet has no results of queries that a key could encrypt.")
    return group_name(identifier)


def _keyed_group_arn(call: Call, request: Request) -> str:
    return call.arn(f"log-group:{_keyed_group(request)}:log-stream:")


@operation("AssociateKmsKey", resource=_keyed_group_arn)
def associate_kms_key(call: Call, request: api.AssociateKmsKeyRequestTypeDef) -> None:
    """Seals a group's events with a key from now on; what is there stays as it is."""
    group = state.group(call, _keyed_group(request))
    Encryption(call, group.name).check(request["kmsKeyId"])
    state.save_group(call, replace(group, kms_key_id=request["kmsKeyId"]))


@operation("DisassociateKmsKey", resource=_keyed_group_arn)
def disassociate_kms_key(call: Call, request: api.DisassociateKmsKeyRequestTypeDef) -> None:
    """Seals no more events; those that are sealed need their key still."""
    group = state.group(call, _keyed_group(request))
    state.save_group(call, replace(group, kms_key_id=None))


@operation("PutRetentionPolicy", resource=GROUP)
def put_retention_policy(call: Call, request: api.PutRetentionPolicyRequestTypeDef) -> None:
    """Says how long a group keeps its events."""
    days = request["retentionInDays"]
    if days not in RETENTION_DAYS:
        allowed = ", ".join(map(str, RETENTION_DAYS))
        raise InvalidParameterException(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        )
    state.save_group(call, replace(state.group(call, request["logGroupName"]), retention_days=days))


@operation("DeleteRetentionPolicy", resource=GROUP)
def delete_retention_policy(call: Call, request: api.DeleteRetentionPolicyRequestTypeDef) -> None:
    """Lets a group keep its events for ever."""
    state.save_group(call, replace(state.group(call, request["logGroupName"]), retention_days=None))
