"""Stacks, their resources, events, change sets and running operations, as values.

No I/O, no clock; the keys they lie under are in state.py.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.core.access import Principal

IN_PROGRESS: Final = "_IN_PROGRESS"
UPDATABLE: Final = frozenset(
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_FAILED",
        "CREATE_FAILED",
        "IMPORT_COMPLETE",
    ]
)
GONE: Final = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
_ENDING: Final = frozenset({"DELETE_IN_PROGRESS", "DELETE_COMPLETE", "ROLLBACK_IN_PROGRESS"})
STACK_TYPE: Final = "AWS::CloudFormation::Stack"


class StackInput(Struct, frozen=True):
    """What a stack is made from: all that a create or an update is given."""

    template_id: str
    parameters: dict[str, str] = field(default_factory=dict)
    no_echo: tuple[str, ...] = ()
    """The parameters whose values are not shown."""
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    role_arn: str | None = None
    description: str | None = None
    notification_arns: tuple[str, ...] = ()
    """The topics that are told of the stack's events."""


class StackOutput(Struct, frozen=True):
    """One output with its value."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


class Stack(Struct, frozen=True):
    """One stack, also after its end."""

    stack_id: str
    stack_name: str
    status: str
    created_at: float
    status_reason: str | None = None
    updated_at: float | None = None
    deleted_at: float | None = None
    input: StackInput | None = None
    """None while a stack is only under review."""
    outputs: tuple[StackOutput, ...] = ()
    disable_rollback: bool = False
    termination_protection: bool = False
    timeout_minutes: int | None = None
    change_set_id: str | None = None
    retain_except_on_create: bool | None = None
    parent_id: str | None = None
    root_id: str | None = None

    @property
    def in_progress(self) -> bool:
        """Whether an operation works on it."""
        return self.status.endswith(IN_PROGRESS) and self.status != "REVIEW_IN_PROGRESS"

    @property
    def gone(self) -> bool:
        """Whether it was deleted."""
        return self.status == "DELETE_COMPLETE"

    def at(self, status: str, reason: str | None, now: float) -> Stack:
        """The same stack in another status."""
        deleted_at = now if status in _ENDING else self.deleted_at
        return replace(self, status=status, status_reason=reason, deleted_at=deleted_at)


class StackResource(Struct, frozen=True):
    """One resource of a stack: what was made, from which properties, and how it stands."""

    logical_id: str
    type: str
    status: str
    updated_at: float
    token: str
    """Differs for every physical resource ever made."""
    status_reason: str | None = None
    physical_id: str | None = None
    ref: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    shown_properties: dict[str, Any] = field(default_factory=dict)
    """The same with the values of NoEcho parameters hidden."""
    tags: dict[str, str] = field(default_factory=dict)
    """The stack's own tags that it was made with."""
    depends_on: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    description: str | None = None
    metadata: str | None = None

    @property
    def exists(self) -> bool:
        """Whether something was made that is still there."""
        return self.physical_id is not None and self.status not in GONE

    def at(self, status: str, reason: str | None, now: float) -> StackResource:
        """The same resource in another status."""
        return replace(self, status=status, status_reason=reason, updated_at=now)


class StackEvent(Struct, frozen=True):
    """What happened to a stack or to one of its resources."""

    event_id: str
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    at: float
    reason: str | None = None
    properties: str | None = None
    client_request_token: str | None = None


class Phase(Enum):
    """Which part of an operation is at work."""

    DEPLOY = "deploy"
    ROLL_BACK = "roll back"
    CLEAN_UP = "clean up"
    CLEAN_UP_ROLLBACK = "clean up after rollback"
    REMOVE_CREATED = "remove what was created"
    DELETE = "delete"


class OnFailure(Enum):
    """What a failed creation leads to."""

    ROLLBACK = "ROLLBACK"
    DELETE = "DELETE"
    DO_NOTHING = "DO_NOTHING"


class Operation(Struct, frozen=True):
    """What is being done to a stack; stored, so that it goes on after a crash."""

    creating: bool
    phase: Phase
    principal: Principal
    """On whose behalf resources are made, where the stack has no role of its own."""
    role_arn: str | None = None
    previous: StackInput | None = None
    """What the stack was made from before an update."""
    previous_outputs: tuple[StackOutput, ...] = ()
    on_failure: OnFailure = OnFailure.ROLLBACK
    client_request_token: str | None = None
    change_set_id: str | None = None
    retain_resources: tuple[str, ...] = ()
    retain_except_on_create: bool = False
    cancelled: bool = False
    failure: str | None = None
    deadline: float | None = None
    skip: tuple[str, ...] = ()
    """The resources that a continued rollback leaves alone."""


class Deed(Enum):
    """What a step does to its resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    KEEP = "keep"


class Progress(Enum):
    """How far a step is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    RESTORED = "restored"


class StepRecord(Struct, frozen=True):
    """A step as it is stored before and after it works."""

    logical_id: str
    deed: Deed
    progress: Progress
    before: StackResource | None = None
    """The resource as it was before this operation."""
    after: StackResource | None = None
    """The resource as the step makes it."""


class Leftover(Struct, frozen=True):
    """A physical resource that the stack no longer refers to, to be removed in the clean-up."""

    resource: StackResource
    policy: str
    """Which policy decides whether it stays: Delete, Retain, Snapshot."""


class Detail(Struct, frozen=True):
    """Why a resource changes."""

    attribute: str
    name: str | None
    requires_recreation: str
    evaluation: str
    change_source: str
    causing_entity: str | None = None
    before_value: str | None = None
    after_value: str | None = None


class Step(Struct, frozen=True):
    """What a plan does to one resource; a change set prints it."""

    action: str
    """One of Add, Modify and Remove."""
    logical_id: str
    resource_type: str
    physical_id: str | None = None
    replacement: str | None = None
    policy_action: str | None = None
    scope: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    before_context: str | None = None
    after_context: str | None = None


class ChangeSet(Struct, frozen=True):
    """A plan that waits for somebody to execute it."""

    change_set_id: str
    change_set_name: str
    stack_id: str
    created_at: float
    status: str
    execution_status: str
    input: StackInput
    creating: bool
    status_reason: str | None = None
    description: str | None = None
    steps: tuple[Step, ...] = ()
    on_failure: OnFailure | None = None

    @property
    def waits(self) -> bool:
        """Whether it was neither executed nor made obsolete by another; its name is taken only then."""
        return self.execution_status in ("AVAILABLE", "UNAVAILABLE")


class Export(Struct, frozen=True):
    """A value that a stack gives to others."""

    name: str
    value: str
    stack_id: str
    stack_name: str


class CustomResponse(Struct, frozen=True):
    """What a custom resource's function answered."""

    status: str
    reason: str = ""
    physical_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class CustomRequest(Struct, frozen=True):
    """A request to a custom resource's function that waits for its answer."""

    secret: str
    """Part of the URL that the function answers to; who does not know it cannot."""
    sent: bool = False
    response: CustomResponse | None = None


class Import(Struct, frozen=True):
    """That a stack uses an export."""

    stack_id: str
    stack_name: str
