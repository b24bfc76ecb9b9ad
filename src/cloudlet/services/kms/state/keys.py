"""Where keys, their material and their aliases are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.kms.model import Alias, Key, KeyMaterial
from cloudlet.services.kms.state.grants import delete_grants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

DEADLINES_TOPIC: Final = "kms deadlines"
"""What is woken when a key has got something to wait for."""
_KEYS: Final = Rows(("kms", "key"), Key)
_MATERIAL: Final = Rows(("kms", "material"), KeyMaterial)
_ALIASES: Final = Rows(("kms", "alias"), Alias)
_ALIASES_OF: Final = Rows(("kms", "aliases of"), str)
"""By account, region and key, the names of its aliases."""
_DEADLINES: Final = Rows(("kms", "deadline"), float)
"""By account, region and id, the keys to which something happens by itself, and when."""


def find_key(call: Call, account: str, region: str, key_id: str) -> Key | None:
    """A key, or None."""
    return _KEYS.find(call, account, region, key_id)


def save_key(call: Call, key: Key) -> None:
    """Writes a key, and when something happens to it by itself."""
    place = (key.account, key.region, key.id)
    _KEYS.save(call, key, *place)
    if key.deadline is None:
        _DEADLINES.delete(call, *place)
    else:
        _DEADLINES.save(call, key.deadline, *place)
        call.wake(DEADLINES_TOPIC)


def delete_key(call: Call, key: Key) -> None:
    """Removes a key with all that is its own: nothing it has encrypted can be read any more."""
    place = (key.account, key.region, key.id)
    for alias in list(list_aliases_of(call, key)):
        delete_alias(call, alias)
    delete_grants(call, key)
    _MATERIAL.delete_below(call, *place)
    _DEADLINES.delete(call, *place)
    _KEYS.delete(call, *place)


def list_keys(call: Call) -> Iterator[Key]:
    """The keys of the call's account and region, by id."""
    return _KEYS.below(call, call.account, call.region)


def list_deadlines(call: Call) -> list[tuple[float, tuple[str, str, str]]]:
    """When something happens to which keys: their account, region and id."""
    return [
        (at, (str(account), str(region), str(key_id)))
        for (account, region, key_id), at in _DEADLINES.items_below(call)
    ]


def find_material(call: Call, key: Key, material_id: str) -> KeyMaterial | None:
    """A version of a key's material, or None."""
    return _MATERIAL.find(call, key.account, key.region, key.id, material_id)


def material(call: Call, key: Key) -> KeyMaterial:
    """The material that a key encrypts with now. Raises LookupError where the store has lost it."""
    found = find_material(call, key, key.material_id)
    if found is None:
        raise LookupError(f"{key.arn} has lost its material {key.material_id}.")
    return found


def list_material(call: Call, key: Key) -> list[KeyMaterial]:
    """All versions of a key's material, the oldest first."""
    found = _MATERIAL.below(call, key.account, key.region, key.id)
    return sorted(found, key=lambda material: material.created_at)


def save_material(call: Call, key: Key, row: KeyMaterial) -> None:
    """Writes a version of a key's material."""
    _MATERIAL.save(call, row, key.account, key.region, key.id, row.id)


def delete_material(call: Call, key: Key) -> None:
    """Removes all of a key's material."""
    _MATERIAL.delete_below(call, key.account, key.region, key.id)


def find_alias(call: Call, account: str, region: str, name: str) -> Alias | None:
    """An alias by its name, or None."""
    return _ALIASES.find(call, account, region, name)


def save_alias(call: Call, alias: Alias) -> None:
    """Writes an alias in place of the one of that name."""
    before = find_alias(call, alias.account, alias.region, alias.name)
    if before is not None:
        delete_alias(call, before)
    _ALIASES.save(call, alias, alias.account, alias.region, alias.name)
    _ALIASES_OF.save(call, alias.name, alias.account, alias.region, alias.target_key_id, alias.name)


def delete_alias(call: Call, alias: Alias) -> None:
    """Removes an alias."""
    _ALIASES.delete(call, alias.account, alias.region, alias.name)
    _ALIASES_OF.delete(call, alias.account, alias.region, alias.target_key_id, alias.name)


def list_aliases(call: Call) -> Iterator[Alias]:
    """The aliases of the call's account and region, by name."""
    return _ALIASES.below(call, call.account, call.region)


def list_aliases_of(call: Call, key: Key) -> Iterator[Alias]:
    """A key's aliases, by name."""
    for name in list(_ALIASES_OF.below(call, key.account, key.region, key.id)):
        alias = find_alias(call, key.account, key.region, name)
        if alias is not None:
            yield alias
