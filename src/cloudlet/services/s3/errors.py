"""The error shapes of S3, with the texts that AWS always says them with.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
Nothing here decides when one is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence


class NoSuchBucket(ServiceError):
    """Raised for a bucket that is not there."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The specified bucket does not exist", BucketName=bucket)


class BucketAlreadyExists(ServiceError):
    """Raised for a bucket's name that another account has."""

    status = 409

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "The requested bucket name is not available. The bucket namespace is shared by all users of the "
            "system. Please select a different name and try again.",
            BucketName=bucket,
        )


class BucketAlreadyOwnedByYou(ServiceError):
    """Raised for a bucket that the account has already."""

    status = 409

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "Your previous request to create the named bucket succeeded and you already own it.",
            BucketName=bucket,
        )


class BucketNotEmpty(ServiceError):
    """Raised when a bucket that is to go holds something."""

    status = 409

    def __init__(self, bucket: str, *, versioned: bool) -> None:
        more = " You must delete all versions in the bucket." if versioned else ""
        super().__init__(f"The bucket you tried to delete is not empty.{more}", BucketName=bucket)


class InvalidBucketName(ServiceError):
    """Raised for a text that cannot name a bucket."""

    def __init__(self, bucket: str) -> None:
        super().__init__("The specified bucket is not valid.", BucketName=bucket)


class IllegalLocationConstraintException(ServiceError):
    """Raised when a bucket's region is not the region that was asked."""


class InvalidLocationConstraint(ServiceError):
    """Raised for a region that AWS does not have."""

    def __init__(self, location: str) -> None:
        super().__init__("The specified location-constraint is not valid", LocationConstraint=location)


class AuthorizationHeaderMalformed(ServiceError):
    """Raised for a request that was signed for another region than the bucket's."""

    def __init__(self, signed_region: str, region: str) -> None:
        super().__init__(
            f"The authorization header is malformed; the region '{signed_region}' is wrong; expecting "
            f"'{region}'",
            Region=region,
            BucketRegion=region,
        )


class PermanentRedirect(ServiceError):
    """Raised for a request that was sent to another region's endpoint than the bucket's."""

    status = 301

    def __init__(self, bucket: str, region: str) -> None:
        super().__init__(
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please "
            "send all future requests to this endpoint.",
            Endpoint=f"{bucket}.s3.{region}.amazonaws.com",
            Bucket=bucket,
            BucketRegion=region,
        )


class NoSuchKey(ServiceError):
    """Raised for an object that is not there."""

    status = 404

    def __init__(self, key: str, **members: Any) -> None:
        super().__init__("The specified key does not exist.", Key=key, **members)


class NoSuchVersion(ServiceError):
    """Raised for a version that is not there."""

    status = 404

    def __init__(self, key: str, version_id: str) -> None:
        super().__init__("The specified version does not exist.", Key=key, VersionId=version_id)


class NoSuchUpload(ServiceError):
    """Raised for a multipart upload that is not there."""

    status = 404

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
            "aborted or completed.",
            UploadId=upload_id,
        )


class InvalidPart(ServiceError):
    """Raised when a part that completes an upload is not there, or is another."""

    def __init__(self, upload_id: str, part_number: int, etag: str) -> None:
        super().__init__(
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or "
            "the specified entity tag may not match the part's entity tag.",
            UploadId=upload_id,
            PartNumber=part_number,
            ETag=etag,
        )


class InvalidPartOrder(ServiceError):
    """Raised when the parts that complete an upload do not ascend."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            UploadId=upload_id,
        )


class EntityTooSmall(ServiceError):
    """Raised when a part other than the last is under 5 MiB."""

    def __init__(self, size: int, smallest: int, part_number: int, etag: str) -> None:
        super().__init__(
            "Your proposed upload is smaller than the minimum allowed size",
            ProposedSize=size,
            MinSizeAllowed=smallest,
            PartNumber=part_number,
            ETag=etag,
        )


class EntityTooLarge(ServiceError):
    """Raised for a body beyond what one request may bring."""

    def __init__(self, size: int, largest: int) -> None:
        super().__init__(
            "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=size,
            MaxSizeAllowed=largest,
        )


class KeyTooLongError(ServiceError):
    """Raised for a key beyond 1,024 bytes."""

    def __init__(self, size: int) -> None:
        super().__init__("Your key is too long", Size=size, MaxSizeAllowed=1024)


class MetadataTooLarge(ServiceError):
    """Raised for user metadata beyond 2 KiB."""

    def __init__(self, size: int) -> None:
        super().__init__(
            "Your metadata headers exceed the maximum allowed metadata size", Size=size, MaxSizeAllowed=2048
        )


class InvalidRange(ServiceError):
    """Raised for a range that begins beyond the object's end."""

    status = 416

    def __init__(self, requested: str, size: int) -> None:
        super().__init__(
            "The requested range is not satisfiable", RangeRequested=requested, ActualObjectSize=size
        )


class InvalidPartNumber(ServiceError):
    """Raised for a part that the object does not have."""

    status = 416

    def __init__(self, requested: int, count: int) -> None:
        super().__init__(
            "The requested partnumber is not satisfiable",
            PartNumberRequested=requested,
            ActualPartCount=count,
        )


class NotModified(ServiceError):
    """Raised when the client has already what it asks for."""

    status = 304

    def __init__(self, **headers: Any) -> None:
        super().__init__("Not Modified", **headers)


class PreconditionFailed(ServiceError):
    """Raised when a condition of the request does not hold."""

    status = 412

    def __init__(self, condition: str) -> None:
        super().__init__("At least one of the pre-conditions you specified did not hold", Condition=condition)


class MethodNotAllowed(ServiceError):
    """Raised for what cannot be done to a delete marker."""

    status = 405

    def __init__(self, method: str, resource_type: str, **members: Any) -> None:
        super().__init__(
            "The specified method is not allowed against this resource.",
            Method=method,
            ResourceType=resource_type,
            **members,
        )


class InvalidArgument(ServiceError):
    """Raised for a parameter with an impossible value."""

    def __init__(self, message: str, name: str, value: Any = None) -> None:
        members = {} if value is None else {"ArgumentValue": value}
        super().__init__(message, ArgumentName=name, **members)


class NotificationArgument(ServiceError):
    """Raised for a notification configuration that contradicts itself."""

    code = "InvalidArgument"


class UnusableDestinations(ServiceError):
    """Raised for destinations of notifications that cannot be told, with the reason for each."""

    code = "InvalidArgument"

    def __init__(self, reasons: Sequence[tuple[str, str]]) -> None:
        members: dict[str, str] = {}
        for number, (destination, reason) in enumerate(reasons, start=1):
            members |= {f"ArgumentName{number}": destination, f"ArgumentValue{number}": reason}
        super().__init__("Unable to validate the following destination configurations", **members)


class InvalidRequest(ServiceError):
    """Raised for a request that makes no sense."""


class InvalidEncryptionAlgorithmError(ServiceError):
    """Raised for a client's own key that is to be used otherwise than by AES256."""

    def __init__(self, algorithm: str) -> None:
        super().__init__(
            "The Encryption request you specified is not valid. Supported value: AES256.",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=algorithm,
        )


class AccessDeniedByKey(ServiceError):
    """Raised for a client's own key that is not the one the object was stored with."""

    code = "AccessDenied"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct "
            "secret key."
        )


class BadDigest(ServiceError):
    """Raised when a body is not what the checksum sent with it says."""


class MalformedXML(ServiceError):
    """Raised for a document that S3 does not understand."""

    def __init__(self) -> None:
        super().__init__(
            "The XML you provided was not well-formed or did not validate against our published schema"
        )


class MalformedPolicy(ServiceError):
    """Raised for a bucket policy that S3 does not accept."""


class NoSuchBucketPolicy(ServiceError):
    """Raised for a bucket without a policy."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The bucket policy does not exist", BucketName=bucket)


class InvalidTag(ServiceError):
    """Raised for a tag that S3 does not accept."""


class BadRequest(ServiceError):
    """Raised for too many tags, and for preflights that do not say enough."""


class AccessForbidden(ServiceError):
    """Raised to a browser that asks for a page of an origin that no rule lets in."""

    status = 403


class NoSuchTagSet(ServiceError):
    """Raised for a bucket without tags."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The TagSet does not exist", BucketName=bucket)


class NoSuchCORSConfiguration(ServiceError):
    """Raised for a bucket without rules for other origins."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The CORS configuration does not exist", BucketName=bucket)


class NoSuchPublicAccessBlockConfiguration(ServiceError):
    """Raised for a bucket whose public access block was removed."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The public access block configuration was not found", BucketName=bucket)


class IllegalVersioningConfigurationException(ServiceError):
    """Raised for a versioning configuration that says neither Enabled nor Suspended."""

    def __init__(self) -> None:
        super().__init__("The Versioning element must be specified")


class AccessControlListNotSupported(ServiceError):
    """Raised for access control lists of a bucket whose owner owns all in it."""

    def __init__(self) -> None:
        super().__init__("The bucket does not allow ACLs")


class NotConfigured(ServiceError):
    """Raised for a configuration that a bucket does not have; each has a code of its own below."""

    status = 404


class NoSuchLifecycleConfiguration(NotConfigured):
    """Raised for a bucket without lifecycle rules."""


class NoSuchWebsiteConfiguration(NotConfigured):
    """Raised for a bucket that is no website."""


class ReplicationConfigurationNotFoundError(NotConfigured):
    """Raised for a bucket that is not replicated."""


class ObjectLockConfigurationNotFoundError(NotConfigured):
    """Raised for a bucket without object lock."""


class InvalidStorageClass(ServiceError):
    """Raised for a storage class that S3 does not have."""

    def __init__(self) -> None:
        super().__init__("The storage class you specified is not valid")
