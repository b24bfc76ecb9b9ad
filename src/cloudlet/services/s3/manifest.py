"""The manifest of S3; it holds no logic."""

from typing import Final

from cloudlet.core.operation import CrossOrigin, Service, operations_in
from cloudlet.services.s3 import cross_origin, state
from cloudlet.services.s3.notifications.delivery import NotificationWorker
from cloudlet.services.s3.operations import (
    attributes,
    buckets,
    configurations,
    copies,
    deletions,
    listings,
    multipart,
    notifications,
    objects,
    policies,
    unconfigured,
)
from cloudlet.services.s3.resources import BucketPolicyType, BucketType
from cloudlet.services.s3.workers import GarbageWorker

SERVICE: Final = Service(
    name="s3",
    operations=operations_in(
        *(buckets, policies, configurations, notifications, unconfigured),
        *(objects, attributes, copies, deletions, listings, multipart),
    ),
    resources=(BucketType(), BucketPolicyType()),
    workers=(GarbageWorker, NotificationWorker),
    blobs_in_use=state.blobs_in_use,
    cross_origin=CrossOrigin(cross_origin.preflight, cross_origin.headers),
)
