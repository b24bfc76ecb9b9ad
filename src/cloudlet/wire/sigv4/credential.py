"""Who says to have signed a request, read from its Authorization header or its query.

Nothing is verified here. What cannot be read gives None; unsigned.py finds the words for refusing it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from msgspec import Struct

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest

ALGORITHM: Final = "AWS4-HMAC-SHA256"
ASYMMETRIC_ALGORITHM: Final = "AWS4-ECDSA-P256-SHA256"
TERMINATOR: Final = "aws4_request"
_BETWEEN_PARAMETERS: Final = re.compile(r"[,\s]+")


class Kind(Enum):
    """Where the signature of a request is."""

    HEADER = "header"
    PRESIGNED = "presigned"
    VERSION_2 = "presigned with version 2"


class Scope(Struct, frozen=True):
    """What a signature is good for, and which headers it covers."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    credential_scope: str
    """All but the access key and the headers, as it stands in the string to sign."""


class SignedBy(Struct, frozen=True):
    """What a request says about its signer."""

    kind: Kind
    scope: Scope
    timestamp: str
    """X-Amz-Date, or the Date header, as it was sent."""
    signature: str
    session_token: str | None


def parse_scope(credential: str, signed_headers: str) -> Scope | None:
    """The scope; None for a credential that has not five parts. Access keys may contain slashes."""
    parts = credential.rstrip("/").rsplit("/", 4)
    if len(parts) != 5 or not parts[0]:
        return None
    names = tuple(signed_headers.lower().split(";")) if signed_headers else ()
    access_key_id, date, region, service, terminator = parts
    return Scope(access_key_id, date, region, service, terminator, names, "/".join(parts[1:]))


def authorization_parameters(value: str) -> dict[str, str]:
    """The parameters of an Authorization header, without its algorithm."""
    fields = (part.partition("=") for part in _BETWEEN_PARAMETERS.split(value.strip())[1:])
    return {name: text for name, equal_sign, text in fields if equal_sign}


def parse_authorization_scope(head: str) -> Scope | None:
    """The scope in all of an Authorization header but its signature, which alone differs between requests."""
    if head.lstrip().partition(" ")[0] != ALGORITHM:
        return None
    parameters = authorization_parameters(head)
    return parse_scope(parameters.get("Credential", ""), parameters.get("SignedHeaders", ""))


def split_signature(value: str) -> tuple[str, str]:
    """An Authorization header as what is the same for many requests, and the signature."""
    head, _, signature = value.rpartition("Signature=")
    if "," not in signature and " " not in signature:
        return head, signature
    parameters = authorization_parameters(value)
    given = (f"{name}={text}" for name, text in parameters.items() if name != "Signature")
    return f"{value.partition(' ')[0]} {', '.join(given)}", parameters.get("Signature", "")


def query_parameters(query: str) -> dict[str, str]:
    """The decoded parameters of a query; the first of a name counts."""
    parameters: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        parameters.setdefault(unquote(name), unquote(value))
    return parameters


def find_presigned(request: HttpRequest) -> SignedBy | None:
    """Who says to have presigned a URL; None if a parameter is missing or the credential is malformed."""
    parameters = query_parameters(request.query)
    timestamp, signature = parameters.get("X-Amz-Date"), parameters.get("X-Amz-Signature")
    if parameters.get("X-Amz-Algorithm") != ALGORITHM or not timestamp or not signature:
        return None
    scope = parse_scope(parameters.get("X-Amz-Credential", ""), parameters.get("X-Amz-SignedHeaders", ""))
    if scope is None:
        return None
    return SignedBy(Kind.PRESIGNED, scope, timestamp, signature, parameters.get("X-Amz-Security-Token"))
