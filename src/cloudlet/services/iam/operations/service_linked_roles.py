"""Service-linked roles: roles that a service defines and only it may assume.

Their names and policies are AWS's; only those that could be looked up exist here.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.core.operation import operation
from cloudlet.services.iam import entities, state
from cloudlet.services.iam.describe import describe_role
from cloudlet.services.iam.entities import ROLE
from cloudlet.services.iam.errors import InvalidInput, NoSuchEntity
from cloudlet.services.iam.model import Role
from cloudlet.services.iam.permissions import on_role

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_NAMES: Final[Mapping[str, str]] = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "dynamodb.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "lambda.application-autoscaling.amazonaws.com": (
        "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"
    ),
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
    "replication.dynamodb.amazonaws.com": "AWSServiceRoleForDynamoDBReplication",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}
_WITH_SUFFIX: Final = frozenset({"autoscaling.amazonaws.com"})


def _creating(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    service = request["AWSServiceName"]
    arn = f"arn:aws:iam::{call.account}:role/aws-service-role/{service}/{_NAMES.get(service, '*')}"
    return [Permission("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": (service,)})]


@operation("CreateServiceLinkedRole", permissions=_creating)
def create_service_linked_role(
    call: Call, request: api.CreateServiceLinkedRoleRequestTypeDef
) -> dict[str, Any]:
    """Makes the role that a service acts by."""
    service, suffix = request["AWSServiceName"], request.get("CustomSuffix")
    name = _NAMES.get(service)
    if name is None:
        raise InvalidInput(f"Service {service} does not support service-linked roles here.")
    if suffix and service not in _WITH_SUFFIX:
        raise InvalidInput(f"Custom suffix is not allowed for {service}")
    if suffix:
        name = f"{name}_{suffix}"
    if state.find(state.ROLES, call, name):
        raise InvalidInput(
            f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    role = Role(
        name=name,
        path=f"/aws-service-role/{service}/",
        id=call.ids.unique_id("AROA"),
        account=call.account,
        created_at=call.time(),
        trust_policy=_trust(service),
        description=request.get("Description"),
        service=service,
    )
    state.save(state.ROLES, call, role)
    return {"Role": describe_role(role)}


@operation("DeleteServiceLinkedRole", permissions=on_role("DeleteServiceLinkedRole"))
def delete_service_linked_role(
    call: Call, request: api.DeleteServiceLinkedRoleRequestTypeDef
) -> dict[str, Any]:
    """Removes the role. AWS first asks the service whether it is in use; here it is gone at once."""
    role = ROLE.get(call, request["RoleName"])
    if role.service is None:
        raise NoSuchEntity(f"The role with name {role.name} cannot be found.")
    entities.delete_boundary(call, ROLE, role)
    state.delete(state.ROLES, call, role)
    task = f"task/aws-service-role/{role.service}/{role.name}/{call.ids.uuid()}"
    state.save_deletion_task(call, task)
    return {"DeletionTaskId": task}


@operation("GetServiceLinkedRoleDeletionStatus", read_only=True)
def get_service_linked_role_deletion_status(
    call: Call, request: api.GetServiceLinkedRoleDeletionStatusRequestTypeDef
) -> dict[str, Any]:
    """How far a deletion is."""
    task = request["DeletionTaskId"]
    if not state.has_deletion_task(call, task):
        raise NoSuchEntity(f"Deletion task {task} cannot be found.")
    return {"Status": "SUCCEEDED"}


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
