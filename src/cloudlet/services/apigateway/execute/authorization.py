"""Who may call a method: whom its authorization type lets in, and whom the API's resource policy does.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
Policies are judged by IAM's own evaluation, with the method's ARN as it was called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.access import (
    MalformedPolicyDocument,
    Permission,
    PolicyDocument,
    PolicyKind,
    Principal,
    PrincipalKind,
    PrincipalPolicies,
    Reason,
)
from cloudlet.core.errors import AccessDenied, ServiceError
from cloudlet.core.http import BytesBody

from .authorizers import functions, user_pools
from .conditions import InvocationConditions
from .errors import (
    GatewayError,
    access_denied,
    authorizer_misconfigured,
    missing_authentication_token,
)
from .execution_log import Level, masked
from .method_arns import method_arn
from .payload import LARGEST_PAYLOAD_BYTES

if TYPE_CHECKING:
    from cloudlet.core.access import Decision

    from .authorizers.answers import AuthorizerAnswer
    from .compiled import CompiledMethod, CompiledStage
    from .invocation import Invocation

_EXPIRED: Final = frozenset({"ExpiredTokenException", "ExpiredToken"})
_UNSIGNED: Final = frozenset({"MissingAuthenticationTokenException", "MissingAuthenticationToken"})
_INVOKE: Final = "execute-api:Invoke"
_DENIED: Final = "User is not authorized to access this resource"
_EXPLICITLY: Final = frozenset({Reason.EXPLICIT_DENY_IDENTITY, Reason.EXPLICIT_DENY_RESOURCE})


def is_guarded(stage: CompiledStage, method: CompiledMethod) -> bool:
    """Whether anybody at all is turned away."""
    return method.authorization_type != "NONE" or stage.policy is not None


async def authorize(invocation: Invocation) -> None:
    """Lets a caller through. Raises GatewayError with what AWS says to those it does not."""
    kind = invocation.method.authorization_type
    if kind == "AWS_IAM":
        await _authorize_signer(invocation)
    elif kind == "CUSTOM":
        await _authorize_by_function(invocation)
    elif kind == "COGNITO_USER_POOLS":
        await _authorize_by_user_pool(invocation)
    else:
        await _check(invocation)
    # Identity sources may have asked for the context before the caller was known.
    invocation.context_made = None


async def _authorize_signer(invocation: Invocation) -> None:
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
    await _check(invocation)


async def _authorize_by_function(invocation: Invocation) -> None:
    authorizer = invocation.method.authorizer
    if authorizer is None:
        raise authorizer_misconfigured("The authorizer is not there")
    _refuse_those_denied(invocation)
    answer = await functions.ask(invocation, authorizer)
    decision = judged(invocation, answer)
    if not decision.allowed:
        explicitly = " with an explicit deny" if decision.reason in _EXPLICITLY else ""
        raise access_denied(_DENIED + explicitly)
    invocation.authorizer = {
        **answer.context,
        "principalId": answer.principal_id,
        "integrationLatency": round(invocation.authorizer_seconds * 1000),
    }
    invocation.usage_identifier_key = answer.usage_identifier_key
    if invocation.log is not None:
        invocation.log.add(
            Level.INFO, f"Using valid authorizer policy for principal: {masked(answer.principal_id)}"
        )
        invocation.log.add(Level.INFO, "Successfully completed authorizer execution")


async def _authorize_by_user_pool(invocation: Invocation) -> None:
    authorizer = invocation.method.authorizer
    if authorizer is None:
        raise authorizer_misconfigured("The authorizer is not there")
    invocation.authorizer = {"claims": await user_pools.claims_of(invocation, authorizer)}
    if invocation.stage.policy is not None:
        await _check(invocation)


async def _check(invocation: Invocation) -> None:
    """Whether IAM lets the caller in by its own policies, the API's, or both."""
    call, permission = invocation.call, _permission(invocation)
    try:
        await call.transact(lambda inner: call.cloud.api.check_within(inner, [permission]), read_only=True)
    except AccessDenied as error:
        raise access_denied(error.message) from error


def _permission(invocation: Invocation) -> Permission:
    stage, arn = invocation.stage, method_arn(invocation)
    return Permission(
        action=_INVOKE,
        resource=arn,
        context=invocation.network_keys(),
        resource_policy=stage.policy,
        resource_account=stage.account,
        resource_text=arn.replace(f":{stage.account}:", f":{'*' * 8}{stage.account[8:]}:", 1),
    )


def _refuse_those_denied(invocation: Invocation) -> None:
    """The first phase of a resource policy beside an authorizer: an explicit deny saves asking."""
    if invocation.stage.policy is None:
        return
    decision = _decided(invocation, Principal.anonymous(), PrincipalPolicies())
    if decision.reason is Reason.EXPLICIT_DENY_RESOURCE:
        raise access_denied(decision.message)


def judged(invocation: Invocation, answer: AuthorizerAnswer) -> Decision:
    """What an authorizer's policy says of this very method. Raises GatewayError for one that is none."""
    account = invocation.stage.account
    principal = Principal(
        PrincipalKind.USER,
        f"arn:aws:iam::{account}:user/{answer.principal_id}",
        account,
        name=answer.principal_id,
    )
    document = PolicyDocument("authorizer", answer.policy)
    try:
        invocation.call.cloud.access.validate(answer.policy, PolicyKind.IDENTITY)
        return _decided(invocation, principal, PrincipalPolicies(identity=(document,)))
    except MalformedPolicyDocument as error:
        raise authorizer_misconfigured(f"Invalid policy document: {error.message}") from error


def _decided(invocation: Invocation, principal: Principal, policies: PrincipalPolicies) -> Decision:
    return invocation.call.cloud.access.decide(
        principal, policies, _permission(invocation), InvocationConditions(invocation)
    )


def _refused(error: ServiceError) -> GatewayError:
    if error.code in _UNSIGNED:
        return missing_authentication_token()
    if error.code in _EXPIRED:
        return GatewayError("EXPIRED_TOKEN", error.message, "ExpiredTokenException")
    if error.code == "UnrecognizedClientException":
        return access_denied(error.message, error_type="UnrecognizedClientException")
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
