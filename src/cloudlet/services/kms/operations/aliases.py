"""Aliases: other names of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.kms import permissions
from cloudlet.services.kms.addressing import named_key, reference
from cloudlet.services.kms.description import alias_list_entry
from cloudlet.services.kms.errors import (
    AlreadyExistsException,
    InvalidAliasNameException,
    LimitExceededException,
    NotAuthorizedException,
    NotFoundException,
    ValidationException,
)
from cloudlet.services.kms.listing import listed
from cloudlet.services.kms.model import ALIAS_PREFIX, AWS_ALIAS_PREFIX, Alias, alias_arn
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_ALIASES_PER_PAGE: Final = 50
_MOST_ALIASES: Final = 50
"""Of one key."""


@operation("CreateAlias", permissions=permissions.create_alias)
def create_alias(call: Call, request: Request) -> None:
    """Gives a key another name."""
    name = _checked_name(request)
    key = named_key(call, request["TargetKeyId"])
    key.check_not_pending_deletion()
    if state.find_alias(call, call.account, call.region, name) is not None:
        arn = alias_arn(call.account, call.region, name)
        raise AlreadyExistsException(f"An alias with the name {arn} already exists")
    if sum(1 for _ in state.list_aliases_of(call, key)) >= _MOST_ALIASES:
        raise LimitExceededException(f"{key.arn} has the maximum number of aliases ({_MOST_ALIASES}).")
    now = call.time()
    state.save_alias(call, Alias(name, call.account, call.region, key.id, now, now))


@operation("UpdateAlias", permissions=permissions.update_alias)
def update_alias(call: Call, request: Request) -> None:
    """Gives an alias to another key of the same kind."""
    alias = _alias(call, _checked_name(request))
    key = named_key(call, request["TargetKeyId"])
    key.check_not_pending_deletion()
    before = state.find_key(call, alias.account, alias.region, alias.target_key_id)
    if before is not None and (before.usage, before.spec.is_symmetric) != (key.usage, key.spec.is_symmetric):
        raise ValidationException(
            f"Alias {alias.arn} cannot be updated: the current and the new KMS key must be the same type "
            "and have the same key usage."
        )
    state.save_alias(call, replace(alias, target_key_id=key.id, updated_at=call.time()))


@operation("DeleteAlias", permissions=permissions.delete_alias)
def delete_alias(call: Call, request: Request) -> None:
    """Takes a name away; the key stays."""
    state.delete_alias(call, _alias(call, _checked_name(request)))


@operation("ListAliases", read_only=True)
def list_aliases(call: Call, request: Request) -> dict[str, Any]:
    """Lists the aliases of the account and region, or of one key."""
    found = state.list_aliases(call)
    if "KeyId" in request:
        target = reference(call, request["KeyId"])
        found = state.list_aliases_of(call, named_key(call, target.arn))
    return listed("Aliases", [alias_list_entry(alias) for alias in found], request, _ALIASES_PER_PAGE)


def _checked_name(request: Request) -> str:
    name: str = request["AliasName"]
    if not name.startswith(ALIAS_PREFIX):
        raise ValidationException(
            f'Alias must start with the prefix "{ALIAS_PREFIX}". '
            "Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    if name == ALIAS_PREFIX:
        raise InvalidAliasNameException(f"{name} is not a valid alias name.")
    if name.startswith(AWS_ALIAS_PREFIX):
        raise NotAuthorizedException(
            f"Alias names that begin with {AWS_ALIAS_PREFIX} are reserved for AWS managed keys."
        )
    return name


def _alias(call: Call, name: str) -> Alias:
    alias = state.find_alias(call, call.account, call.region, name)
    if alias is None:
        raise NotFoundException(f"Alias {alias_arn(call.account, call.region, name)} is not found.")
    return alias
