"""Tags of users, roles, policies and instance profiles.

The keys of users', roles' and profiles' tags do not differ by case alone; those of policies may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.iam import state
from cloudlet.services.iam.entities import ROLE, USER
from cloudlet.services.iam.errors import LimitExceeded
from cloudlet.services.iam.model import (
    InstanceProfile,
    Policy,
    Role,
    User,
    new_tags,
    policy_tag_list,
    sorted_tag_list,
)
from cloudlet.services.iam.operations.instance_profiles import instance_profile
from cloudlet.services.iam.operations.policies import managed_policy, own_policy
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_instance_profile, on_policy, on_role, on_user

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

T = TypeVar("T", User, Role, Policy, InstanceProfile)

_TAGS_PER_RESOURCE: Final = 50


@operation("TagUser", permissions=on_user("TagUser"))
def tag_user(call: Call, request: api.TagUserRequestTypeDef) -> None:
    """Adds and overwrites tags."""
    state.save(state.USERS, call, _tagged(USER.named(call, request), request, fold_case=True))


@operation("UntagUser", permissions=on_user("UntagUser"))
def untag_user(call: Call, request: api.UntagUserRequestTypeDef) -> None:
    """Removes tags; those that are not there do not matter."""
    state.save(state.USERS, call, _untagged(USER.named(call, request), request, fold_case=True))


@operation("ListUserTags", permissions=on_user("ListUserTags"), read_only=True)
def list_user_tags(call: Call, request: api.ListUserTagsRequestTypeDef) -> dict[str, Any]:
    """A user's tags."""
    return _listed(USER.named(call, request), request)


@operation("TagRole", permissions=on_role("TagRole"))
def tag_role(call: Call, request: api.TagRoleRequestTypeDef) -> None:
    """Adds and overwrites tags."""
    state.save(state.ROLES, call, _tagged(ROLE.named(call, request), request, fold_case=True))


@operation("UntagRole", permissions=on_role("UntagRole"))
def untag_role(call: Call, request: api.UntagRoleRequestTypeDef) -> None:
    """Removes tags; those that are not there do not matter."""
    state.save(state.ROLES, call, _untagged(ROLE.named(call, request), request, fold_case=True))


@operation("ListRoleTags", permissions=on_role("ListRoleTags"), read_only=True)
def list_role_tags(call: Call, request: api.ListRoleTagsRequestTypeDef) -> dict[str, Any]:
    """A role's tags."""
    return _listed(ROLE.named(call, request), request)


@operation("TagPolicy", permissions=on_policy("TagPolicy"))
def tag_policy(call: Call, request: api.TagPolicyRequestTypeDef) -> None:
    """Adds and overwrites tags."""
    found = own_policy(call, request["PolicyArn"], "TagPolicy")
    state.save(state.POLICIES, call, _tagged(found, request, fold_case=False))


@operation("UntagPolicy", permissions=on_policy("UntagPolicy"))
def untag_policy(call: Call, request: api.UntagPolicyRequestTypeDef) -> None:
    """Removes tags; those that are not there do not matter."""
    found = own_policy(call, request["PolicyArn"], "UntagPolicy")
    state.save(state.POLICIES, call, _untagged(found, request, fold_case=False))


@operation("ListPolicyTags", permissions=on_policy("ListPolicyTags"), read_only=True)
def list_policy_tags(call: Call, request: api.ListPolicyTagsRequestTypeDef) -> dict[str, Any]:
    """A policy's tags."""
    tags = policy_tag_list(managed_policy(call, request["PolicyArn"]).tags)
    return page(request, "Tags", tags, lambda tag: tag)


@operation("TagInstanceProfile", permissions=on_instance_profile("TagInstanceProfile"))
def tag_instance_profile(call: Call, request: api.TagInstanceProfileRequestTypeDef) -> None:
    """Adds and overwrites tags."""
    tagged = _tagged(instance_profile(call, request), request, fold_case=True)
    state.save(state.INSTANCE_PROFILES, call, tagged)


@operation("UntagInstanceProfile", permissions=on_instance_profile("UntagInstanceProfile"))
def untag_instance_profile(call: Call, request: api.UntagInstanceProfileRequestTypeDef) -> None:
    """Removes tags; those that are not there do not matter."""
    untagged = _untagged(instance_profile(call, request), request, fold_case=True)
    state.save(state.INSTANCE_PROFILES, call, untagged)


@operation(
    "ListInstanceProfileTags", permissions=on_instance_profile("ListInstanceProfileTags"), read_only=True
)
def list_instance_profile_tags(
    call: Call, request: api.ListInstanceProfileTagsRequestTypeDef
) -> dict[str, Any]:
    """An instance profile's tags."""
    return _listed(instance_profile(call, request), request)


def _tagged(entity: T, request: Mapping[str, Any], *, fold_case: bool) -> T:
    added = new_tags(request["Tags"], fold_case=fold_case)
    hidden = {_folded(key, fold_case) for key in added}
    kept = {key: value for key, value in entity.tags.items() if _folded(key, fold_case) not in hidden}
    tags = {**kept, **added}
    if len(tags) > _TAGS_PER_RESOURCE:
        kind = type(entity).__name__
        raise LimitExceeded(f"Cannot exceed quota for TagsPer{kind}: {_TAGS_PER_RESOURCE}")
    return replace(entity, tags=tags)


def _untagged(entity: T, request: Mapping[str, Any], *, fold_case: bool) -> T:
    removed = {_folded(key, fold_case) for key in request["TagKeys"]}
    kept = {key: value for key, value in entity.tags.items() if _folded(key, fold_case) not in removed}
    return replace(entity, tags=kept)


def _folded(key: str, fold_case: bool) -> str:
    return key.lower() if fold_case else key


def _listed(entity: User | Role | InstanceProfile, request: Mapping[str, Any]) -> dict[str, Any]:
    return page(request, "Tags", sorted_tag_list(entity.tags), lambda tag: tag)
