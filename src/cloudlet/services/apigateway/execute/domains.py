"""Domain names of one's own: which API and stage a base path leads to.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
Serves nothing; a name that is nobody's is left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.tls import TlsDemands, TlsVersion
from cloudlet.services.apigateway import network_state

from .address import Address

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest
    from cloudlet.core.store import Transaction
    from cloudlet.services.apigateway.network_model import BasePathMapping, DomainServing

_ROOT: Final = "(none)"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
_TLS_1_3_ONLY: Final = ("SecurityPolicy_TLS13_1_3_", "SecurityPolicy_TLS13_2025_EDGE")


async def find_domain(cloud: Cloud, request: HttpRequest) -> DomainServing | None:
    """The domain name that a request is for, if it is one."""
    name = host_of(request)
    return await cloud.store.transact(lambda transaction: _find(transaction, name), read_only=True)


def host_of(request: HttpRequest) -> str:
    """The name in a request's Host header."""
    return (request.header("host") or "").partition(":")[0].lower()


def lets_in(domain: DomainServing, request: HttpRequest) -> bool:
    """Whether a client has shown the certificate that a domain name with mutual TLS demands."""
    if domain.domain.mutual_tls_authentication is None:
        return True
    shown = request.client_certificate
    return shown is not None and shown.server_name == host_of(request)


async def tls_demands(cloud: Cloud, server_name: str) -> TlsDemands | None:
    """What a name demands of clients; None for one that is nobody's or demands nothing more than others."""

    def read(transaction: Transaction) -> TlsDemands | None:
        served = _find(transaction, server_name)
        if served is None:
            return None
        row, trusted = served.domain, None
        if row.mutual_tls_authentication is not None:
            trusted = transaction.get(network_state.truststore_key(row.domain_name))
        truststore = "" if trusted is None else network_state.decode_truststore(trusted)
        demands = TlsDemands(_oldest_version(row.security_policy), truststore)
        return None if demands == TlsDemands() else demands

    return await cloud.store.transact(read, read_only=True)


def _find(transaction: Transaction, name: str) -> DomainServing | None:
    row = transaction.get(network_state.domain_serving_key(name))
    if row is None:
        row = transaction.get(network_state.domain_serving_key(f"*.{name.partition('.')[2]}"))
    return None if row is None else network_state.decode_domain_serving(row)


def _oldest_version(security_policy: str) -> TlsVersion:
    if security_policy == "TLS_1_0":
        return TlsVersion.TLS_1_0
    return TlsVersion.TLS_1_3 if security_policy.startswith(_TLS_1_3_ONLY) else TlsVersion.TLS_1_2


def address_below(domain: DomainServing, path: str, host: str) -> Address | None:
    """What a path below a domain name means; None where no mapping has it."""
    trimmed = path.lstrip("/")
    found = max(
        (each for each in domain.mappings if _leads_to(each, trimmed)),
        key=lambda each: len(_base_path(each)),
        default=None,
    )
    if found is None:
        return None
    base = _base_path(found)
    below = trimmed[len(base) :].lstrip("/")
    stage_name = found.stage
    if stage_name is None:
        stage_name, _, below = below.partition("/")
    return Address(
        found.rest_api_id.lower(),
        stage_name,
        f"/{below}",
        path,
        domain_name=host,
        base_path=base,
        event_path=path,
    )


def _base_path(mapping: BasePathMapping) -> str:
    return "" if mapping.base_path == _ROOT else mapping.base_path


def _leads_to(mapping: BasePathMapping, path: str) -> bool:
    base = _base_path(mapping)
    return not base or path == base or path.startswith(f"{base}/")
