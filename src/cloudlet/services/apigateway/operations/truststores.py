"""The truststore of a domain name with mutual TLS: fetched from S3 when the domain name is made or changed.

What lies in S3 later counts only when the domain name is changed again, as at AWS.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.errors import ServiceError
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.network_model import MutualTls
from cloudlet.services.apigateway.objects import object_content
from cloudlet.services.apigateway.permissions import SERVICE

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.services.apigateway.patches import Patch

_MUTUAL_TLS: Final = "mutualTlsAuthentication"
PATHS: Final = (f"/{_MUTUAL_TLS}/truststoreUri", f"/{_MUTUAL_TLS}/truststoreVersion")
_URI: Final = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")
_LARGEST_BYTES: Final = 1 << 20


class Fetched(Struct, frozen=True):
    """A domain name's mutual TLS with the certificates that it trusts."""

    mutual_tls: MutualTls
    certificates: str


def patched(before: MutualTls | None, patches: Iterable[Patch]) -> MutualTls | None:
    """The settings after an update; None where mutual TLS is off. An empty URI turns it off."""
    row = before or MutualTls()
    for patch in patches:
        if patch.path == PATHS[0]:
            row = MutualTls(patch.value or None)
        elif patch.path == PATHS[1]:
            row = replace(row, truststore_version=patch.value or None)
    return row if row.truststore_uri else None


async def fetched(call: Call, wanted: MutualTls) -> Fetched:
    """What lies at the URI now. Raises BadRequestException, also where the caller may not read it."""
    from cloudlet.services.apigateway.truststores import (  # noqa: PLC0415  start time: cryptography takes 30 ms to load
        MOST_CERTIFICATES,
        truststore,
    )

    place = _URI.fullmatch(wanted.truststore_uri or "")
    if place is None:
        raise BadRequestException(f"Invalid truststore URI: {wanted.truststore_uri}")
    request = {"Bucket": place["bucket"], "Key": place["key"]}
    if wanted.truststore_version:
        request["VersionId"] = wanted.truststore_version
    try:
        content = await object_content(call.on_behalf(SERVICE), request, _LARGEST_BYTES)
    except ServiceError as error:
        raise BadRequestException(f"Unable to read the truststore: {error.message}") from error
    found = await asyncio.to_thread(truststore, content, call.now())
    if not 0 < found.count <= MOST_CERTIFICATES:
        raise BadRequestException(f"A truststore must have between 1 and {MOST_CERTIFICATES} certificates.")
    return Fetched(replace(wanted, truststore_warnings=found.warnings or None), found.certificates)
