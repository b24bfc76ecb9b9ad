"""Roles: made, shown, changed and removed; and who may assume them.

What policies do to a role is in entities.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.iam import entities, state
from cloudlet.services.iam.describe import describe_role, describe_role_whole
from cloudlet.services.iam.documents import check_trust
from cloudlet.services.iam.entities import ROLE
from cloudlet.services.iam.errors import DeleteConflict, EntityAlreadyExists, UnmodifiableEntity
from cloudlet.services.iam.model import Role, key_of, new_tags
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_list, on_role

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call


@operation("CreateRole", permissions=on_role("CreateRole"))
def create_role(call: Call, request: api.CreateRoleRequestTypeDef) -> dict[str, Any]:
    """Makes a role."""
    name = request["RoleName"]
    tags = new_tags(request.get("Tags"), fold_case=True)
    check_trust(call, request["AssumeRolePolicyDocument"])
    if state.find(state.ROLES, call, name):
        raise EntityAlreadyExists(f"Role with name {name} already exists.")
    role = Role(
        name=name,
        path=request.get("Path", "/"),
        id=call.ids.unique_id("AROA"),
        account=call.account,
        created_at=call.time(),
        trust_policy=request["AssumeRolePolicyDocument"],
        description=request.get("Description"),
        max_session_duration_seconds=request.get("MaxSessionDuration", 3600),
        tags=tags,
    )
    state.save(state.ROLES, call, role)
    if boundary := request.get("PermissionsBoundary"):
        entities.put_boundary(call, ROLE, role, boundary)
        role = ROLE.get(call, name)
    return {"Role": describe_role(role, tags=True, boundary=True)}


@operation("GetRole", permissions=on_role("GetRole"), read_only=True)
def get_role(call: Call, request: api.GetRoleRequestTypeDef) -> dict[str, Any]:
    """A role with all that is known of it."""
    return {"Role": describe_role_whole(ROLE.named(call, request))}


@operation("ListRoles", permissions=on_list("ListRoles", "role"), read_only=True)
def list_roles(call: Call, request: api.ListRolesRequestTypeDef) -> dict[str, Any]:
    """The roles below a path."""
    prefix = request.get("PathPrefix", "/")
    roles = (each for each in state.ROLES.below(call, call.account) if each.path.startswith(prefix))
    return page(request, "Roles", roles, lambda role: describe_role(role, settings=True))


@operation("DeleteRole", permissions=on_role("DeleteRole"))
def delete_role(call: Call, request: api.DeleteRoleRequestTypeDef) -> None:
    """Removes a role to which nothing is attached any more."""
    role = _changeable(call, request["RoleName"])
    key = key_of(role.name)
    if any(each.role == key for each in state.INSTANCE_PROFILES.below(call, call.account)):
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    entities.check_unattached(role)
    entities.delete_boundary(call, ROLE, role)
    state.delete(state.ROLES, call, role)


@operation("UpdateRole", permissions=on_role("UpdateRole"))
def update_role(call: Call, request: api.UpdateRoleRequestTypeDef) -> dict[str, Any]:
    """Changes the description and the longest session; what is absent stays."""
    role = ROLE.get(call, request["RoleName"])
    seconds = request.get("MaxSessionDuration", role.max_session_duration_seconds)
    description = request.get("Description", role.description)
    changed = replace(role, description=description, max_session_duration_seconds=seconds)
    state.save(state.ROLES, call, changed)
    return {}


@operation("UpdateRoleDescription", permissions=on_role("UpdateRoleDescription"))
def update_role_description(call: Call, request: api.UpdateRoleDescriptionRequestTypeDef) -> dict[str, Any]:
    """Changes the description alone."""
    role = replace(ROLE.get(call, request["RoleName"]), description=request["Description"])
    state.save(state.ROLES, call, role)
    return {"Role": describe_role(role, description=True)}


@operation("UpdateAssumeRolePolicy", permissions=on_role("UpdateAssumeRolePolicy"))
def update_assume_role_policy(call: Call, request: api.UpdateAssumeRolePolicyRequestTypeDef) -> None:
    """Changes who may assume the role."""
    role = _changeable(call, request["RoleName"])
    check_trust(call, request["PolicyDocument"])
    state.save(state.ROLES, call, replace(role, trust_policy=request["PolicyDocument"]))


@operation("PutRolePermissionsBoundary", permissions=on_role("PutRolePermissionsBoundary"))
def put_role_permissions_boundary(call: Call, request: api.PutRolePermissionsBoundaryRequestTypeDef) -> None:
    """Bounds what the role's policies can allow."""
    role = _changeable(call, request["RoleName"])
    entities.put_boundary(call, ROLE, role, request["PermissionsBoundary"])


@operation("DeleteRolePermissionsBoundary", permissions=on_role("DeleteRolePermissionsBoundary"))
def delete_role_permissions_boundary(
    call: Call, request: api.DeleteRolePermissionsBoundaryRequestTypeDef
) -> None:
    """Lifts the bound."""
    entities.delete_boundary(call, ROLE, _changeable(call, request["RoleName"]))


@operation("AttachRolePolicy", permissions=on_role("AttachRolePolicy"))
def attach_role_policy(call: Call, request: api.AttachRolePolicyRequestTypeDef) -> None:
    """Attaches a managed policy."""
    entities.attach(call, ROLE, _changeable(call, request["RoleName"]), request["PolicyArn"])


@operation("DetachRolePolicy", permissions=on_role("DetachRolePolicy"))
def detach_role_policy(call: Call, request: api.DetachRolePolicyRequestTypeDef) -> None:
    """Detaches a managed policy."""
    entities.detach(call, ROLE, _changeable(call, request["RoleName"]), request["PolicyArn"])


@operation("ListAttachedRolePolicies", permissions=on_role("ListAttachedRolePolicies"), read_only=True)
def list_attached_role_policies(
    call: Call, request: api.ListAttachedRolePoliciesRequestTypeDef
) -> dict[str, Any]:
    """The managed policies of a role."""
    return entities.list_attached(ROLE.named(call, request), request)


@operation("PutRolePolicy", permissions=on_role("PutRolePolicy"))
def put_role_policy(call: Call, request: api.PutRolePolicyRequestTypeDef) -> None:
    """Writes an inline policy."""
    entities.put_inline(call, ROLE, _changeable(call, request["RoleName"]), request)


@operation("GetRolePolicy", permissions=on_role("GetRolePolicy"), read_only=True)
def get_role_policy(call: Call, request: api.GetRolePolicyRequestTypeDef) -> dict[str, Any]:
    """An inline policy."""
    return entities.get_inline(ROLE, ROLE.named(call, request), request)


@operation("DeleteRolePolicy", permissions=on_role("DeleteRolePolicy"))
def delete_role_policy(call: Call, request: api.DeleteRolePolicyRequestTypeDef) -> None:
    """Removes an inline policy."""
    entities.delete_inline(call, ROLE, _changeable(call, request["RoleName"]), request)


@operation("ListRolePolicies", permissions=on_role("ListRolePolicies"), read_only=True)
def list_role_policies(call: Call, request: api.ListRolePoliciesRequestTypeDef) -> dict[str, Any]:
    """The names of a role's inline policies."""
    return entities.list_inline(ROLE.named(call, request), request)


def _changeable(call: Call, name: str) -> Role:
    role = ROLE.get(call, name)
    if role.service is not None:
        raise UnmodifiableEntity(
            f"Cannot perform the operation on the protected role '{role.name}' - "
            "this role is only modifiable by AWS"
        )
    return role
