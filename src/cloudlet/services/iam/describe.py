"""IAM's entities as its API shows them; which members are there differs by operation, as recorded at AWS.

Answers only; changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.tags import tag_list
from cloudlet.services.iam import state
from cloudlet.services.iam.documents import encoded
from cloudlet.services.iam.model import Role, User, sorted_tag_list

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.iam.model import Group, InstanceProfile, Policy, PolicyVersion


def describe_role(
    role: Role,
    *,
    tags: bool = False,
    boundary: bool = False,
    description: bool = False,
    settings: bool = False,
) -> dict[str, Any]:
    """A role; what else than its name is shown differs by operation."""
    shown: dict[str, Any] = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": encoded(role.trust_policy),
    }
    if (description or settings) and role.description is not None:
        shown["Description"] = role.description
    if settings:
        shown["MaxSessionDuration"] = role.max_session_duration_seconds
    _add_tags_and_boundary(shown, role, tags=tags, boundary=boundary)
    return shown


def describe_role_whole(role: Role) -> dict[str, Any]:
    """A role as GetRole shows it."""
    return {**describe_role(role, tags=True, boundary=True, settings=True), "RoleLastUsed": {}}


def describe_user(user: User, *, tags: bool = False, boundary: bool = False) -> dict[str, Any]:
    """A user."""
    shown: dict[str, Any] = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created,
    }
    _add_tags_and_boundary(shown, user, tags=tags, boundary=boundary)
    return shown


def describe_group(group: Group) -> dict[str, Any]:
    """A group."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created,
    }


def describe_policy(call: Call, policy: Policy) -> dict[str, Any]:
    """A managed policy without its description and tags, which only GetPolicy shows."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default.id,
        "AttachmentCount": sum(1 for _ in state.attachments(call, policy.arn)),
        "PermissionsBoundaryUsageCount": sum(1 for _ in state.attachments(call, policy.arn, boundary=True)),
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def describe_version(policy: Policy, version: PolicyVersion, *, document: bool = False) -> dict[str, Any]:
    """A version of a managed policy."""
    shown: dict[str, Any] = {
        "VersionId": version.id,
        "IsDefaultVersion": version.number == policy.default_number,
        "CreateDate": version.created,
    }
    return {"Document": encoded(version.document), **shown} if document else shown


def describe_instance_profile(call: Call, profile: InstanceProfile, *, tags: bool = False) -> dict[str, Any]:
    """An instance profile and its role."""
    role = state.ROLES.find(call, profile.account, profile.role) if profile.role else None
    shown: dict[str, Any] = {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.created,
        "Roles": [describe_role(role)] if role else [],
    }
    if tags:
        shown["Tags"] = sorted_tag_list(profile.tags)
    return shown


def _add_tags_and_boundary(shown: dict[str, Any], entity: User | Role, *, tags: bool, boundary: bool) -> None:
    if boundary and entity.boundary is not None:
        shown["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": entity.boundary,
        }
    if tags and entity.tags:
        shown["Tags"] = tag_list(entity.tags)
