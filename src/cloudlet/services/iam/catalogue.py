"""AWS's own managed policies: arn:aws:iam::aws:policy/..., read from the documents beside this file.

Nothing here is made up: a policy whose document is not there does not exist here either.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from typing import Final

import msgspec
from msgspec import Struct

from cloudlet.services.iam.model import Policy, PolicyVersion

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Published(Struct, frozen=True):
    """A policy's version as its file has it: what GetPolicyVersion of AWS answered."""

    path: str
    version: int
    date: datetime
    """When AWS published this version. The policy's own date and id are not known for most."""
    document: msgspec.Raw


@functools.cache
def published() -> Mapping[str, Policy]:
    """Every policy of AWS that is there, by ARN."""
    content = resources.files(__package__).joinpath("managed", "policies.json").read_bytes()
    decoded = msgspec.json.decode(content, type=dict[str, Published])
    policies = (_policy(name, each) for name, each in sorted(decoded.items()))
    return {policy.arn: policy for policy in policies}


def _policy(name: str, published: Published) -> Policy:
    date = published.date.timestamp()
    document = msgspec.json.format(bytes(published.document), indent=4).decode()
    return Policy(
        name=name,
        path=published.path,
        id=_stable_id(name),
        account="aws",
        created_at=date,
        versions=(PolicyVersion(published.version, document, date),),
        default_number=published.version,
        last_number=published.version,
        updated_at=date,
    )


def _stable_id(name: str) -> str:
    """An id that is the same at every start."""
    digest = hashlib.sha256(name.encode()).digest()
    return "ANPA" + "".join(_ALPHABET[byte % 32] for byte in digest[:17])
