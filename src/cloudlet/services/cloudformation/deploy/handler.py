"""Calls the handler of a resource type as the stack's caller or role, and words its failures as AWS does.

Writes nothing.
"""

from __future__ import annotations

import logging
from typing import Final

from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.call import Call, Cloud
from cloudlet.core.errors import AccessDenied, NotImplementedHere, ServiceError
from cloudlet.core.resource import PartlyProvisioned, Provisioned, ResourceContext
from cloudlet.services.cloudformation.deploy.resource_types import OwnedType, ResourceTypes
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import Operation, Stack, StackResource

SERVICE_PRINCIPAL: Final = "cloudformation.amazonaws.com"
SESSION_NAME: Final = "AWSCloudFormation"
_LOG: Final = logging.getLogger("cloudlet.cloudformation")
_ERROR_CODES: Final[tuple[tuple[str, str], ...]] = (
    ("AlreadyExist", "AlreadyExists"),
    ("Conflict", "AlreadyExists"),
    ("NotFound", "NotFound"),
    ("NoSuch", "NotFound"),
    ("DoesNotExist", "NotFound"),
    ("LimitExceeded", "ServiceLimitExceeded"),
    ("Throttl", "Throttling"),
    ("Validation", "InvalidRequest"),
    ("Invalid", "InvalidRequest"),
)


class Failure(Exception):
    """Raised with the reason that a resource's status shows."""

    def __init__(self, reason: str, physical_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.physical_id = physical_id
        """What was made before it failed, if anything."""


class Handlers:
    """The handlers of every type, for one operation on one stack."""

    def __init__(
        self,
        cloud: Cloud,
        types: ResourceTypes,
        stack: Stack,
        account: str,
        region: str,
        principal: Principal,
    ) -> None:
        self._cloud = cloud
        self._types = types
        self._stack = stack
        self._place = (account, region)
        self._principal = principal

    async def create(self, resource: StackResource, *, rerun: bool) -> Provisioned:
        """Makes a resource from its properties. Raises Failure."""
        owned = self._owned(resource)
        context = self._context(resource, rerun=rerun)
        try:
            return await owned.type.create(self._call(owned), context, resource.properties)
        except Exception as error:
            raise self._failure(resource, error) from error

    async def update(
        self, before: StackResource, after: StackResource, physical_id: str, *, rerun: bool
    ) -> Provisioned:
        """Changes a resource in place. Raises Failure."""
        owned = self._owned(after)
        context = self._context(after, rerun=rerun)
        try:
            return await owned.type.update(
                self._call(owned), context, physical_id, before.properties, after.properties
            )
        except Exception as error:
            raise self._failure(after, error) from error

    async def delete(self, resource: StackResource) -> None:
        """Removes a resource. Raises Failure."""
        if resource.physical_id is None:
            return
        owned = self._owned(resource)
        context = self._context(resource, rerun=False)
        try:
            await owned.type.delete(self._call(owned), context, resource.physical_id, resource.properties)
        except Exception as error:
            raise self._failure(resource, error) from error

    def _owned(self, resource: StackResource) -> OwnedType:
        owned = self._types.find(resource.type)
        if owned is None:
            raise Failure(f"Resource type {resource.type} is not supported by this version of cloudlet.")
        return owned

    def _call(self, owned: OwnedType) -> Call:
        call = self._cloud.call(owned.service, self._principal, *self._place)
        return replace(call.on_behalf(SERVICE_PRINCIPAL), lenient=True)

    def _context(self, resource: StackResource, *, rerun: bool) -> ResourceContext:
        stack = self._stack
        return ResourceContext(
            stack.stack_name,
            stack.stack_id,
            resource.logical_id,
            resource.token,
            tags={
                **resource.tags,
                "aws:cloudformation:stack-name": stack.stack_name,
                "aws:cloudformation:logical-id": resource.logical_id,
                "aws:cloudformation:stack-id": stack.stack_id,
            },
            resource_type=resource.type,
            rerun=rerun,
        )

    def _failure(self, resource: StackResource, error: Exception) -> Failure:
        if isinstance(error, PartlyProvisioned) and isinstance(error.__cause__, ServiceError):
            return Failure(self._failure(resource, error.__cause__).reason, error.physical_id)
        physical_id = error.physical_id if isinstance(error, PartlyProvisioned) else None
        if isinstance(error, Failure):
            return error
        if isinstance(error, NotImplementedHere | ValidationError | PartlyProvisioned):
            return Failure(error.message, physical_id)
        if not isinstance(error, ServiceError):
            _LOG.error("the handler of %s failed", resource.type, exc_info=error)
            return Failure("Internal Failure", physical_id)
        return Failure(self._told(resource, error), physical_id)

    def _told(self, resource: StackResource, error: ServiceError) -> str:
        service = resource.type.split("::")[1] if "::" in resource.type else resource.type
        request_id, token = self._cloud.ids.uuid(), self._cloud.ids.uuid()
        return (
            f'Resource handler returned message: "{error.message} (Service: {service}, '
            f'Status Code: {error.status}, Request ID: {request_id})" '
            f"(RequestToken: {token}, HandlerErrorCode: {_handler_error_code(error)})"
        )


def _handler_error_code(error: ServiceError) -> str:
    if isinstance(error, AccessDenied):
        return "AccessDenied"
    return next((code for part, code in _ERROR_CODES if part in error.code), "GeneralServiceException")


async def principal_of(cloud: Cloud, operation: Operation, account: str, region: str) -> Principal:
    """Whom an operation makes its resources as. Raises ServiceError for a role that cannot be assumed."""
    role_arn = operation.role_arn
    if role_arn is None:
        return operation.principal
    call = cloud.call("cloudformation", Principal.of_service(SERVICE_PRINCIPAL), account, region)
    session = await call.transact(lambda inner: cloud.identities.assume_role(inner, role_arn, SESSION_NAME))
    return session.principal
