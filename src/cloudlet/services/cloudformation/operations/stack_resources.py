"""Operations that show a stack's resources and events.

They change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import Stack
from cloudlet.services.cloudformation.operations import description
from cloudlet.services.cloudformation.operations.authorization import stack_arn

_PAGE: Final = 100


@operation("DescribeStackEvents", resource=stack_arn, read_only=True)
def describe_stack_events(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """A stack's events, the newest first."""
    stack = state.stack(call, request["StackName"], "Stack [{}] does not exist")
    token = request.get("NextToken")
    if token is not None and not token.isdecimal():
        raise ValidationError("Invalid NextToken")
    found = state.events(call, stack.stack_id, int(token) if token else None, _PAGE + 1)
    page = found[:_PAGE]
    return {
        "StackEvents": [description.event(stack, event) for _, event in page],
        "NextToken": str(page[-1][0]) if len(found) > _PAGE else None,
    }


@operation("DescribeStackResource", resource=stack_arn, read_only=True)
def describe_stack_resource(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """One resource of a stack."""
    stack = state.stack(call, request["StackName"], "Stack '{}' does not exist")
    logical_id = request["LogicalResourceId"]
    found = state.find_resource(call, stack.stack_id, logical_id)
    if found is None:
        raise ValidationError(f"Resource {logical_id} does not exist for stack {stack.stack_name}")
    return {"StackResourceDetail": description.resource_detail(stack, found)}


@operation("DescribeStackResources", resource=stack_arn, read_only=True)
def describe_stack_resources(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The resources of a stack, found by the stack or by what one of them is really called."""
    name, physical_id = request.get("StackName"), request.get("PhysicalResourceId")
    if (name is None) == (physical_id is None):
        raise ValidationError("Stack name or physical resource id must be specified, but not both.")
    stack = state.stack(call, name) if name is not None else _owner(call, physical_id or "")
    wanted = request.get("LogicalResourceId")
    rows = [
        row for row in state.resources(call, stack.stack_id) if wanted is None or row.logical_id == wanted
    ]
    if wanted is not None and not rows:
        raise ValidationError(f"Resource {wanted} does not exist for stack {stack.stack_name}")
    return {"StackResources": [description.resource(stack, row) for row in rows]}


def _owner(call: Call, physical_id: str) -> Stack:
    for stack in state.stacks(call):
        if any(row.physical_id == physical_id for row in state.resources(call, stack.stack_id)):
            return stack
    raise ValidationError(f"Stack for {physical_id} does not exist")


@operation("ListStackResources", resource=stack_arn, read_only=True)
def list_stack_resources(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """The resources of a stack, in short."""
    stack = state.stack(call, request["StackName"])
    rows = list(state.resources(call, stack.stack_id))
    page, token = description.page(rows, request.get("NextToken"), _PAGE)
    return {"StackResourceSummaries": [description.resource_summary(row) for row in page], "NextToken": token}
