"""How clients and backends are reached and known: custom domain names, VPC links, client certificates.

No I/O, no clock. Fields are the API's members.
"""

from __future__ import annotations

from msgspec import Struct, field

from cloudlet.services.apigateway.model import EndpointConfiguration


class MutualTls(Struct, frozen=True):
    """The certificates that clients of a domain name must have."""

    truststore_uri: str | None = None
    truststore_version: str | None = None
    truststore_warnings: list[str] | None = None


class DomainName(Struct, frozen=True):
    """A name of one's own in front of APIs."""

    domain_name: str
    domain_name_arn: str | None = None
    domain_name_id: str | None = None
    """Only private names have one."""
    certificate_name: str | None = None
    certificate_arn: str | None = None
    certificate_upload_date: float | None = None
    regional_domain_name: str | None = None
    regional_hosted_zone_id: str | None = None
    regional_certificate_name: str | None = None
    regional_certificate_arn: str | None = None
    distribution_domain_name: str | None = None
    distribution_hosted_zone_id: str | None = None
    endpoint_configuration: EndpointConfiguration = field(default_factory=EndpointConfiguration)
    domain_name_status: str = "AVAILABLE"
    security_policy: str = "TLS_1_2"
    endpoint_access_mode: str | None = None
    mutual_tls_authentication: MutualTls | None = None
    ownership_verification_certificate_arn: str | None = None
    policy: str | None = None
    management_policy: str | None = None
    routing_mode: str = "BASE_PATH_MAPPING_ONLY"
    tags: dict[str, str] | None = None


class BasePathMapping(Struct, frozen=True):
    """The API that a domain name shows below a base path."""

    base_path: str
    """Without slashes at its ends; (none) for all that no other mapping has."""
    rest_api_id: str
    stage: str | None = None
    """None where the request's path names the stage."""


class DomainServing(Struct, frozen=True):
    """What the data plane reads for every request to a domain name: one row, wherever it belongs."""

    account: str
    region: str
    domain: DomainName
    mappings: list[BasePathMapping] = field(default_factory=list)


class AccessAssociation(Struct, frozen=True):
    """A VPC endpoint that may reach a private domain name."""

    domain_name_access_association_arn: str
    domain_name_arn: str
    access_association_source_type: str
    access_association_source: str
    tags: dict[str, str] | None = None


class VpcLink(Struct, frozen=True):
    """A way to load balancers in a VPC."""

    id: str
    name: str
    target_arns: list[str]
    description: str | None = None
    status: str = "AVAILABLE"
    status_message: str | None = "Your vpc link is ready for use"
    tags: dict[str, str] | None = None


class ClientCertificate(Struct, frozen=True):
    """What a stage shows backends as its own certificate."""

    client_certificate_id: str
    pem_encoded_certificate: str
    created_date: float
    expiration_date: float
    description: str | None = None
    private_key: str = ""
    """PEM; never shown."""
    tags: dict[str, str] | None = None
