"""A stage's deployment as a document of the version that is asked for.

What is in it comes from the snapshot alone: nothing here looks into the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudlet.services.apigateway.model import DocumentationVersion, Snapshot

from .openapi_writer import OpenApiWriter
from .swagger_writer import SwaggerWriter
from .writing import Source, Wanted, Writer

_WRITERS: Final[Mapping[str, type[Writer]]] = {"swagger": SwaggerWriter, "oas30": OpenApiWriter}


def exported_document(
    kind: str,
    snapshot: Snapshot,
    stage_name: str,
    region: str,
    extensions: str | None,
    documentation: DocumentationVersion | None,
) -> dict[str, Any] | None:
    """The document; None for a kind that nobody writes.

    One for Postman, which reads either kind, is plain, as exports of AWS are that people have kept.
    """
    writer = _WRITERS.get(kind)
    if writer is None:
        return None
    source = Source(
        snapshot,
        stage_name,
        f"{snapshot.api.id}.execute-api.{region}.amazonaws.com",
        Wanted.of(extensions),
        documentation.parts if documentation else [],
        documentation.version if documentation else None,
    )
    return writer().document(source)
