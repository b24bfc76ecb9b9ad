"""Errors that reach a client: one class per error shape of an AWS API, named as the shape.

    ServiceError
    +-- AccessDenied              IAM refused (each protocol has its own code for it)
    +-- ValidationError           the request breaks a constraint of the service model
    +-- UnknownOperation          AWS has no such operation
    +-- NotImplementedHere        AWS has it, cloudlet does not (yet)
    +-- InternalFailure           a fault of cloudlet's own
    +-- a service's own, in services/<name>/errors.py

The HTTP status comes from the service model; `status` here serves errors the model does not list.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

_TOO_MANY_REQUESTS: Final = 429


class ServiceError(Exception):
    """An answer that says no. The code is the class's name unless `code` says otherwise."""

    code: ClassVar[str] = ""
    query_code: ClassVar[str] = ""
    """The code in the query protocol, where it is another and the service model does not say so."""
    status: ClassVar[int] = 400
    members: dict[str, Any]

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later: a fault of the server's, or too many requests."""
        return self.status >= 500 or self.status == _TOO_MANY_REQUESTS or "Throttl" in self.code

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            cls.code = cls.__name__


class AccessDenied(ServiceError):
    """Raised when IAM refuses. Serialized as AccessDenied, AccessDeniedException or UnauthorizedOperation."""

    status = 403


class ValidationError(ServiceError):
    """Raised when a request breaks a constraint of the service model; its code differs by service."""


class UnknownOperation(ServiceError):
    """Raised for an operation that AWS's service model does not have."""

    code = "UnknownOperationException"
    status = 404


class NotImplementedHere(ServiceError):
    """Raised for an operation that AWS has and cloudlet does not do: never an empty success."""

    code = "NotImplemented"
    status = 501

    @property
    def may_pass(self) -> bool:
        """It will not."""
        return False


class InternalFailure(ServiceError):
    """Raised for a fault of cloudlet's own; the details are in the server's log under the request id."""

    status = 500
