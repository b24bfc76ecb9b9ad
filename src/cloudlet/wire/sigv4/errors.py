"""The error shapes of authentication, named as AWS names them.

Which service answers with which of them is in family.py; nothing here decides.

    ServiceError
    +-- json       *Exception, status 400           DynamoDB and most services of the JSON protocols
    +-- rest-json  *Exception, status 403           Lambda, API Gateway
    +-- query      without the suffix, mostly 403   IAM, STS, SQS, SNS, CloudFormation
    +-- S3         its own
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class InvalidSignatureException(ServiceError):
    """Raised when a signature is wrong or too old."""


class IncompleteSignatureException(ServiceError):
    """Raised when an Authorization header lacks a part or has a malformed one."""


class MissingAuthenticationTokenException(ServiceError):
    """Raised for a request without a signature."""


class UnrecognizedClientException(ServiceError):
    """Raised for an access key or session token that nobody has."""


class ExpiredTokenException(ServiceError):
    """Raised for a session token past its time."""


class RestInvalidSignature(InvalidSignatureException):
    """As InvalidSignatureException, as services of the rest-json protocol answer it."""

    code = "InvalidSignatureException"
    status = 403


class RestIncompleteSignature(IncompleteSignatureException):
    """As IncompleteSignatureException, as services of the rest-json protocol answer it."""

    code = "IncompleteSignatureException"
    status = 403


class RestMissingAuthenticationToken(MissingAuthenticationTokenException):
    """As MissingAuthenticationTokenException, as services of the rest-json protocol answer it."""

    code = "MissingAuthenticationTokenException"
    status = 403


class RestUnrecognizedClient(UnrecognizedClientException):
    """As UnrecognizedClientException, as services of the rest-json protocol answer it."""

    code = "UnrecognizedClientException"
    status = 403


class RestExpiredToken(ExpiredTokenException):
    """As ExpiredTokenException, as services of the rest-json protocol answer it."""

    code = "ExpiredTokenException"
    status = 403


class SignatureDoesNotMatch(ServiceError):
    """Raised when a signature is wrong (query, S3) or too old (query)."""

    status = 403


class IncompleteSignature(ServiceError):
    """Raised when an Authorization header lacks a part or has a malformed one (query)."""


class MissingAuthenticationToken(ServiceError):
    """Raised for a request without a signature (query)."""

    status = 403


class InvalidClientTokenId(ServiceError):
    """Raised for an access key or session token that nobody has (query)."""

    status = 403


class ExpiredToken(ServiceError):
    """Raised for a session token past its time (query)."""

    status = 403


class S3ExpiredToken(ServiceError):
    """Raised for a session token past its time (S3)."""

    code = "ExpiredToken"


class InvalidAccessKeyId(ServiceError):
    """Raised for an access key that nobody has (S3)."""

    status = 403


class InvalidToken(ServiceError):
    """Raised for a session token that belongs to no access key (S3)."""


class InvalidArgument(ServiceError):
    """Raised for an authentication header with an impossible value (S3)."""


class AuthorizationHeaderMalformed(ServiceError):
    """Raised for an Authorization header that cannot be read (S3)."""


class AuthorizationQueryParametersError(ServiceError):
    """Raised for a presigned URL that cannot be read (S3)."""


class RequestTimeTooSkewed(ServiceError):
    """Raised for a request signed more than 15 minutes ago or ahead (S3)."""

    status = 403


class XAmzContentSHA256Mismatch(ServiceError):
    """Raised when a body is not what its signed hash says (S3)."""


class MissingContentLength(ServiceError):
    """Raised for an upload that does not say its size (S3)."""

    status = 411


class IncompleteBody(ServiceError):
    """Raised when the framing of an aws-chunked body is broken, or its size is not as announced (S3)."""


class InvalidChunkSizeError(ServiceError):
    """Raised when a chunk under 8 KiB is not the last one (S3)."""


class MalformedTrailerError(ServiceError):
    """Raised when the trailer of an aws-chunked body is not the announced one (S3)."""
