"""Where domain names, VPC links and client certificates are kept: the only file that names their keys."""

from __future__ import annotations

from typing import Final

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.apigateway.errors import NotFoundException
from cloudlet.services.apigateway.network_model import (
    AccessAssociation,
    BasePathMapping,
    ClientCertificate,
    DomainName,
    DomainServing,
    VpcLink,
)

_DOMAINS: Final = Rows(("apigateway", "domain"), DomainName)
"""account, region, name, id (empty for names that are not private)."""
_MAPPINGS: Final = Rows(("apigateway", "base-path-mapping"), BasePathMapping)
"""account, region, name, id, base path."""
_SERVED: Final = Rows(("apigateway", "domain-serving"), DomainServing)
"""name, id: what the data plane reads; a public name is one account's only."""
_TRUSTSTORES: Final = Rows(("apigateway", "truststore"), str)
"""name, id: the certificates that a name with mutual TLS trusts, as PEM."""
_ASSOCIATIONS: Final = Rows(("apigateway", "access-association"), AccessAssociation)
_VPC_LINKS: Final = Rows(("apigateway", "vpc-link"), VpcLink)
_CERTIFICATES: Final = Rows(("apigateway", "client-certificate"), ClientCertificate)


def _place(call: Call) -> tuple[str, str]:
    return call.account, call.region


def find_domain(call: Call, name: str, domain_id: str | None = None) -> DomainName | None:
    """A domain name, or None."""
    return _DOMAINS.find(call, *_place(call), name, domain_id or "")


def domain(call: Call, name: str, domain_id: str | None = None) -> DomainName:
    """A domain name. Raises NotFoundException."""
    found = find_domain(call, name, domain_id)
    if found is None:
        raise NotFoundException("Invalid domain name identifier specified")
    return found


def is_taken(call: Call, name: str) -> bool:
    """Whether a public domain name is somebody's already."""
    return _SERVED.find(call, name, "") is not None


def save_domain(call: Call, row: DomainName, truststore: str | None = None) -> None:
    """Writes a domain name, the row that the data plane reads and, where it is a new one, its truststore."""
    key = (row.domain_name, row.domain_name_id or "")
    _DOMAINS.save(call, row, *_place(call), *key)
    _serve(call, row)
    if row.mutual_tls_authentication is None:
        _TRUSTSTORES.delete(call, *key)
    elif truststore is not None:
        _TRUSTSTORES.save(call, truststore, *key)


def delete_domain(call: Call, row: DomainName) -> None:
    """Removes a domain name with its mappings."""
    key = (row.domain_name, row.domain_name_id or "")
    _DOMAINS.delete(call, *_place(call), *key)
    _MAPPINGS.delete_below(call, *_place(call), *key)
    _SERVED.delete(call, *key)
    _TRUSTSTORES.delete(call, *key)


def list_domains(call: Call) -> list[DomainName]:
    """The domain names in their order."""
    return list(_DOMAINS.below(call, *_place(call)))


def find_mapping(call: Call, row: DomainName, base_path: str) -> BasePathMapping | None:
    """A domain name's mapping, or None."""
    return _MAPPINGS.find(call, *_place(call), row.domain_name, row.domain_name_id or "", base_path)


def mapping(call: Call, row: DomainName, base_path: str) -> BasePathMapping:
    """A domain name's mapping. Raises NotFoundException."""
    found = find_mapping(call, row, base_path)
    if found is None:
        raise NotFoundException("Invalid base path mapping identifier specified")
    return found


def save_mapping(call: Call, row: DomainName, changed: BasePathMapping) -> None:
    """Writes a mapping."""
    place = (row.domain_name, row.domain_name_id or "", changed.base_path)
    _MAPPINGS.save(call, changed, *_place(call), *place)
    _serve(call, row)


def delete_mapping(call: Call, row: DomainName, base_path: str) -> None:
    """Removes a mapping."""
    _MAPPINGS.delete(call, *_place(call), row.domain_name, row.domain_name_id or "", base_path)
    _serve(call, row)


def list_mappings(call: Call, row: DomainName) -> list[BasePathMapping]:
    """A domain name's mappings by base path."""
    return list(_MAPPINGS.below(call, *_place(call), row.domain_name, row.domain_name_id or ""))


def _serve(call: Call, row: DomainName) -> None:
    served = DomainServing(call.account, call.region, row, list_mappings(call, row))
    _SERVED.save(call, served, row.domain_name, row.domain_name_id or "")


def domain_serving_key(name: str) -> tuple[str, ...]:
    """The key of the row that tells what a public domain name shows: the data plane compares its bytes."""
    return "apigateway", "domain-serving", name, ""


def decode_domain_serving(value: bytes) -> DomainServing:
    """That row."""
    return _SERVED.decode(value)


def truststore_key(name: str) -> tuple[str, ...]:
    """The key of the row with the certificates that a public domain name trusts."""
    return "apigateway", "truststore", name, ""


def decode_truststore(value: bytes) -> str:
    """That row."""
    return _TRUSTSTORES.decode(value)


def find_association(call: Call, arn: str) -> AccessAssociation | None:
    """A domain name access association, or None."""
    return _ASSOCIATIONS.find(call, *_place(call), arn)


def association(call: Call, arn: str) -> AccessAssociation:
    """A domain name access association. Raises NotFoundException."""
    found = _ASSOCIATIONS.find(call, *_place(call), arn)
    if found is None:
        raise NotFoundException("Invalid domain name access association identifier specified")
    return found


def save_association(call: Call, row: AccessAssociation) -> None:
    """Writes an association."""
    _ASSOCIATIONS.save(call, row, *_place(call), row.domain_name_access_association_arn)


def delete_association(call: Call, arn: str) -> None:
    """Removes an association."""
    _ASSOCIATIONS.delete(call, *_place(call), arn)


def list_associations(call: Call) -> list[AccessAssociation]:
    """The associations by ARN."""
    return list(_ASSOCIATIONS.below(call, *_place(call)))


def vpc_link(call: Call, link_id: str) -> VpcLink:
    """A VPC link. Raises NotFoundException."""
    found = _VPC_LINKS.find(call, *_place(call), link_id)
    if found is None:
        raise NotFoundException("Invalid Vpc Link identifier specified")
    return found


def save_vpc_link(call: Call, row: VpcLink) -> None:
    """Writes a VPC link."""
    _VPC_LINKS.save(call, row, *_place(call), row.id)


def delete_vpc_link(call: Call, link_id: str) -> None:
    """Removes a VPC link."""
    _VPC_LINKS.delete(call, *_place(call), link_id)


def list_vpc_links(call: Call) -> list[VpcLink]:
    """The VPC links by id."""
    return list(_VPC_LINKS.below(call, *_place(call)))


def find_certificate(call: Call, certificate_id: str) -> ClientCertificate | None:
    """A client certificate, or None."""
    return _CERTIFICATES.find(call, *_place(call), certificate_id)


def certificate(call: Call, certificate_id: str) -> ClientCertificate:
    """A client certificate. Raises NotFoundException."""
    found = find_certificate(call, certificate_id)
    if found is None:
        raise NotFoundException("Invalid Client Certificate identifier specified")
    return found


def save_certificate(call: Call, row: ClientCertificate) -> None:
    """Writes a client certificate."""
    _CERTIFICATES.save(call, row, *_place(call), row.client_certificate_id)


def delete_certificate(call: Call, certificate_id: str) -> None:
    """Removes a client certificate."""
    _CERTIFICATES.delete(call, *_place(call), certificate_id)


def list_certificates(call: Call) -> list[ClientCertificate]:
    """The client certificates by id."""
    return list(_CERTIFICATES.below(call, *_place(call)))
