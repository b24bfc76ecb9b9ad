"""CloudFormation resource types: how a service creates, changes and removes its own things for a stack.

A handler calls its own service's API by `call.ask`; it knows nothing of templates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from cloudlet.core.call import Call

Properties: TypeAlias = Mapping[str, Any]
ANY_PROPERTY: Final = "*"
"""Among a type's properties: it takes whatever the template gives."""


@dataclass(frozen=True, slots=True)
class ResourceContext:
    """Where in which stack a resource stands. A step that is run again after a crash gets the same one."""

    stack_name: str
    stack_id: str
    logical_id: str
    token: str
    """Differs for every resource ever made; the same when its step is run again."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The stack's own tags and the aws:cloudformation:* ones."""
    resource_type: str = ""
    """The type as the template names it: Custom::Anything for a type that goes by many names."""
    rerun: bool = False
    """Whether the step was begun before and cut off: what create finds under its own name is then its own."""

    def generated_name(self, max_length: int, *, lower: bool = False) -> str:
        """A physical name as CloudFormation makes it: stack, logical id and 12 characters, cut to fit."""
        digest = hashlib.sha256(f"{self.stack_id}/{self.logical_id}/{self.token}".encode()).digest()
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        suffix = "".join(alphabet[byte % 36] for byte in digest[:12])
        room = max_length - len(suffix) - 1
        stem = f"{self.stack_name}-{self.logical_id}"
        if len(stem) > room:
            half = (room - 1) // 2
            stem = f"{self.stack_name[:half]}-{self.logical_id[: room - 1 - len(self.stack_name[:half])]}"
        name = f"{stem}-{suffix}"
        return name.lower() if lower else name


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A resource that is there: what Ref and Fn::GetAtt answer."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    ref: str | None = None
    """What Ref answers, where it is not the physical id."""


class PartlyProvisioned(ServiceError):
    """Raised by create after it made something that the rollback is to delete."""

    def __init__(self, message: str, physical_id: str) -> None:
        super().__init__(message)
        self.physical_id = physical_id


@contextmanager
def partly_made(physical_id: str) -> Iterator[None]:
    """Around what create does after the thing itself is there, so that a failure does not leave it behind."""
    try:
        yield
    except ServiceError as error:
        raise PartlyProvisioned(error.message, physical_id) from error


class ResourceType(Protocol):
    """One CloudFormation type."""

    @property
    def type_name(self) -> str:
        """Such as AWS::DynamoDB::Table."""

    @property
    def properties(self) -> frozenset[str]:
        """Every property that is honoured; a template with another one is refused."""

    @property
    def required(self) -> frozenset[str]:
        """The properties that a template must give."""

    @property
    def create_only(self) -> frozenset[str]:
        """The properties whose change makes a new resource."""

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the resource; returns once it is usable. Run again after a crash, it finds what it made."""

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the resource in place."""

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the resource; one that is gone already is no error."""
