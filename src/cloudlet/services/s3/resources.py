"""CloudFormation types of S3.

Handlers call S3's own API and know nothing of templates.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from cloudlet.core.call import Call
from cloudlet.core.resource import Properties, Provisioned, ResourceContext, made_once
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.s3 import state
from cloudlet.services.s3.errors import (
    AccessControlListNotSupported,
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    InvalidRequest,
    NoSuchBucket,
)
from cloudlet.services.s3.model import LEGACY_REGION

_LONGEST_NAME: Final = 63
_STACK: Final = "aws:cloudformation:stack-id"
_LOGICAL: Final = "aws:cloudformation:logical-id"
_OLD_WEBSITES: Final = frozenset(
    {
        "us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1",
        "eu-west-1", "sa-east-1",
    }
)  # fmt: skip
"""Regions whose website endpoints are written with a dash."""


class BucketType:
    """AWS::S3::Bucket"""

    type_name = "AWS::S3::Bucket"
    properties = frozenset(
        {
            "AccessControl",
            "BucketEncryption",
            "BucketName",
            "CorsConfiguration",
            "NotificationConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        }
    )
    required: frozenset[str] = frozenset()
    create_only = frozenset({"BucketName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the bucket, then configures it."""
        _check(properties)
        name = properties.get("BucketName") or context.generated_name(_LONGEST_NAME, lower=True)
        tags = _tags(context, properties)
        await made_once(call, context, lambda inner: _make(inner, name, tags))
        await _configure(call, name, {}, properties)
        return _provisioned(call, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes how the bucket is configured."""
        _check(after)
        await _configure(call, physical_id, before, after)
        tags = tag_list(_tags(context, after))
        await call.ask("s3", "PutBucketTagging", {"Bucket": physical_id, "Tagging": {"TagSet": tags}})
        return _provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the bucket, if it is empty."""
        try:
            await call.ask("s3", "DeleteBucket", {"Bucket": physical_id})
        except NoSuchBucket:
            return


class BucketPolicyType:
    """AWS::S3::BucketPolicy"""

    type_name = "AWS::S3::BucketPolicy"
    properties = frozenset({"Bucket", "PolicyDocument"})
    required = frozenset({"Bucket", "PolicyDocument"})
    create_only = frozenset({"Bucket"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Gives the bucket its policy, if it has no other one."""
        return Provisioned(await made_once(call, context, lambda inner: _make_policy(inner, properties)))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the policy."""
        await call.ask("s3", "PutBucketPolicy", _policy_request(after))
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Takes the policy away."""
        try:
            await call.ask("s3", "DeleteBucketPolicy", {"Bucket": physical_id})
        except NoSuchBucket:
            return


def _make_policy(call: Call, properties: Properties) -> str:
    name: str = properties["Bucket"]
    bucket = state.find_bucket(call, name)
    if bucket is not None and bucket.policy is not None:
        raise InvalidRequest(f"The bucket policy already exists on bucket {name}.")
    call.ask_within("s3", "PutBucketPolicy", _policy_request(properties))
    return name


def _policy_request(properties: Properties) -> dict[str, str]:
    document = properties["PolicyDocument"]
    text = document if isinstance(document, str) else json.dumps(document)
    return {"Bucket": properties["Bucket"], "Policy": text}


def _check(properties: Properties) -> None:
    """Raises AccessControlListNotSupported for access lists that would let others in."""
    if properties.get("AccessControl", "Private") not in ("Private", "BucketOwnerFullControl"):
        raise AccessControlListNotSupported


def _make(call: Call, name: str, tags: Mapping[str, str]) -> str:
    existing = state.find_bucket(call, name)
    if existing is not None:
        # Asked here because CreateBucket answers the owner with 200 in us-east-1.
        raise (BucketAlreadyOwnedByYou if existing.account == call.account else BucketAlreadyExists)(name)
    configuration: dict[str, Any] = {"Tags": tag_list(tags)}
    if call.region != LEGACY_REGION:
        configuration["LocationConstraint"] = call.region
    call.ask_within("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": configuration})
    return name


def _tags(context: ResourceContext, properties: Properties) -> dict[str, str]:
    own = tag_map(properties.get("Tags"))
    return {**own, **context.tags, _STACK: context.stack_id, _LOGICAL: context.logical_id}


async def _configure(call: Call, name: str, before: Properties, after: Properties) -> None:
    """Sets what is told, and takes away what was told before."""
    for property_name, setting in _SETTINGS.items():
        told = after.get(property_name)
        if told == before.get(property_name):
            continue
        if told is None:
            operation, request = setting.without
        else:
            operation, request = setting.put, setting.members(told)
        await call.ask("s3", operation, {"Bucket": name, **request})


class Setting(Struct, frozen=True):
    """How a property of the bucket becomes a call."""

    put: str
    members: Callable[[Any], dict[str, Any]]
    without: tuple[str, dict[str, Any]]
    """What is asked when the property goes."""


def _versioning(told: Any) -> dict[str, Any]:
    return {"VersioningConfiguration": {"Status": told["Status"]}}


def _encryption(told: Any) -> dict[str, Any]:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": dict(rule["ServerSideEncryptionByDefault"]),
            "BucketKeyEnabled": _boolean(rule.get("BucketKeyEnabled", False)),
        }
        for rule in told["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _cors(told: Any) -> dict[str, Any]:
    return {"CORSConfiguration": {"CORSRules": [_cors_rule(rule) for rule in told["CorsRules"]]}}


def _cors_rule(told: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
    rule = {names.get(name, name): value for name, value in told.items()}
    if "MaxAgeSeconds" in rule:
        rule["MaxAgeSeconds"] = int(rule["MaxAgeSeconds"])
    return rule


def _block(told: Any) -> dict[str, Any]:
    return {"PublicAccessBlockConfiguration": {name: _boolean(value) for name, value in told.items()}}


def _notifications(told: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        plural: [_notification(each, member) for each in told[given]]
        for given, (plural, member) in _DESTINATIONS.items()
        if told.get(given)
    }
    event_bridge = told.get("EventBridgeConfiguration")
    if event_bridge is not None and _boolean(event_bridge.get("EventBridgeEnabled", True)):
        configuration["EventBridgeConfiguration"] = {}
    return {"NotificationConfiguration": configuration}


def _notification(told: Mapping[str, Any], member: str) -> dict[str, Any]:
    notification: dict[str, Any] = {
        f"{_ARNS.get(member, member)}Arn": told[member],
        "Events": [told["Event"]],
    }
    if "Filter" in told:
        notification["Filter"] = {"Key": {"FilterRules": told["Filter"]["S3Key"]["Rules"]}}
    return notification


_DESTINATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function"),
    "QueueConfigurations": ("QueueConfigurations", "Queue"),
    "TopicConfigurations": ("TopicConfigurations", "Topic"),
}
"""The lists of destinations: what the API calls each, and the property that has its ARN."""
_ARNS: Final[Mapping[str, str]] = {"Function": "LambdaFunction"}


def _boolean(value: Any) -> bool:
    """Templates may say "true"."""
    return value if isinstance(value, bool) else str(value).lower() == "true"


_SETTINGS: Final[Mapping[str, Setting]] = {
    "VersioningConfiguration": Setting(
        "PutBucketVersioning",
        _versioning,
        ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ),
    "BucketEncryption": Setting("PutBucketEncryption", _encryption, ("DeleteBucketEncryption", {})),
    "CorsConfiguration": Setting("PutBucketCors", _cors, ("DeleteBucketCors", {})),
    "NotificationConfiguration": Setting(
        "PutBucketNotificationConfiguration",
        _notifications,
        ("PutBucketNotificationConfiguration", {"NotificationConfiguration": {}}),
    ),
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls",
        lambda told: {"OwnershipControls": {"Rules": [dict(rule) for rule in told["Rules"]]}},
        (
            "PutBucketOwnershipControls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        ),
    ),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock",
        _block,
        (
            "PutPublicAccessBlock",
            _block(
                {
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                }
            ),
        ),
    ),
}


def _provisioned(call: Call, name: str) -> Provisioned:
    region = call.region
    website = f"s3-website-{region}" if region in _OLD_WEBSITES else f"s3-website.{region}"
    return Provisioned(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.{website}.amazonaws.com",
        },
    )
