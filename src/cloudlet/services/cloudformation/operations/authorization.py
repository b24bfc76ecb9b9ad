"""What IAM judges CloudFormation's operations on: ARNs and condition keys.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.services.cloudformation import state

SERVICE_PRINCIPAL: Final = "cloudformation.amazonaws.com"


def stack_arn(call: Call, request: Mapping[str, Any]) -> str:
    """The stack that a request names; for a name that nobody has yet, every id."""
    name = request.get("StackName") or "*"
    found = state.find_stack(call, name)
    if found is not None:
        return found.stack_id
    return name if name.startswith("arn:") else call.arn(f"stack/{name}/*")


def change_set_stack_arn(call: Call, request: Mapping[str, Any]) -> str:
    """The stack that a request on a change set is about."""
    if request.get("StackName"):
        return stack_arn(call, request)
    found = state.find_change_set_by_id(call, request.get("ChangeSetName") or "")
    return call.arn("stack/*/*") if found is None else found.stack_id


def condition_keys(call: Call, request: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The keys that CloudFormation adds to a request's context."""
    single = {
        "cloudformation:RoleArn": request.get("RoleARN"),
        "cloudformation:TemplateUrl": request.get("TemplateURL"),
        "cloudformation:ChangeSetName": request.get("ChangeSetName"),
    }
    keys: dict[str, Sequence[str]] = {key: [value] for key, value in single.items() if value}
    if request.get("ResourceTypes"):
        keys["cloudformation:ResourceTypes"] = request["ResourceTypes"]
    tags = request.get("Tags") or []
    if tags:
        keys["aws:TagKeys"] = [tag["Key"] for tag in tags]
        keys.update({f"aws:RequestTag/{tag['Key']}": [tag["Value"]] for tag in tags})
    return keys


def passed_role(request: Mapping[str, Any]) -> str | None:
    """The role that CloudFormation is to work with."""
    role: str | None = request.get("RoleARN")
    return role
