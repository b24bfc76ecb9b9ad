"""Operations on VPC links: ways to load balancers in a VPC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, state
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.model import Integration, Stage
from cloudlet.services.apigateway.network_model import VpcLink
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_LINK: Final = "/vpclinks/{vpcLinkId}"
_ARN: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")


@rest_operation("CreateVpcLink", "/vpclinks")
def create_vpc_link(call: Call, request: api.CreateVpcLinkRequestTypeDef) -> dict[str, Any]:
    """Makes a link; it is available at once, though AWS says here that it is not yet."""
    if not request["name"]:
        raise BadRequestException("Name cannot be empty")
    for arn in request["targetArns"]:
        if not _ARN.fullmatch(arn):
            raise BadRequestException(f"Invalid ARN. ARN is not well formed {arn}")
    row = VpcLink(
        call.ids.lower(6),
        request["name"],
        [*request["targetArns"]],
        request.get("description"),
        tags={**request.get("tags", {})} or None,
    )
    network_state.save_vpc_link(call, row)
    return described(replace(row, status="PENDING", status_message=None))


@rest_operation("GetVpcLink", _LINK)
def get_vpc_link(call: Call, request: api.GetVpcLinkRequestTypeDef) -> dict[str, Any]:
    """Shows a link."""
    return {"tags": {}, **described(network_state.vpc_link(call, request["vpcLinkId"]))}


@rest_operation("GetVpcLinks", "/vpclinks")
def get_vpc_links(call: Call, request: api.GetVpcLinksRequestTypeDef) -> dict[str, Any]:
    """Lists the links."""
    return page_of([described(row) for row in network_state.list_vpc_links(call)], request)


@rest_operation("DeleteVpcLink", _LINK)
def delete_vpc_link(call: Call, request: api.DeleteVpcLinkRequestTypeDef) -> None:
    """Removes a link."""
    row = network_state.vpc_link(call, request["vpcLinkId"])
    users = _users(call, row.id)
    if users:
        raise BadRequestException(
            f"Cannot delete vpc link. Vpc link '{row.id}', is referenced in [{', '.join(users)}] "
            "in format of [Method:Resource:Stage]."
        )
    network_state.delete_vpc_link(call, row.id)


@rest_operation("UpdateVpcLink", _LINK)
def update_vpc_link(call: Call, request: api.UpdateVpcLinkRequestTypeDef) -> dict[str, Any]:
    """Changes name and description of a link."""
    row = network_state.vpc_link(call, request["vpcLinkId"])
    for patch in patches_in(request):
        check_listed(patch, ("/name", "/description"))
        if patch.path == "/description":
            row = replace(row, description=patch.value or None)
        elif patch.value:
            row = replace(row, name=patch.value)
        else:
            raise BadRequestException("Name cannot be empty")
    network_state.save_vpc_link(call, row)
    return {"tags": {}, **described(row)}


def _users(call: Call, link_id: str) -> list[str]:
    """The methods that stages serve through a link."""
    found = []
    for api_row in state.list_apis(call):
        for stage in state.list_stages(call, api_row.id):
            snapshot = state.find_snapshot(call, api_row.id, stage.deployment_id)
            for resource in snapshot.resources if snapshot else ():
                found += [
                    f"{verb}:{resource.id}:{stage.stage_name}"
                    for verb, method in resource.methods.items()
                    if method.method_integration and _leads(method.method_integration, stage, link_id)
                ]
    return found


def _leads(integration: Integration, stage: Stage, link_id: str) -> bool:
    named = integration.connection_id or ""
    variable = named.removeprefix("${stageVariables.").removesuffix("}")
    return link_id in (named, (stage.variables or {}).get(variable) if variable != named else None)
