"""Grants: given, listed, retired by those who hold them, revoked by those who rule the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.kms import permissions
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.description import instant
from cloudlet.services.kms.errors import (
    InvalidArnException,
    InvalidGrantIdException,
    NotFoundException,
    ValidationException,
)
from cloudlet.services.kms.grant_model import Constraints, Grant, constraints_of
from cloudlet.services.kms.grant_tokens import grant_token
from cloudlet.services.kms.listing import listed
from cloudlet.services.kms.model import key_arn
from cloudlet.services.kms.principals import may_be_there
from cloudlet.services.kms.refusals import refuse_dry_run
from cloudlet.services.kms.specs import KeyUsage
from cloudlet.services.kms.state import grants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kms.model import Key

_GRANT_ID_DIGITS: Final = 64
_GRANTS_PER_PAGE: Final = 50
_ALL_KEYS: Final = frozenset({"CreateGrant", "DescribeKey", "RetireGrant"})
_SYMMETRIC: Final = frozenset(
    {
        *("Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"),
        *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
        *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
    }
)
_KEY_PAIRS: Final[Mapping[KeyUsage, frozenset[str]]] = {
    KeyUsage.ENCRYPT_DECRYPT: frozenset(
        {"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey"}
    ),
    KeyUsage.SIGN_VERIFY: frozenset({"Sign", "Verify", "GetPublicKey"}),
    KeyUsage.KEY_AGREEMENT: frozenset({"DeriveSharedSecret", "GetPublicKey"}),
}
_MAC: Final = frozenset({"GenerateMac", "VerifyMac"})


@operation("CreateGrant", permissions=permissions.create_grant)
def create_grant(call: Call, request: Request) -> dict[str, Any]:
    """Lets a principal use a key; a named request that is sent again gets the same grant."""
    key = named_key(call, request["KeyId"])
    key.check_usable()
    grant = _new_grant(call, key, request)
    refuse_dry_run(request)
    same = next((each for each in grants.list_grants(call, key) if each.is_same_request(grant)), None)
    if same is None:
        grants.save_grant(call, grant)
    else:
        grant = same
    return {"GrantToken": grant_token(call, grant), "GrantId": grant.id}


@operation("ListGrants", permissions=permissions.on_shared_key("ListGrants"), read_only=True)
def list_grants(call: Call, request: Request) -> dict[str, Any]:
    """Lists a key's grants, or those of one principal."""
    key = named_key(call, request["KeyId"])
    grantee = request.get("GranteePrincipal") or request.get("GranteeServicePrincipal")
    found = [
        _described(grant)
        for grant in grants.list_grants(call, key)
        if request.get("GrantId") in (None, grant.id) and grantee in (None, grant.grantee_principal)
    ]
    return listed("Grants", found, request, _GRANTS_PER_PAGE)


@operation("ListRetirableGrants", read_only=True)
def list_retirable_grants(call: Call, request: Request) -> dict[str, Any]:
    """Lists the grants that a principal may retire."""
    principal = _one_principal(request, "Retiring")
    if principal is None:
        raise ValidationException("Either RetiringPrincipal or RetiringServicePrincipal must be specified.")
    found = [_described(grant) for grant in grants.list_retirable_grants(call, principal)]
    return listed("Grants", found, request, _GRANTS_PER_PAGE)


@operation("RevokeGrant", permissions=permissions.on_shared_key("RevokeGrant"))
def revoke_grant(call: Call, request: Request) -> None:
    """Takes a grant away, as one who rules the key."""
    grant = _grant(call, named_key(call, request["KeyId"]), request["GrantId"])
    refuse_dry_run(request)
    grants.delete_grant(call, grant)


@operation("RetireGrant", permissions=permissions.retire_grant)
def retire_grant(call: Call, request: Request) -> None:
    """Gives a grant back, as one whom the grant names for it."""
    of, grant_id = permissions.retired(call, request)
    grant = _grant(call, named_key(call, of.arn), grant_id)
    refuse_dry_run(request)
    grants.delete_grant(call, grant)


def _new_grant(call: Call, key: Key, request: Request) -> Grant:
    grantee = _one_principal(request, "Grantee")
    if grantee is None:
        raise ValidationException("Either GranteePrincipal or GranteeServicePrincipal must be specified.")
    return Grant(
        id=call.ids.hexadecimal(_GRANT_ID_DIGITS),
        key_account=key.account,
        key_region=key.region,
        key_id=key.id,
        issuing_account=call.account,
        created_at=call.time(),
        operations=_checked_operations(key, request),
        grantee_principal=_checked(call, grantee),
        retiring_principal=_checked(call, _one_principal(request, "Retiring") or ""),
        name=request.get("Name", ""),
        constraints=_checked_constraints(key, request),
    )


def _one_principal(request: Request, role: str) -> str | None:
    """The principal or the service principal that a request names, but not both."""
    principal, service = request.get(f"{role}Principal"), request.get(f"{role}ServicePrincipal")
    if principal and service:
        raise ValidationException(
            f"{role}Principal and {role}ServicePrincipal cannot both be specified in the same request."
        )
    return principal or service


def _checked(call: Call, principal: str) -> str:
    if principal and not may_be_there(call, principal):
        raise InvalidArnException("ARN does not refer to a valid principal")
    return principal


def _checked_operations(key: Key, request: Request) -> tuple[str, ...]:
    if key.spec.is_symmetric:
        allowed = _MAC if key.usage is KeyUsage.GENERATE_VERIFY_MAC else _SYMMETRIC
    else:
        allowed = _KEY_PAIRS[key.usage]
    wrong = [each for each in request["Operations"] if each not in allowed | _ALL_KEYS]
    if wrong:
        raise ValidationException(
            f"The operation {wrong[0]} in the grant is not valid for a KMS key with key spec {key.spec_name} "
            f"and key usage {key.usage.value}."
        )
    return tuple(dict.fromkeys(request["Operations"]))


def _checked_constraints(key: Key, request: Request) -> Constraints:
    given = request.get("Constraints") or {}
    if "SourceArn" in given:
        raise NotImplementedHere("cloudlet does not know the grant constraint SourceArn (yet).")
    if given and not (key.spec.is_symmetric and key.usage is KeyUsage.ENCRYPT_DECRYPT):
        raise ValidationException("Grant constraints are valid only for symmetric encryption KMS keys.")
    return constraints_of(request)


def _grant(call: Call, key: Key, grant_id: str) -> Grant:
    if len(grant_id) != _GRANT_ID_DIGITS:
        raise InvalidGrantIdException(f"Invalid grantId '{grant_id}'")
    grant = grants.find_grant(call, key, grant_id)
    if grant is None:
        raise NotFoundException(f"Grant ID {grant_id} not found")
    return grant


def _described(grant: Grant) -> dict[str, Any]:
    """A GrantListEntry."""
    constraints = {
        "EncryptionContextEquals": grant.constraints.encryption_context_equals,
        "EncryptionContextSubset": grant.constraints.encryption_context_subset,
    }
    given = {name: value for name, value in constraints.items() if value is not None}
    retiring_service = bool(grant.retiring_principal) and not grant.retiring_principal.startswith("arn:")
    return {
        "KeyId": key_arn(grant.key_account, grant.key_region, grant.key_id),
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": instant(grant.created_at),
        "GranteeServicePrincipal" if grant.is_for_service else "GranteePrincipal": grant.grantee_principal,
        "RetiringServicePrincipal" if retiring_service else "RetiringPrincipal": (
            grant.retiring_principal or None
        ),
        "IssuingAccount": f"arn:aws:iam::{grant.issuing_account}:root",
        "Operations": list(grant.operations),
        "Constraints": given or None,
    }
