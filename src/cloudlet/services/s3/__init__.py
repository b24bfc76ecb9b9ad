"""S3: buckets, objects, versions, multipart uploads."""

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.s3.operations import buckets, listings, objects

__all__ = ["SERVICE"]

SERVICE = Service(
    name="s3",
    operations=operations_in(buckets, listings, objects),
)
