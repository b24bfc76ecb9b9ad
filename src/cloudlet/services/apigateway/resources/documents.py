"""The OpenAPI document of a RestApi in a template: given there, or lying in S3.

Reads it; what it says is for PutRestApi and ImportRestApi.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.apigateway.objects import object_content

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties

_LARGEST_BYTES: Final = 6 * 1024 * 1024


async def find_document(call: Call, properties: Properties) -> bytes | None:
    """The document of an API, or None where it has none. Raises ServiceError as S3 does."""
    if "Body" in properties:
        body = properties["Body"]
        return (body if isinstance(body, str) else json.dumps(body)).encode()
    if "BodyS3Location" not in properties:
        return None
    place = properties["BodyS3Location"]
    request = {"Bucket": place.get("Bucket", ""), "Key": place.get("Key", "")}
    if "Version" in place:
        request["VersionId"] = place["Version"]
    if "ETag" in place:
        request["IfMatch"] = place["ETag"]
    return await object_content(call, request, _LARGEST_BYTES)


def import_settings(properties: Properties) -> dict[str, Any]:
    """How a template wants its document to be read."""
    settings: dict[str, Any] = {}
    if "FailOnWarnings" in properties:
        settings["failOnWarnings"] = str(properties["FailOnWarnings"]).lower() == "true"
    if "Parameters" in properties:
        settings["parameters"] = {name: str(value) for name, value in properties["Parameters"].items()}
    return settings
