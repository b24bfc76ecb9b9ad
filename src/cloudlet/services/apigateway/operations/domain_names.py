"""Operations on custom domain names: names of one's own in front of APIs.

No certificate is checked or served from here; the edge has one for every name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state
from cloudlet.services.apigateway.errors import BadRequestException, refused
from cloudlet.services.apigateway.members import described, given
from cloudlet.services.apigateway.model import EndpointConfiguration
from cloudlet.services.apigateway.network_model import DomainName, MutualTls
from cloudlet.services.apigateway.operations import truststores
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import Patch, check_supported, patches_in
from cloudlet.services.apigateway.permissions import rest_operation
from cloudlet.services.apigateway.policies import kept_policy, shown_policy

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

DOMAIN: Final = "/domainnames/{domainName}"
_NAME: Final = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z0-9\-]{2,63}")
_CLOUDFRONT_ZONE: Final = "Z2FDTNDATAQYW2"
# https://docs.aws.amazon.com/general/latest/gr/apigateway.html
_ZONES: Final = {
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "sa-east-1": "ZCMLWB8V5SYIT",
}
_NOT_DONE: Final = {
    "certificateBody": "certificates given by their text",
    "certificatePrivateKey": "certificates given by their text",
    "certificateChain": "certificates given by their text",
}
_ENHANCED: Final = "SecurityPolicy_"
_SECURITY_POLICIES: Final = (
    "TLS_1_0",
    "TLS_1_2",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_2021_06",
    "SecurityPolicy_TLS13_2025_EDGE",
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS12_2018_EDGE",
)
_TEXTS: Final = {
    "/certificateArn": "certificate_arn",
    "/certificateName": "certificate_name",
    "/ownershipVerificationCertificateArn": "ownership_verification_certificate_arn",
    "/regionalCertificateArn": "regional_certificate_arn",
    "/regionalCertificateName": "regional_certificate_name",
    "/securityPolicy": "security_policy",
    "/endpointAccessMode": "endpoint_access_mode",
}
_SUPPORTED: Final = {
    "add": ("/endpointConfiguration/types",),
    "replace": (
        *_TEXTS,
        "/endpointConfiguration/ipAddressType",
        "/endpointConfiguration/types/<type>",
        *truststores.PATHS,
        "/policy",
        "/routingMode",
    ),
    "remove": ("/endpointConfiguration/types", "/policy"),
}


@rest_operation("CreateDomainName", "/domainnames")
async def create_domain_name(call: Call, request: api.CreateDomainNameRequestTypeDef) -> dict[str, Any]:
    """Takes a domain name; a public one is taken for all accounts."""
    _check_done(request)
    wanted = request.get("mutualTlsAuthentication")
    fetched = await truststores.fetched(call, given(MutualTls, wanted)) if wanted else None
    return await call.transact(lambda inner: _made(inner, request, fetched))


def _made(
    call: Call, request: api.CreateDomainNameRequestTypeDef, fetched: truststores.Fetched | None
) -> dict[str, Any]:
    name = request["domainName"]
    if not name:
        raise BadRequestException("No Domain Name specified")
    if not _NAME.fullmatch(name):
        raise BadRequestException("Invalid domain name specified")
    endpoint = _endpoint(request.get("endpointConfiguration", {}))
    private = endpoint.types == ["PRIVATE"]
    if not private and network_state.is_taken(call, name):
        raise BadRequestException("The domain name you provided already exists.")
    row = DomainName(
        domain_name=name,
        domain_name_id=call.ids.lower(10) if private else None,
        certificate_name=request.get("certificateName"),
        certificate_arn=request.get("certificateArn"),
        regional_certificate_name=request.get("regionalCertificateName"),
        regional_certificate_arn=request.get("regionalCertificateArn"),
        ownership_verification_certificate_arn=request.get("ownershipVerificationCertificateArn"),
        endpoint_configuration=endpoint,
        security_policy=request.get("securityPolicy", "TLS_1_2"),
        endpoint_access_mode=request.get("endpointAccessMode"),
        mutual_tls_authentication=fetched.mutual_tls if fetched else None,
        tags={**request.get("tags", {})} or None,
    )
    row = _reachable(call, row)
    if request.get("policy"):
        row = replace(row, policy=kept_policy(request["policy"], _invoke_arn(call, row)))
    _check_certificate(row)
    _check_tls(row)
    network_state.save_domain(call, row, fetched.certificates if fetched else None)
    return _described(row)


@rest_operation("GetDomainName", DOMAIN)
def get_domain_name(call: Call, request: api.GetDomainNameRequestTypeDef) -> dict[str, Any]:
    """Shows a domain name."""
    row = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    return {"tags": {}, **_described(row)}


@rest_operation("GetDomainNames", "/domainnames")
def get_domain_names(call: Call, request: api.GetDomainNamesRequestTypeDef) -> dict[str, Any]:
    """Lists the domain names."""
    if request.get("resourceOwner", "SELF") != "SELF":
        raise refused("domain names of other accounts")
    return page_of([_described(row) for row in network_state.list_domains(call)], request)


@rest_operation("DeleteDomainName", DOMAIN)
def delete_domain_name(call: Call, request: api.DeleteDomainNameRequestTypeDef) -> None:
    """Gives a domain name up, with its mappings."""
    row = network_state.domain(call, request["domainName"], request.get("domainNameId"))
    network_state.delete_domain(call, row)


@rest_operation("UpdateDomainName", DOMAIN)
async def update_domain_name(call: Call, request: api.UpdateDomainNameRequestTypeDef) -> dict[str, Any]:
    """Changes certificates, endpoint, policies and mutual TLS of a domain name."""
    steps = [patch for patch in patches_in(request) if patch.path in truststores.PATHS]
    wanted = None
    if steps:
        before = await call.transact(lambda inner: _named(inner, request), read_only=True)
        wanted = truststores.patched(before.mutual_tls_authentication, steps)
    fetched = await truststores.fetched(call, wanted) if wanted else None
    return await call.transact(lambda inner: _changed(inner, request, fetched))


def _changed(
    call: Call, request: api.UpdateDomainNameRequestTypeDef, fetched: truststores.Fetched | None
) -> dict[str, Any]:
    row = _named(call, request)
    for patch in patches_in(request):
        if patch.path in truststores.PATHS:
            check_supported(patch, _SUPPORTED)
            row = replace(row, mutual_tls_authentication=fetched.mutual_tls if fetched else None)
        else:
            row = _patched(call, row, patch)
    row = _reachable(call, row)
    _check_certificate(row)
    _check_tls(row)
    network_state.save_domain(call, row, fetched.certificates if fetched else None)
    return {"tags": {}, **_described(row)}


def _named(call: Call, request: api.UpdateDomainNameRequestTypeDef) -> DomainName:
    return network_state.domain(call, request["domainName"], request.get("domainNameId"))


def _check_done(request: Mapping[str, Any]) -> None:
    for member, feature in _NOT_DONE.items():
        if request.get(member):
            raise refused(feature)
    if request.get("routingMode", "BASE_PATH_MAPPING_ONLY") != "BASE_PATH_MAPPING_ONLY":
        raise refused("routing rules of domain names")


def _endpoint(given: Mapping[str, Any]) -> EndpointConfiguration:
    types = [*given.get("types", ())] or ["EDGE"]
    if len(types) > 1:
        raise BadRequestException("Cannot create a domain name with multiple Endpoint Types.")
    address_type = "dualstack" if types == ["PRIVATE"] else "ipv4"
    return EndpointConfiguration(types, given.get("ipAddressType") or address_type)


def _reachable(call: Call, row: DomainName) -> DomainName:
    """The row with the names by which its endpoints are reached."""
    types = row.endpoint_configuration.types
    if "EDGE" in types and row.distribution_domain_name is None:
        host = f"d{call.ids.lower(13)}.cloudfront.net"
        row = replace(row, distribution_domain_name=host, distribution_hosted_zone_id=_CLOUDFRONT_ZONE)
    if "REGIONAL" in types and row.regional_domain_name is None:
        host = f"d-{call.ids.lower(10)}.execute-api.{call.region}.amazonaws.com"
        row = replace(row, regional_domain_name=host, regional_hosted_zone_id=_ZONES.get(call.region))
    if "PRIVATE" in types and row.domain_name_arn is None:
        place = f"{call.region}:{call.account}:/domainnames/{row.domain_name}+{row.domain_name_id}"
        row = replace(row, domain_name_arn=f"arn:aws:apigateway:{place}")
    if (row.certificate_arn or row.certificate_name) and row.certificate_upload_date is None:
        row = replace(row, certificate_upload_date=call.time())
    return row


def _check_certificate(row: DomainName) -> None:
    given = {
        "EDGE": row.certificate_arn or row.certificate_name,
        "PRIVATE": row.certificate_arn or row.certificate_name,
        "REGIONAL": row.regional_certificate_arn or row.regional_certificate_name,
    }
    missing = next((each for each in row.endpoint_configuration.types if not given[each]), None)
    if missing is not None:
        raise BadRequestException(f"A certificate must be provided for endpoint type {missing}")


def _check_tls(row: DomainName) -> None:
    policy = row.security_policy
    if policy not in _SECURITY_POLICIES:
        raise BadRequestException(
            f"Invalid SecurityPolicy specified. Valid options are {', '.join(_SECURITY_POLICIES)}"
        )
    if policy.startswith(_ENHANCED) and row.endpoint_access_mode is None:
        raise BadRequestException("Endpoint access mode is required for the specified security policy")
    if row.mutual_tls_authentication is None:
        return
    if row.endpoint_configuration.types != ["REGIONAL"]:
        raise BadRequestException("Mutual TLS is only supported for regional domain names")
    if policy == "TLS_1_0":
        raise BadRequestException("Mutual TLS requires TLS 1.2 or higher as the security policy")


def _patched(call: Call, row: DomainName, patch: Patch) -> DomainName:
    if patch.parts[0] in _NOT_DONE:
        raise refused(_NOT_DONE[patch.parts[0]])
    check_supported(patch, _SUPPORTED)
    if patch.path == "/routingMode":
        _check_done({"routingMode": patch.text})
        return row
    if patch.path == "/policy":
        policy = kept_policy(patch.text, _invoke_arn(call, row)) if patch.value else None
        return replace(row, policy=policy)
    if patch.parts[0] == "endpointConfiguration":
        return replace(row, endpoint_configuration=_patched_endpoint(row.endpoint_configuration, patch))
    if patch.path == "/endpointAccessMode" and row.mutual_tls_authentication is not None:
        raise BadRequestException("/endpointAccessMode Invalid request input")
    changed = replace(row, **{_TEXTS[patch.path]: patch.value or None})
    if patch.path in ("/certificateArn", "/certificateName"):
        return replace(changed, certificate_upload_date=call.time())
    return changed


def _patched_endpoint(endpoint: EndpointConfiguration, patch: Patch) -> EndpointConfiguration:
    if patch.parts[-1] == "ipAddressType":
        if patch.text not in ("ipv4", "dualstack"):
            raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
        return replace(endpoint, ip_address_type=patch.text)
    if patch.text not in ("REGIONAL", "EDGE"):
        raise BadRequestException("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
    kept = [each for each in endpoint.types if each != patch.text]
    if patch.op == "replace":
        replaced = patch.parts[-1]
        kept = [each for each in kept if each != replaced and not replaced.isdigit()]
    return replace(endpoint, types=kept if patch.op == "remove" else [*kept, patch.text])


def _invoke_arn(call: Call, row: DomainName) -> str:
    place = f"{row.domain_name}+{row.domain_name_id}" if row.domain_name_id else row.domain_name
    return f"arn:aws:execute-api:{call.region}:{call.account}:/domainnames/{place}"


def _described(row: DomainName) -> dict[str, Any]:
    shown = described(row)
    return {**shown, "policy": shown_policy(row.policy)} if row.policy else shown
