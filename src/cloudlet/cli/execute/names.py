"""Which names are AWS's. Resolves nothing."""

from __future__ import annotations

from typing import Final

DOMAINS: Final = ("amazonaws.com", "api.aws", "on.aws")


def is_aws(name: str) -> bool:
    """Whether a name is AWS's, and so the cloud's."""
    plain = name.lower().rstrip(".")
    return plain.endswith(tuple(f".{domain}" for domain in DOMAINS))
