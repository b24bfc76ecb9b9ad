"""Where CloudFormation's rows lie, and the questions asked of them. The only file that names keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cloudlet.core.arn import find_arn
from cloudlet.core.call import Call
from cloudlet.core.lease import Leases
from cloudlet.core.rows import Rows
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import (
    ChangeSet,
    CustomRequest,
    Export,
    Import,
    Leftover,
    Operation,
    Stack,
    StackEvent,
    StackResource,
    StepRecord,
)


class _StackName(Struct, frozen=True):
    stack_id: str


class _TemplateText(Struct, frozen=True):
    text: str


class Pending(Struct, frozen=True):
    """A stack with an operation that is not finished."""

    account: str
    region: str
    stack_id: str


_STACKS: Final = Rows(("cloudformation", "stack"), Stack)
_NAMES: Final = Rows(("cloudformation", "stack-name"), _StackName)
_TEMPLATES: Final = Rows(("cloudformation", "template"), _TemplateText)
_RESOURCES: Final = Rows(("cloudformation", "resource"), StackResource)
_LEFTOVERS: Final = Rows(("cloudformation", "leftover"), Leftover)
_EVENTS: Final = Rows(("cloudformation", "event"), StackEvent)
_OPERATIONS: Final = Rows(("cloudformation", "operation"), Operation)
_STEPS: Final = Rows(("cloudformation", "step"), StepRecord)
_PENDING: Final = Rows(("cloudformation", "pending"), Pending)
_CHANGE_SETS: Final = Rows(("cloudformation", "change-set"), ChangeSet)
_CHANGE_SET_IDS: Final = Rows(("cloudformation", "change-set-id"), _StackName)
_EXPORTS: Final = Rows(("cloudformation", "export"), Export)
_CUSTOM_REQUESTS: Final = Rows(("cloudformation", "custom-request"), CustomRequest)
_IMPORTS: Final = Rows(("cloudformation", "import"), Import)

LEASES: Final = Leases(("cloudformation", "lease"), seconds=6.0)
"""Who works on a stack; the key is the stack's id."""
DEPLOY_TOPIC: Final = "cloudformation/deploy"


def stack_topic(stack_id: str) -> str:
    """What is woken when a stack's operation has ended."""
    return f"cloudformation/stack/{stack_id}"


def custom_topic(request_id: str) -> str:
    """What is woken when a custom resource's function has answered."""
    return f"cloudformation/custom/{request_id}"


def find_stack(call: Call, name_or_id: str) -> Stack | None:
    """The stack of that id, or the living one of that name."""
    if name_or_id.startswith("arn:"):
        arn = find_arn(name_or_id)
        if arn is None or (arn.account, arn.region) != (call.account, call.region):
            return None
        return _STACKS.find(call, call.account, call.region, name_or_id)
    name = _NAMES.find(call, call.account, call.region, name_or_id)
    return None if name is None else _STACKS.find(call, call.account, call.region, name.stack_id)


def stack(call: Call, name_or_id: str, text: str = "Stack with id {} does not exist") -> Stack:
    """The same. Raises ValidationError with `text` where there is none."""
    found = find_stack(call, name_or_id)
    if found is None:
        raise ValidationError(text.format(name_or_id))
    return found


def stacks(call: Call) -> Iterator[Stack]:
    """Every stack, deleted ones too."""
    return _STACKS.below(call, call.account, call.region)


def save_stack(call: Call, row: Stack) -> None:
    """Writes a stack; its name leads to it until it is gone."""
    _STACKS.save(call, row, call.account, call.region, row.stack_id)
    if row.gone:
        named = _NAMES.find(call, call.account, call.region, row.stack_name)
        if named is not None and named.stack_id == row.stack_id:
            _NAMES.delete(call, call.account, call.region, row.stack_name)
    else:
        _NAMES.save(call, _StackName(row.stack_id), call.account, call.region, row.stack_name)


def template_text(call: Call, stack_id: str, template_id: str) -> str:
    """A template that a stack or a change set of it was made from."""
    found = _TEMPLATES.find(call, call.account, call.region, stack_id, template_id)
    if found is None:
        raise KeyError(template_id)
    return found.text


def save_template(call: Call, stack_id: str, template_id: str, text: str) -> None:
    """Keeps a template."""
    _TEMPLATES.save(call, _TemplateText(text), call.account, call.region, stack_id, template_id)


def resources(call: Call, stack_id: str) -> Iterator[StackResource]:
    """A stack's resources by logical id."""
    return _RESOURCES.below(call, call.account, call.region, stack_id)


def find_resource(call: Call, stack_id: str, logical_id: str) -> StackResource | None:
    """One resource of a stack."""
    return _RESOURCES.find(call, call.account, call.region, stack_id, logical_id)


def save_resource(call: Call, stack_id: str, row: StackResource) -> None:
    """Writes a resource."""
    _RESOURCES.save(call, row, call.account, call.region, stack_id, row.logical_id)


def delete_resource(call: Call, stack_id: str, logical_id: str) -> None:
    """Forgets a resource."""
    _RESOURCES.delete(call, call.account, call.region, stack_id, logical_id)


def leftovers(call: Call, stack_id: str) -> Iterator[Leftover]:
    """What is to be removed in the clean-up."""
    return _LEFTOVERS.below(call, call.account, call.region, stack_id)


def save_leftover(call: Call, stack_id: str, row: Leftover) -> None:
    """Notes what is to be removed."""
    _LEFTOVERS.save(call, row, call.account, call.region, stack_id, row.resource.token)


def delete_leftover(call: Call, stack_id: str, token: str) -> None:
    """Strikes it from the list."""
    _LEFTOVERS.delete(call, call.account, call.region, stack_id, token)


def add_event(call: Call, stack_id: str, event: StackEvent) -> None:
    """Writes an event after all the others of its stack."""
    key = (call.account, call.region, stack_id)
    last = next(iter(_EVENTS.items_below(call, *key, limit=1, reverse=True)), None)
    number = 1 if last is None else int(last[0][-1]) + 1  # type: ignore[arg-type]  # the last part is a number
    _EVENTS.save(call, event, *key, number)


def events(call: Call, stack_id: str, before: int | None, limit: int) -> list[tuple[int, StackEvent]]:
    """A stack's events with their numbers, the newest first; only those older than `before`."""
    after = None if before is None else (before,)
    found = _EVENTS.items_below(
        call, call.account, call.region, stack_id, after=after, limit=limit, reverse=True
    )
    return [(int(key[-1]), event) for key, event in found]  # type: ignore[arg-type]  # as above


def find_operation(call: Call, stack_id: str) -> Operation | None:
    """What is, or was last, being done to a stack."""
    return _OPERATIONS.find(call, call.account, call.region, stack_id)


def save_operation(call: Call, stack_id: str, row: Operation) -> None:
    """Writes an operation."""
    _OPERATIONS.save(call, row, call.account, call.region, stack_id)


def begin_operation(call: Call, stack_id: str, row: Operation) -> None:
    """Writes an operation that a worker takes up."""
    save_operation(call, stack_id, row)
    _PENDING.save(call, Pending(call.account, call.region, stack_id), call.account, call.region, stack_id)
    call.wake(DEPLOY_TOPIC)


def end_operation(call: Call, stack_id: str, *, keep: bool) -> None:
    """Strikes a stack from the workers' list; `keep` leaves the steps for a rollback to be continued."""
    _PENDING.delete(call, call.account, call.region, stack_id)
    if not keep:
        _OPERATIONS.delete(call, call.account, call.region, stack_id)
        _STEPS.delete_below(call, call.account, call.region, stack_id)
    call.wake(stack_topic(stack_id))


def pending(call: Call) -> list[Pending]:
    """Every stack that is worked on, of every account and region."""
    return list(_PENDING.below(call))


def steps(call: Call, stack_id: str) -> Iterator[StepRecord]:
    """The steps that an operation has begun."""
    return _STEPS.below(call, call.account, call.region, stack_id)


def save_step(call: Call, stack_id: str, row: StepRecord) -> None:
    """Writes a step."""
    _STEPS.save(call, row, call.account, call.region, stack_id, row.logical_id)


def delete_steps(call: Call, stack_id: str) -> None:
    """Forgets the steps of an operation."""
    _STEPS.delete_below(call, call.account, call.region, stack_id)


def change_sets(call: Call, stack_id: str) -> Iterator[ChangeSet]:
    """A stack's change sets."""
    return _CHANGE_SETS.below(call, call.account, call.region, stack_id)


def find_change_set_by_id(call: Call, change_set_id: str) -> ChangeSet | None:
    """A change set by its ARN, of whatever stack."""
    owner = _CHANGE_SET_IDS.find(call, call.account, call.region, change_set_id)
    if owner is None:
        return None
    return _CHANGE_SETS.find(call, call.account, call.region, owner.stack_id, change_set_id)


def save_change_set(call: Call, row: ChangeSet) -> None:
    """Writes a change set."""
    key = (call.account, call.region)
    _CHANGE_SETS.save(call, row, *key, row.stack_id, row.change_set_id)
    _CHANGE_SET_IDS.save(call, _StackName(row.stack_id), *key, row.change_set_id)


def delete_change_set(call: Call, row: ChangeSet) -> None:
    """Forgets a change set."""
    _CHANGE_SETS.delete(call, call.account, call.region, row.stack_id, row.change_set_id)
    _CHANGE_SET_IDS.delete(call, call.account, call.region, row.change_set_id)


def find_export(call: Call, name: str) -> Export | None:
    """An export by its name."""
    return _EXPORTS.find(call, call.account, call.region, name)


def exports(call: Call, after: str | None, limit: int) -> list[Export]:
    """The exports of the account and region by name."""
    beyond = None if after is None else (after,)
    return list(_EXPORTS.below(call, call.account, call.region, after=beyond, limit=limit))


def exports_of(call: Call, stack_id: str) -> list[Export]:
    """What one stack exports."""
    return [row for row in _EXPORTS.below(call, call.account, call.region) if row.stack_id == stack_id]


def save_export(call: Call, row: Export) -> None:
    """Writes an export."""
    _EXPORTS.save(call, row, call.account, call.region, row.name)


def delete_export(call: Call, name: str) -> None:
    """Removes an export."""
    _EXPORTS.delete(call, call.account, call.region, name)


def importers(call: Call, export_name: str) -> list[Import]:
    """The stacks that use an export."""
    return list(_IMPORTS.below(call, call.account, call.region, export_name))


def save_imports(call: Call, row: Stack, names: set[str]) -> None:
    """Notes which exports a stack uses from now on."""
    key = (call.account, call.region)
    used = [found for found, entry in _IMPORTS.items_below(call, *key) if entry.stack_id == row.stack_id]
    for found in used:
        if found[2] not in names:
            _IMPORTS.delete(call, *found)
    for name in names:
        _IMPORTS.save(call, Import(row.stack_id, row.stack_name), *key, name, row.stack_id)


def find_custom_request(call: Call, request_id: str) -> CustomRequest | None:
    """A request to a custom resource's function."""
    return _CUSTOM_REQUESTS.find(call, call.account, call.region, request_id)


def save_custom_request(call: Call, request_id: str, row: CustomRequest) -> None:
    """Writes such a request."""
    _CUSTOM_REQUESTS.save(call, row, call.account, call.region, request_id)


def delete_custom_request(call: Call, request_id: str) -> None:
    """Forgets a request whose answer was taken."""
    _CUSTOM_REQUESTS.delete(call, call.account, call.region, request_id)
