"""Operations on buckets themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.s3 import state, uploads
from cloudlet.services.s3.descriptions import check_acl
from cloudlet.services.s3.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    IllegalLocationConstraintException,
    InvalidArgument,
    InvalidLocationConstraint,
)
from cloudlet.services.s3.listing import key_of_token, token_of
from cloudlet.services.s3.model import LEGACY_REGION, Bucket, check_bucket_name, owner_of
from cloudlet.services.s3.operations.configurations import ENFORCED, check_ownership
from cloudlet.services.s3.permissions import context_of, on_bucket
from cloudlet.services.s3.regions import REGIONS
from cloudlet.services.s3.tags import MOST_OF_BUCKET, read_tags

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api


def _to_create(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
    context = context_of(call, request)
    context["s3:LocationConstraint"] = (_location(request) or LEGACY_REGION,)
    return [Permission("s3:CreateBucket", f"arn:aws:s3:::{request['Bucket']}", context)]


def _location(request: Mapping[str, Any]) -> str | None:
    return (request.get("CreateBucketConfiguration") or {}).get("LocationConstraint")


@operation("CreateBucket", permissions=_to_create)
def create_bucket(call: Call, request: api.CreateBucketRequestTypeDef) -> dict[str, Any]:
    """Makes a bucket in the region that is asked."""
    name = request["Bucket"]
    check_bucket_name(name)
    check_acl(request)
    if request.get("ObjectLockEnabledForBucket"):
        raise NotImplementedHere("cloudlet does not implement S3 Object Lock (yet). Nothing was done.")
    check_ownership(request.get("ObjectOwnership", ENFORCED))
    configuration = request.get("CreateBucketConfiguration") or {}
    _check_location(call, configuration.get("LocationConstraint"))
    tags = read_tags(configuration.get("Tags", ()), most=MOST_OF_BUCKET, system=call.http is None)
    existing = state.find_bucket(call, name)
    if existing is not None:
        _refuse_existing(call, existing)
    else:
        state.save_bucket(call, Bucket(name, call.account, call.region, call.time(), tags=tags))
    return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}


def _check_location(call: Call, location: str | None) -> None:
    """Raises what S3 says when the location is not the region that is asked; us-east-1 has none."""
    if location == "EU":
        location = "eu-west-1"
    if location is not None and (location not in REGIONS or location == LEGACY_REGION):
        raise InvalidLocationConstraint(location)
    if call.region == LEGACY_REGION and location is None:
        return
    if location != call.region:
        raise IllegalLocationConstraintException(
            f"The {location or 'unspecified'} location constraint is incompatible for the region specific "
            "endpoint this request was sent to."
        )


def _refuse_existing(call: Call, existing: Bucket) -> None:
    if existing.account != call.account:
        raise BucketAlreadyExists(existing.name)
    # In us-east-1 S3 answers 200 to the owner, as it always did there.
    if not call.region == existing.region == LEGACY_REGION:
        raise BucketAlreadyOwnedByYou(existing.name)


@operation("HeadBucket", permissions=on_bucket("ListBucket"), read_only=True, unsigned=True)
def head_bucket(call: Call, request: api.HeadBucketRequestTypeDef) -> dict[str, Any]:
    """Whether a bucket is there, and where."""
    bucket = state.bucket(call, request["Bucket"])
    return {"BucketRegion": bucket.region, "AccessPointAlias": False, "BucketArn": bucket.arn}


@operation("GetBucketLocation", permissions=on_bucket("GetBucketLocation", anywhere=True), read_only=True)
def get_bucket_location(call: Call, request: api.GetBucketLocationRequestTypeDef) -> dict[str, Any]:
    """The region of a bucket; none for us-east-1."""
    region = state.bucket(call, request["Bucket"]).region
    return {"LocationConstraint": None if region == LEGACY_REGION else region}


@operation("DeleteBucket", permissions=on_bucket("DeleteBucket"))
def delete_bucket(call: Call, request: api.DeleteBucketRequestTypeDef) -> None:
    """Removes an empty bucket."""
    bucket = state.bucket(call, request["Bucket"])
    if not state.is_empty(call, bucket):
        raise BucketNotEmpty(bucket.name, versioned=bucket.versioning is not None)
    for upload in list(uploads.list_uploads(call, bucket)):
        uploads.forget(call, bucket, upload)
    state.delete_bucket(call, bucket)


@operation("ListBuckets", action="s3:ListAllMyBuckets", read_only=True)
def list_buckets(call: Call, request: api.ListBucketsRequestTypeDef) -> dict[str, Any]:
    """The account's buckets by name."""
    limit = request.get("MaxBuckets")
    if limit is not None and not 1 <= limit <= 10_000:
        raise InvalidArgument("max-buckets must be between 1 and 10000", "max-buckets", limit)
    token = request.get("ContinuationToken")
    prefix, region = request.get("Prefix", ""), request.get("BucketRegion")
    matching = (
        bucket
        for bucket in state.list_buckets(call, call.account, key_of_token(token) if token else None)
        if bucket.name.startswith(prefix) and region in (None, bucket.region)
    )
    page = list(islice(matching, limit + 1 if limit else None))
    shown = page[:limit]
    return {
        "Buckets": [_entry(bucket, with_region=bool(request)) for bucket in shown],
        "Owner": owner_of(call.account),
        "Prefix": request.get("Prefix"),
        "ContinuationToken": token_of(shown[-1].name) if len(page) > len(shown) else None,
    }


def _entry(bucket: Bucket, *, with_region: bool) -> dict[str, Any]:
    """As the answer lists a bucket; its region comes to those who ask for pages or filters only."""
    entry = {
        "Name": bucket.name,
        "CreationDate": datetime.fromtimestamp(int(bucket.created_at), UTC),
        "BucketArn": bucket.arn,
    }
    return {**entry, "BucketRegion": bucket.region} if with_region else entry
