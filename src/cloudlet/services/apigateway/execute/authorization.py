"""Who may call a method: anybody, or with AWS_IAM whoever signed and is allowed to.

Authorizers cannot be made yet, so no method has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import Permission, PrincipalKind
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.http import BytesBody

from .errors import GatewayError, missing_authentication_token
from .payload import LARGEST_PAYLOAD_BYTES

if TYPE_CHECKING:
    from cloudlet.core.access import Principal

    from .invocation import Invocation

_EXPIRED: Final = frozenset({"ExpiredTokenException", "ExpiredToken"})
_UNSIGNED: Final = frozenset({"MissingAuthenticationTokenException", "MissingAuthenticationToken"})


async def authorize(invocation: Invocation) -> None:
    """Lets a caller through. Raises GatewayError with what AWS says to those it does not."""
    if invocation.method.authorization_type != "AWS_IAM":
        return
    call = invocation.call
    try:
        principal, content = await call.cloud.signatures.signer(
            call, invocation.request, "execute-api", LARGEST_PAYLOAD_BYTES
        )
    except ServiceError as error:
        raise _refused(error) from error
    invocation.request.body = BytesBody(content)
    call.principal = principal
    invocation.caller = _identity(principal)
    permission = Permission(
        action="execute-api:Invoke", resource=method_arn(invocation), resource_account=call.account
    )
    try:
        await call.transact(lambda inner: call.cloud.api.check_within(inner, [permission]), read_only=True)
    except AccessDenied as error:
        raise GatewayError("ACCESS_DENIED", error.message, "AccessDeniedException") from error


def method_arn(invocation: Invocation) -> str:
    """The ARN by which policies name the method that is called, with the path as it was called."""
    stage = invocation.stage
    place = f"arn:aws:execute-api:{stage.region}:{stage.account}:{stage.api_id}"
    return f"{place}/{stage.name}/{invocation.request.method}{invocation.path}"


def _refused(error: ServiceError) -> GatewayError:
    if error.code in _UNSIGNED:
        return missing_authentication_token()
    if error.code in _EXPIRED:
        return GatewayError("EXPIRED_TOKEN", error.message, "ExpiredTokenException")
    if error.code == "UnrecognizedClientException":
        return GatewayError("ACCESS_DENIED", error.message, "UnrecognizedClientException")
    return GatewayError("INVALID_SIGNATURE", error.message, "InvalidSignatureException")


def _identity(principal: Principal) -> dict[str, str]:
    if principal.kind is PrincipalKind.ANONYMOUS:
        return {}
    return {
        "accountId": principal.account,
        "accessKey": principal.access_key_id or "",
        "caller": principal.unique_id,
        "user": principal.unique_id,
        "userArn": principal.arn,
    }
