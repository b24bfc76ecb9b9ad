"""AWS's own managed policies: arn:aws:iam::aws:policy/..., read from the documents beside this file.

Nothing here is made up: a policy whose document is not there does not exist here either.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Final

import msgspec

from cloudlet.services.iam.model import Policy, PolicyVersion

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Published:
    """A policy as its file has it: what GetPolicyVersion of AWS answered."""

    path: str
    version: int
    created: datetime
    updated: datetime
    document: msgspec.Raw
    policy_id: str | None = None
    description: str | None = None


@functools.cache
def published() -> Mapping[str, Policy]:
    """Every policy of AWS that is there, by ARN."""
    content = resources.files(__package__).joinpath("managed", "policies.json").read_bytes()
    decoded = msgspec.json.decode(content, type=dict[str, Published])
    policies = (_policy(name, each) for name, each in sorted(decoded.items()))
    return {policy.arn: policy for policy in policies}


def _policy(name: str, published: Published) -> Policy:
    document = msgspec.json.format(bytes(published.document), indent=4).decode()
    version = PolicyVersion(published.version, document, published.updated.timestamp())
    return Policy(
        name=name,
        path=published.path,
        id=published.policy_id or _stable_id(name),
        account="aws",
        created_at=published.created.timestamp(),
        versions=(version,),
        default_number=published.version,
        last_number=published.version,
        updated_at=published.updated.timestamp(),
        description=published.description,
    )


def _stable_id(name: str) -> str:
    """An id for a policy whose real one is not known; the same at every start."""
    digest = hashlib.sha256(name.encode()).digest()
    return "ANPA" + "".join(_ALPHABET[byte % 32] for byte in digest[:17])
