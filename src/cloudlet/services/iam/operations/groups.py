"""Groups, who is in them, and their policies.

What policies do to a group is in entities.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.iam import entities, state
from cloudlet.services.iam.describe import describe_group, describe_user
from cloudlet.services.iam.entities import GROUP, USER
from cloudlet.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from cloudlet.services.iam.model import Group, key_of
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_group, on_list, on_user

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_GROUPS_PER_USER = 10


@operation("CreateGroup", permissions=on_group("CreateGroup"))
def create_group(call: Call, request: api.CreateGroupRequestTypeDef) -> dict[str, Any]:
    """Makes a group."""
    name = request["GroupName"]
    _check_free(call, name)
    group = Group(
        name=name,
        path=request.get("Path", "/"),
        id=call.ids.unique_id("AGPA"),
        account=call.account,
        created_at=call.time(),
    )
    state.save(state.GROUPS, call, group)
    return {"Group": describe_group(group)}


@operation("GetGroup", permissions=on_group("GetGroup"), read_only=True)
def get_group(call: Call, request: api.GetGroupRequestTypeDef) -> dict[str, Any]:
    """A group and its users."""
    group = GROUP.get(call, request["GroupName"])
    users = page(request, "Users", state.members(call, group), describe_user)
    return {"Group": describe_group(group), **users}


@operation("ListGroups", permissions=on_list("ListGroups", "group"), read_only=True)
def list_groups(call: Call, request: api.ListGroupsRequestTypeDef) -> dict[str, Any]:
    """The groups below a path."""
    prefix = request.get("PathPrefix", "/")
    groups = (each for each in state.GROUPS.below(call, call.account) if each.path.startswith(prefix))
    return page(request, "Groups", groups, describe_group)


@operation("ListGroupsForUser", permissions=on_user("ListGroupsForUser"), read_only=True)
def list_groups_for_user(call: Call, request: api.ListGroupsForUserRequestTypeDef) -> dict[str, Any]:
    """The groups a user is in."""
    user = USER.get(call, request["UserName"])
    groups = (GROUP.get(call, key) for key in sorted(user.groups))
    return page(request, "Groups", groups, describe_group)


@operation("UpdateGroup", permissions=on_group("UpdateGroup"))
def update_group(call: Call, request: api.UpdateGroupRequestTypeDef) -> None:
    """Gives a group another name or path; its users and policies stay."""
    group = GROUP.get(call, request["GroupName"])
    name = request.get("NewGroupName", group.name)
    changed = replace(group, name=name, path=request.get("NewPath", group.path))
    if key_of(name) != key_of(group.name):
        _check_free(call, name)
        state.rename_group(call, group, changed)
    state.save(state.GROUPS, call, changed)


@operation("DeleteGroup", permissions=on_group("DeleteGroup"))
def delete_group(call: Call, request: api.DeleteGroupRequestTypeDef) -> None:
    """Removes a group that nobody is in and nothing is attached to."""
    group = GROUP.get(call, request["GroupName"])
    if state.members(call, group):
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    entities.check_unattached(group)
    state.delete(state.GROUPS, call, group)


@operation("AddUserToGroup", permissions=on_group("AddUserToGroup"))
def add_user_to_group(call: Call, request: api.AddUserToGroupRequestTypeDef) -> None:
    """Puts a user into a group; one that is in it stays."""
    user = USER.get(call, request["UserName"])
    group = GROUP.get(call, request["GroupName"])
    key = key_of(group.name)
    if key in user.groups:
        return
    if len(user.groups) >= _GROUPS_PER_USER:
        raise LimitExceeded(f"Cannot exceed quota for GroupsPerUser: {_GROUPS_PER_USER}")
    state.save(state.USERS, call, replace(user, groups=(*user.groups, key)))
    state.save_member(call, group, user)


@operation("RemoveUserFromGroup", permissions=on_group("RemoveUserFromGroup"))
def remove_user_from_group(call: Call, request: api.RemoveUserFromGroupRequestTypeDef) -> None:
    """Takes a user out of a group; one that is not in it stays out."""
    user = USER.get(call, request["UserName"])
    group = GROUP.get(call, request["GroupName"])
    left = tuple(each for each in user.groups if each != key_of(group.name))
    state.save(state.USERS, call, replace(user, groups=left))
    state.delete_member(call, group, user)


@operation("AttachGroupPolicy", permissions=on_group("AttachGroupPolicy"))
def attach_group_policy(call: Call, request: api.AttachGroupPolicyRequestTypeDef) -> None:
    """Attaches a managed policy."""
    entities.attach(call, GROUP, GROUP.named(call, request), request["PolicyArn"])


@operation("DetachGroupPolicy", permissions=on_group("DetachGroupPolicy"))
def detach_group_policy(call: Call, request: api.DetachGroupPolicyRequestTypeDef) -> None:
    """Detaches a managed policy."""
    entities.detach(call, GROUP, GROUP.named(call, request), request["PolicyArn"])


@operation("ListAttachedGroupPolicies", permissions=on_group("ListAttachedGroupPolicies"), read_only=True)
def list_attached_group_policies(
    call: Call, request: api.ListAttachedGroupPoliciesRequestTypeDef
) -> dict[str, Any]:
    """The managed policies of a group."""
    return entities.list_attached(GROUP.named(call, request), request)


@operation("PutGroupPolicy", permissions=on_group("PutGroupPolicy"))
def put_group_policy(call: Call, request: api.PutGroupPolicyRequestTypeDef) -> None:
    """Writes an inline policy."""
    entities.put_inline(call, GROUP, GROUP.named(call, request), request)


@operation("GetGroupPolicy", permissions=on_group("GetGroupPolicy"), read_only=True)
def get_group_policy(call: Call, request: api.GetGroupPolicyRequestTypeDef) -> dict[str, Any]:
    """An inline policy."""
    return entities.get_inline(GROUP, GROUP.named(call, request), request)


@operation("DeleteGroupPolicy", permissions=on_group("DeleteGroupPolicy"))
def delete_group_policy(call: Call, request: api.DeleteGroupPolicyRequestTypeDef) -> None:
    """Removes an inline policy."""
    entities.delete_inline(call, GROUP, GROUP.named(call, request), request)


@operation("ListGroupPolicies", permissions=on_group("ListGroupPolicies"), read_only=True)
def list_group_policies(call: Call, request: api.ListGroupPoliciesRequestTypeDef) -> dict[str, Any]:
    """The names of a group's inline policies."""
    return entities.list_inline(GROUP.named(call, request), request)


def _check_free(call: Call, name: str) -> None:
    if state.find(state.GROUPS, call, name):
        raise EntityAlreadyExists(f"Group with name {name} already exists.")
