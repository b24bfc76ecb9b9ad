"""Operations on what lets others in: bucket policies and the public access block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, replace

from cloudlet.core.access import MalformedPolicyDocument, Permission, PolicyKind, PrincipalKind
from cloudlet.core.call import Call
from cloudlet.core.errors import AccessDenied
from cloudlet.core.operation import operation
from cloudlet.services.s3 import state
from cloudlet.services.s3.errors import (
    MalformedPolicy,
    NoSuchBucketPolicy,
    NoSuchPublicAccessBlockConfiguration,
)
from cloudlet.services.s3.model import Bucket, PublicAccessBlock
from cloudlet.services.s3.permissions import allowed, on_bucket, reachable
from cloudlet.services.s3.policies import is_public, read_policy

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api


def _on_policy(action: str) -> Callable[[Call, Mapping[str, Any]], Sequence[Permission]]:
    """The permission for an action on a bucket's policy; no policy can keep the owner's root from it."""

    def permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        bucket = reachable(call, request["Bucket"], request.get("ExpectedBucketOwner"))
        if call.principal.kind is PrincipalKind.ROOT and call.principal.account == bucket.account:
            return []
        return [allowed(call, bucket, action)]

    return permissions


@operation("PutBucketPolicy", permissions=_on_policy("PutBucketPolicy"))
def put_bucket_policy(call: Call, request: api.PutBucketPolicyRequestTypeDef) -> None:
    """Gives a bucket a policy; a public one only where nothing blocks it."""
    bucket = state.bucket(call, request["Bucket"])
    text = request["Policy"]
    statements = read_policy(text, bucket.name)
    try:
        call.cloud.access.validate(text, PolicyKind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise MalformedPolicy(error.message) from error
    public = is_public(statements)
    block = bucket.public_access_block
    if public and block is not None and block.block_public_policy:
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"{bucket.arn}" because public policies are prevented by the BlockPublicPolicy setting in S3 '
            "Block Public Access."
        )
    state.save_bucket(call, replace(bucket, policy=text, policy_is_public=public))


@operation("GetBucketPolicy", permissions=_on_policy("GetBucketPolicy"), read_only=True)
def get_bucket_policy(call: Call, request: api.GetBucketPolicyRequestTypeDef) -> dict[str, Any]:
    """A bucket's policy as it was put."""
    return {"Policy": _policy(state.bucket(call, request["Bucket"]))}


def _policy(bucket: Bucket) -> str:
    if bucket.policy is None:
        raise NoSuchBucketPolicy(bucket.name)
    return bucket.policy


@operation("GetBucketPolicyStatus", permissions=on_bucket("GetBucketPolicyStatus"), read_only=True)
def get_bucket_policy_status(call: Call, request: api.GetBucketPolicyStatusRequestTypeDef) -> dict[str, Any]:
    """Whether a bucket's policy is public."""
    bucket = state.bucket(call, request["Bucket"])
    _policy(bucket)
    return {"PolicyStatus": {"IsPublic": bucket.policy_is_public}}


@operation("DeleteBucketPolicy", permissions=_on_policy("DeleteBucketPolicy"))
def delete_bucket_policy(call: Call, request: api.DeleteBucketPolicyRequestTypeDef) -> None:
    """Takes a bucket's policy away; having none is no error."""
    bucket = state.bucket(call, request["Bucket"])
    state.save_bucket(call, replace(bucket, policy=None, policy_is_public=False))


@operation("PutPublicAccessBlock", permissions=on_bucket("PutBucketPublicAccessBlock"))
def put_public_access_block(call: Call, request: api.PutPublicAccessBlockRequestTypeDef) -> None:
    """Says what a bucket refuses of public access; what is not said is let through."""
    bucket = state.bucket(call, request["Bucket"])
    told = request["PublicAccessBlockConfiguration"]
    block = PublicAccessBlock(
        block_public_acls=told.get("BlockPublicAcls", False),
        ignore_public_acls=told.get("IgnorePublicAcls", False),
        block_public_policy=told.get("BlockPublicPolicy", False),
        restrict_public_buckets=told.get("RestrictPublicBuckets", False),
    )
    state.save_bucket(call, replace(bucket, public_access_block=block))


@operation("GetPublicAccessBlock", permissions=on_bucket("GetBucketPublicAccessBlock"), read_only=True)
def get_public_access_block(call: Call, request: api.GetPublicAccessBlockRequestTypeDef) -> dict[str, Any]:
    """What a bucket refuses of public access."""
    block = state.bucket(call, request["Bucket"]).public_access_block
    if block is None:
        raise NoSuchPublicAccessBlockConfiguration(request["Bucket"])
    told = {name.title().replace("_", ""): value for name, value in asdict(block).items()}
    return {"PublicAccessBlockConfiguration": told}


@operation("DeletePublicAccessBlock", permissions=on_bucket("PutBucketPublicAccessBlock"))
def delete_public_access_block(call: Call, request: api.DeletePublicAccessBlockRequestTypeDef) -> None:
    """Lets public access through as far as the policy does."""
    bucket = state.bucket(call, request["Bucket"])
    state.save_bucket(call, replace(bucket, public_access_block=None))
