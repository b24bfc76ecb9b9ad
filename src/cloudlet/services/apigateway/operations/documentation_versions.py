"""Operations on documentation versions: all parts of an API as they were once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import DocumentationVersion
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_VERSIONS: Final = f"{API}/documentation/versions"
_VERSION: Final = f"{_VERSIONS}/{{documentationVersion}}"


@rest_operation("CreateDocumentationVersion", _VERSIONS)
def create_documentation_version(
    call: Call, request: api.CreateDocumentationVersionRequestTypeDef
) -> dict[str, Any]:
    """Keeps an API's parts as they are now, and shows them with a stage if one is named."""
    row = state.api(call, request["restApiId"])
    name = request["documentationVersion"]
    if state.find_documentation_version(call, row.id, name) is not None:
        raise ConflictException(f"Documentation version {name} already exists")
    parts = state.list_documentation_parts(call, row.id)
    if not parts:
        raise BadRequestException(f"No documentation parts exist for API {row.id}")
    version = DocumentationVersion(name, call.time(), request.get("description"), parts)
    if request.get("stageName"):
        stage = state.stage(call, row.id, request["stageName"])
        state.save_stage(call, row.id, replace(stage, documentation_version=name))
    state.save_documentation_version(call, row.id, version)
    return _described(version)


@rest_operation("GetDocumentationVersion", _VERSION)
def get_documentation_version(
    call: Call, request: api.GetDocumentationVersionRequestTypeDef
) -> dict[str, Any]:
    """Shows a version, without its parts."""
    return _described(_version(call, request["restApiId"], request["documentationVersion"]))


@rest_operation("GetDocumentationVersions", _VERSIONS)
def get_documentation_versions(
    call: Call, request: api.GetDocumentationVersionsRequestTypeDef
) -> dict[str, Any]:
    """Lists an API's versions."""
    rows = state.list_documentation_versions(call, state.api(call, request["restApiId"]).id)
    return page_of([_described(row) for row in rows], request)


@rest_operation("DeleteDocumentationVersion", _VERSION)
def delete_documentation_version(call: Call, request: api.DeleteDocumentationVersionRequestTypeDef) -> None:
    """Removes a version that no stage shows."""
    row = _version(call, request["restApiId"], request["documentationVersion"])
    for stage in state.list_stages(call, request["restApiId"]):
        if stage.documentation_version == row.version:
            raise BadRequestException(
                f"Documentation version {row.version} is associated with stage {stage.stage_name}"
            )
    state.delete_documentation_version(call, request["restApiId"], row.version)


@rest_operation("UpdateDocumentationVersion", _VERSION)
def update_documentation_version(
    call: Call, request: api.UpdateDocumentationVersionRequestTypeDef
) -> dict[str, Any]:
    """Changes a version's description."""
    row = _version(call, request["restApiId"], request["documentationVersion"])
    for patch in patches_in(request):
        check_listed(patch, ("/description",))
        row = replace(row, description=patch.value or None)
    state.save_documentation_version(call, request["restApiId"], row)
    return _described(row)


def _version(call: Call, api_id: str, version: str) -> DocumentationVersion:
    found = state.find_documentation_version(call, api_id, version)
    if found is None:
        raise NotFoundException("Invalid Documentation version specified")
    return found


def _described(row: DocumentationVersion) -> dict[str, Any]:
    return {name: value for name, value in described(row).items() if name != "parts"}
