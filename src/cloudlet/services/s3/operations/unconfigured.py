"""What S3 answers about configurations that a bucket does not have, to tools that ask for all of them.

None of these can be configured here: their Put operations are absent, so these answers are always true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.s3 import state
from cloudlet.services.s3.errors import (
    NoSuchLifecycleConfiguration,
    NoSuchWebsiteConfiguration,
    ObjectLockConfigurationNotFoundError,
    ReplicationConfigurationNotFoundError,
)
from cloudlet.services.s3.permissions import on_bucket

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api


@operation(
    "GetBucketLifecycleConfiguration", permissions=on_bucket("GetLifecycleConfiguration"), read_only=True
)
def get_bucket_lifecycle_configuration(
    call: Call, request: api.GetBucketLifecycleConfigurationRequestTypeDef
) -> dict[str, Any]:
    """There are no lifecycle rules."""
    raise NoSuchLifecycleConfiguration(
        "The lifecycle configuration does not exist", BucketName=request["Bucket"]
    )


@operation("GetBucketWebsite", permissions=on_bucket("GetBucketWebsite"), read_only=True)
def get_bucket_website(call: Call, request: api.GetBucketWebsiteRequestTypeDef) -> dict[str, Any]:
    """There is no website."""
    raise NoSuchWebsiteConfiguration(
        "The specified bucket does not have a website configuration", BucketName=request["Bucket"]
    )


@operation("GetBucketReplication", permissions=on_bucket("GetReplicationConfiguration"), read_only=True)
def get_bucket_replication(call: Call, request: api.GetBucketReplicationRequestTypeDef) -> dict[str, Any]:
    """There is no replication."""
    raise ReplicationConfigurationNotFoundError(
        "The replication configuration was not found", BucketName=request["Bucket"]
    )


@operation(
    "GetObjectLockConfiguration", permissions=on_bucket("GetBucketObjectLockConfiguration"), read_only=True
)
def get_object_lock_configuration(
    call: Call, request: api.GetObjectLockConfigurationRequestTypeDef
) -> dict[str, Any]:
    """There is no object lock."""
    raise ObjectLockConfigurationNotFoundError(
        "Object Lock configuration does not exist for this bucket", BucketName=request["Bucket"]
    )


@operation("GetBucketLogging", permissions=on_bucket("GetBucketLogging"), read_only=True)
def get_bucket_logging(call: Call, request: api.GetBucketLoggingRequestTypeDef) -> dict[str, Any]:
    """Nothing is logged."""
    state.bucket(call, request["Bucket"])
    return {}


@operation(
    "GetBucketAccelerateConfiguration", permissions=on_bucket("GetAccelerateConfiguration"), read_only=True
)
def get_bucket_accelerate_configuration(
    call: Call, request: api.GetBucketAccelerateConfigurationRequestTypeDef
) -> dict[str, Any]:
    """Nothing is accelerated."""
    state.bucket(call, request["Bucket"])
    return {}


@operation("GetBucketRequestPayment", permissions=on_bucket("GetBucketRequestPayment"), read_only=True)
def get_bucket_request_payment(
    call: Call, request: api.GetBucketRequestPaymentRequestTypeDef
) -> dict[str, Any]:
    """The owner pays."""
    state.bucket(call, request["Bucket"])
    return {"Payer": "BucketOwner"}
