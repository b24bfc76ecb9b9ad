"""x-amazon-apigateway-documentation as documentation parts.

https://docs.aws.amazon.com/apigateway/latest/api/API_DocumentationPartLocation.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import DocumentationLocation

from .document import Document, mapping, sequence, text

EXTENSION: Final = "x-amazon-apigateway-documentation"
_RESOURCE: Final = ("path",)
_METHOD: Final = ("path", "method")
_RESPONSE: Final = ("path", "method", "statusCode")
MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "API": (),
    "AUTHORIZER": ("name",),
    "MODEL": ("name",),
    "RESOURCE": _RESOURCE,
    "METHOD": _METHOD,
    "PATH_PARAMETER": (*_METHOD, "name"),
    "QUERY_PARAMETER": (*_METHOD, "name"),
    "REQUEST_HEADER": (*_METHOD, "name"),
    "REQUEST_BODY": _METHOD,
    "RESPONSE": _RESPONSE,
    "RESPONSE_HEADER": (*_RESPONSE, "name"),
    "RESPONSE_BODY": _RESPONSE,
}
"""What a location of each type has beside its type."""
_DEFAULTS: Final = {"path": "/", "method": "*", "statusCode": "*"}


def location(given: Mapping[str, Any]) -> DocumentationLocation:
    """A location with what is understood where it is not given."""
    members = MEMBERS.get(str(given.get("type")), ())
    known = {name: text(given.get(name)) or _DEFAULTS.get(name) for name in members}
    return DocumentationLocation(
        str(given.get("type")),
        known.get("path"),
        known.get("method"),
        known.get("statusCode"),
        known.get("name"),
    )


def parts_in(document: Document) -> list[tuple[DocumentationLocation, str]]:
    """The parts that a document has, as locations and JSON."""
    parts = sequence(mapping(document.get(EXTENSION)).get("documentationParts"))
    return [
        (location(part["location"]), json.dumps(part.get("properties") or {}))
        for part in parts
        if isinstance(part, Mapping) and isinstance(part.get("location"), Mapping)
    ]
