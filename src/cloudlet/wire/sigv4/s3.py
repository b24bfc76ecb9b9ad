"""The rules of authentication that only S3 has: clock, presigned URLs, what must be signed, payload names.

Nothing here reads a body; streaming.py does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import AccessDenied, NotImplementedHere
from cloudlet.wire.checksums import InvalidRequest
from cloudlet.wire.sigv4 import errors
from cloudlet.wire.sigv4.canonical import iso_extended
from cloudlet.wire.sigv4.credential import TERMINATOR, Kind, query_parameters

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.sigv4.credential import SignedBy

SKEW_SECONDS: Final = 15 * 60
WEEK_SECONDS: Final = 604_800
MISSING_QUERY_PARAMETERS: Final = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
UNSIGNED_TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_CHUNKS: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_ASYMMETRIC: Final = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
_PAYLOADS: Final = (UNSIGNED, UNSIGNED_TRAILER, SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"\d{8}", re.ASCII)


def check_time(
    signed_by: SignedBy, parsed: tuple[str, float] | None, request: HttpRequest, now: float
) -> str:
    """The time of signing in basic format. Raises what S3 says to a signature of another time."""
    if signed_by.kind is Kind.PRESIGNED:
        return _check_presigned_time(signed_by, parsed, request, now)
    if parsed is None:
        raise AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
    timestamp, seconds = parsed
    if abs(now - seconds) > SKEW_SECONDS:
        raise errors.RequestTimeTooSkewed(
            "The difference between the request time and the current time is too large.",
            RequestTime=signed_by.timestamp,
            ServerTime=iso_extended(now),
            MaxAllowedSkewMilliseconds=SKEW_SECONDS * 1000,
        )
    return timestamp


def _check_presigned_time(
    signed_by: SignedBy, parsed: tuple[str, float] | None, request: HttpRequest, now: float
) -> str:
    expires = _expires(query_parameters(request.query).get("X-Amz-Expires", ""))
    if parsed is None or parsed[0] != signed_by.timestamp:
        raise errors.AuthorizationQueryParametersError(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    timestamp, seconds = parsed
    if seconds > now + SKEW_SECONDS:
        raise AccessDenied("Request is not valid yet")
    if now > seconds + expires:
        members = {"X-Amz-Expires": expires, "Expires": iso_extended(seconds + expires)}
        raise AccessDenied("Request has expired", **members, ServerTime=iso_extended(now))
    return timestamp


def _expires(text: str) -> int:
    if not text:
        raise errors.AuthorizationQueryParametersError(MISSING_QUERY_PARAMETERS)
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires should be a number")
    expires = int(text)
    if expires < 0:
        raise errors.AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if expires > WEEK_SECONDS:
        raise errors.AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
            "less than 604800 seconds"
        )
    return expires


def check_scope(signed_by: SignedBy, timestamp: str) -> None:
    """Raises what S3 says to a credential for another day or service."""
    scope = signed_by.scope
    if not _DATE.fullmatch(scope.date):
        raise _wrong_credential(
            signed_by,
            f'incorrect date format "{scope.date}". This date in the credential must be in the format '
            '"yyyyMMdd".',
        )
    if scope.service != "s3":
        raise _wrong_credential(
            signed_by, f'incorrect service "{scope.service}". This endpoint belongs to "s3".'
        )
    if scope.terminator != TERMINATOR:
        raise _wrong_credential(
            signed_by, f'incorrect terminal "{scope.terminator}". This endpoint uses "{TERMINATOR}".'
        )
    if scope.date != timestamp[:8]:
        raise _other_day(signed_by, timestamp)


def _wrong_credential(signed_by: SignedBy, reason: str) -> ServiceError:
    if signed_by.kind is Kind.PRESIGNED:
        return errors.AuthorizationQueryParametersError(
            f"Error parsing the X-Amz-Credential parameter; {reason}"
        )
    return errors.AuthorizationHeaderMalformed(f"The authorization header is malformed; {reason}")


def _other_day(signed_by: SignedBy, timestamp: str) -> ServiceError:
    if signed_by.kind is Kind.PRESIGNED:
        return errors.AuthorizationQueryParametersError(
            f'Invalid credential date "{signed_by.scope.date}". This date is not the same as X-Amz-Date: '
            f'"{timestamp[:8]}".'
        )
    return errors.AuthorizationHeaderMalformed(
        "The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date."
    )


def check_signed_headers(request: HttpRequest, signed: tuple[str, ...]) -> None:
    """Raises AccessDenied if Host or an x-amz- header is not signed; S3 forgives x-amz-content-sha256."""
    names = {name.lower() for name, _ in request.headers}
    required = {name for name in names if name.startswith("x-amz-")} - {"x-amz-content-sha256"}
    unsigned = (required | {"host"}) - set(signed)
    if unsigned:
        raise AccessDenied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(sorted(unsigned)),
        )


def declared_payload(request: HttpRequest, signed_by: SignedBy) -> str:
    """What stands for the body in the canonical request: its SHA-256, or the name of a way to do without."""
    value = request.header("x-amz-content-sha256")
    if signed_by.kind is Kind.PRESIGNED:
        value = value or query_parameters(request.query).get("X-Amz-Content-Sha256") or UNSIGNED
    if value is None:
        raise InvalidRequest("Missing required header for this request: x-amz-content-sha256")
    if value.startswith(_ASYMMETRIC):
        raise NotImplementedHere(f"Signature Version 4A ({value}) is not verified here.")
    if value not in _PAYLOADS and not _SHA256.fullmatch(value):
        raise errors.InvalidArgument(
            f"x-amz-content-sha256 must be {', '.join(_PAYLOADS)}, {_ASYMMETRIC}, {_ASYMMETRIC}-TRAILER "
            "or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=value,
        )
    return value


def unknown_access_key(access_key_id: str) -> ServiceError:
    """The answer to an access key that nobody has."""
    return errors.InvalidAccessKeyId(
        "The AWS Access Key Id you provided does not exist in our records.", AWSAccessKeyId=access_key_id
    )


def unknown_session_token(token: str) -> ServiceError:
    """The answer to a session token that does not belong to its access key."""
    return errors.InvalidToken("The provided token is malformed or otherwise invalid.", **{"Token-0": token})


def session_token_expired(token: str) -> ServiceError:
    """The answer to a session token past its time."""
    return errors.S3ExpiredToken("The provided token has expired.", **{"Token-0": token})


def signature_does_not_match(
    signed_by: SignedBy, to_sign: str, canonical_request: str | None = None
) -> ServiceError:
    """The answer to a wrong signature, with what should have been signed."""
    members = {
        "AWSAccessKeyId": signed_by.scope.access_key_id,
        "StringToSign": to_sign,
        "SignatureProvided": signed_by.signature,
        "StringToSignBytes": _as_bytes(to_sign),
    }
    if canonical_request is not None:
        members["CanonicalRequest"] = canonical_request
        members["CanonicalRequestBytes"] = _as_bytes(canonical_request)
    return errors.SignatureDoesNotMatch(
        "The request signature we calculated does not match the signature you provided. Check your key and "
        "signing method.",
        **members,
    )


def _as_bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").hex(" ")
