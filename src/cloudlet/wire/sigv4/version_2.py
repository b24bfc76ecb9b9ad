"""Signature Version 2 of S3 in presigned URLs: what boto3 and the aws command presign with by default.

Only the form in the query; a Version 2 Authorization header is refused, as new buckets refuse it.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import AccessDenied
from cloudlet.wire.sigv4 import s3
from cloudlet.wire.sigv4.canonical import folded_header, is_same_signature, iso_extended
from cloudlet.wire.sigv4.credential import Kind, Scope, SignedBy, query_parameters
from cloudlet.wire.virtual_host import path_style

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest

_SUBRESOURCES: Final = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle",
        "location", "logging", "metrics", "notification", "object-lock", "partNumber", "policy",
        "replication", "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "select", "select-type", "storageClass", "tagging", "torrent",
        "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip
"""The parameters of the query that are signed."""


def find_presigned(request: HttpRequest) -> SignedBy | None:
    """Who says to have presigned a URL; None if a parameter is missing. It names no region."""
    parameters = query_parameters(request.query)
    key, expires = parameters.get("AWSAccessKeyId"), parameters.get("Expires")
    signature = parameters.get("Signature")
    if not key or not expires or not signature:
        return None
    scope = Scope(key, "", "", "s3", "", (), "")
    return SignedBy(Kind.VERSION_2, scope, expires, signature, parameters.get("x-amz-security-token"))


def check_time(signed_by: SignedBy, now: float) -> None:
    """Raises AccessDenied for a URL past its time."""
    if not re.fullmatch(r"[0-9]{1,12}", signed_by.timestamp):
        raise AccessDenied(f"Invalid date (should be seconds since epoch): {signed_by.timestamp}")
    expires = int(signed_by.timestamp)
    if now > expires:
        raise AccessDenied("Request has expired", Expires=iso_extended(expires), ServerTime=iso_extended(now))


def verify(request: HttpRequest, signed_by: SignedBy, secret_access_key: str, now: float) -> None:
    """Raises AccessDenied or SignatureDoesNotMatch."""
    check_time(signed_by, now)
    to_sign = string_to_sign(request, signed_by.timestamp)
    digest = hmac.new(secret_access_key.encode(), to_sign.encode("utf-8", "surrogateescape"), hashlib.sha1)
    if not is_same_signature(base64.b64encode(digest.digest()).decode(), signed_by.signature):
        raise s3.signature_does_not_match(signed_by, to_sign)


def string_to_sign(request: HttpRequest, expires: str) -> str:
    """What is signed. Headers that begin with x-amz- may stand in the query instead."""
    parameters = query_parameters(request.query)
    sent = {name.lower() for name, _ in request.headers}
    headers = {name: folded_header(request, name) for name in sent if name.startswith("x-amz-")}
    headers |= {name.lower(): text for name, text in parameters.items() if name.lower().startswith("x-amz-")}
    canonical = "".join(f"{name}:{text}\n" for name, text in sorted(headers.items()))
    md5, kind = (request.header(name) or parameters.get(name, "") for name in ("content-md5", "content-type"))
    return f"{request.method}\n{md5}\n{kind}\n{expires}\n{canonical}{_resource(request, parameters)}"


def _resource(request: HttpRequest, parameters: dict[str, str]) -> str:
    bare = {part for part in request.query.split("&") if "=" not in part}
    signed = sorted(name for name in parameters if name in _SUBRESOURCES)
    texts = [name if name in bare else f"{name}={parameters[name]}" for name in signed]
    path = path_style(request).path
    return f"{path}?{'&'.join(texts)}" if texts else path
