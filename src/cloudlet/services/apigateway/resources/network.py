"""AWS::ApiGateway::DomainName, ::BasePathMapping, ::VpcLink and ::ClientCertificate.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.resource import Provisioned, find_made, made_once
from cloudlet.services.apigateway.resources.properties import (
    changed,
    members,
    removed,
    replacing,
    retag,
    tags,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.core.resource import Properties, ResourceContext

_DOMAIN_PATHS: Final = {
    "CertificateArn": "/certificateArn",
    "EndpointAccessMode": "/endpointAccessMode",
    "OwnershipVerificationCertificateArn": "/ownershipVerificationCertificateArn",
    "RegionalCertificateArn": "/regionalCertificateArn",
    "RoutingMode": "/routingMode",
    "SecurityPolicy": "/securityPolicy",
}
_DOMAIN_DEFAULTS: Final = {"SecurityPolicy": "TLS_1_2", "RoutingMode": "BASE_PATH_MAPPING_ONLY"}
_DOMAIN_ATTRIBUTES: Final = {
    "DistributionDomainName": "distributionDomainName",
    "DistributionHostedZoneId": "distributionHostedZoneId",
    "RegionalDomainName": "regionalDomainName",
    "RegionalHostedZoneId": "regionalHostedZoneId",
}


class DomainNameType:
    """AWS::ApiGateway::DomainName"""

    type_name = "AWS::ApiGateway::DomainName"
    properties = frozenset(
        {*_DOMAIN_PATHS, "DomainName", "EndpointConfiguration", "MutualTlsAuthentication", "Tags"}
    )
    required: frozenset[str] = frozenset({"DomainName"})
    create_only = frozenset({"DomainName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Takes the name."""
        request: dict[str, Any] = members(properties, (*_DOMAIN_PATHS, "DomainName"))
        request["tags"] = {**context.tags, **tags(properties)}
        for name in ("EndpointConfiguration", "MutualTlsAuthentication"):
            if name in properties:
                request |= {name[0].lower() + name[1:]: members(properties[name], properties[name])}

        made = await call.transact(lambda inner: find_made(inner, context.token), read_only=True)
        if made is None:
            # A truststore is fetched on the way, so a step that is cut off right here leaves the name taken.
            answer = await call.ask("apigateway", "CreateDomainName", request)
            made = await made_once(call, context, lambda _: str(answer["domainName"]))
        return await self._provisioned(call, made)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes certificates, policy and endpoint in place."""
        patches = changed({**_DOMAIN_DEFAULTS, **before}, {**_DOMAIN_DEFAULTS, **after}, _DOMAIN_PATHS)
        old, new = (each.get("EndpointConfiguration", {}) for each in (before, after))
        if old.get("Types", ["EDGE"]) != new.get("Types", ["EDGE"]):
            wanted = new.get("Types", ["EDGE"])[0]
            had = old.get("Types", ["EDGE"])[0]
            patches.append(replacing(f"/endpointConfiguration/types/{had}", wanted))
        if old.get("IpAddressType", "ipv4") != new.get("IpAddressType", "ipv4"):
            patches.append(
                replacing("/endpointConfiguration/ipAddressType", new.get("IpAddressType", "ipv4"))
            )
        if before.get("MutualTlsAuthentication") != after.get("MutualTlsAuthentication"):
            patches += _mutual_tls(after.get("MutualTlsAuthentication", {}))
        if patches:
            request = {"domainName": physical_id, "patchOperations": patches}
            await call.ask("apigateway", "UpdateDomainName", request)
        await retag(call, f"/domainnames/{physical_id}", tags(before), tags(after))
        return await self._provisioned(call, physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Gives the name up."""
        await removed(call, "DeleteDomainName", {"domainName": physical_id})

    async def _provisioned(self, call: Call, name: str) -> Provisioned:
        shown = await call.ask("apigateway", "GetDomainName", {"domainName": name})
        attributes = {key: shown[each] for key, each in _DOMAIN_ATTRIBUTES.items() if each in shown}
        attributes["DomainNameArn"] = f"arn:aws:apigateway:{call.region}::/domainnames/{name}"
        return Provisioned(name, attributes)


class BasePathMappingType:
    """AWS::ApiGateway::BasePathMapping"""

    type_name = "AWS::ApiGateway::BasePathMapping"
    properties = frozenset({"BasePath", "DomainName", "RestApiId", "Stage"})
    required = frozenset({"DomainName"})
    create_only = frozenset({"BasePath", "DomainName"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the mapping."""

        def make(inner: Call) -> str:
            request = members(properties, self.properties)
            made = inner.ask_within("apigateway", "CreateBasePathMapping", request)
            return f"{properties['DomainName']}|{made['basePath']}"

        return Provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Shows another API or stage."""
        patches = changed(before, after, {"RestApiId": "/restapiId", "Stage": "/stage"})
        if patches:
            request = {**_mapping(physical_id), "patchOperations": patches}
            await call.ask("apigateway", "UpdateBasePathMapping", request)
        return Provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the mapping."""
        await removed(call, "DeleteBasePathMapping", _mapping(physical_id))


class VpcLinkType:
    """AWS::ApiGateway::VpcLink"""

    type_name = "AWS::ApiGateway::VpcLink"
    properties = frozenset({"Description", "Name", "Tags", "TargetArns"})
    required = frozenset({"Name", "TargetArns"})
    create_only = frozenset({"TargetArns"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the link."""
        request = members(properties, ("Description", "Name", "TargetArns"))
        request["tags"] = {**context.tags, **tags(properties)}

        def make(inner: Call) -> str:
            return str(inner.ask_within("apigateway", "CreateVpcLink", request)["id"])

        return self._provisioned(await made_once(call, context, make))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes name and description."""
        patches = changed(before, after, {"Description": "/description", "Name": "/name"})
        if patches:
            request = {"vpcLinkId": physical_id, "patchOperations": patches}
            await call.ask("apigateway", "UpdateVpcLink", request)
        await retag(call, f"/vpclinks/{physical_id}", tags(before), tags(after))
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the link."""
        await removed(call, "DeleteVpcLink", {"vpcLinkId": physical_id})

    def _provisioned(self, link_id: str) -> Provisioned:
        return Provisioned(link_id, {"VpcLinkId": link_id})


class ClientCertificateType:
    """AWS::ApiGateway::ClientCertificate"""

    type_name = "AWS::ApiGateway::ClientCertificate"
    properties = frozenset({"Description", "Tags"})
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Makes the certificate."""
        request = members(properties, ("Description",))
        request["tags"] = {**context.tags, **tags(properties)}
        made = await call.transact(lambda inner: find_made(inner, context.token), read_only=True)
        if made is None:
            # Making a key takes a thread, so a step that is cut off right here leaves a certificate behind.
            answer = await call.ask("apigateway", "GenerateClientCertificate", request)
            made = await made_once(call, context, lambda _: str(answer["clientCertificateId"]))
        return self._provisioned(made)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Changes the description."""
        patches = changed(before, after, {"Description": "/description"})
        if patches:
            request = {"clientCertificateId": physical_id, "patchOperations": patches}
            await call.ask("apigateway", "UpdateClientCertificate", request)
        await retag(call, f"/clientcertificates/{physical_id}", tags(before), tags(after))
        return self._provisioned(physical_id)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Removes the certificate."""
        await removed(call, "DeleteClientCertificate", {"clientCertificateId": physical_id})

    def _provisioned(self, certificate_id: str) -> Provisioned:
        return Provisioned(certificate_id, {"ClientCertificateId": certificate_id})


def _mutual_tls(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An empty URI turns it off."""
    patches = [replacing("/mutualTlsAuthentication/truststoreUri", wanted.get("TruststoreUri", ""))]
    if "TruststoreVersion" in wanted:
        patches.append(replacing("/mutualTlsAuthentication/truststoreVersion", wanted["TruststoreVersion"]))
    return patches


def _mapping(physical_id: str) -> dict[str, str]:
    name, _, base_path = physical_id.partition("|")
    return {"domainName": name, "basePath": base_path}
