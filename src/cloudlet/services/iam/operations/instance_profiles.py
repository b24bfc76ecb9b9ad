"""Instance profiles: what hands a role to an EC2 instance.

Tags are in tags.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.access import Permission
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.iam import state
from cloudlet.services.iam.describe import describe_instance_profile
from cloudlet.services.iam.entities import ROLE
from cloudlet.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from cloudlet.services.iam.model import InstanceProfile, key_of, new_tags
from cloudlet.services.iam.pages import page
from cloudlet.services.iam.permissions import on_instance_profile, on_list, on_role

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call


def _adding_role(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """AWS wants iam:PassRole, too: whoever may start instances with the profile gets the role."""
    role = state.find(state.ROLES, call, request["RoleName"])
    arn = role.arn if role else f"arn:aws:iam::{call.account}:role/{request['RoleName']}"
    context = {"iam:PassedToService": ("ec2.amazonaws.com",)}
    passing = Permission("iam:PassRole", arn, context)
    return [*on_instance_profile("AddRoleToInstanceProfile")(call, request), passing]


@operation("CreateInstanceProfile", permissions=on_instance_profile("CreateInstanceProfile"))
def create_instance_profile(call: Call, request: api.CreateInstanceProfileRequestTypeDef) -> dict[str, Any]:
    """Makes an instance profile, as yet without a role."""
    name = request["InstanceProfileName"]
    tags = new_tags(request.get("Tags"), fold_case=True)
    if state.find(state.INSTANCE_PROFILES, call, name):
        raise EntityAlreadyExists(f"Instance Profile {name} already exists.")
    profile = InstanceProfile(
        name=name,
        path=request.get("Path", "/"),
        id=call.ids.unique_id("AIPA"),
        account=call.account,
        created_at=call.time(),
        tags=tags,
    )
    state.save(state.INSTANCE_PROFILES, call, profile)
    shown = describe_instance_profile(call, profile)
    return {"InstanceProfile": {**shown, "Tags": tag_list(tags)} if tags else shown}


@operation("GetInstanceProfile", permissions=on_instance_profile("GetInstanceProfile"), read_only=True)
def get_instance_profile(call: Call, request: api.GetInstanceProfileRequestTypeDef) -> dict[str, Any]:
    """An instance profile and its role."""
    profile = instance_profile(call, request)
    return {"InstanceProfile": describe_instance_profile(call, profile, tags=True)}


@operation(
    "ListInstanceProfiles", permissions=on_list("ListInstanceProfiles", "instance-profile"), read_only=True
)
def list_instance_profiles(call: Call, request: api.ListInstanceProfilesRequestTypeDef) -> dict[str, Any]:
    """The instance profiles below a path."""
    prefix = request.get("PathPrefix", "/")
    profiles = state.INSTANCE_PROFILES.below(call, call.account)
    chosen = (each for each in profiles if each.path.startswith(prefix))
    return page(request, "InstanceProfiles", chosen, lambda each: describe_instance_profile(call, each))


@operation("ListInstanceProfilesForRole", permissions=on_role("ListInstanceProfilesForRole"), read_only=True)
def list_instance_profiles_for_role(
    call: Call, request: api.ListInstanceProfilesForRoleRequestTypeDef
) -> dict[str, Any]:
    """The instance profiles that a role is in."""
    key = key_of(ROLE.get(call, request["RoleName"]).name)
    profiles = state.INSTANCE_PROFILES.below(call, call.account)
    chosen = (each for each in profiles if each.role == key)
    return page(request, "InstanceProfiles", chosen, lambda each: describe_instance_profile(call, each))


@operation("AddRoleToInstanceProfile", permissions=_adding_role)
def add_role_to_instance_profile(call: Call, request: api.AddRoleToInstanceProfileRequestTypeDef) -> None:
    """Puts a role into an instance profile, which holds one."""
    profile = instance_profile(call, request)
    role = ROLE.get(call, request["RoleName"])
    if profile.role is not None:
        raise LimitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    state.save(state.INSTANCE_PROFILES, call, replace(profile, role=key_of(role.name)))


@operation("RemoveRoleFromInstanceProfile", permissions=on_instance_profile("RemoveRoleFromInstanceProfile"))
def remove_role_from_instance_profile(
    call: Call, request: api.RemoveRoleFromInstanceProfileRequestTypeDef
) -> None:
    """Takes the role out again."""
    profile = instance_profile(call, request)
    role = ROLE.get(call, request["RoleName"])
    if profile.role != key_of(role.name):
        raise NoSuchEntity(f"Role {role.name} in Instance Profile {profile.name} cannot be found.")
    state.save(state.INSTANCE_PROFILES, call, replace(profile, role=None))


@operation("DeleteInstanceProfile", permissions=on_instance_profile("DeleteInstanceProfile"))
def delete_instance_profile(call: Call, request: api.DeleteInstanceProfileRequestTypeDef) -> None:
    """Removes an instance profile that holds no role."""
    profile = instance_profile(call, request)
    if profile.role is not None:
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    state.delete(state.INSTANCE_PROFILES, call, profile)


def instance_profile(call: Call, request: Mapping[str, Any]) -> InstanceProfile:
    """The instance profile that a request names. Raises NoSuchEntity."""
    name = request["InstanceProfileName"]
    found = state.find(state.INSTANCE_PROFILES, call, name)
    if found is None:
        raise NoSuchEntity(f"Instance Profile {name} cannot be found.")
    return found
