"""CloudFormation resource types: how a service creates, changes and removes its own things for a stack.

A handler calls its own service's API by `call.ask`; it knows nothing of templates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from msgspec import Struct, field

from cloudlet.core.errors import ServiceError
from cloudlet.core.rows import Rows
from cloudlet.core.tags import changed_tags

if TYPE_CHECKING:
    from cloudlet.core.call import Call

Properties: TypeAlias = Mapping[str, Any]
ANY_PROPERTY: Final = "*"
"""Among a type's properties: it takes whatever the template gives."""
_NOTES: Final = Rows(("cloudformation", "note"), str)
"""What a step that is not done has to remember: account, region, token, subject -> note."""
_MADE: Final = "made"
"""The subject under which the physical id stands."""


class ResourceContext(Struct, frozen=True):
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
    """Whether the step was begun before and cut off."""

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


class Provisioned(Struct, frozen=True):
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
    """Around what create does after the thing itself is there, so that a failure does not leave it behind.

    Raises PartlyProvisioned for any ServiceError.
    """
    try:
        yield
    except ServiceError as error:
        raise PartlyProvisioned(error.message, physical_id) from error


async def noted(call: Call, context: ResourceContext, subject: str, work: Callable[[Call], str]) -> str:
    """What `work` answered when the step came here first. The engine forgets it with the end of the step."""

    def once(inner: Call) -> str:
        key = (inner.account, inner.region, context.token, subject)
        found = _NOTES.find(inner, *key)
        if found is None:
            found = work(inner)
            _NOTES.save(inner, found, *key)
        return found

    return await call.transact(once)


async def made_once(call: Call, context: ResourceContext, make: Callable[[Call], str]) -> str:
    """The physical id of what `make` makes, in one transaction with the note that it is made.

    A step that is run again finds the note, and so its own thing and nobody else's. What create does after
    this may fail: the rollback finds the note, too.
    """
    return await noted(call, context, _MADE, make)


async def ask_once(
    call: Call,
    context: ResourceContext,
    service: str,
    operation: str,
    request: Mapping[str, Any],
    physical_id: Callable[[Mapping[str, Any]], str],
) -> str:
    """As made_once(), by one operation that does not wait; its answer has the physical id."""
    return await made_once(
        call, context, lambda inner: physical_id(inner.ask_within(service, operation, request))
    )


async def retag(
    call: Call,
    service: str,
    named: Mapping[str, str],
    before: Mapping[str, str],
    after: Mapping[str, str],
    form: Callable[[Mapping[str, str]], Any] = dict,
) -> None:
    """Leads a thing from one set of tags to another; others that it has stay.

    `named`: the member by which TagResource and UntagResource name it; `form`: how the service takes tags.
    """
    gone, added = changed_tags(before, after)
    if gone:
        await call.ask(service, "UntagResource", {**named, "TagKeys": gone})
    if added:
        await call.ask(service, "TagResource", {**named, "Tags": form(added)})


def find_made(call: Call, token: str) -> str | None:
    """The physical id of what an unfinished step has made, or None."""
    return _NOTES.find(call, call.account, call.region, token, _MADE)


def forget_notes(call: Call, token: str) -> None:
    """Removes the notes of a step that has ended."""
    _NOTES.delete_below(call, call.account, call.region, token)


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
