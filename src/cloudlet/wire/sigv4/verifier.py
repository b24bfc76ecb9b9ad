"""Verifies signatures: find_credential() first, cheaply, for routing; then verify() or, for S3, verify_s3().

A Verifier keeps signing keys and read scopes in bounded caches of its own. It looks up no secrets.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cloudlet.wire.sigv4 import canonical, s3, streaming, version_2
from cloudlet.wire.sigv4.credential import (
    TERMINATOR,
    Kind,
    SignedBy,
    find_presigned,
    parse_authorization_scope,
    split_signature,
)
from cloudlet.wire.sigv4.family import unknown_access_key

if TYPE_CHECKING:
    from cloudlet.core.http import Body, HttpRequest
    from cloudlet.wire.sigv4.family import Family

MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)


class Verifier:
    """Verifies the signatures of requests."""

    def __init__(self, cached_keys: int = 1024) -> None:
        self._signing_key = lru_cache(cached_keys)(canonical.signing_key)
        self._scope = lru_cache(cached_keys)(parse_authorization_scope)
        self._time = lru_cache(64)(canonical.basic_timestamp)

    def find_credential(self, request: HttpRequest) -> SignedBy | None:
        """Who says to have signed; None if nobody does, or it cannot be read: then raise why_unsigned()."""
        authorization = request.header("authorization")
        presigned = "X-Amz-Algorithm=" in request.query
        if authorization is None:
            if "AWSAccessKeyId=" in request.query and not presigned:
                return version_2.find_presigned(request)
            return find_presigned(request) if presigned else None
        if presigned:
            return None
        head, signature = split_signature(authorization)
        scope = self._scope(head)
        timestamp = request.header("x-amz-date") or request.header("date")
        if scope is None or not signature or not timestamp:
            return None
        return SignedBy(Kind.HEADER, scope, timestamp, signature, request.header("x-amz-security-token"))

    def verify(
        self,
        request: HttpRequest,
        signed_by: SignedBy,
        secret_access_key: str | None,
        *,
        family: Family,
        now: float,
        body: bytes,
    ) -> None:
        """Raises what the family says to a wrong or stale signature. No secret: an unknown access key."""
        timestamp = self._check_time(signed_by, family, now)
        _check_scope(signed_by, timestamp, family)
        text = canonical.canonical_request(
            request,
            signed_by.scope,
            canonical.canonical_path(request.path),
            canonical.canonical_query(request.query),
            hashlib.sha256(body).hexdigest(),
        )
        if ":\n" in text:  # a header that was not sent leaves an empty value
            _check_headers_sent(request, signed_by, family)
        if secret_access_key is None:
            raise unknown_access_key(family)
        to_sign = canonical.string_to_sign(text, timestamp, signed_by.scope)
        signature = canonical.sign(self._key(signed_by, secret_access_key), to_sign)
        if not canonical.is_same_signature(signature, signed_by.signature):
            raise family.mismatch(_explanation(text, to_sign) if family.explains else MISMATCH)

    def verify_s3(
        self, request: HttpRequest, signed_by: SignedBy, secret_access_key: str | None, *, now: float
    ) -> Body:
        """Verifies the headers of a request to S3 and returns its body, without any aws-chunked framing.

        The body verifies itself while it is read: what it holds is proven only when its end has been read.
        """
        if signed_by.kind is Kind.VERSION_2:
            return self._verify_version_2(request, signed_by, secret_access_key, now)
        timestamp = s3.check_time(signed_by, self._time(signed_by.timestamp), request, now)
        s3.check_scope(signed_by, timestamp)
        s3.check_signed_headers(request, signed_by.scope.signed_headers)
        if secret_access_key is None:
            raise s3.unknown_access_key(signed_by.scope.access_key_id)
        payload = s3.declared_payload(request, signed_by)
        text = canonical.canonical_request(
            request,
            signed_by.scope,
            canonical.canonical_path_of_s3(request.path),
            canonical.canonical_query(request.query),
            payload,
        )
        to_sign = canonical.string_to_sign(text, timestamp, signed_by.scope)
        key = self._key(signed_by, secret_access_key)
        if not canonical.is_same_signature(canonical.sign(key, to_sign), signed_by.signature):
            raise s3.signature_does_not_match(signed_by, to_sign, text)
        return streaming.open_body(request, payload, streaming.ChunkSigner(key, timestamp, signed_by))

    def open_s3(self, request: HttpRequest, signed_by: SignedBy, *, now: float) -> Body:
        """As verify_s3(), for a key without a known secret: everything is checked but the signatures."""
        if signed_by.kind is Kind.VERSION_2:
            version_2.check_time(signed_by, now)
            return streaming.open_body(request, s3.UNSIGNED, streaming.NoSecret())
        timestamp = s3.check_time(signed_by, self._time(signed_by.timestamp), request, now)
        s3.check_scope(signed_by, timestamp)
        s3.check_signed_headers(request, signed_by.scope.signed_headers)
        return streaming.open_body(request, s3.declared_payload(request, signed_by), streaming.NoSecret())

    def _verify_version_2(
        self, request: HttpRequest, signed_by: SignedBy, secret_access_key: str | None, now: float
    ) -> Body:
        if secret_access_key is None:
            raise s3.unknown_access_key(signed_by.scope.access_key_id)
        version_2.verify(request, signed_by, secret_access_key, now)
        return streaming.open_body(request, s3.UNSIGNED, streaming.NoSecret())

    def _key(self, signed_by: SignedBy, secret_access_key: str) -> bytes:
        scope = signed_by.scope
        return self._signing_key(secret_access_key, scope.date, scope.region, scope.service, scope.terminator)

    def _check_time(self, signed_by: SignedBy, family: Family, now: float) -> str:
        parsed = self._time(signed_by.timestamp)
        if parsed is None:
            raise family.incomplete(
                f"Date must be in ISO-8601 'basic format'. Got '{signed_by.timestamp}'. "
                "See http://en.wikipedia.org/wiki/ISO_8601"
            )
        timestamp, seconds = parsed
        window = family.skew_minutes * 60
        if seconds < now - window:
            raise family.mismatch(
                f"Signature expired: {timestamp} is now earlier than {canonical.iso_basic(now - window)} "
                f"({canonical.iso_basic(now)} - {family.skew_minutes} min.)"
            )
        if seconds > now + window:
            raise family.mismatch(
                f"Signature not yet current: {timestamp} is still later than "
                f"{canonical.iso_basic(now + window)} "
                f"({canonical.iso_basic(now)} + {family.skew_minutes} min.)"
            )
        return timestamp


def _check_scope(signed_by: SignedBy, timestamp: str, family: Family) -> None:
    scope = signed_by.scope
    if "host" not in scope.signed_headers:
        raise family.mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    problems = ""
    if scope.terminator != TERMINATOR:
        problems += (
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{scope.terminator}'. "
        )
    if scope.date != timestamp[:8]:
        problems += (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{timestamp[:8]}', from '{timestamp}'. "
        )
    if problems:
        raise family.mismatch(problems)


def _check_headers_sent(request: HttpRequest, signed_by: SignedBy, family: Family) -> None:
    for name in signed_by.scope.signed_headers:
        if request.header(name) is None:
            raise family.incomplete(
                f"'{name}' is named as a SignedHeader, but it does not exist in the HTTP request."
            )


def _explanation(text: str, to_sign: str) -> str:
    return (
        f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'{text}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )
