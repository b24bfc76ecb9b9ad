"""Operations on change sets: a plan is made, looked at, and executed or thrown away.

The plan is made at once; only its execution is left to the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.journal import record_stack
from cloudlet.services.cloudformation.deploy.template import Template, parse_template
from cloudlet.services.cloudformation.errors import (
    AlreadyExistsException,
    ChangeSetNotFoundException,
    InvalidChangeSetStatusException,
    ValidationError,
)
from cloudlet.services.cloudformation.model import ChangeSet, OnFailure, Operation, Phase, Stack
from cloudlet.services.cloudformation.operations import description
from cloudlet.services.cloudformation.operations.authorization import (
    SERVICE_PRINCIPAL,
    change_set_stack_arn,
    condition_keys,
    passed_role,
    stack_arn,
)
from cloudlet.services.cloudformation.operations.stacks import begin, new_stack, previous_template, updatable
from cloudlet.services.cloudformation.operations.submission import (
    Plan,
    plan,
    read_template,
    refuse_unimplemented,
)

_NOTHING_CHANGES: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
_PAGE: Final = 100


@operation(
    "CreateChangeSet",
    resource=stack_arn,
    conditions=condition_keys,
    passes_role=passed_role,
    passed_to=SERVICE_PRINCIPAL,
)
async def create_change_set(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Plans what a template would do to a stack, which may be one that is not there yet."""
    refuse_unimplemented(request)
    if request.get("ChangeSetType") == "IMPORT":
        refuse_unimplemented({"ResourcesToImport": True})
    previous = await call.transact(lambda inner: previous_template(inner, request), read_only=True)
    template = await read_template(call, request, previous)
    return await call.transact(lambda inner: _create(inner, request, template))


def _create(call: Call, request: Mapping[str, Any], template: Template) -> dict[str, Any]:
    creating = request.get("ChangeSetType") == "CREATE"
    stack = _stack_to_create(call, request) if creating else _stack_to_update(call, request["StackName"])
    name = request["ChangeSetName"]
    if any(row.change_set_name == name and row.waits for row in state.change_sets(call, stack.stack_id)):
        raise AlreadyExistsException(f"ChangeSet {name} already exists")
    planned = plan(call, request, template, stack)
    row = _row(call, request, stack, planned, creating)
    if creating and state.find_stack(call, stack.stack_id) is None:
        stack = record_stack(call, stack, "REVIEW_IN_PROGRESS", "User Initiated", request.get("ClientToken"))
    state.save_template(call, stack.stack_id, planned.input.template_id, template.text)
    state.save_change_set(call, row)
    return {"Id": row.change_set_id, "StackId": stack.stack_id}


def _stack_to_create(call: Call, request: Mapping[str, Any]) -> Stack:
    name = request["StackName"]
    found = state.find_stack(call, name)
    if found is None and not name.startswith("arn:"):
        return new_stack(call, name)
    if found is None or found.gone:
        raise ValidationError(f"Stack [{name}] does not exist")
    if found.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            f"Stack [{found.stack_name}] already exists and cannot be created again with the changeSet "
            f"[{request['ChangeSetName']}]."
        )
    return found


def _stack_to_update(call: Call, name: str) -> Stack:
    found = state.find_stack(call, name)
    if found is None or found.gone:
        raise ValidationError(f"Stack [{name}] does not exist")
    return updatable(call, found.stack_id)


def _row(call: Call, request: Mapping[str, Any], stack: Stack, planned: Plan, creating: bool) -> ChangeSet:
    name = request["ChangeSetName"]
    before, after = stack.input, planned.input
    terms = before is None or (before.tags, before.notification_arns) != (
        after.tags,
        after.notification_arns,
    )
    changes = planned.changes or terms
    return ChangeSet(
        change_set_id=call.arn(f"changeSet/{name}/{call.ids.uuid()}"),
        change_set_name=name,
        stack_id=stack.stack_id,
        created_at=call.time(),
        status="CREATE_COMPLETE" if changes else "FAILED",
        execution_status="AVAILABLE" if changes else "UNAVAILABLE",
        status_reason=None if changes else _NOTHING_CHANGES,
        input=planned.input,
        creating=creating,
        description=request.get("Description"),
        steps=planned.steps,
        on_failure=OnFailure(request["OnStackFailure"]) if request.get("OnStackFailure") else None,
    )


def change_set(call: Call, request: Mapping[str, Any]) -> ChangeSet:
    """The change set that a request names, by ARN, or by name and stack. Raises the errors of AWS."""
    name, stack_name = request["ChangeSetName"], request.get("StackName")
    if name.startswith("arn:"):
        found = state.find_change_set_by_id(call, name)
    elif stack_name is None:
        raise ValidationError("StackName must be specified if ChangeSetName is not specified as an ARN.")
    else:
        stack = state.stack(call, stack_name, "Stack [{}] does not exist")
        rows = [row for row in state.change_sets(call, stack.stack_id) if row.change_set_name == name]
        found = max(rows, key=lambda row: row.created_at, default=None)
    if found is None:
        raise ChangeSetNotFoundException(f"ChangeSet [{name}] does not exist")
    return found


@operation("DescribeChangeSet", resource=change_set_stack_arn, conditions=condition_keys, read_only=True)
def describe_change_set(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """A change set with the steps of its plan."""
    found = change_set(call, request)
    steps, token = description.page(found.steps, request.get("NextToken"), _PAGE)
    stack = state.stack(call, found.stack_id)
    with_values = bool(request.get("IncludePropertyValues"))
    return description.change_set(found, stack, steps, token, with_values=with_values)


@operation("ListChangeSets", resource=stack_arn, read_only=True)
def list_change_sets(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """A stack's change sets."""
    stack = state.stack(call, request["StackName"], "Stack [{}] does not exist")
    rows = sorted(state.change_sets(call, stack.stack_id), key=lambda row: row.created_at)
    page, token = description.page(rows, request.get("NextToken"), _PAGE)
    return {"Summaries": [description.change_set_summary(row, stack) for row in page], "NextToken": token}


@operation("DeleteChangeSet", resource=change_set_stack_arn, conditions=condition_keys)
def delete_change_set(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Throws a change set away; one that is not there is no error, if its stack is."""
    try:
        found = change_set(call, request)
    except ChangeSetNotFoundException:
        return {}
    if found.execution_status == "EXECUTE_IN_PROGRESS":
        raise InvalidChangeSetStatusException(
            f"ChangeSet [{found.change_set_id}] cannot be deleted in its current execution status of "
            f"[{found.execution_status}]"
        )
    state.delete_change_set(call, found)
    return {}


@operation("ExecuteChangeSet", resource=change_set_stack_arn, conditions=condition_keys)
def execute_change_set(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Begins to do what a change set planned."""
    found = change_set(call, request)
    if found.execution_status != "AVAILABLE":
        status = found.status if found.status == "FAILED" else found.execution_status
        raise InvalidChangeSetStatusException(
            f"ChangeSet [{found.change_set_id}] cannot be executed in its current status of [{status}]"
        )
    stack = state.stack(call, found.stack_id)
    if not found.creating:
        stack = updatable(call, found.stack_id)
    text = state.template_text(call, found.stack_id, found.input.template_id)
    state.save_change_set(call, replace(found, execution_status="EXECUTE_COMPLETE"))
    begun = _operation(call, request, found, stack)
    stack = replace(
        stack,
        input=found.input,
        updated_at=call.time(),
        change_set_id=found.change_set_id,
        disable_rollback=begun.on_failure is OnFailure.DO_NOTHING,
    )
    status = "CREATE_IN_PROGRESS" if found.creating else "UPDATE_IN_PROGRESS"
    begin(call, stack, begun, parse_template(text), status)
    return {}


def _operation(call: Call, request: Mapping[str, Any], found: ChangeSet, stack: Stack) -> Operation:
    on_failure = found.on_failure or OnFailure.ROLLBACK
    return Operation(
        creating=found.creating,
        phase=Phase.DEPLOY,
        principal=call.principal,
        role_arn=found.input.role_arn,
        previous=stack.input,
        previous_outputs=stack.outputs,
        on_failure=OnFailure.DO_NOTHING if request.get("DisableRollback") else on_failure,
        client_request_token=request.get("ClientRequestToken"),
        change_set_id=found.change_set_id,
        retain_except_on_create=bool(request.get("RetainExceptOnCreate")),
    )
