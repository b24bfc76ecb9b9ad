"""What every protocol can do: find the operation, read its parameters, write its answer or its error.

No bytes are read or written here; the protocols proper do that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct

from cloudlet.core.errors import (
    AccessDenied,
    InternalFailure,
    ServiceError,
    UnknownOperation,
    ValidationError,
)
from cloudlet.core.http import Body, BytesBody, FileBody, HttpResponse

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.model import ServiceModel, Shape

Members = dict[str, Any]

_STATUSES: Final = {("sqs", "PurgeQueueInProgress"): 403}
"""Where AWS answers another status than its model says."""


class ErrorAnswer(Struct, frozen=True):
    """An error as its protocol and service will say it."""

    name: str
    """The shape's name."""
    code: str
    """The code on the wire of the query protocols; often the name without `Exception`."""
    status: int
    message: str
    sender_fault: bool
    shape: Shape | None
    members: Members

    @property
    def fault(self) -> str:
        """Whose fault it is, in the words of the query protocols."""
        return "Sender" if self.sender_fault else "Receiver"

    def message_member(self, default: str) -> str:
        """The name of the member that carries the message, as the model writes it."""
        modelled = self.shape.members if self.shape else {}
        found = (
            member.location_name or name for name, member in modelled.items() if name.lower() == "message"
        )
        return next(found, default)


class Protocol(ABC):
    """One protocol of one service. Codecs are compiled when an operation is first used, and kept."""

    access_denied: ClassVar[tuple[str, int]] = ("AccessDeniedException", 403)
    validation: ClassVar[str] = "ValidationException"
    internal_failure: ClassVar[str] = "InternalFailure"
    unknown_operation: ClassVar[tuple[str, int]] = ("UnknownOperationException", 404)
    routes_by_body: ClassVar[bool] = False
    """Whether `route` needs the body, because the operation's name stands in it."""

    def __init__(self, service: ServiceModel) -> None:
        self.service = service

    @abstractmethod
    def route(self, request: HttpRequest, body: bytes = b"") -> str | None:
        """The operation that a request asks for; None where there is none such."""

    @abstractmethod
    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters as a boto3 user would pass them. Raises a ServiceError for what does not fit."""

    @abstractmethod
    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer to what boto3 would return for it."""

    @abstractmethod
    def serialize_error(self, operation: str | None, error: ServiceError, request_id: str) -> HttpResponse:
        """The answer that says no."""

    def streams_input(self, operation: str) -> bool:
        """Whether the request's body is to be handed on without reading it."""
        return False

    def error_answer(self, error: ServiceError) -> ErrorAnswer:
        """What the model and the protocol say of an error."""
        name, status = self._name_and_status(error)
        modelled = self.service.errors.get(name)
        if modelled is None:
            code = error.query_code or name
            return ErrorAnswer(name, code, status, error.message, status < 500, None, error.members)
        return ErrorAnswer(
            name=modelled.name,
            code=modelled.code,
            status=_STATUSES.get((self.service.name, name)) or modelled.status or status,
            message=error.message,
            sender_fault=modelled.sender_fault,
            shape=modelled.shape,
            members=error.members,
        )

    def _name_and_status(self, error: ServiceError) -> tuple[str, int]:
        # Only the classes of core have a code for each protocol; a service's subclass of them has its own.
        if type(error) is AccessDenied:
            return self.access_denied
        if type(error) is ValidationError:
            return self.validation, error.status
        if type(error) is InternalFailure:
            return self.internal_failure, error.status
        if type(error) is UnknownOperation:
            return self.unknown_operation
        return error.code, error.status


def whole(body: bytes | Body) -> bytes:
    """The bytes of a body that has already arrived. Raises TypeError for one that may still be on its way."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, BytesBody):
        return body.content
    raise TypeError("this operation's body must be read before it is parsed")


def as_response_body(value: Any) -> bytes | FileBody | AsyncIterator[bytes]:
    """A payload as an HTTP body; what is already one passes through."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    body: bytes | FileBody | AsyncIterator[bytes] = value
    return body
