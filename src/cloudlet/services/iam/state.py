"""IAM's keys and queries; the only file that names keys.

IAM is global: no key has a region. Every write of what a principal may do renews the account's generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.rows import Rows
from cloudlet.services.iam.model import (
    AccessKey,
    Group,
    InstanceProfile,
    LoginProfile,
    Named,
    Policy,
    Role,
    User,
    key_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.iam.model import Entity

N = TypeVar("N", bound=Named)


class Generation(Struct, frozen=True):
    """Differs after every change of what an account's principals may do."""

    value: str


class Mark(Struct, frozen=True):
    """A row that says all by its key."""


class Attachment(Struct, frozen=True):
    """That a managed policy is attached to an entity, or is its boundary."""

    kind: str
    """user, group or role."""
    entity: str
    """The entity's key: its name in lower case."""
    boundary: bool = False


class ServerSecret(Struct, frozen=True):
    """What session tokens are sealed with."""

    value: bytes


class Alias(Struct, frozen=True):
    """An account's alias, under the account and under itself."""

    account: str
    alias: str


USERS: Final = Rows(("iam", "user"), User)
GROUPS: Final = Rows(("iam", "group"), Group)
ROLES: Final = Rows(("iam", "role"), Role)
POLICIES: Final = Rows(("iam", "policy"), Policy)
INSTANCE_PROFILES: Final = Rows(("iam", "instance-profile"), InstanceProfile)
_LOGIN_PROFILES: Final = Rows(("iam", "login-profile"), LoginProfile)
_DELETION_TASKS: Final = Rows(("iam", "deletion-task"), Mark)
_ACCESS_KEYS: Final = Rows(("iam", "access-key"), AccessKey)
_KEYS_OF_USER: Final = Rows(("iam", "access-key-of-user"), Mark)
_DELETED_KEYS: Final = Rows(("iam", "deleted-access-key"), Mark)
_MEMBERS: Final = Rows(("iam", "member"), Mark)
_ATTACHMENTS: Final = Rows(("iam", "attachment"), Attachment)
_GENERATIONS: Final = Rows(("iam", "generation"), Generation)
_SECRET: Final = Rows(("iam", "secret"), ServerSecret)
_ROOT_KEY: Final = Rows(("iam", "root-key"), AccessKey)
_ALIASES: Final = Rows(("iam", "alias"), Alias)
_ALIAS_NAMES: Final = Rows(("iam", "alias-name"), Alias)


_ROOT: Final = ""
"""Stands in the place of the user in the index of a root user's keys."""


def generation(call: Call, account: str) -> str | None:
    """The account's generation; None while nothing was ever stored for it."""
    found = _GENERATIONS.find(call, account)
    return None if found is None else found.value


def renew_generation(call: Call, account: str) -> None:
    """Makes everybody forget what the account's principals could do so far."""
    _GENERATIONS.save(call, Generation(call.ids.uuid()), account)


def find(rows: Rows[N], call: Call, name: str) -> N | None:
    """An entity of the call's account by its name."""
    return rows.find(call, call.account, key_of(name))


def save(rows: Rows[N], call: Call, entity: N) -> None:
    """Writes an entity of the call's account."""
    rows.save(call, entity, entity.account, key_of(entity.name))
    renew_generation(call, entity.account)


def delete(rows: Rows[N], call: Call, entity: N) -> None:
    """Removes an entity."""
    rows.delete(call, entity.account, key_of(entity.name))
    renew_generation(call, entity.account)


def save_entity(call: Call, entity: Entity) -> None:
    """Writes a user, group or role."""
    match entity:
        case User():
            save(USERS, call, entity)
        case Group():
            save(GROUPS, call, entity)
        case Role():
            save(ROLES, call, entity)


def find_access_key(call: Call, access_key_id: str) -> AccessKey | None:
    """An access key of any account."""
    return _ACCESS_KEYS.find(call, access_key_id)


def was_deleted(call: Call, access_key_id: str) -> bool:
    """Whether a key was one of ours once: such a key is nobody's for ever."""
    return _DELETED_KEYS.find(call, access_key_id) is not None


def access_keys_of(call: Call, account: str, user: str | None) -> list[AccessKey]:
    """The keys of a user, by its key; or of the account's root user."""
    owned = _KEYS_OF_USER.items_below(call, account, user or _ROOT)
    keys = (find_access_key(call, str(key[-1])) for key, _ in owned)
    return [each for each in keys if each is not None]


def save_access_key(call: Call, key: AccessKey) -> None:
    """Writes a key and the index by user."""
    _ACCESS_KEYS.save(call, key, key.id)
    _KEYS_OF_USER.save(call, Mark(), key.account, key.user or _ROOT, key.id)
    renew_generation(call, key.account)


def delete_access_key(call: Call, key: AccessKey) -> None:
    """Removes a key, and remembers that there was one."""
    _ACCESS_KEYS.delete(call, key.id)
    _KEYS_OF_USER.delete(call, key.account, key.user or _ROOT, key.id)
    _DELETED_KEYS.save(call, Mark(), key.id)
    renew_generation(call, key.account)


def find_root_key(call: Call, account: str) -> AccessKey | None:
    """The key of an account's root user."""
    return _ROOT_KEY.find(call, account)


def save_root_key(call: Call, key: AccessKey) -> None:
    """Writes the key of an account's root user."""
    _ROOT_KEY.save(call, key, key.account)
    save_access_key(call, key)


def rename_user(call: Call, user: User, renamed: User) -> None:
    """Moves to a user's new name all that is kept under the old one; the new row is the caller's to write."""
    for key in access_keys_of(call, user.account, key_of(user.name)):
        _KEYS_OF_USER.delete(call, key.account, key_of(user.name), key.id)
        save_access_key(call, replace(key, user=key_of(renamed.name)))
    for group_key in user.groups:
        _MEMBERS.delete(call, user.account, group_key, key_of(user.name))
        _MEMBERS.save(call, Mark(), user.account, group_key, key_of(renamed.name))
    profile = find_login_profile(call, user)
    if profile:
        _LOGIN_PROFILES.delete(call, user.account, key_of(user.name))
        save_login_profile(call, renamed, profile)
    _move_attachments(call, "user", user, renamed)
    USERS.delete(call, user.account, key_of(user.name))


def rename_group(call: Call, group: Group, renamed: Group) -> None:
    """The same for a group."""
    old, new = key_of(group.name), key_of(renamed.name)
    for user in members(call, group):
        delete_member(call, group, user)
        save_member(call, renamed, user)
        save(USERS, call, replace(user, groups=tuple(new if key == old else key for key in user.groups)))
    _move_attachments(call, "group", group, renamed)
    GROUPS.delete(call, group.account, old)


def _move_attachments(call: Call, kind: str, entity: User | Group, renamed: User | Group) -> None:
    used = [(arn, False) for arn in entity.attached]
    if isinstance(entity, User) and entity.boundary:
        used.append((entity.boundary, True))
    for arn, boundary in used:
        delete_attachment(call, arn, Attachment(kind, key_of(entity.name), boundary))
        save_attachment(call, arn, Attachment(kind, key_of(renamed.name), boundary))


def find_login_profile(call: Call, user: User) -> LoginProfile | None:
    """A user's password, if it has one."""
    return _LOGIN_PROFILES.find(call, user.account, key_of(user.name))


def save_login_profile(call: Call, user: User, profile: LoginProfile) -> None:
    """Writes a user's password."""
    _LOGIN_PROFILES.save(call, profile, user.account, key_of(user.name))


def delete_login_profile(call: Call, user: User) -> None:
    """Removes a user's password."""
    _LOGIN_PROFILES.delete(call, user.account, key_of(user.name))


def save_member(call: Call, group: Group, user: User) -> None:
    """Indexes a user under a group."""
    _MEMBERS.save(call, Mark(), group.account, key_of(group.name), key_of(user.name))


def delete_member(call: Call, group: Group, user: User) -> None:
    """Removes a user from a group's index."""
    _MEMBERS.delete(call, group.account, key_of(group.name), key_of(user.name))


def members(call: Call, group: Group) -> list[User]:
    """The users of a group, by name."""
    names = [str(key[-1]) for key, _ in _MEMBERS.items_below(call, group.account, key_of(group.name))]
    found = (USERS.find(call, group.account, name) for name in names)
    return [each for each in found if each is not None]


def save_attachment(call: Call, policy_arn: str, attachment: Attachment) -> None:
    """Indexes an entity under a managed policy."""
    use = "boundary" if attachment.boundary else "attached"
    _ATTACHMENTS.save(call, attachment, call.account, policy_arn, use, attachment.kind, attachment.entity)


def delete_attachment(call: Call, policy_arn: str, attachment: Attachment) -> None:
    """Removes an entity from a managed policy's index."""
    use = "boundary" if attachment.boundary else "attached"
    _ATTACHMENTS.delete(call, call.account, policy_arn, use, attachment.kind, attachment.entity)


def attachments(call: Call, policy_arn: str, *, boundary: bool = False) -> Iterator[Attachment]:
    """The entities of the call's account that a managed policy is attached to, or is the boundary of."""
    return _ATTACHMENTS.below(call, call.account, policy_arn, "boundary" if boundary else "attached")


def find_attached_entity(call: Call, attachment: Attachment) -> Entity:
    """The entity of an attachment. Raises KeyError where there is none, which cannot be."""
    rows: dict[str, Rows[User] | Rows[Group] | Rows[Role]] = {"user": USERS, "group": GROUPS, "role": ROLES}
    found = rows[attachment.kind].find(call, call.account, attachment.entity)
    if found is None:
        raise KeyError(attachment)
    return found


def server_secret(call: Call) -> bytes:
    """What session tokens are sealed with; made at first use."""
    found = find_server_secret(call)
    if found is None:
        found = call.ids.random.randbytes(32)
        _SECRET.save(call, ServerSecret(found), 0)
    return found


def find_server_secret(call: Call) -> bytes | None:
    """What session tokens are sealed with, if any was ever made."""
    found = _SECRET.find(call, 0)
    return None if found is None else found.value


def aliases(call: Call) -> list[str]:
    """The account's aliases: one at most."""
    found = _ALIASES.find(call, call.account)
    return [] if found is None else [found.alias]


def alias_owner(call: Call, alias: str) -> str | None:
    """The account that has an alias."""
    found = _ALIAS_NAMES.find(call, alias)
    return None if found is None else found.account


def save_alias(call: Call, alias: str) -> None:
    """Gives the account an alias in place of the one it has."""
    for old in aliases(call):
        _ALIAS_NAMES.delete(call, old)
    _ALIASES.save(call, Alias(call.account, alias), call.account)
    _ALIAS_NAMES.save(call, Alias(call.account, alias), alias)


def delete_alias(call: Call, alias: str) -> None:
    """Takes the account's alias away."""
    _ALIASES.delete(call, call.account)
    _ALIAS_NAMES.delete(call, alias)


def save_deletion_task(call: Call, task: str) -> None:
    """Remembers that a service-linked role was deleted."""
    _DELETION_TASKS.save(call, Mark(), call.account, task)


def has_deletion_task(call: Call, task: str) -> bool:
    """Whether a service-linked role was deleted by that task."""
    return _DELETION_TASKS.find(call, call.account, task) is not None
