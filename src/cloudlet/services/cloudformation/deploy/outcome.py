"""What becomes of a stack when a phase has ended: its status, its outputs, and the phase that follows.

Each function runs in one transaction and answers the stack and, unless all is over, the operation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.answers import StackAnswers, UnsupportedAttribute
from cloudlet.services.cloudformation.deploy.desk import Desk
from cloudlet.services.cloudformation.deploy.intrinsics import Evaluator
from cloudlet.services.cloudformation.deploy.journal import record_stack
from cloudlet.services.cloudformation.deploy.parameters import text_of
from cloudlet.services.cloudformation.deploy.template import Template, TemplateOutput
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import (
    Deed,
    Export,
    Leftover,
    OnFailure,
    Operation,
    Phase,
    Stack,
    StackOutput,
    StepRecord,
)

Outcome: TypeAlias = tuple[Stack, Operation | None]


def deployed(call: Call, desk: Desk, template: Template, needed: Mapping[str, frozenset[str]]) -> Outcome:
    """Every resource is there: outputs and exports follow. Raises ValidationError if those cannot be."""
    stack, operation = _stack(call, desk), _operation(call, desk)
    if operation.cancelled:
        return deploy_failed(call, desk, (), None)
    if stack.input is None:
        raise ValueError(f"stack {desk.stack_id} is deployed without a template")
    evaluator = desk.evaluator(call, template, stack.input, StackAnswers(desk.resources))
    outputs = _outputs(template, evaluator)
    for logical_id in needed:
        evaluator.evaluate(template.resources[logical_id].properties)
    _change_exports(call, stack, outputs)
    state.save_imports(call, stack, evaluator.imports)
    stack = replace(stack, outputs=outputs)
    _leave_over(call, desk, needed)
    state.delete_steps(call, desk.stack_id)
    if operation.creating:
        stack = record_stack(call, stack, "CREATE_COMPLETE", None, operation.client_request_token)
        return _over(call, stack, keep=False)
    return _next(call, stack, operation, Phase.CLEAN_UP, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None)


def _leave_over(call: Call, desk: Desk, needed: Collection[str]) -> None:
    for row in desk.resources.values():
        if row.logical_id not in needed:
            if row.exists:
                state.save_leftover(call, desk.stack_id, Leftover(row, row.deletion_policy))
            state.delete_resource(call, desk.stack_id, row.logical_id)


def _outputs(template: Template, evaluator: Evaluator) -> tuple[StackOutput, ...]:
    return tuple(
        _output(output, evaluator)
        for output in template.outputs.values()
        if evaluator.active(output.condition)
    )


def _output(output: TemplateOutput, evaluator: Evaluator) -> StackOutput:
    try:
        value = evaluator.evaluate(output.value)
    except UnsupportedAttribute as error:
        raise ValidationError(
            f"[Error] /Outputs/{output.key}/Value/Fn::GetAtt: Resource type {error.resource_type} does not "
            f"support attribute {{{error.attribute}}}"
        ) from error
    if isinstance(value, dict | list):
        raise ValidationError(
            "Template format error: The Value field of every Outputs member must evaluate to a String."
        )
    name = None if output.export_name is None else text_of(evaluator.evaluate(output.export_name))
    return StackOutput(output.key, text_of(value), output.description, name)


def _change_exports(call: Call, stack: Stack, outputs: tuple[StackOutput, ...]) -> None:
    names = {output.export_name: output.value for output in outputs if output.export_name is not None}
    in_use = exports_in_use(call, stack.stack_id, names)
    if in_use is not None:
        raise ValidationError(in_use)
    for old in state.exports_of(call, stack.stack_id):
        if old.name not in names:
            state.delete_export(call, old.name)
    for name, value in names.items():
        _export(call, stack, name, value)


def _export(call: Call, stack: Stack, name: str, value: str) -> None:
    found = state.find_export(call, name)
    if found is not None and found.stack_id != stack.stack_id:
        raise ValidationError(f"Export with name {name} is already exported by stack {found.stack_name}")
    users = state.importers(call, name)
    if found is not None and found.value != value and users:
        used_by = ", ".join(user.stack_name for user in users)
        raise ValidationError(f"Export {name} cannot be updated as it is in use by {used_by}")
    state.save_export(call, Export(name, value, stack.stack_id, stack.stack_name))


def exports_in_use(call: Call, stack_id: str, kept: Collection[str]) -> str | None:
    """Why a stack cannot give up its exports but for those kept, or None."""
    for export in state.exports_of(call, stack_id):
        users = state.importers(call, export.name)
        if export.name not in kept and users:
            used_by = ", ".join(user.stack_name for user in users)
            return f"Export {export.name} cannot be deleted as it is in use by {used_by}"
    return None


def deploy_failed(call: Call, desk: Desk, failed: tuple[str, ...], fault: str | None) -> Outcome:
    """Some resource, or the template as a whole, could not be made: roll back, or stop there."""
    stack, operation = _stack(call, desk), _operation(call, desk)
    reason = _reason(desk, operation, failed, fault)
    if operation.creating:
        return _creation_failed(call, stack, operation, reason)
    if operation.on_failure is OnFailure.DO_NOTHING:
        stack = record_stack(call, stack, "UPDATE_FAILED", reason, operation.client_request_token)
        return _over(call, stack, keep=False)
    stack = replace(stack, input=operation.previous, outputs=operation.previous_outputs)
    return _next(call, stack, operation, Phase.ROLL_BACK, "UPDATE_ROLLBACK_IN_PROGRESS", reason)


def _creation_failed(call: Call, stack: Stack, operation: Operation, reason: str) -> Outcome:
    if operation.on_failure is OnFailure.DO_NOTHING:
        stack = record_stack(call, stack, "CREATE_FAILED", reason, operation.client_request_token)
        return _over(call, stack, keep=False)
    if operation.on_failure is OnFailure.DELETE:
        asked = f"{reason}{_gap(reason)}Delete requested by user."
        return _next(call, stack, operation, Phase.DELETE, "DELETE_IN_PROGRESS", asked)
    asked = f"{reason}{_gap(reason)}Rollback requested by user."
    return _next(call, stack, operation, Phase.REMOVE_CREATED, "ROLLBACK_IN_PROGRESS", asked)


def _gap(reason: str) -> str:
    if reason.endswith(" "):
        return ""
    return " " if reason.endswith(".") else ". "


def _reason(desk: Desk, operation: Operation, failed: tuple[str, ...], fault: str | None) -> str:
    if fault is not None:
        return fault
    if not failed and operation.cancelled:
        return "User Initiated"
    if not failed:
        return "Stack creation time exceeded the specified timeout"
    created = [key for key in failed if _was_created(desk.steps.get(key))]
    updated = [key for key in failed if key not in created]
    reason = f"The following resource(s) failed to create: [{', '.join(created)}]. " if created else ""
    return reason + (
        f"The following resource(s) failed to update: [{', '.join(updated)}]. " if updated else ""
    )


def _was_created(step: StepRecord | None) -> bool:
    return step is not None and step.deed is Deed.CREATE


def rolled_back(call: Call, desk: Desk) -> Outcome:
    """Every resource is as it was: what the update made anew is removed."""
    stack = _stack(call, desk)
    for step in desk.steps.values():
        if step.deed is Deed.CREATE and step.after is not None:
            if step.after.exists:
                state.save_leftover(call, desk.stack_id, Leftover(step.after, "Delete"))
            state.delete_resource(call, desk.stack_id, step.logical_id)
    state.delete_steps(call, desk.stack_id)
    status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    return _next(call, stack, desk.operation, Phase.CLEAN_UP_ROLLBACK, status, None)


def rollback_failed(call: Call, desk: Desk, failed: tuple[str, ...]) -> Outcome:
    """Something could not be put back: the stack waits for ContinueUpdateRollback."""
    reason = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
    stack = record_stack(
        call, _stack(call, desk), "UPDATE_ROLLBACK_FAILED", reason, desk.operation.client_request_token
    )
    return _over(call, stack, keep=True)


def cleaned_up(call: Call, desk: Desk, status: str) -> Outcome:
    """The clean-up has ended; what could not be removed is no longer the stack's."""
    for left in list(state.leftovers(call, desk.stack_id)):
        state.delete_leftover(call, desk.stack_id, left.resource.token)
    stack = record_stack(call, _stack(call, desk), status, None, desk.operation.client_request_token)
    return _over(call, stack, keep=False)


def removed(call: Call, desk: Desk, failed: tuple[str, ...], worse: str, better: str) -> Outcome:
    """The resources are gone, or some are not."""
    stack, token = _stack(call, desk), desk.operation.client_request_token
    if failed:
        reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
        return _over(call, record_stack(call, stack, worse, reason, token), keep=False)
    if better == "DELETE_COMPLETE":
        for export in state.exports_of(call, desk.stack_id):
            state.delete_export(call, export.name)
        state.save_imports(call, stack, set())
        stack = replace(stack, termination_protection=False)
    return _over(call, record_stack(call, stack, better, None, token), keep=False)


def not_deleted(call: Call, desk: Desk, reason: str) -> Outcome:
    """The deletion is refused before anything was deleted."""
    token = desk.operation.client_request_token
    return _over(call, record_stack(call, _stack(call, desk), "DELETE_FAILED", reason, token), keep=False)


def stuck(call: Call, desk: Desk, reason: str) -> Outcome:
    """The operation cannot even begin, because its role cannot be assumed any more."""
    stack, operation = _stack(call, desk), desk.operation
    ends = {
        Phase.DEPLOY: "CREATE_FAILED" if operation.creating else "UPDATE_FAILED",
        Phase.ROLL_BACK: "UPDATE_ROLLBACK_FAILED",
        Phase.CLEAN_UP: "UPDATE_COMPLETE",
        Phase.CLEAN_UP_ROLLBACK: "UPDATE_ROLLBACK_COMPLETE",
        Phase.REMOVE_CREATED: "ROLLBACK_FAILED",
        Phase.DELETE: "DELETE_FAILED",
    }
    stack = record_stack(call, stack, ends[operation.phase], reason, operation.client_request_token)
    return _over(call, stack, keep=operation.phase is Phase.ROLL_BACK)


def _operation(call: Call, desk: Desk) -> Operation:
    """The operation as it is stored: it may have been cancelled since it was loaded."""
    return state.find_operation(call, desk.stack_id) or desk.operation


def _stack(call: Call, desk: Desk) -> Stack:
    return state.stack(call, desk.stack_id)


def _next(
    call: Call, stack: Stack, operation: Operation, phase: Phase, status: str, reason: str | None
) -> Outcome:
    stack = record_stack(call, stack, status, reason, operation.client_request_token)
    operation = replace(operation, phase=phase)
    state.save_operation(call, stack.stack_id, operation)
    return stack, operation


def _over(call: Call, stack: Stack, *, keep: bool) -> Outcome:
    state.end_operation(call, stack.stack_id, keep=keep)
    return stack, None
