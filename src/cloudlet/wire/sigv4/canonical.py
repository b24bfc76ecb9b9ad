"""The canonical request and the string to sign, rebuilt from a request as it was received.

Nothing here compares signatures or knows secrets but signing_key().
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

from cloudlet.wire.sigv4.credential import ALGORITHM

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.sigv4.credential import Scope

EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()
_UNRESERVED_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?")
_BLANKS: Final = re.compile(r"\s+")
_BASIC_FORMAT: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_HTTP_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})", re.ASCII
)


def canonical_request(request: HttpRequest, scope: Scope, path: str, query: str, payload_sha256: str) -> str:
    """The text whose hash is signed."""
    headers = ""
    for name in scope.signed_headers:
        value = request.header(name) or ""
        if "," in value or "  " in value or "\n" in value:
            value = folded_header(request, name)
        if not value.isascii():
            value = _as_sent(value)
        headers += f"{name}:{value.strip()}\n"
    names = ";".join(scope.signed_headers)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{names}\n{payload_sha256}"


def folded_header(request: HttpRequest, name: str) -> str:
    """A header's value with blanks folded; several lines are joined by commas."""
    lines = (text for key, text in request.headers if key.lower() == name)
    return ",".join(_BLANKS.sub(" ", line.strip()) for line in lines)


def _as_sent(value: str) -> str:
    """A value as its UTF-8 bytes read: the server reads headers as Latin-1, as HTTP has it."""
    try:
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value


def canonical_path(path: str) -> str:
    """The path as every service but S3 signs it: normalized, and encoded once more."""
    if path in ("", "/"):
        return "/"
    if _UNRESERVED_PATH.fullmatch(path):
        return path
    return quote(_without_dots(path), safe="/~", errors="surrogateescape")


def canonical_path_of_s3(path: str) -> str:
    """The path as S3 signs it: neither normalized nor encoded twice, for keys may contain anything."""
    encoded = path.encode("utf-8", "surrogateescape")
    return quote(unquote_to_bytes(encoded), safe="/~") or "/"


def _without_dots(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    normalized = "/" + "/".join(segments)
    return normalized + "/" if segments and path.endswith("/") else normalized


def canonical_query(query: str) -> str:
    """The query's parameters, decoded and encoded anew, in order; without a presigned URL's signature."""
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part and name != "X-Amz-Signature":
            pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join(f"{name}={value}" for name, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("utf-8", "surrogateescape")), safe="~")


def string_to_sign(canonical: str, timestamp: str, scope: Scope) -> str:
    """What the signing key signs; `timestamp` is in basic format."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope.credential_scope}\n{digest}"


def signing_key(secret_access_key: str, date: str, region: str, service: str, terminator: str) -> bytes:
    """The key that signs all requests of a day, region and service."""
    key = ("AWS4" + secret_access_key).encode()
    for part in (date, region, service, terminator):
        key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    """A signature, in hexadecimal."""
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256").hex()


def is_same_signature(calculated: str, provided: str) -> bool:
    """Compares in a time that does not depend on where they differ."""
    return hmac.compare_digest(calculated.encode(), provided.encode("utf-8", "replace"))


def basic_timestamp(text: str) -> tuple[str, float] | None:
    """A time in ISO 8601's basic format, and in seconds since 1970; None if it is neither that nor HTTP's."""
    try:
        if _BASIC_FORMAT.fullmatch(text):
            moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ")
        elif _HTTP_DATE.fullmatch(text):
            moment = parsedate_to_datetime(text)
        else:
            return None
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y%m%dT%H%M%SZ"), timegm(moment.timetuple())


def iso_basic(seconds: float) -> str:
    """As in 20150830T123600Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def iso_extended(seconds: float) -> str:
    """As in 2015-08-30T12:36:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
