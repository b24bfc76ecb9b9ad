"""A copy of an API with all that it consists of, under new ids; nothing that was deployed is copied."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import resource_state, state
from cloudlet.services.apigateway.model import Integration, Method, Resource, RestApi


def copy_api(call: Call, source: RestApi, row: RestApi) -> None:
    """Writes `row` as a new API with copies of the source's resources and everything they name."""
    state.save_api(call, row)
    for model in state.list_models(call, source.id):
        state.save_model(call, row.id, replace(model, id=call.ids.lower(6)))
    for response in state.list_gateway_responses(call, source.id):
        state.save_gateway_response(call, row.id, response)
    for part in state.list_documentation_parts(call, source.id):
        state.save_documentation_part(call, row.id, replace(part, id=call.ids.lower(6)))
    renamed: dict[str, str] = {}
    for validator in state.list_validators(call, source.id):
        renamed[validator.id] = call.ids.lower(6)
        state.save_validator(call, row.id, replace(validator, id=renamed[validator.id]))
    for authorizer in state.list_authorizers(call, source.id):
        renamed[authorizer.id] = call.ids.lower(6)
        state.save_authorizer(call, row.id, replace(authorizer, id=renamed[authorizer.id]))
    resources = resource_state.list_resources(call, source.id)
    renamed |= {each.id: call.ids.lower(6) for each in resources}
    renamed[source.root_resource_id] = row.root_resource_id
    for resource in resources:
        resource_state.save_resource(call, row.id, _copied(resource, renamed))


def _copied(resource: Resource, renamed: Mapping[str, str]) -> Resource:
    return replace(
        resource,
        id=renamed[resource.id],
        parent_id=renamed[resource.parent_id] if resource.parent_id else None,
        methods={name: _copied_method(method, renamed) for name, method in resource.methods.items()},
    )


def _copied_method(method: Method, renamed: Mapping[str, str]) -> Method:
    integration = method.method_integration
    return replace(
        method,
        request_validator_id=renamed.get(method.request_validator_id or ""),
        authorizer_id=renamed.get(method.authorizer_id or ""),
        method_integration=_copied_integration(integration, renamed) if integration else None,
    )


def _copied_integration(integration: Integration, renamed: Mapping[str, str]) -> Integration:
    # The namespace of a cache is a resource's id unless somebody chose another one.
    namespace = integration.cache_namespace
    return replace(integration, cache_namespace=renamed.get(namespace, namespace))
