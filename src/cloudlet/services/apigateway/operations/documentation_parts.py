"""Operations on documentation parts: what is said about the things of an API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.documentable import covers, locations
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import DocumentationLocation, DocumentationPart
from cloudlet.services.apigateway.openapi import documentation
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_PARTS: Final = f"{API}/documentation/parts"
_PART: Final = f"{_PARTS}/{{documentationPartId}}"


@rest_operation("CreateDocumentationPart", _PARTS)
def create_documentation_part(
    call: Call, request: api.CreateDocumentationPartRequestTypeDef
) -> dict[str, Any]:
    """Says something about a thing of an API."""
    row = state.api(call, request["restApiId"])
    location = documentation.location(request["location"])
    if not request["properties"]:
        raise BadRequestException("Documentation part properties must be non-empty")
    if any(each.location == location for each in state.list_documentation_parts(call, row.id)):
        raise ConflictException(
            "Documentation part already exists for the specified location: " + _words(request["location"])
        )
    part = DocumentationPart(call.ids.lower(6), location, request["properties"])
    state.save_documentation_part(call, row.id, part)
    return described(part)


@rest_operation("GetDocumentationPart", _PART)
def get_documentation_part(call: Call, request: api.GetDocumentationPartRequestTypeDef) -> dict[str, Any]:
    """Shows a part."""
    return described(_part(call, request["restApiId"], request["documentationPartId"]))


@rest_operation("GetDocumentationParts", _PARTS)
def get_documentation_parts(call: Call, request: api.GetDocumentationPartsRequestTypeDef) -> dict[str, Any]:
    """Lists an API's parts, or those about some of its things."""
    row = state.api(call, request["restApiId"])
    parts = sorted(state.list_documentation_parts(call, row.id), key=_place)
    if request.get("locationStatus") == "UNDOCUMENTED":
        said = [part.location for part in parts]
        wanted = [each for each in locations(state.snapshot_of(call, row)) if _asked(request, each)]
        missing = [each for each in wanted if not any(covers(known, each) for known in said)]
        return page_of([{"location": described(each)} for each in missing], request)
    return page_of([described(part) for part in parts if _asked(request, part.location)], request)


@rest_operation("DeleteDocumentationPart", _PART)
def delete_documentation_part(call: Call, request: api.DeleteDocumentationPartRequestTypeDef) -> None:
    """Removes a part."""
    row = state.api(call, request["restApiId"])
    part = _part(call, row.id, request["documentationPartId"])
    state.delete_documentation_part(call, row.id, part.id)


@rest_operation("UpdateDocumentationPart", _PART)
def update_documentation_part(
    call: Call, request: api.UpdateDocumentationPartRequestTypeDef
) -> dict[str, Any]:
    """Says something else about the same thing."""
    part = _part(call, request["restApiId"], request["documentationPartId"])
    for patch in patches_in(request):
        check_listed(patch, ("/properties",))
        if not patch.value:
            raise BadRequestException("Documentation part properties must be non-empty")
        part = replace(part, properties=patch.value)
    state.save_documentation_part(call, request["restApiId"], part)
    return described(part)


def _part(call: Call, api_id: str, part_id: str) -> DocumentationPart:
    found = state.find_documentation_part(call, api_id, part_id)
    if found is None:
        raise NotFoundException("Invalid Documentation part identifier specified")
    return found


def _asked(request: api.GetDocumentationPartsRequestTypeDef, location: DocumentationLocation) -> bool:
    return (
        request.get("type") in (None, location.type)
        and request.get("path") in (None, location.path)
        and request.get("nameQuery", "") in (location.name or "")
    )


def _place(part: DocumentationPart) -> tuple[str, ...]:
    where = part.location
    return where.type, where.path or "", where.method or "", where.status_code or "", where.name or ""


def _words(location: Any) -> str:
    return ", ".join(f"{name}: '{value}'" for name, value in location.items())
