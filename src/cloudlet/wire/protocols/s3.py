"""What S3 does otherwise than other rest-xml services: error documents, roots of answers, request ids.

The botocore model leaves these out because no client of botocore's looks at them; other SDKs do.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.ids import host_id
from cloudlet.wire.protocols.protocol import ErrorAnswer, Members
from cloudlet.wire.protocols.query import write_error_members
from cloudlet.wire.protocols.rest_xml import XML, RestXmlProtocol
from cloudlet.wire.protocols.scalars import write_http_date, write_iso8601_milliseconds
from cloudlet.wire.protocols.xml import escape

if TYPE_CHECKING:
    from cloudlet.core.http import Headers, HttpResponse
    from cloudlet.wire.model import Operation, ServiceModel, Shape

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

_ROOTS: Final = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}

_WITHOUT_CONTENT: Final = frozenset({"PutBucketPolicy", "PutBucketTagging"})
"""Operations that answer 204 although the model says nothing of it."""

_ERROR_HEADERS: Final = {
    "Allow": "Allow",
    "BucketRegion": "x-amz-bucket-region",
    "DeleteMarker": "x-amz-delete-marker",
    "ETagOfObject": "ETag",
    "LastModified": "Last-Modified",
    "VersionIdOfMarker": "x-amz-version-id",
}
"""The members of errors that travel in headers."""

_PAYLOADS: Final = {"ObjectLockLegalHold": "LegalHold", "ObjectLockRetention": "Retention"}


class S3Protocol(RestXmlProtocol):
    """S3's REST XML."""

    internal_failure = "InternalError"
    unknown_operation = ("MethodNotAllowed", 405)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.xml.write_timestamps_by(write_iso8601_milliseconds)

    def id_headers(self, request_id: str) -> Headers:
        """The headers that name the request."""
        return [("x-amz-id-2", host_id(request_id)), ("x-amz-request-id", request_id)]

    def map_key(self, key: str) -> str:
        """A key of the user's metadata, which S3 keeps in lower case."""
        return key.lower()

    def root_name(self, operation: Operation, shape: Shape) -> str:
        """The name of the element around the members of an answer."""
        return _ROOTS.get(operation.name) or super().root_name(operation, shape)

    def root_attributes(self, shape: Shape) -> str:
        """The attributes of the element around an answer, with the space before them."""
        return f' xmlns="{NAMESPACE}"'

    def body_writer(
        self, operation: Operation, shape: Shape
    ) -> Callable[[Members], tuple[str | None, bytes]]:
        """What writes the members that travel in the body, with its content type."""
        if operation.name == "GetBucketLocation":
            return self._write_location
        return super().body_writer(operation, shape)

    def payload_name(self, shape: Shape, member_name: str) -> str:
        """The name of the element that a payload is."""
        return _PAYLOADS.get(shape.name) or shape.location_name or shape.name

    def _write_location(self, result: Members) -> tuple[str | None, bytes]:
        # The one answer whose root holds a text; for us-east-1 it is empty.
        text = escape(result.get("LocationConstraint") or "")
        return (
            XML,
            f'{self.declaration}<LocationConstraint xmlns="{NAMESPACE}">{text}</LocationConstraint>'.encode(),
        )

    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer; one with a part of an object says so by its status."""
        response = super().serialize(operation, result, request_id)
        if "ContentRange" in result:
            response.status = 206
        elif operation in _WITHOUT_CONTENT:
            response.status = 204
        return response

    def error_headers(self, answer: ErrorAnswer) -> Headers:
        """What an error says in headers rather than in its document."""
        return [
            (_ERROR_HEADERS[name], _header_text(value))
            for name, value in answer.members.items()
            if name in _ERROR_HEADERS
        ]

    def error_body(self, answer: ErrorAnswer, request_id: str) -> tuple[str | None, bytes]:
        """The document of an error, with its content type."""
        if answer.status == 304:
            return None, b""
        out = [f"{self.declaration}<Error>"]
        inside = {name: value for name, value in answer.members.items() if name not in _ERROR_HEADERS}
        write_error_members(out, self.xml, replace(answer, members=inside))
        out.append(
            f"<RequestId>{escape(request_id)}</RequestId><HostId>{host_id(request_id)}</HostId></Error>"
        )
        return XML, "".join(out).encode()


def _header_text(value: Any) -> str:
    if isinstance(value, datetime):
        return write_http_date(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
