"""Users: made, shown, changed and removed; and their policies.

What policies do to a user is in entities.py; keys and passwords have files of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.access import PrincipalKind
from cloudlet.core.operation import operation
from cloudlet.services.iam import entities, state
from cloudlet.services.iam.describe import describe_user
from cloudlet.services.iam.entities import USER, named_user
from cloudlet.services.iam.errors import DeleteConflict, EntityAlreadyExists
from cloudlet.services.iam.model import User, key_of, new_tags
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_list, on_user

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call


@operation("CreateUser", permissions=on_user("CreateUser"))
def create_user(call: Call, request: api.CreateUserRequestTypeDef) -> dict[str, Any]:
    """Makes a user."""
    name = request["UserName"]
    tags = new_tags(request.get("Tags"), fold_case=True)
    if state.find(state.USERS, call, name):
        raise EntityAlreadyExists(f"User with name {name} already exists.")
    user = User(
        name=name,
        path=request.get("Path", "/"),
        id=call.ids.unique_id("AIDA"),
        account=call.account,
        created_at=call.time(),
        tags=tags,
    )
    state.save(state.USERS, call, user)
    if boundary := request.get("PermissionsBoundary"):
        entities.put_boundary(call, USER, user, boundary)
        user = USER.get(call, name)
    return {"User": describe_user(user, tags=True, boundary=True)}


@operation("GetUser", permissions=on_user("GetUser"), read_only=True)
def get_user(call: Call, request: api.GetUserRequestTypeDef) -> dict[str, Any]:
    """A user, or whoever asks."""
    if "UserName" not in request and call.principal.kind is PrincipalKind.ROOT:
        return {"User": _describe_root(call)}
    return {"User": describe_user(named_user(call, request), tags=True, boundary=True)}


@operation("ListUsers", permissions=on_list("ListUsers", "user"), read_only=True)
def list_users(call: Call, request: api.ListUsersRequestTypeDef) -> dict[str, Any]:
    """The users below a path."""
    prefix = request.get("PathPrefix", "/")
    users = (each for each in state.USERS.below(call, call.account) if each.path.startswith(prefix))
    return page(request, "Users", users, describe_user)


@operation("UpdateUser", permissions=on_user("UpdateUser"))
def update_user(call: Call, request: api.UpdateUserRequestTypeDef) -> None:
    """Gives a user another name or path; its groups, keys and policies stay."""
    user = USER.get(call, request["UserName"])
    name = request.get("NewUserName", user.name)
    changed = replace(user, name=name, path=request.get("NewPath", user.path))
    if key_of(name) != key_of(user.name):
        if state.find(state.USERS, call, name):
            raise EntityAlreadyExists(f"User with name {name} already exists.")
        state.rename_user(call, user, changed)
    state.save(state.USERS, call, changed)


@operation("DeleteUser", permissions=on_user("DeleteUser"))
def delete_user(call: Call, request: api.DeleteUserRequestTypeDef) -> None:
    """Removes a user to whom nothing belongs any more."""
    user = USER.get(call, request["UserName"])
    if user.groups:
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    if state.access_keys_of(call, user.account, key_of(user.name)):
        raise DeleteConflict("Cannot delete entity, must delete access keys first.")
    if state.find_login_profile(call, user):
        raise DeleteConflict("Cannot delete entity, must delete login profile first.")
    entities.check_unattached(user)
    entities.delete_boundary(call, USER, user)
    state.delete(state.USERS, call, user)


@operation("PutUserPermissionsBoundary", permissions=on_user("PutUserPermissionsBoundary"))
def put_user_permissions_boundary(call: Call, request: api.PutUserPermissionsBoundaryRequestTypeDef) -> None:
    """Bounds what the user's policies can allow."""
    entities.put_boundary(call, USER, USER.named(call, request), request["PermissionsBoundary"])


@operation("DeleteUserPermissionsBoundary", permissions=on_user("DeleteUserPermissionsBoundary"))
def delete_user_permissions_boundary(
    call: Call, request: api.DeleteUserPermissionsBoundaryRequestTypeDef
) -> None:
    """Lifts the bound."""
    entities.delete_boundary(call, USER, USER.named(call, request))


@operation("AttachUserPolicy", permissions=on_user("AttachUserPolicy"))
def attach_user_policy(call: Call, request: api.AttachUserPolicyRequestTypeDef) -> None:
    """Attaches a managed policy."""
    entities.attach(call, USER, USER.named(call, request), request["PolicyArn"])


@operation("DetachUserPolicy", permissions=on_user("DetachUserPolicy"))
def detach_user_policy(call: Call, request: api.DetachUserPolicyRequestTypeDef) -> None:
    """Detaches a managed policy."""
    entities.detach(call, USER, USER.named(call, request), request["PolicyArn"])


@operation("ListAttachedUserPolicies", permissions=on_user("ListAttachedUserPolicies"), read_only=True)
def list_attached_user_policies(
    call: Call, request: api.ListAttachedUserPoliciesRequestTypeDef
) -> dict[str, Any]:
    """The managed policies of a user."""
    return entities.list_attached(USER.named(call, request), request)


@operation("PutUserPolicy", permissions=on_user("PutUserPolicy"))
def put_user_policy(call: Call, request: api.PutUserPolicyRequestTypeDef) -> None:
    """Writes an inline policy."""
    entities.put_inline(call, USER, USER.named(call, request), request)


@operation("GetUserPolicy", permissions=on_user("GetUserPolicy"), read_only=True)
def get_user_policy(call: Call, request: api.GetUserPolicyRequestTypeDef) -> dict[str, Any]:
    """An inline policy."""
    return entities.get_inline(USER, USER.named(call, request), request)


@operation("DeleteUserPolicy", permissions=on_user("DeleteUserPolicy"))
def delete_user_policy(call: Call, request: api.DeleteUserPolicyRequestTypeDef) -> None:
    """Removes an inline policy."""
    entities.delete_inline(call, USER, USER.named(call, request), request)


@operation("ListUserPolicies", permissions=on_user("ListUserPolicies"), read_only=True)
def list_user_policies(call: Call, request: api.ListUserPoliciesRequestTypeDef) -> dict[str, Any]:
    """The names of a user's inline policies."""
    return entities.list_inline(USER.named(call, request), request)


def _describe_root(call: Call) -> dict[str, Any]:
    return {"UserId": call.account, "Arn": call.principal.arn}
