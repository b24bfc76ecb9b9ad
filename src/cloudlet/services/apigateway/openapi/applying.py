"""The definition of an API made true: stored over what is there, in place of it or beside it.

Whatever cannot work is refused with all its reasons at once; the transaction then keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from cloudlet.services.apigateway.mapping_expressions import check_response_mappings
from cloudlet.services.apigateway.model import DocumentationPart, Method, Resource, RestApi
from cloudlet.services.apigateway.operations.authorizers import check_authorizer
from cloudlet.services.apigateway.operations.integrations import check_integration
from cloudlet.services.apigateway.operations.methods import check_method
from cloudlet.services.apigateway.operations.models import check_schema
from cloudlet.services.apigateway.operations.resources import check_part, check_place
from cloudlet.services.apigateway.policies import kept_policy

from .definition import Definition

T = TypeVar("T")
_ROOT: Final = "/"


def apply_definition(call: Call, row: RestApi, definition: Definition, *, overwrite: bool) -> RestApi:
    """Stores a definition under an API's id and gives back the API. Raises BadRequestException."""
    applying = _Applying(call, row, definition, overwrite)
    changed = applying.settings()
    applying.parts()
    applying.paths()
    if applying.errors:
        raise BadRequestException("\n\t".join(["Errors found during import:", *applying.errors]))
    state.save_api(call, changed)
    return changed


class _Applying:
    """One import on its way."""

    def __init__(self, call: Call, row: RestApi, definition: Definition, overwrite: bool) -> None:
        self.errors: list[str] = []
        self._call = call
        self._row = row
        self._definition = definition
        self._overwrite = overwrite
        self._before = state.snapshot_of(call, row)
        self._ids: dict[tuple[str, str], str] = {}
        self._resources: dict[str, Resource] = {}
        self._children: dict[str, dict[str, None]] = {}
        if overwrite:
            # Resources with paths that come again keep their ids, as at AWS.
            state.clear_api(call, row.id)

    def settings(self) -> RestApi:
        """The API's own members."""
        new, old = self._definition, self._row
        arn = f"arn:aws:execute-api:{self._call.region}:{self._call.account}:{old.id}"
        endpoint = old.endpoint_configuration
        if new.vpc_endpoint_ids is not None:
            endpoint = replace(endpoint, vpc_endpoint_ids=new.vpc_endpoint_ids)
        disabled = new.disable_execute_api_endpoint
        return replace(
            old,
            name=new.name,
            version=self._chosen(new.version, old.version),
            description=self._chosen(new.description, old.description),
            api_key_source=self._chosen(new.api_key_source, old.api_key_source) or "HEADER",
            binary_media_types=self._media_types(),
            minimum_compression_size=self._chosen(new.minimum_compression_size, old.minimum_compression_size),
            policy=self._chosen(kept_policy(new.policy, arn) if new.policy else None, old.policy),
            endpoint_configuration=endpoint,
            disable_execute_api_endpoint=old.disable_execute_api_endpoint if disabled is None else disabled,
        )

    def parts(self) -> None:
        """Models, validators, authorizers, gateway responses and documentation."""
        call, api_id = self._call, self._row.id
        for model in self._named("model", self._before.models, self._definition.models.values()):
            if self._checked(f"Unable to create model for '{model.name}'", check_schema, model.schema):
                state.save_model(call, api_id, model)
        for validator in self._named("validator", self._before.validators, self._definition.validators):
            state.save_validator(call, api_id, validator)
        for authorizer in self._named("authorizer", self._before.authorizers, self._definition.authorizers):
            if self._checked(
                f"Unable to create authorizer '{authorizer.name}'", check_authorizer, authorizer
            ):
                state.save_authorizer(call, api_id, authorizer)
        for response in self._definition.gateway_responses:
            state.save_gateway_response(call, api_id, response)
        save_documentation(call, api_id, self._definition.documentation)

    def paths(self) -> None:
        """Resources and their methods."""
        rows = self._before.resources
        self._resources = {row.path: replace(row, methods={}) if self._overwrite else row for row in rows}
        kept = {**self._resources}
        self._resources = {_ROOT: self._resources[_ROOT]} if self._overwrite else self._resources
        for row in self._resources.values():
            self._save(row)
        for path, methods in sorted(self._definition.paths.items()):
            place = f"Unable to create resource at path '{path}'"
            if self._checked(place, self._resource, path, kept):
                self._put_methods(self._resources[path], methods)

    def _resource(self, path: str, kept: Mapping[str, Resource]) -> Resource:
        found = self._resources.get(path)
        if found is not None:
            return found
        above, _, part = path.rpartition("/")
        parent = self._resource(above or _ROOT, kept)
        check_part(part)
        check_place(parent, part, self._children.get(parent.id, {}))
        known = kept.get(path)
        row = Resource(known.id if known else self._call.ids.lower(6), path, parent.id, part)
        self._save(row)
        return row

    def _put_methods(self, resource: Resource, methods: Mapping[str, Method]) -> None:
        for verb, method in methods.items():
            row = self._with_ids(resource, method)
            where = f"'{verb}' for resource at path '{resource.path}'"
            if not self._checked(
                f"Unable to put method {where}", check_method, self._call, self._row.id, row
            ):
                continue
            integration = row.method_integration
            if integration is not None and not self._checked(
                f"Unable to put integration on {where}", check_integration, self._call, row, integration
            ):
                continue
            row = self._with_responses(row, where)
            resource = resource.with_method(verb, row)
        self._save(resource)

    def _with_responses(self, row: Method, where: str) -> Method:
        """The method with those responses of its integration that it declares."""
        integration = row.method_integration
        for response in ((integration and integration.integration_responses) or {}).values():
            place = f"Unable to put integration response on {where}"
            if integration and not self._checked(place, check_response_mappings, row, response):
                integration = integration.with_response(response.status_code, None)
        return replace(row, method_integration=integration)

    def _with_ids(self, resource: Resource, method: Method) -> Method:
        integration = method.method_integration
        if integration is not None and not integration.cache_namespace:
            integration = replace(integration, cache_namespace=resource.id)
        return replace(
            method,
            authorizer_id=self._id("authorizer", method.authorizer_id),
            request_validator_id=self._id("validator", method.request_validator_id),
            method_integration=integration,
        )

    def _id(self, kind: str, name: str | None) -> str | None:
        return None if name is None else self._ids.get((kind, name), name)

    def _named(self, kind: str, before: Iterable[Any], rows: Iterable[T]) -> list[T]:
        """The rows with the ids that others of their names have, or new ones."""
        known = {each.name: each.id for each in before}
        found = []
        for row in rows:
            name = row.name  # type: ignore[attr-defined]  # models, validators and authorizers have names
            self._ids[kind, name] = known.get(name) or self._call.ids.lower(6)
            found.append(replace(row, id=self._ids[kind, name]))  # type: ignore[type-var]  # and are rows
        return found

    def _save(self, row: Resource) -> None:
        self._resources[row.path] = row
        if row.parent_id is not None:
            self._children.setdefault(row.parent_id, {})[row.path_part or ""] = None
        resource_state.save_resource(self._call, self._row.id, row)

    def _checked(self, place: str, check: Callable[..., Any], *arguments: Any) -> bool:
        """Whether a check has nothing against it; what it has is noted."""
        try:
            check(*arguments)
        except (BadRequestException, ConflictException, NotFoundException) as error:
            self.errors.append(f"{place}: {error.message}")
            return False
        return True

    def _chosen(self, new: T | None, old: T | None) -> T | None:
        return new if new is not None or self._overwrite else old

    def _media_types(self) -> list[str] | None:
        new = self._definition.binary_media_types or []
        if self._overwrite:
            return new or None
        old = self._row.binary_media_types or []
        return [*old, *(each for each in new if each not in old)] or None


def save_documentation(call: Call, api_id: str, parts: Iterable[tuple[Any, str]]) -> list[str]:
    """Writes documentation parts, each in the place of one with the same location; their ids."""
    known = {part.location: part.id for part in state.list_documentation_parts(call, api_id)}
    ids = []
    for location, properties in parts:
        known.setdefault(location, call.ids.lower(6))
        ids.append(known[location])
        state.save_documentation_part(call, api_id, DocumentationPart(ids[-1], location, properties))
    return ids
