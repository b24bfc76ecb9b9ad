"""STS's operations. Global and regional endpoints answer alike.

https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
Nothing is stored here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from msgspec.structs import replace

from cloudlet.core.access import (
    Permission,
    PolicyDocument,
    PolicyKind,
    Principal,
    PrincipalKind,
)
from cloudlet.core.errors import AccessDenied, NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.sts import sessions
from cloudlet.services.sts.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_sts import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.core.identity import Role, Session

_ROLE_SECONDS: Final = 3600
_CHAINED_SECONDS: Final = 3600
_USER_SECONDS: Final = 43200
_ROOT_SECONDS: Final = 3600


def _role_permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """The role's trust policy decides; in another account the caller's own policies must agree."""
    arn = request["RoleArn"]
    sessions.check_role_arn(arn)
    role = call.cloud.identities.find_role(call, arn)
    if role is None:
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        )
    actions = ["sts:AssumeRole"]
    if request.get("Tags"):
        actions.append("sts:TagSession")
    if request.get("SourceIdentity"):
        actions.append("sts:SetSourceIdentity")
    context = _session_context(request)
    context |= {f"aws:ResourceTag/{key}": (value,) for key, value in role.tags.items()}
    context |= {f"iam:ResourceTag/{key}": (value,) for key, value in role.tags.items()}
    trust = PolicyDocument("trust policy", role.trust_policy)
    return [
        Permission(
            action,
            arn,
            context,
            resource_policy=trust,
            resource_account=role.account,
            resource_policy_decides=True,
        )
        for action in actions
    ]


def _federation_permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    arn = f"arn:aws:sts::{call.account}:federated-user/{request['Name']}"
    actions = ["sts:GetFederationToken", *(["sts:TagSession"] if request.get("Tags") else [])]
    return [Permission(action, arn, _session_context(request)) for action in actions]


@operation("GetCallerIdentity", public=True, read_only=True)
def get_caller_identity(call: Call, _request: Mapping[str, Any]) -> dict[str, Any]:
    """Who asks; nobody can be forbidden to know that."""
    principal = call.principal
    return {"UserId": principal.unique_id, "Account": principal.account, "Arn": principal.arn}


@operation("AssumeRole", permissions=_role_permissions)
def assume_role(call: Call, request: api.AssumeRoleRequestTypeDef) -> dict[str, Any]:
    """Temporary credentials of a role."""
    _check_may_assume(call)
    _check_mfa(request)
    if request.get("ProvidedContexts"):
        raise NotImplementedHere("cloudlet does not implement ProvidedContexts of AssumeRole (yet).")
    role = call.cloud.identities.find_role(call, request["RoleArn"])
    if role is None:
        raise AccessDenied(f"{request['RoleArn']} was removed")
    policies = _session_policies(call, request, role.account)
    principal = sessions.role_session(role, call.principal, request, policies)
    session = call.cloud.identities.issue_session(call, principal, _role_duration(call, role, request))
    answer: dict[str, Any] = {
        "Credentials": _credentials(session),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
    }
    tags = sessions.requested_tags(request)
    if policies or tags:
        answer["PackedPolicySize"] = sessions.packed_policy_size(policies, tags)
    if principal.source_identity:
        answer["SourceIdentity"] = principal.source_identity
    return answer


@operation("GetSessionToken", public=True)
def get_session_token(call: Call, request: api.GetSessionTokenRequestTypeDef) -> dict[str, Any]:
    """Temporary credentials of the user who asks."""
    _check_long_term(call, "GetSessionToken")
    _check_mfa(request)
    session = call.cloud.identities.issue_session(call, call.principal, _own_duration(call, request))
    return {"Credentials": _credentials(session)}


@operation("GetFederationToken", permissions=_federation_permissions)
def get_federation_token(call: Call, request: api.GetFederationTokenRequestTypeDef) -> dict[str, Any]:
    """Temporary credentials for somebody whom the user vouches for."""
    _check_long_term(call, "GetFederationToken")
    policies = _session_policies(call, request, call.account)
    principal = sessions.federated_session(call.principal, request, policies)
    session = call.cloud.identities.issue_session(call, principal, _own_duration(call, request))
    return {
        "Credentials": _credentials(session),
        "FederatedUser": {"FederatedUserId": principal.unique_id, "Arn": principal.arn},
        "PackedPolicySize": sessions.packed_policy_size(policies, sessions.requested_tags(request)),
    }


@operation("GetAccessKeyInfo", read_only=True)
def get_access_key_info(call: Call, request: api.GetAccessKeyInfoRequestTypeDef) -> dict[str, Any]:
    """The account of an access key, whether the key is still good or not."""
    key_id = request["AccessKeyId"]
    account = call.cloud.identities.find_account(call, key_id)
    if account is None:
        raise ValidationError(f"The access key ID {key_id} is not valid.")
    return {"Account": account}


def _session_context(request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    named = {
        "sts:ExternalId": request.get("ExternalId"),
        "sts:RoleSessionName": request.get("RoleSessionName"),
        "sts:SourceIdentity": request.get("SourceIdentity"),
    }
    context: dict[str, tuple[str, ...]] = {key: (value,) for key, value in named.items() if value}
    if tags := request.get("Tags"):
        context |= {f"aws:RequestTag/{tag['Key']}": (tag["Value"],) for tag in tags}
        context["aws:TagKeys"] = tuple(tag["Key"] for tag in tags)
    if transitive := request.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = tuple(transitive)
    return context


def _check_may_assume(call: Call) -> None:
    """Raises AccessDenied for a root user.

    An access key that IAM does not know stands for an administrator whom nobody had to create, so it may.
    """
    principal = call.principal
    if principal.kind is not PrincipalKind.ROOT or principal.access_key_id is None:
        return
    if call.cloud.identities.find_account(call, principal.access_key_id) == principal.account:
        raise AccessDenied("Roles may not be assumed by root accounts.")


def _check_long_term(call: Call, operation_name: str) -> None:
    principal = call.principal
    is_own = principal.kind in (PrincipalKind.USER, PrincipalKind.ROOT)
    if not is_own or principal.token_issued_at is not None:
        raise AccessDenied(f"Cannot call {operation_name} with session credentials")


def _check_mfa(request: Mapping[str, Any]) -> None:
    """No user has an MFA device here, so no code can be right."""
    if request.get("TokenCode") or request.get("SerialNumber"):
        raise AccessDenied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  "
            "Please verify your MFA serial number is valid and associated with this user."
        )


def _role_duration(call: Call, role: Role, request: Mapping[str, Any]) -> int:
    seconds: int = request.get("DurationSeconds", _ROLE_SECONDS)
    if seconds > role.max_session_duration_seconds:
        raise ValidationError(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    if call.principal.token_issued_at is not None and seconds > _CHAINED_SECONDS:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
            "chaining."
        )
    return seconds


def _own_duration(call: Call, request: Mapping[str, Any]) -> int:
    seconds: int = request.get("DurationSeconds", _USER_SECONDS)
    return min(seconds, _ROOT_SECONDS) if call.principal.kind is PrincipalKind.ROOT else seconds


def _session_policies(call: Call, request: Mapping[str, Any], account: str) -> list[PolicyDocument]:
    policies = []
    if text := request.get("Policy"):
        call.cloud.access.validate(text, PolicyKind.IDENTITY)
        policies.append(PolicyDocument("session policy", text))
    arns = (each["arn"] for each in request.get("PolicyArns", ()))
    return [*policies, *(_managed_policy(call, arn, account) for arn in arns)]


def _managed_policy(call: Call, policy_arn: str, account: str) -> PolicyDocument:
    """A managed policy of the session's own account or of AWS. Raises NoSuchEntity."""
    owner = replace(call, principal=Principal.root(account), account=account)
    version = owner.ask_within("iam", "GetPolicy", {"PolicyArn": policy_arn})["Policy"]["DefaultVersionId"]
    asked = {"PolicyArn": policy_arn, "VersionId": version}
    document = owner.ask_within("iam", "GetPolicyVersion", asked)["PolicyVersion"]["Document"]
    return PolicyDocument(policy_arn, unquote(document))


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": datetime.fromtimestamp(session.expires_at, UTC),
    }
