"""What IAM judges of S3's operations: actions, ARNs, condition keys, and the bucket's policy.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
A bucket that is not there, or in another region, is told before anybody is judged, as S3 does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cloudlet.core.access import Permission, PolicyDocument, Principal, PrincipalKind
from cloudlet.core.call import Call
from cloudlet.core.errors import AccessDenied
from cloudlet.services.s3 import state
from cloudlet.services.s3.errors import AuthorizationHeaderMalformed, PermanentRedirect
from cloudlet.services.s3.model import Bucket, check_key

Context: TypeAlias = dict[str, tuple[str, ...]]
Permissions: TypeAlias = "Callable[[Call, Mapping[str, Any]], Sequence[Permission]]"

_KEYS: Final = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:VersionId",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
}
"""Members of requests that are condition keys."""


def allowed(
    call: Call, bucket: Bucket, action: str, key: str | None = None, context: Context | None = None
) -> Permission:
    """The permission for an action on a bucket, or on an object in it."""
    return Permission(
        action=f"s3:{action}",
        resource=bucket.arn if key is None else f"{bucket.arn}/{key}",
        context=context or {},
        resource_policy=_policy(call.principal, bucket),
        resource_account=bucket.account,
    )


def _policy(principal: Principal, bucket: Bucket) -> PolicyDocument | None:
    if bucket.policy is None:
        return None
    block = bucket.public_access_block
    if (
        bucket.policy_is_public
        and block is not None
        and block.restrict_public_buckets
        and principal.kind is not PrincipalKind.SERVICE
        and principal.account != bucket.account
    ):
        return None
    return PolicyDocument(bucket.name, bucket.policy)


def context_of(call: Call, request: Mapping[str, Any]) -> Context:
    """The condition keys that a request's members are."""
    context: Context = {key: (str(request[name]),) for name, key in _KEYS.items() if name in request}
    if call.http is not None:
        hashed = call.http.header("x-amz-content-sha256")
        if hashed:
            context["s3:x-amz-content-sha256"] = (hashed,)
        if call.principal.kind is not PrincipalKind.ANONYMOUS:
            by_header = call.http.header("authorization") is not None
            context["s3:authType"] = ("REST-HEADER" if by_header else "REST-QUERY-STRING",)
            context["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    return context


def owned(call: Call, name: str, owner: str | None = None) -> Bucket:
    """A bucket that belongs to whom the caller expects. Raises NoSuchBucket or AccessDenied."""
    bucket = state.bucket(call, name)
    if owner is not None and owner != bucket.account:
        raise AccessDenied("Access Denied")
    return bucket


def reachable(call: Call, name: str, owner: str | None = None) -> Bucket:
    """The same, if it may be asked from the call's region.

    Raises also AuthorizationHeaderMalformed or PermanentRedirect.
    """
    bucket = owned(call, name, owner)
    if call.region == bucket.region or _names_no_region(call):
        return bucket
    host = (call.http.header("host") or "") if call.http else ""
    if call.http is None or ".amazonaws.com" in host:
        raise PermanentRedirect(name, bucket.region)
    raise AuthorizationHeaderMalformed(call.region, bucket.region)


def _names_no_region(call: Call) -> bool:
    """Whether a request is not signed for any region: unsigned, or presigned with version 2."""
    if call.principal.kind is PrincipalKind.ANONYMOUS:
        return True
    return call.http is not None and "AWSAccessKeyId=" in call.http.query


def on_bucket(action: str, *, anywhere: bool = False) -> Permissions:
    """The permission for an action on the request's bucket; `anywhere`: whatever region is asked."""

    def permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        find = owned if anywhere else reachable
        bucket = find(call, request["Bucket"], request.get("ExpectedBucketOwner"))
        return [allowed(call, bucket, action, context=context_of(call, request))]

    return permissions


def on_object(action: str, *, tagging: str | None = None) -> Permissions:
    """The permission for an action on the request's object, and for `tagging` it where it brings tags."""

    def permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        key = request["Key"]
        check_key(key)
        bucket = reachable(call, request["Bucket"], request.get("ExpectedBucketOwner"))
        context = context_of(call, request)
        needed = [allowed(call, bucket, action, key, context)]
        if tagging and request.get("Tagging"):
            needed.append(allowed(call, bucket, tagging, key, context))
        return needed

    return permissions


def on_deletion(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    """The permission to delete an object or, by another action, one of its versions."""
    action = "DeleteObjectVersion" if "VersionId" in request else "DeleteObject"
    return on_object(action)(call, request)


def on_version(action: str, version_action: str) -> Permissions:
    """The permission to read an object or, by another action, one of its versions.

    Whether an object is missing is told only to those who may list the bucket.
    """

    def permissions(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        key, version_id = request["Key"], request.get("VersionId")
        bucket = reachable(call, request["Bucket"], request.get("ExpectedBucketOwner"))
        return read_permissions(
            call, bucket, key, version_id, (action, version_action), context_of(call, request)
        )

    return permissions


def read_permissions(
    call: Call,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    actions: tuple[str, str],
    context: Context,
) -> Sequence[Permission]:
    """The same for an object that is named otherwise than by the request's own members."""
    needed = [allowed(call, bucket, actions[version_id is not None], key, context)]
    if version_id is None and state.find_current(call, bucket, key) is None:
        needed.append(allowed(call, bucket, "ListBucket", context=context))
    return needed
