"""Where the resources of APIs are kept, by id and by path: the only file that names their keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.apigateway.errors import NotFoundException
from cloudlet.services.apigateway.model import Integration, Method, Resource

_RESOURCES: Final = Rows(("apigateway", "resource"), Resource)
"""account, region, API, id."""
_PATHS: Final = Rows(("apigateway", "resource-path"), str)
"""account, region, API, path: the id. In this order a resource is followed by all that is below it."""

_VARIABLE: Final = "{"
_ALL: Final = 1 << 62


def _place(call: Call, api_id: str) -> tuple[str, str, str]:
    return call.account, call.region, api_id


def find_resource(call: Call, api_id: str, resource_id: str) -> Resource | None:
    """A resource, or None."""
    return _RESOURCES.find(call, *_place(call, api_id), resource_id)


def resource(call: Call, api_id: str, resource_id: str) -> Resource:
    """A resource. Raises NotFoundException, also where the API is not there."""
    found = find_resource(call, api_id, resource_id)
    if found is None:
        raise NotFoundException("Invalid Resource identifier specified")
    return found


def save_resource(call: Call, api_id: str, row: Resource) -> None:
    """Writes a resource; one that has moved is deleted first, where it was."""
    _RESOURCES.save(call, row, *_place(call, api_id), row.id)
    _PATHS.save(call, row.id, *_place(call, api_id), row.path)


def delete_resource(call: Call, api_id: str, row: Resource) -> None:
    """Removes a resource, not those below it."""
    _RESOURCES.delete(call, *_place(call, api_id), row.id)
    _PATHS.delete(call, *_place(call, api_id), row.path)


def clear(call: Call, api_id: str) -> None:
    """Removes all resources of an API."""
    for rows in (_RESOURCES, _PATHS):
        rows.delete_below(call, *_place(call, api_id))


def list_resources(call: Call, api_id: str) -> list[Resource]:
    """An API's resources by path."""
    return sorted(_RESOURCES.below(call, *_place(call, api_id)), key=lambda row: row.path)


def resources_after(call: Call, api_id: str, path: str | None, limit: int) -> list[Resource]:
    """At most `limit` resources by path, from the first one on or from the one that follows a path."""
    after = None if path is None else (path,)
    ids = _PATHS.below(call, *_place(call, api_id), after=after, limit=limit)
    return [resource(call, api_id, each) for each in ids]


def descendants(call: Call, api_id: str, row: Resource) -> list[Resource]:
    """All resources below one that is not the root."""
    return [resource(call, api_id, each) for _, each in _below(call, api_id, f"{row.path}/")]


def rivals(call: Call, api_id: str, parent: Resource, part: str, but: str | None = None) -> list[str]:
    """The parts below a parent that a part could be in conflict with: the same one, and the variable."""
    above = parent.path.rstrip("/")
    same = _PATHS.find(call, *_place(call, api_id), f"{above}/{part}")
    variables = _below(call, api_id, f"{above}/{_VARIABLE}", limit=1)
    found = [(part, same), *((path[len(above) + 1 :], each) for path, each in variables)]
    return [each for each, resource_id in found if resource_id not in (None, but)]


def method(row: Resource, http_method: str) -> Method:
    """A method of a resource. Raises NotFoundException."""
    found = row.methods.get(http_method)
    if found is None:
        raise NotFoundException("Invalid Method identifier specified")
    return found


def integration(row: Resource, http_method: str) -> Integration:
    """The integration of a method. Raises NotFoundException."""
    found = method(row, http_method).method_integration
    if found is None:
        raise NotFoundException("Invalid Integration identifier specified")
    return found


def _below(call: Call, api_id: str, beginning: str, limit: int = _ALL) -> Iterator[tuple[str, str]]:
    """Paths that begin with a text, which is none of them itself, and the ids of their resources."""
    for key, resource_id in _PATHS.items_below(call, *_place(call, api_id), after=(beginning,), limit=limit):
        path = str(key[-1])
        if not path.startswith(beginning):
            return
        yield path, resource_id
