"""What IAM demands of a policy before it stores it, in IAM's words.

Whether a principal named in a policy exists is not known here; the iam service asks its store.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudlet.access.conditions import compile_condition
from cloudlet.access.policy import CURRENT, SYNTAX, Policy, Principals, Statement
from cloudlet.core.access import MalformedPolicyDocument, PolicyKind

if TYPE_CHECKING:
    from collections.abc import Callable

_SID: Final = re.compile(r"[0-9A-Za-z]*")
_VENDOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_SERVICE_PRINCIPAL: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_AWS_PRINCIPAL: Final = re.compile(
    r"\*|\d{12}"
    r"|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[\w+=,.@/-]+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)"
)
_UNIQUE_ID: Final = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_PARTITIONS: Final = frozenset(
    {"*", "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}
)
_ACCOUNT: Final = re.compile(r"|aws|\d{12}|[\d*?]*[*?][\d*?]*")
_IAM_PATHS: Final = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
    "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip
_IAM_PATHS_TEXT: Final = (
    'IAM resource path must either be "*", root, or start with ' + ", ".join(_IAM_PATHS) + "."
)


def check(policy: Policy, kind: PolicyKind) -> None:
    """Raises MalformedPolicyDocument for what AWS refuses to store as a policy of this kind."""
    if kind is PolicyKind.IDENTITY and policy.version != CURRENT:
        raise MalformedPolicyDocument("Policy document must be version 2012-10-17 or greater.")
    for statement in policy.statements:
        _KINDS[kind](statement)
        _check_conditions(statement, variables=policy.has_variables)
    _check_sids(policy, kind)


def _check_identity(statement: Statement) -> None:
    if statement.principal or statement.not_principal:
        raise MalformedPolicyDocument("Policy document should not specify a principal.")
    actions = statement.action or statement.not_action
    if not actions:
        raise MalformedPolicyDocument("Policy statement must contain actions.")
    resources = statement.resource or statement.not_resource
    if not resources:
        raise MalformedPolicyDocument("Policy statement must contain resources.")
    for action in actions:
        _check_action(action)
    for resource in resources:
        _check_resource(resource)


def _check_resource_policy(statement: Statement) -> None:
    if statement.principal is None and statement.not_principal is None:
        raise MalformedPolicyDocument("Missing required field Principal")
    if not (statement.action or statement.not_action):
        raise MalformedPolicyDocument("Missing required field Action")
    if not (statement.resource or statement.not_resource):
        raise MalformedPolicyDocument("Missing required field Resource")
    _check_principals(statement.principal or statement.not_principal)


def _check_trust(statement: Statement) -> None:
    if statement.resource is not None:
        raise MalformedPolicyDocument("Has prohibited field Resource")
    if statement.not_resource is not None:
        raise MalformedPolicyDocument("AssumeRole policy must not contain resources.")
    if statement.not_principal is not None:
        raise MalformedPolicyDocument("AssumeRole policy must not contain NotPrincipal field.")
    if statement.principal is None:
        raise MalformedPolicyDocument("Missing required field Principal")
    _check_principals(statement.principal)
    actions = statement.action or statement.not_action
    if not actions:
        raise MalformedPolicyDocument("Missing required field Action")
    for action in actions:
        _check_action(action)
        if action.partition(":")[0].lower() != "sts":
            raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")


_KINDS: Final[dict[PolicyKind, Callable[[Statement], None]]] = {
    PolicyKind.IDENTITY: _check_identity,
    PolicyKind.RESOURCE: _check_resource_policy,
    PolicyKind.TRUST: _check_trust,
}


def _check_action(action: str) -> None:
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    if not colon or not vendor:
        raise MalformedPolicyDocument(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        )
    if ":" in name:
        raise MalformedPolicyDocument("Actions/Condition can contain only one colon.")
    if not _VENDOR.fullmatch(vendor):
        raise MalformedPolicyDocument(f"Vendor {vendor} is not valid")


def _check_resource(resource: str) -> None:
    if resource == "*":
        return
    if ":" not in resource:
        raise MalformedPolicyDocument(f'Resource {resource} must be in ARN format or "*".')
    parts = ["arn", *resource.split(":", 5)[1:]]
    if len(parts) == 2:
        parts.append("")
    parts += ["*"] * (6 - len(parts))
    _arn, partition, service, region, account, path = parts
    if partition not in _PARTITIONS:
        whole = ":".join(parts)
        raise MalformedPolicyDocument(f'Partition "{partition}" is not valid for resource "{whole}".')
    if not service or "*" in service or "?" in service:
        raise MalformedPolicyDocument("Resource vendor must be fully qualified and cannot contain regexes.")
    if not _ACCOUNT.fullmatch(account) or "$" in region or set("<>") & set(resource):
        raise MalformedPolicyDocument("The policy failed legacy parsing")
    if service == "iam":
        _check_iam_resource(resource, region, path)
    # An S3 access point has a region and an account; a bucket has neither.
    if region not in ("", "*") and (service == "route53" or (service == "s3" and not account)):
        raise MalformedPolicyDocument(f"Resource {resource} can not contain region information.")
    if service == "route53" and account not in ("", "*"):
        raise MalformedPolicyDocument(f"Resource {resource} cannot contain an account id.")


def _check_iam_resource(resource: str, region: str, path: str) -> None:
    if region not in ("", "*"):
        raise MalformedPolicyDocument(f"IAM resource {resource} cannot contain region information.")
    if path not in ("*", "root") and not path.startswith(_IAM_PATHS):
        raise MalformedPolicyDocument(_IAM_PATHS_TEXT)


def _check_principals(principals: Principals | None) -> None:
    if principals is None or principals == Principals():
        raise MalformedPolicyDocument("Missing required field Principal cannot be empty!")
    for value in principals.aws:
        if not (_AWS_PRINCIPAL.fullmatch(value) or _UNIQUE_ID.fullmatch(value)):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{value}"')
    for value in principals.service:
        if not _SERVICE_PRINCIPAL.fullmatch(value):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "SERVICE":"{value}"')


def _check_conditions(statement: Statement, *, variables: bool) -> None:
    for condition in statement.conditions:
        if compile_condition(condition, variables=variables) is None:
            raise MalformedPolicyDocument(SYNTAX)
        if ":" not in condition.key:
            raise MalformedPolicyDocument(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )


def _check_sids(policy: Policy, kind: PolicyKind) -> None:
    sids = [statement.sid for statement in policy.statements if statement.sid]
    if kind is not PolicyKind.RESOURCE and not all(_SID.fullmatch(sid) for sid in sids):
        raise MalformedPolicyDocument(
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )
    if len(set(sids)) != len(sids):
        raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.")
