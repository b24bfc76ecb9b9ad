"""Operations that create, change and delete stacks, and describe them.

They store what is to be done and wake the worker; the work itself is in deploy/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.journal import record_stack
from cloudlet.services.cloudformation.deploy.template import Template
from cloudlet.services.cloudformation.errors import AlreadyExistsException, ValidationError
from cloudlet.services.cloudformation.model import (
    UPDATABLE,
    OnFailure,
    Operation,
    Phase,
    Stack,
    StackInput,
)
from cloudlet.services.cloudformation.operations import description
from cloudlet.services.cloudformation.operations.authorization import (
    SERVICE_PRINCIPAL,
    condition_keys,
    passed_role,
    stack_arn,
)
from cloudlet.services.cloudformation.operations.submission import plan, read_template, refuse_unimplemented

_USER_INITIATED: Final = "User Initiated"
_NOT_THERE: Final = "Stack [{}] does not exist"
_HELD_SECONDS: Final = 1.0
_HELD_FOR_WAITERS_SECONDS: Final = 20.0
_PAGE: Final = 100


@operation(
    "CreateStack",
    resource=stack_arn,
    conditions=condition_keys,
    passes_role=passed_role,
    passed_to=SERVICE_PRINCIPAL,
)
async def create_stack(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Begins to create a stack."""
    refuse_unimplemented(request)
    template = await read_template(call, request)
    return await call.transact(lambda inner: _create(inner, request, template))


def _create(call: Call, request: Mapping[str, Any], template: Template) -> dict[str, Any]:
    name = request["StackName"]
    if request.get("DisableRollback") is not None and request.get("OnFailure") is not None:
        raise ValidationError("You cannot specify both DisableRollback and OnFailure.")
    found = state.find_stack(call, name)
    if found is not None and found.status != "REVIEW_IN_PROGRESS":
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = found or new_stack(call, name)
    planned = plan(call, request, template, stack)
    timeout = request.get("TimeoutInMinutes")
    on_failure = on_failure_of(request)
    stack = replace(
        stack,
        input=planned.input,
        disable_rollback=on_failure is OnFailure.DO_NOTHING,
        termination_protection=bool(request.get("EnableTerminationProtection")),
        timeout_minutes=timeout,
        retain_except_on_create=request.get("RetainExceptOnCreate"),
    )
    begun = Operation(
        creating=True,
        phase=Phase.DEPLOY,
        principal=call.principal,
        role_arn=planned.input.role_arn,
        on_failure=on_failure,
        client_request_token=request.get("ClientRequestToken"),
        retain_except_on_create=bool(request.get("RetainExceptOnCreate")),
        deadline=None if timeout is None else call.time() + timeout * 60,
    )
    begin(call, stack, begun, template, "CREATE_IN_PROGRESS")
    return {"StackId": stack.stack_id}


def new_stack(call: Call, name: str) -> Stack:
    """A stack that nobody has heard of yet."""
    stack_id = call.arn(f"stack/{name}/{call.ids.uuid()}")
    return Stack(stack_id, name, "REVIEW_IN_PROGRESS", call.time())


def on_failure_of(request: Mapping[str, Any]) -> OnFailure:
    """What is to become of a stack that cannot be created."""
    if request.get("DisableRollback"):
        return OnFailure.DO_NOTHING
    return OnFailure(request.get("OnFailure") or "ROLLBACK")


def begin(call: Call, stack: Stack, begun: Operation, template: Template, status: str) -> Stack:
    """Stores an operation that deploys a template, and wakes the worker."""
    if stack.input is not None:
        state.save_template(call, stack.stack_id, stack.input.template_id, template.text)
    stack = record_stack(call, stack, status, _USER_INITIATED, begun.client_request_token)
    _make_obsolete(call, stack, begun.change_set_id)
    state.begin_operation(call, stack.stack_id, begun)
    return stack


def _make_obsolete(call: Call, stack: Stack, executed: str | None) -> None:
    for row in list(state.change_sets(call, stack.stack_id)):
        if row.change_set_id != executed and row.execution_status == "AVAILABLE":
            state.save_change_set(call, replace(row, execution_status="OBSOLETE"))


@operation(
    "UpdateStack",
    resource=stack_arn,
    conditions=condition_keys,
    passes_role=passed_role,
    passed_to=SERVICE_PRINCIPAL,
)
async def update_stack(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Begins to update a stack."""
    refuse_unimplemented(request)
    previous = await call.transact(lambda inner: previous_template(inner, request), read_only=True)
    template = await read_template(call, request, previous)
    return await call.transact(lambda inner: _update(inner, request, template))


def previous_template(call: Call, request: Mapping[str, Any]) -> str | None:
    """The text of the template that the stack has."""
    stack = state.find_stack(call, request["StackName"])
    if stack is None or stack.input is None:
        return None
    return state.template_text(call, stack.stack_id, stack.input.template_id)


def _update(call: Call, request: Mapping[str, Any], template: Template) -> dict[str, Any]:
    stack = updatable(call, request["StackName"])
    planned = plan(call, request, template, stack)
    if not planned.changes and not _terms_change(stack, planned.input):
        raise ValidationError("No updates are to be performed.")
    begun = Operation(
        creating=False,
        phase=Phase.DEPLOY,
        principal=call.principal,
        role_arn=planned.input.role_arn,
        previous=stack.input,
        previous_outputs=stack.outputs,
        on_failure=OnFailure.DO_NOTHING if request.get("DisableRollback") else OnFailure.ROLLBACK,
        client_request_token=request.get("ClientRequestToken"),
        retain_except_on_create=bool(request.get("RetainExceptOnCreate")),
    )
    stack = replace(stack, input=planned.input, updated_at=call.time())
    begin(call, stack, begun, template, "UPDATE_IN_PROGRESS")
    return {"StackId": stack.stack_id}


def updatable(call: Call, name: str) -> Stack:
    """A stack that can be updated now. Raises ValidationError."""
    stack = state.stack(call, name, _NOT_THERE)
    if stack.status not in UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    return stack


def _terms_change(stack: Stack, source: StackInput) -> bool:
    before = stack.input
    return before is None or _terms(before) != _terms(source)


def _terms(source: StackInput) -> tuple[object, ...]:
    return source.tags, source.role_arn, source.notification_arns


@operation(
    "DeleteStack",
    resource=stack_arn,
    conditions=condition_keys,
    passes_role=passed_role,
    passed_to=SERVICE_PRINCIPAL,
)
def delete_stack(call: Call, request: Mapping[str, Any]) -> None:
    """Begins to delete a stack; one that is gone already is no error."""
    stack = state.find_stack(call, request["StackName"])
    if stack is None or stack.gone:
        return
    if stack.termination_protection:
        raise ValidationError(
            f"Stack [{stack.stack_name}] cannot be deleted while TerminationProtection is enabled"
        )
    retained = tuple(request.get("RetainResources") or ())
    forced = request.get("DeletionMode") == "FORCE_DELETE_STACK"
    if retained and stack.status != "DELETE_FAILED":
        raise ValidationError(
            f"Invalid operation on stack [{stack.stack_id}]. When you delete a stack, specify which "
            "resources to retain only when the stack is in the DELETE_FAILED state."
        )
    if stack.status == "DELETE_IN_PROGRESS":
        return
    if stack.in_progress and stack.status != "CREATE_IN_PROGRESS":
        raise ValidationError(f"Stack [{stack.stack_id}] cannot be deleted while in status {stack.status}")
    _begin_delete(call, stack, request, _failed(call, stack) if forced else retained)


def _failed(call: Call, stack: Stack) -> tuple[str, ...]:
    rows = state.resources(call, stack.stack_id)
    return tuple(row.logical_id for row in rows if row.status == "DELETE_FAILED")


def _begin_delete(call: Call, stack: Stack, request: Mapping[str, Any], retained: tuple[str, ...]) -> None:
    token = request.get("ClientRequestToken")
    role_arn = request.get("RoleARN") or (stack.input.role_arn if stack.input else None)
    running = state.find_operation(call, stack.stack_id) if stack.in_progress else None
    if running is not None:
        state.save_operation(
            call, stack.stack_id, replace(running, cancelled=True, on_failure=OnFailure.DELETE)
        )
        return
    record_stack(call, stack, "DELETE_IN_PROGRESS", _USER_INITIATED, token)
    state.begin_operation(
        call,
        stack.stack_id,
        Operation(
            creating=False,
            phase=Phase.DELETE,
            principal=call.principal,
            role_arn=role_arn,
            client_request_token=token,
            retain_resources=retained,
        ),
    )


@operation("CancelUpdateStack", resource=stack_arn)
def cancel_update_stack(call: Call, request: Mapping[str, Any]) -> None:
    """Ends an update before its last step and rolls it back."""
    stack = state.stack(call, request["StackName"], _NOT_THERE)
    running = state.find_operation(call, stack.stack_id)
    if stack.status != "UPDATE_IN_PROGRESS" or running is None:
        raise ValidationError("CancelUpdateStack cannot be called from current stack status")
    state.save_operation(call, stack.stack_id, replace(running, cancelled=True))


@operation("ContinueUpdateRollback", resource=stack_arn, passes_role=passed_role, passed_to=SERVICE_PRINCIPAL)
def continue_update_rollback(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Takes up a rollback that could not put everything back."""
    stack = state.stack(call, request["StackName"], _NOT_THERE)
    halted = state.find_operation(call, stack.stack_id)
    if stack.status != "UPDATE_ROLLBACK_FAILED" or halted is None:
        raise ValidationError(
            f"Stack:{stack.stack_id} is in {stack.status} state and can not continue update rollback."
        )
    skip = tuple(request.get("ResourcesToSkip") or ())
    begun = replace(
        halted,
        principal=call.principal,
        role_arn=request.get("RoleARN") or halted.role_arn,
        client_request_token=request.get("ClientRequestToken"),
        skip=skip,
    )
    record_stack(call, stack, "UPDATE_ROLLBACK_IN_PROGRESS", _USER_INITIATED, begun.client_request_token)
    state.begin_operation(call, stack.stack_id, begun)
    return {}


@operation("UpdateTerminationProtection", resource=stack_arn)
def update_termination_protection(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Forbids or allows that a stack is deleted."""
    stack = state.stack(call, request["StackName"], _NOT_THERE)
    if stack.gone:
        raise ValidationError(_NOT_THERE.format(request["StackName"]))
    state.save_stack(call, replace(stack, termination_protection=request["EnableTerminationProtection"]))
    return {"StackId": stack.stack_id}


@operation("DescribeStacks", resource=stack_arn, read_only=True)
async def describe_stacks(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Describes one stack, also by its id after its end, or all that are not gone.

    The answer on a stack that is being worked on is held back until the work has ended, for a second at most,
    or for longer where the client says that it waits: the aws CLI asks again only after 30 seconds.
    """
    name = request.get("StackName")
    if name is None:
        return await call.transact(lambda inner: _describe_all(inner, request), read_only=True)
    stack = await call.transact(lambda inner: state.stack(inner, name), read_only=True)
    if stack.in_progress:
        waits = _is_waiter(call.user_agent)
        await until_rest(call, stack.stack_id, _HELD_FOR_WAITERS_SECONDS if waits else _HELD_SECONDS)
    return await call.transact(lambda inner: _describe_one(inner, name, stack), read_only=True)


async def until_rest(call: Call, stack_id: str, seconds: float) -> None:
    """Returns when nothing works on a stack, or after `seconds`."""
    with call.cloud.wakeups.listening(state.stack_topic(stack_id)) as listener:
        stack = await call.transact(lambda inner: state.stack(inner, stack_id), read_only=True)
        if stack.in_progress:
            await listener.wait(call.clock, seconds)


def _is_waiter(user_agent: str) -> bool:
    """Whether an SDK's waiter asks: SDKs list the features they use behind m/, and B is their waiter."""
    for part in user_agent.split():
        if part.startswith("m/"):
            return "B" in part[2:].split(",")
    return False


def _describe_one(call: Call, name: str, asked: Stack) -> dict[str, Any]:
    found = state.find_stack(call, asked.stack_id) or state.stack(call, name)
    if found.gone and not name.startswith("arn:"):
        found = state.stack(call, name)
    return {"Stacks": [description.stack(found)]}


def _describe_all(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    living = [row for row in state.stacks(call) if not row.gone]
    page, token = description.page(living, request.get("NextToken"), _PAGE)
    return {"Stacks": [description.stack(row) for row in page], "NextToken": token}


@operation("ListStacks", read_only=True)
def list_stacks(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Lists stacks, deleted ones too, the newest first."""
    wanted = request.get("StackStatusFilter")
    rows = [row for row in state.stacks(call) if not wanted or row.status in wanted]
    rows.sort(key=lambda row: row.created_at, reverse=True)
    page, token = description.page(rows, request.get("NextToken"), _PAGE)
    return {"StackSummaries": [description.stack_summary(row) for row in page], "NextToken": token}
