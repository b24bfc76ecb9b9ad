"""Which key a request is about: by id or ARN, and where AWS takes them, by an alias's name or ARN.

Judges nobody; an AWS managed key is made here when it is first named by its alias.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.arn import find_arn
from cloudlet.services.kms.errors import InvalidArnException, NotFoundException
from cloudlet.services.kms.managed_keys import find_or_make_managed_key
from cloudlet.services.kms.model import ALIAS_PREFIX, Key, alias_arn, key_arn
from cloudlet.services.kms.state import keys as state

if TYPE_CHECKING:
    from cloudlet.core.call import Call

_KEY_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")


class KeyReference(Struct, frozen=True):
    """A key that may be there."""

    account: str
    region: str
    key_id: str

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return key_arn(self.account, self.region, self.key_id)


def reference(call: Call, identifier: str) -> KeyReference:
    """The key that an id or an ARN of a key names. Raises NotFoundException."""
    if identifier.startswith("arn:"):
        account, resource = _of_arn(call, identifier)
        key_id = resource.removeprefix("key/")
    else:
        account, key_id = call.account, identifier
    if not _KEY_ID.fullmatch(key_id):
        raise NotFoundException(f"Invalid keyId '{identifier}'")
    return KeyReference(account, call.region, key_id)


def reference_or_alias(call: Call, identifier: str, *, make_managed: bool = True) -> KeyReference:
    """The same for an identifier that may also be an alias's name or ARN.

    Without `make_managed` nothing is written: an AWS managed key that is not there yet is not found.
    Raises NotFoundException.
    """
    account, name = call.account, identifier
    if identifier.startswith("arn:"):
        account, name = _of_arn(call, identifier)
    if not name.startswith(ALIAS_PREFIX):
        return reference(call, identifier)
    alias = state.find_alias(call, account, call.region, name)
    if alias is not None:
        return KeyReference(account, call.region, alias.target_key_id)
    make_managed = make_managed and account == call.account
    managed = find_or_make_managed_key(call, name) if make_managed else None
    if managed is None:
        raise NotFoundException(f"Alias {alias_arn(account, call.region, name)} is not found.")
    return KeyReference(managed.account, managed.region, managed.id)


def alias_name(identifier: str) -> str | None:
    """The alias by which an identifier names a key, if it does."""
    name = identifier.rpartition(":")[2]
    return name if name.startswith(ALIAS_PREFIX) else None


def find_key(call: Call, of: KeyReference) -> Key | None:
    """The key as it is now, whatever the workers have still to do: gone, or without material."""
    key = state.find_key(call, of.account, of.region, of.key_id)
    if key is None or (key.deletion_at is not None and key.deletion_at <= call.time()):
        return None
    expires_at = key.material_valid_to
    if expires_at is not None and expires_at <= call.time() and key.deletion_at is None:
        return key.without_material()
    return key


def existing_key(call: Call, of: KeyReference) -> Key:
    """The key. Raises NotFoundException."""
    key = find_key(call, of)
    if key is None:
        raise NotFoundException(f"Key '{of.arn}' does not exist")
    return key


def named_key(call: Call, identifier: str) -> Key:
    """The key that an id or ARN names. Raises NotFoundException."""
    return existing_key(call, reference(call, identifier))


def key_or_alias(call: Call, identifier: str) -> Key:
    """The key that an id, an ARN or an alias names. Raises NotFoundException."""
    return existing_key(call, reference_or_alias(call, identifier))


def _of_arn(call: Call, text: str) -> tuple[str, str]:
    """The account and the resource of an ARN of the call's region."""
    arn = find_arn(text)
    if arn is None or arn.service != "kms":
        raise InvalidArnException(f"Invalid arn {text}")
    if arn.region != call.region:
        raise NotFoundException(f"Invalid arn {arn.region}")
    return arn.account, arn.resource
