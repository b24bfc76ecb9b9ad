"""Fn::Cidr: networks cut out of a larger one.

Knows addresses only, no template.
"""

from __future__ import annotations

import ipaddress
from itertools import islice
from typing import Final

from cloudlet.services.cloudformation.errors import ValidationError

_MOST: Final = 256


def split_network(block: str, count: str, cidr_bits: str | None = None) -> list[str]:
    """The first `count` networks of `cidr_bits` host bits inside a block. Raises ValidationError."""
    try:
        network = ipaddress.ip_network(block)
        wanted, host_bits = int(count), int(cidr_bits) if cidr_bits is not None else 8
    except ValueError as error:
        raise ValidationError(f"Template error: Fn::Cidr received invalid parameters: {error}") from error
    prefix = network.max_prefixlen - host_bits
    fits = 1 <= wanted <= _MOST and network.prefixlen <= prefix <= network.max_prefixlen
    if not fits or wanted > 2 ** (prefix - network.prefixlen):
        raise ValidationError(
            f"Template error: Fn::Cidr cannot cut {wanted} networks of {host_bits} bits out of {block}"
        )
    return [str(part) for part in islice(network.subnets(new_prefix=prefix), wanted)]
