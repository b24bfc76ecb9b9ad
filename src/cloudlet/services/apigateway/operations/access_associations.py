"""Operations on domain name access associations: which VPC endpoints may reach a private domain name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state
from cloudlet.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    refused,
)
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.network_model import AccessAssociation
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_ALL: Final = "/domainnameaccessassociations"
_ONE: Final = f"{_ALL}/{{domainNameAccessAssociationArn}}"


@rest_operation("CreateDomainNameAccessAssociation", _ALL)
def create_domain_name_access_association(
    call: Call, request: api.CreateDomainNameAccessAssociationRequestTypeDef
) -> dict[str, Any]:
    """Lets a VPC endpoint reach a private domain name."""
    name = _private_name(call, request["domainNameArn"])
    source = request["accessAssociationSource"]
    place = f"domainname/{name}/vpcesource/{source}"
    row = AccessAssociation(
        f"arn:aws:apigateway:{call.region}:{call.account}:/domainnameaccessassociations/{place}",
        request["domainNameArn"],
        request["accessAssociationSourceType"],
        source,
        {**request.get("tags", {})} or None,
    )
    if network_state.find_association(call, row.domain_name_access_association_arn) is not None:
        raise ConflictException("Domain name access association already exists")
    network_state.save_association(call, row)
    return described(row)


@rest_operation("GetDomainNameAccessAssociations", _ALL)
def get_domain_name_access_associations(
    call: Call, request: api.GetDomainNameAccessAssociationsRequestTypeDef
) -> dict[str, Any]:
    """Lists the associations."""
    if request.get("resourceOwner", "SELF") != "SELF":
        raise refused("domain name access associations of other accounts")
    return page_of([described(row) for row in network_state.list_associations(call)], request)


@rest_operation("DeleteDomainNameAccessAssociation", _ONE)
def delete_domain_name_access_association(
    call: Call, request: api.DeleteDomainNameAccessAssociationRequestTypeDef
) -> None:
    """Takes a VPC endpoint the way to a private domain name."""
    row = network_state.association(call, request["domainNameAccessAssociationArn"])
    network_state.delete_association(call, row.domain_name_access_association_arn)


@rest_operation("RejectDomainNameAccessAssociation", "/rejectdomainnameaccessassociations")
def reject_domain_name_access_association(
    call: Call, request: api.RejectDomainNameAccessAssociationRequestTypeDef
) -> None:
    """The same, done by the owner of the domain name."""
    row = network_state.association(call, request["domainNameAccessAssociationArn"])
    if row.domain_name_arn != request["domainNameArn"]:
        raise NotFoundException("Invalid domain name access association identifier specified")
    network_state.delete_association(call, row.domain_name_access_association_arn)


def _private_name(call: Call, arn: str) -> str:
    rows = network_state.list_domains(call)
    found = next((row for row in rows if row.domain_name_arn == arn), None)
    if found is None:
        raise BadRequestException("Invalid domain name ARN specified")
    return f"{found.domain_name}+{found.domain_name_id}"
