"""An authorizer of a deployment, made ready.

Asks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cloudlet.services.apigateway.integration_uris import ServiceUri
from cloudlet.services.apigateway.model import DEFAULT_AUTHORIZER_TTL_SECONDS

from ..java_regex import Pattern, PatternError
from ..java_regex import pattern as java_pattern
from .identity_sources import IdentitySource, sources_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.services.apigateway.model import Authorizer


class CompiledAuthorizer(Struct, frozen=True):
    """An authorizer."""

    id: str
    type: str
    function: str | None
    """The ARN or name of its function, with the stage's variables in place."""
    region: str
    credentials: str | None
    sources: tuple[IdentitySource, ...]
    validation: Pattern | None
    ttl_seconds: int
    provider_arns: tuple[str, ...]


def compiled(row: Authorizer, with_stage_variables: Callable[[str], str]) -> CompiledAuthorizer:
    """An authorizer, ready to be asked."""
    service = ServiceUri.find(with_stage_variables(row.authorizer_uri or ""))
    ttl = row.authorizer_result_ttl_in_seconds
    return CompiledAuthorizer(
        row.id,
        row.type,
        service.function if service else None,
        service.region if service else "",
        with_stage_variables(row.authorizer_credentials or "") or None,
        sources_in(row.identity_source),
        _pattern(row.identity_validation_expression),
        DEFAULT_AUTHORIZER_TTL_SECONDS if ttl is None else ttl,
        tuple(row.provider_arns or ()),
    )


def _pattern(text: str | None) -> Pattern | None:
    if not text:
        return None
    try:
        return java_pattern(text)
    except PatternError:
        return None
