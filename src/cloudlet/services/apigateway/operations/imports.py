"""Operations that take an API, or a part of one, from a document."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state, usage_state
from cloudlet.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from cloudlet.services.apigateway.model import EndpointConfiguration, Resource, RestApi
from cloudlet.services.apigateway.operations.api_keys import make_key
from cloudlet.services.apigateway.operations.rest_apis import new_endpoint, shown_api
from cloudlet.services.apigateway.permissions import API, rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

    from cloudlet.services.apigateway.openapi.definition import Definition

_BASE_PATH_MODES: Final = ("ignore", "prepend", "split")
_INVALID: Final = "Invalid OpenAPI input."
_LARGE_BYTES: Final = 32 * 1024
_NO_IMPORTER: Final = "Unable to build importer with provided input."


@rest_operation("ImportRestApi", "/restapis")
async def import_rest_api(call: Call, request: api.ImportRestApiRequestTypeDef) -> dict[str, Any]:
    """Makes an API of a document."""
    from cloudlet.services.apigateway.openapi.applying import apply_definition  # noqa: PLC0415  start time

    row = RestApi(
        id=call.ids.lower(10),
        name="",
        created_date=call.time(),
        root_resource_id=call.ids.lower(10),
        endpoint_configuration=_endpoint(request.get("parameters", {})),
    )
    definition = await _read(request, row.id)

    def make(inner: Call) -> RestApi:
        state.save_api(inner, row)
        resource_state.save_resource(inner, row.id, Resource(row.root_resource_id, "/"))
        return apply_definition(inner, row, definition, overwrite=True)

    made = await call.transact(make)
    return {**shown_api(made), **_warned(definition)}


@rest_operation("PutRestApi", API)
async def put_rest_api(call: Call, request: api.PutRestApiRequestTypeDef) -> dict[str, Any]:
    """Puts a document in the place of an API, or merges it into one."""
    from cloudlet.services.apigateway.openapi.applying import apply_definition  # noqa: PLC0415  start time

    api_id = request["restApiId"]
    await call.transact(lambda inner: state.api(inner, api_id), read_only=True)
    definition = await _read(request, api_id)
    overwrite = request.get("mode", "merge") == "overwrite"

    def put(inner: Call) -> RestApi:
        return apply_definition(inner, state.api(inner, api_id), definition, overwrite=overwrite)

    row = await call.transact(put)
    return {"tags": {}, **shown_api(row), **_warned(definition)}


@rest_operation("ImportDocumentationParts", f"{API}/documentation/parts")
def import_documentation_parts(
    call: Call, request: api.ImportDocumentationPartsRequestTypeDef
) -> dict[str, Any]:
    """Takes the documentation parts of a document, not the API in it."""
    from cloudlet.services.apigateway.openapi.applying import save_documentation  # noqa: PLC0415  start time
    from cloudlet.services.apigateway.openapi.document import InvalidDocument, parse  # noqa: PLC0415  as above
    from cloudlet.services.apigateway.openapi.documentation import parts_in  # noqa: PLC0415  as above

    row = state.api(call, request["restApiId"])
    try:
        parts = parts_in(parse(_bytes(request["body"])))
    except InvalidDocument:
        raise BadRequestException(_NO_IMPORTER) from None
    if request.get("mode", "merge") == "overwrite":
        for part in state.list_documentation_parts(call, row.id):
            state.delete_documentation_part(call, row.id, part.id)
    return {"ids": save_documentation(call, row.id, parts)}


@rest_operation("ImportApiKeys", "/apikeys")
def import_api_keys(call: Call, request: api.ImportApiKeysRequestTypeDef) -> dict[str, Any]:
    """Makes API keys of lines with commas, and puts them into the usage plans that the lines name.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html
    """
    ids, warnings = [], []
    for number, line in enumerate(_lines(_bytes(request["body"])), 2):
        try:
            ids.append(_import_key(call, line))
        except (BadRequestException, ConflictException, NotFoundException) as error:
            warnings.append(f"Line {number}: {error.message}")
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("\n\t".join(["Warnings found during import:", *warnings]))
    return {"ids": ids, "warnings": warnings}


def _import_key(call: Call, line: Mapping[str, str]) -> str:
    plans = [
        usage_state.plan(call, each.strip())
        for each in line.get("usageplanids", "").split(",")
        if each.strip()
    ]
    key = make_key(
        call,
        {
            "name": line.get("name", ""),
            "value": line.get("key", ""),
            "description": line.get("description") or None,
            "enabled": line.get("enabled", "true").strip().lower() == "true",
        },
    )
    for plan in plans:
        usage_state.add_to_plan(call, plan.id, key)
    return key.id


def _lines(body: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig")), skipinitialspace=True)
        lines = [
            {(name or "").strip().lower(): value or "" for name, value in line.items()} for line in reader
        ]
    except (UnicodeDecodeError, csv.Error, AttributeError):
        raise BadRequestException("Invalid API Key file: it is not text with commas") from None
    names = {(name or "").strip().lower() for name in reader.fieldnames or ()}
    for wanted in ("name", "key"):
        if wanted not in names:
            raise BadRequestException(f"Invalid API Key file: the column '{wanted}' is missing")
    return lines


async def _read(request: Mapping[str, Any], api_id: str) -> Definition:
    from cloudlet.services.apigateway.openapi.document import InvalidDocument  # noqa: PLC0415  start time
    from cloudlet.services.apigateway.openapi.reading import read_definition  # noqa: PLC0415  as above

    parameters = request.get("parameters", {})
    mode = parameters.get("basepath", "ignore")
    if mode not in _BASE_PATH_MODES:
        raise BadRequestException(f"Invalid basepath mode. Must be one of: [{', '.join(_BASE_PATH_MODES)}]")
    body, ignored = _bytes(request["body"]), parameters.get("ignore", "")
    try:
        if len(body) > _LARGE_BYTES:
            # A large document takes long to read, YAML above all.
            definition = await asyncio.to_thread(read_definition, body, api_id, mode, ignored)
        else:
            definition = read_definition(body, api_id, mode, ignored)
    except InvalidDocument:
        raise BadRequestException(_INVALID) from None
    if definition.warnings and request.get("failOnWarnings"):
        raise BadRequestException("\n\t".join(["Warnings found during import:", *definition.warnings]))
    return definition


def _endpoint(parameters: Mapping[str, str]) -> EndpointConfiguration:
    types = parameters.get("endpointConfigurationTypes")
    endpoint = new_endpoint({"types": types.split(",")} if types else {})
    ids = parameters.get("endpointConfigurationVpcEndpointIds") or parameters.get("vpcEndpointIds")
    return replace(endpoint, vpc_endpoint_ids=ids.split(",")) if ids else endpoint


def _warned(definition: Definition) -> dict[str, Any]:
    return {"warnings": definition.warnings} if definition.warnings else {}


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
