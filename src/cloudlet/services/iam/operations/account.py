"""The account as a whole: its alias, its numbers, and all that may do something in it.

Changes nothing but the alias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.services.iam import catalogue, state
from cloudlet.services.iam.describe import (
    describe_group,
    describe_instance_profile,
    describe_policy,
    describe_role,
    describe_user,
    describe_version,
)
from cloudlet.services.iam.documents import encoded
from cloudlet.services.iam.entities import GROUP, describe_attached, describe_boundary
from cloudlet.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from cloudlet.services.iam.model import Group, Policy, Role, User, key_of, sorted_tag_list
from cloudlet.services.iam.pages import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_QUOTAS: Final = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GlobalEndpointTokenVersion": 1,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "GroupsQuota": 300,
    "InstanceProfilesQuota": 1000,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": 6144,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": 10240,
    "RolesQuota": 1000,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": 2048,
    "UsersQuota": 5000,
    "VersionsPerPolicyQuota": 5,
}
_NEVER_THERE: Final = (
    "AccountMFAEnabled",
    "AccountPasswordPresent",
    "AccountSigningCertificatesPresent",
    "MFADevices",
    "MFADevicesInUse",
    "Providers",
    "ServerCertificates",
)
"""What an account has none of here."""


@operation("CreateAccountAlias")
def create_account_alias(call: Call, request: api.CreateAccountAliasRequestTypeDef) -> None:
    """Gives the account a name, in place of the one it has."""
    alias = request["AccountAlias"]
    if state.alias_owner(call, alias) is not None:
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    state.save_alias(call, alias)


@operation("DeleteAccountAlias")
def delete_account_alias(call: Call, request: api.DeleteAccountAliasRequestTypeDef) -> None:
    """Takes the account's name away."""
    alias = request["AccountAlias"]
    if state.alias_owner(call, alias) != call.account:
        raise NoSuchEntity(f"The account alias {alias} cannot be found.")
    state.delete_alias(call, alias)


@operation("ListAccountAliases", read_only=True)
def list_account_aliases(call: Call, request: api.ListAccountAliasesRequestTypeDef) -> dict[str, Any]:
    """The account's name: one at most."""
    return page(request, "AccountAliases", state.aliases(call), str)


@operation("GetAccountSummary", read_only=True)
def get_account_summary(call: Call, _request: dict[str, Any]) -> dict[str, Any]:
    """How much there is of everything, and how much there may be."""
    account = call.account
    policies = list(state.POLICIES.below(call, account))
    counted = {
        "AccountAccessKeysPresent": min(1, len(state.access_keys_of(call, account, None))),
        "Groups": _count(state.GROUPS.below(call, account)),
        "InstanceProfiles": _count(state.INSTANCE_PROFILES.below(call, account)),
        "Policies": len(policies),
        "PolicyVersionsInUse": sum(len(each.versions) for each in policies),
        "Roles": _count(state.ROLES.below(call, account)),
        "Users": _count(state.USERS.below(call, account)),
    }
    return {"SummaryMap": {**_QUOTAS, **dict.fromkeys(_NEVER_THERE, 0), **counted}}


@operation("GetAccountAuthorizationDetails", read_only=True)
def get_account_authorization_details(
    call: Call, request: api.GetAccountAuthorizationDetailsRequestTypeDef
) -> dict[str, Any]:
    """Every user, group, role and policy with all that is attached."""
    wanted: set[str] = set(request.get("Filter") or ())
    listed = page(request, "Everything", _everything(call, wanted), lambda each: each)
    chosen = listed.pop("Everything")
    return {
        "UserDetailList": [_user(call, each) for each in chosen if isinstance(each, User)],
        "GroupDetailList": [_group(each) for each in chosen if isinstance(each, Group)],
        "RoleDetailList": [_role(call, each) for each in chosen if isinstance(each, Role)],
        "Policies": [_policy(call, each) for each in chosen if isinstance(each, Policy)],
        **listed,
    }


def _everything(call: Call, wanted: set[str]) -> Iterator[User | Group | Role | Policy]:
    if not wanted or "User" in wanted:
        yield from state.USERS.below(call, call.account)
    if not wanted or "Group" in wanted:
        yield from state.GROUPS.below(call, call.account)
    if not wanted or "Role" in wanted:
        yield from state.ROLES.below(call, call.account)
    if not wanted or "LocalManagedPolicy" in wanted:
        yield from state.POLICIES.below(call, call.account)
    if not wanted or "AWSManagedPolicy" in wanted:
        policies = catalogue.published().values()
        yield from (each for each in policies if any(state.attachments(call, each.arn)))


def _user(call: Call, user: User) -> dict[str, Any]:
    shown = {
        **describe_user(user),
        "GroupList": [GROUP.get(call, key).name for key in sorted(user.groups)],
        "AttachedManagedPolicies": [describe_attached(arn) for arn in user.attached],
        "Tags": sorted_tag_list(user.tags),
    }
    if user.inline:
        shown["UserPolicyList"] = _inline(user)
    if user.boundary:
        shown["PermissionsBoundary"] = describe_boundary(user.boundary)
    return shown


def _group(group: Group) -> dict[str, Any]:
    return {
        **describe_group(group),
        "GroupPolicyList": _inline(group),
        "AttachedManagedPolicies": [describe_attached(arn) for arn in group.attached],
    }


def _role(call: Call, role: Role) -> dict[str, Any]:
    profiles = state.INSTANCE_PROFILES.below(call, call.account)
    mine = [each for each in profiles if each.role == key_of(role.name)]
    shown = {
        **describe_role(role),
        "InstanceProfileList": [describe_instance_profile(call, each) for each in mine],
        "RolePolicyList": _inline(role),
        "AttachedManagedPolicies": [describe_attached(arn) for arn in role.attached],
        "Tags": sorted_tag_list(role.tags),
        "RoleLastUsed": {},
    }
    if role.boundary:
        shown["PermissionsBoundary"] = describe_boundary(role.boundary)
    return shown


def _policy(call: Call, policy: Policy) -> dict[str, Any]:
    versions = [describe_version(policy, each, document=True) for each in reversed(policy.versions)]
    return {**describe_policy(call, policy), "PolicyVersionList": versions}


def _inline(entity: User | Group | Role) -> list[dict[str, str]]:
    return [
        {"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in sorted(entity.inline.items())
    ]


def _count(rows: Iterator[Any]) -> int:
    return sum(1 for _ in rows)
