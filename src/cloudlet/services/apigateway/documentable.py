"""The things of an API that documentation parts may be about.

Reads what it is given; looks up nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudlet.services.apigateway.model import (
    DocumentationLocation,
    Method,
    MethodResponse,
    Resource,
    Snapshot,
)

_PARAMETERS: Final = {"path": "PATH_PARAMETER", "querystring": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}


def locations(snapshot: Snapshot) -> Iterator[DocumentationLocation]:
    """Everything of an API that can be documented."""
    yield DocumentationLocation("API")
    for authorizer in snapshot.authorizers:
        yield DocumentationLocation("AUTHORIZER", name=authorizer.name)
    for model in snapshot.models:
        yield DocumentationLocation("MODEL", name=model.name)
    for resource in snapshot.resources:
        yield DocumentationLocation("RESOURCE", resource.path)
        for method in resource.methods.values():
            yield from _of_method(resource, method)


def _of_method(resource: Resource, method: Method) -> Iterator[DocumentationLocation]:
    where = (resource.path, method.http_method)
    yield DocumentationLocation("METHOD", *where)
    for parameter in method.request_parameters or ():
        place, _, name = parameter.removeprefix("method.request.").partition(".")
        yield DocumentationLocation(_PARAMETERS[place], *where, name=name)
    if method.request_models:
        yield DocumentationLocation("REQUEST_BODY", *where)
    for response in (method.method_responses or {}).values():
        yield from _of_response(where, response)


def _of_response(where: tuple[str, str], response: MethodResponse) -> Iterator[DocumentationLocation]:
    status = response.status_code
    yield DocumentationLocation("RESPONSE", *where, status)
    for parameter in response.response_parameters or ():
        name = parameter.removeprefix("method.response.header.")
        yield DocumentationLocation("RESPONSE_HEADER", *where, status, name)
    if response.response_models:
        yield DocumentationLocation("RESPONSE_BODY", *where, status)


def covers(documented: DocumentationLocation, location: DocumentationLocation) -> bool:
    """Whether what is said of one location is said of another one: * is every method or status."""
    return (
        documented.type == location.type
        and documented.name == location.name
        and documented.path == location.path
        and documented.method in ("*", location.method)
        and documented.status_code in ("*", location.status_code)
    )
