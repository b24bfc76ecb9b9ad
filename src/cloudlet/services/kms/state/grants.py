"""Where grants are kept, and by whom they are found: by key, by grantee, by retiring principal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.kms.grant_model import Grant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.kms.model import Key

_GRANTS: Final = Rows(("kms", "grant"), Grant)
_BY_GRANTEE: Final = Rows(("kms", "grants to"), str)
"""By account, region, key and grantee, the ids of grants."""
_BY_RETIRING: Final = Rows(("kms", "grants retired by"), str)
"""By retiring principal and region, account and key: the ids of grants."""


def find_grant(call: Call, key: Key, grant_id: str) -> Grant | None:
    """A grant of a key, or None."""
    return _GRANTS.find(call, key.account, key.region, key.id, grant_id)


def save_grant(call: Call, grant: Grant) -> None:
    """Writes a new grant."""
    place = (grant.key_account, grant.key_region, grant.key_id)
    _GRANTS.save(call, grant, *place, grant.id)
    _BY_GRANTEE.save(call, grant.id, *place, grant.grantee_principal, grant.id)
    if grant.retiring_principal:
        _BY_RETIRING.save(call, grant.id, *_retiring_place(grant))


def delete_grant(call: Call, grant: Grant) -> None:
    """Removes a grant."""
    place = (grant.key_account, grant.key_region, grant.key_id)
    _GRANTS.delete(call, *place, grant.id)
    _BY_GRANTEE.delete(call, *place, grant.grantee_principal, grant.id)
    if grant.retiring_principal:
        _BY_RETIRING.delete(call, *_retiring_place(grant))


def delete_grants(call: Call, key: Key) -> None:
    """Removes all grants of a key."""
    for grant in list(list_grants(call, key)):
        delete_grant(call, grant)


def list_grants(call: Call, key: Key) -> Iterator[Grant]:
    """A key's grants, by id."""
    return _GRANTS.below(call, key.account, key.region, key.id)


def list_retirable_grants(call: Call, retiring_principal: str) -> Iterator[Grant]:
    """The grants in the call's region that a principal may retire, whosever the keys are."""
    for place, grant_id in list(_BY_RETIRING.items_below(call, retiring_principal, call.region)):
        _, region, account, key_id, _ = place
        grant = _GRANTS.find(call, account, region, key_id, grant_id)
        if grant is not None:
            yield grant


def list_grants_to(call: Call, key: Key, grantee_principal: str) -> Iterator[Grant]:
    """A key's grants to one principal."""
    place = (key.account, key.region, key.id)
    for grant_id in list(_BY_GRANTEE.below(call, *place, grantee_principal)):
        grant = find_grant(call, key, grant_id)
        if grant is not None:
            yield grant


def _retiring_place(grant: Grant) -> tuple[str, str, str, str, str]:
    return (grant.retiring_principal, grant.key_region, grant.key_account, grant.key_id, grant.id)
