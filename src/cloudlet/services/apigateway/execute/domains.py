"""Domain names of one's own: which API and stage a base path leads to.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
Serves nothing; a name that is nobody's is left to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.apigateway import network_state

from .address import Address

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest
    from cloudlet.core.store import Transaction
    from cloudlet.services.apigateway.network_model import BasePathMapping, DomainServing

_ROOT: Final = "(none)"


async def find_domain(cloud: Cloud, request: HttpRequest) -> DomainServing | None:
    """The domain name that a request is for, if it is one."""
    name = (request.header("host") or "").partition(":")[0].lower()

    def read(transaction: Transaction) -> bytes | None:
        labels = name.partition(".")[2]
        row = transaction.get(network_state.domain_serving_key(name))
        return row or transaction.get(network_state.domain_serving_key(f"*.{labels}"))

    row = await cloud.store.transact(read, read_only=True)
    return None if row is None else network_state.decode_domain_serving(row)


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
