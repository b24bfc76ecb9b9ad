"""Operations on resources: the paths of an API."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import Resource
from cloudlet.services.apigateway.pages import page_after
from cloudlet.services.apigateway.patches import Patch, check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, RESOURCE, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_PART: Final = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")


@rest_operation("CreateResource", f"{RESOURCE.replace('{resourceId}', '{parentId}')}")
def create_resource(call: Call, request: api.CreateResourceRequestTypeDef) -> dict[str, Any]:
    """Makes a resource below another one."""
    api_id, part = request["restApiId"], request["pathPart"]
    parent = resource_state.resource(call, api_id, request["parentId"])
    check_part(part)
    check_place(parent, part, resource_state.rivals(call, api_id, parent, part))
    row = Resource(call.ids.lower(6), _below(parent, part), parent.id, part)
    resource_state.save_resource(call, api_id, row)
    return _described(row, ())


@rest_operation("GetResource", RESOURCE)
def get_resource(call: Call, request: api.GetResourceRequestTypeDef) -> dict[str, Any]:
    """Shows a resource."""
    row = resource_state.resource(call, request["restApiId"], request["resourceId"])
    return _described(row, request.get("embed", ()))


@rest_operation("GetResources", f"{API}/resources")
def get_resources(call: Call, request: api.GetResourcesRequestTypeDef) -> dict[str, Any]:
    """Lists an API's resources by path."""
    api_id, embed = state.api(call, request["restApiId"]).id, request.get("embed", ())

    def rows_after(path: str | None, limit: int) -> dict[str, dict[str, Any]]:
        rows = resource_state.resources_after(call, api_id, path, limit)
        return {row.path: _described(row, embed) for row in rows}

    return page_after(rows_after, request)


@rest_operation("DeleteResource", RESOURCE)
def delete_resource(call: Call, request: api.DeleteResourceRequestTypeDef) -> None:
    """Removes a resource and those below it."""
    api_id = request["restApiId"]
    row = resource_state.resource(call, api_id, request["resourceId"])
    if row.parent_id is None:
        raise BadRequestException("Root resource cannot be deleted.")
    for each in (row, *resource_state.descendants(call, api_id, row)):
        resource_state.delete_resource(call, api_id, each)


@rest_operation("UpdateResource", RESOURCE)
def update_resource(call: Call, request: api.UpdateResourceRequestTypeDef) -> dict[str, Any]:
    """Renames a resource, or hangs it below another one."""
    api_id = request["restApiId"]
    row = resource_state.resource(call, api_id, request["resourceId"])
    for patch in patches_in(request):
        row = _patched(call, api_id, row, patch)
    return _described(row, ())


def _patched(call: Call, api_id: str, row: Resource, patch: Patch) -> Resource:
    check_listed(patch, ("/parentId", "/pathPart"))
    if row.parent_id is None:
        raise BadRequestException(f"Root resource cannot update its {patch.parts[0]}.")
    below = resource_state.descendants(call, api_id, row)
    if patch.path == "/parentId":
        parent = resource_state.resource(call, api_id, patch.text)
        if parent.id == row.id or parent.id in {each.id for each in below}:
            raise BadRequestException("Resources cannot be cyclical.")
        part = row.path_part or ""
    else:
        parent, part = resource_state.resource(call, api_id, row.parent_id), patch.text
        check_part(part)
    check_place(parent, part, resource_state.rivals(call, api_id, parent, part, but=row.id))
    moved = replace(row, parent_id=parent.id, path_part=part, path=_below(parent, part))
    for each in (row, *below):
        resource_state.delete_resource(call, api_id, each)
    for each in (moved, *(_moved(each, row, moved) for each in below)):
        resource_state.save_resource(call, api_id, each)
    return moved


def _moved(row: Resource, before: Resource, after: Resource) -> Resource:
    return replace(row, path=after.path + row.path[len(before.path) :])


def check_part(part: str) -> None:
    """Raises BadRequestException for what cannot stand between two slashes."""
    if not _PART.fullmatch(part):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces "
            "at the beginning and the end."
        )


def check_place(parent: Resource, part: str, siblings: Collection[str]) -> None:
    """Raises BadRequestException or ConflictException where a part cannot stand among siblings."""
    if parent.path_part is not None and parent.path_part.endswith("+}"):
        raise BadRequestException(
            f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
        )
    if part in siblings:
        raise ConflictException(f"Another resource with the same parent already has this name: {part}")
    variable = next((each for each in siblings if each.startswith("{")), None)
    if part.startswith("{") and variable is not None:
        raise BadRequestException(
            f"A sibling ({variable}) of this resource already has a variable path part -- only one is allowed"
        )


def _below(parent: Resource, part: str) -> str:
    return f"{parent.path.rstrip('/')}/{part}"


def _described(row: Resource, embed: Any) -> dict[str, Any]:
    members = {name: value for name, value in described(row).items() if name != "methods"}
    if row.methods:
        whole = "methods" in embed
        members["resourceMethods"] = {
            name: described(method) if whole else {} for name, method in row.methods.items()
        }
    return members
