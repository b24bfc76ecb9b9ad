"""Where APIs, their parts, deployments and stages are kept: the only file that names their keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.apigateway import network_state, resource_state
from cloudlet.services.apigateway.errors import NotFoundException
from cloudlet.services.apigateway.model import (
    Account,
    Authorizer,
    Deployment,
    DocumentationPart,
    DocumentationVersion,
    GatewayResponse,
    Model,
    RequestValidator,
    RestApi,
    Serving,
    Snapshot,
    Stage,
)

_ACCOUNTS: Final = Rows(("apigateway", "account"), Account)
_APIS: Final = Rows(("apigateway", "api"), RestApi)
_OWNERS: Final = Rows(("apigateway", "owner"), str)
_MODELS: Final = Rows(("apigateway", "model"), Model)
_VALIDATORS: Final = Rows(("apigateway", "validator"), RequestValidator)
_GATEWAY_RESPONSES: Final = Rows(("apigateway", "gateway-response"), GatewayResponse)
_AUTHORIZERS: Final = Rows(("apigateway", "authorizer"), Authorizer)
_DOCUMENTATION: Final = Rows(("apigateway", "documentation-part"), DocumentationPart)
_DOCUMENTATION_VERSIONS: Final = Rows(("apigateway", "documentation-version"), DocumentationVersion)
_DEPLOYMENTS: Final = Rows(("apigateway", "deployment"), Deployment)
_SNAPSHOTS: Final = Rows(("apigateway", "snapshot"), Snapshot)
_STAGES: Final = Rows(("apigateway", "stage"), Stage)
_SERVING: Final = Rows(("apigateway", "serving"), Serving)

_DEFINITION: Final = (_MODELS, _VALIDATORS, _GATEWAY_RESPONSES, _AUTHORIZERS, _DOCUMENTATION)
"""What an import replaces, beside resources."""
_PARTS: Final = (*_DEFINITION, _DOCUMENTATION_VERSIONS, _DEPLOYMENTS, _SNAPSHOTS, _STAGES)


def _place(call: Call, api_id: str) -> tuple[str, str, str]:
    return call.account, call.region, api_id


def find_api(call: Call, api_id: str) -> RestApi | None:
    """An API, or None."""
    return _APIS.find(call, *_place(call, api_id))


def api(call: Call, api_id: str) -> RestApi:
    """An API. Raises NotFoundException."""
    found = find_api(call, api_id)
    if found is None:
        raise NotFoundException(f"Invalid API identifier specified {call.account}:{api_id}")
    return found


def is_taken(call: Call, api_id: str) -> bool:
    """Whether an id is somebody's already; they are unique among all accounts."""
    return _OWNERS.find(call, api_id) is not None


def save_api(call: Call, row: RestApi) -> None:
    """Writes an API."""
    _APIS.save(call, row, *_place(call, row.id))
    _OWNERS.save(call, call.account, row.id)


def delete_api(call: Call, api_id: str) -> None:
    """Removes an API with all that belongs to it."""
    _APIS.delete(call, *_place(call, api_id))
    _OWNERS.delete(call, api_id)
    _SERVING.delete_below(call, api_id)
    resource_state.clear(call, api_id)
    for rows in _PARTS:
        rows.delete_below(call, *_place(call, api_id))


def clear_api(call: Call, api_id: str) -> None:
    """Removes what an API consists of, not the API itself, nor what was deployed of it."""
    resource_state.clear(call, api_id)
    for rows in _DEFINITION:
        rows.delete_below(call, *_place(call, api_id))


def list_apis(call: Call, after: str | None = None) -> Iterator[RestApi]:
    """The region's APIs by id."""
    return _APIS.below(call, call.account, call.region, after=(after,) if after else None)


def find_model(call: Call, api_id: str, name: str) -> Model | None:
    """A model, or None."""
    return _MODELS.find(call, *_place(call, api_id), name)


def model(call: Call, api_id: str, name: str) -> Model:
    """A model. Raises NotFoundException, also where the API is not there."""
    found = find_model(call, api_id, name)
    if found is None:
        raise NotFoundException(f"Invalid model name specified: {name}")
    return found


def save_model(call: Call, api_id: str, row: Model) -> None:
    """Writes a model."""
    _MODELS.save(call, row, *_place(call, api_id), row.name)


def delete_model(call: Call, api_id: str, name: str) -> None:
    """Removes a model."""
    _MODELS.delete(call, *_place(call, api_id), name)


def list_models(call: Call, api_id: str) -> list[Model]:
    """An API's models by name."""
    return list(_MODELS.below(call, *_place(call, api_id)))


def find_validator(call: Call, api_id: str, validator_id: str) -> RequestValidator | None:
    """A request validator, or None."""
    return _VALIDATORS.find(call, *_place(call, api_id), validator_id)


def validator(call: Call, api_id: str, validator_id: str) -> RequestValidator:
    """A request validator. Raises NotFoundException, also where the API is not there."""
    found = find_validator(call, api_id, validator_id)
    if found is None:
        raise NotFoundException("Invalid Request Validator identifier specified")
    return found


def save_validator(call: Call, api_id: str, row: RequestValidator) -> None:
    """Writes a request validator."""
    _VALIDATORS.save(call, row, *_place(call, api_id), row.id)


def delete_validator(call: Call, api_id: str, validator_id: str) -> None:
    """Removes a request validator."""
    _VALIDATORS.delete(call, *_place(call, api_id), validator_id)


def list_validators(call: Call, api_id: str) -> list[RequestValidator]:
    """An API's request validators by id."""
    return list(_VALIDATORS.below(call, *_place(call, api_id)))


def find_gateway_response(call: Call, api_id: str, response_type: str) -> GatewayResponse | None:
    """A gateway response that was put, or None."""
    return _GATEWAY_RESPONSES.find(call, *_place(call, api_id), response_type)


def save_gateway_response(call: Call, api_id: str, row: GatewayResponse) -> None:
    """Writes a gateway response."""
    _GATEWAY_RESPONSES.save(call, row, *_place(call, api_id), row.response_type)


def delete_gateway_response(call: Call, api_id: str, response_type: str) -> None:
    """Removes a gateway response."""
    _GATEWAY_RESPONSES.delete(call, *_place(call, api_id), response_type)


def list_gateway_responses(call: Call, api_id: str) -> list[GatewayResponse]:
    """The gateway responses that were put."""
    return list(_GATEWAY_RESPONSES.below(call, *_place(call, api_id)))


def find_authorizer(call: Call, api_id: str, authorizer_id: str) -> Authorizer | None:
    """An authorizer, or None."""
    return _AUTHORIZERS.find(call, *_place(call, api_id), authorizer_id)


def authorizer(call: Call, api_id: str, authorizer_id: str) -> Authorizer:
    """An authorizer. Raises NotFoundException, also where the API is not there."""
    found = find_authorizer(call, api_id, authorizer_id)
    if found is None:
        raise NotFoundException("Invalid Authorizer identifier specified")
    return found


def save_authorizer(call: Call, api_id: str, row: Authorizer) -> None:
    """Writes an authorizer."""
    _AUTHORIZERS.save(call, row, *_place(call, api_id), row.id)


def delete_authorizer(call: Call, api_id: str, authorizer_id: str) -> None:
    """Removes an authorizer."""
    _AUTHORIZERS.delete(call, *_place(call, api_id), authorizer_id)


def list_authorizers(call: Call, api_id: str) -> list[Authorizer]:
    """An API's authorizers by id."""
    return list(_AUTHORIZERS.below(call, *_place(call, api_id)))


def find_documentation_part(call: Call, api_id: str, part_id: str) -> DocumentationPart | None:
    """A documentation part, or None."""
    return _DOCUMENTATION.find(call, *_place(call, api_id), part_id)


def save_documentation_part(call: Call, api_id: str, row: DocumentationPart) -> None:
    """Writes a documentation part."""
    _DOCUMENTATION.save(call, row, *_place(call, api_id), row.id)


def delete_documentation_part(call: Call, api_id: str, part_id: str) -> None:
    """Removes a documentation part."""
    _DOCUMENTATION.delete(call, *_place(call, api_id), part_id)


def list_documentation_parts(call: Call, api_id: str) -> list[DocumentationPart]:
    """An API's documentation parts by id."""
    return list(_DOCUMENTATION.below(call, *_place(call, api_id)))


def find_documentation_version(call: Call, api_id: str, version: str) -> DocumentationVersion | None:
    """A documentation version, or None."""
    return _DOCUMENTATION_VERSIONS.find(call, *_place(call, api_id), version)


def save_documentation_version(call: Call, api_id: str, row: DocumentationVersion) -> None:
    """Writes a documentation version."""
    _DOCUMENTATION_VERSIONS.save(call, row, *_place(call, api_id), row.version)


def delete_documentation_version(call: Call, api_id: str, version: str) -> None:
    """Removes a documentation version."""
    _DOCUMENTATION_VERSIONS.delete(call, *_place(call, api_id), version)


def list_documentation_versions(call: Call, api_id: str) -> list[DocumentationVersion]:
    """An API's documentation versions by name."""
    return list(_DOCUMENTATION_VERSIONS.below(call, *_place(call, api_id)))


def snapshot_of(call: Call, row: RestApi) -> Snapshot:
    """An API as it stands now."""
    return Snapshot(
        row,
        resource_state.list_resources(call, row.id),
        list_models(call, row.id),
        list_validators(call, row.id),
        list_gateway_responses(call, row.id),
        list_authorizers(call, row.id),
    )


def find_deployment(call: Call, api_id: str, deployment_id: str) -> Deployment | None:
    """A deployment, or None."""
    return _DEPLOYMENTS.find(call, *_place(call, api_id), deployment_id)


def deployment(call: Call, api_id: str, deployment_id: str) -> Deployment:
    """A deployment. Raises NotFoundException."""
    found = find_deployment(call, api_id, deployment_id)
    if found is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    return found


def save_deployment(call: Call, api_id: str, row: Deployment, snapshot: Snapshot | None = None) -> None:
    """Writes a deployment and, when it is made, what it froze."""
    _DEPLOYMENTS.save(call, row, *_place(call, api_id), row.id)
    if snapshot is not None:
        _SNAPSHOTS.save(call, snapshot, *_place(call, api_id), row.id)


def delete_deployment(call: Call, api_id: str, deployment_id: str) -> None:
    """Removes a deployment."""
    _DEPLOYMENTS.delete(call, *_place(call, api_id), deployment_id)
    _SNAPSHOTS.delete(call, *_place(call, api_id), deployment_id)


def list_deployments(call: Call, api_id: str) -> list[Deployment]:
    """An API's deployments by id."""
    return list(_DEPLOYMENTS.below(call, *_place(call, api_id)))


def find_snapshot(call: Call, api_id: str, deployment_id: str) -> Snapshot | None:
    """What a deployment froze."""
    return _SNAPSHOTS.find(call, *_place(call, api_id), deployment_id)


def find_stage(call: Call, api_id: str, name: str) -> Stage | None:
    """A stage, or None."""
    return _STAGES.find(call, *_place(call, api_id), name)


def stage(call: Call, api_id: str, name: str) -> Stage:
    """A stage. Raises NotFoundException."""
    found = find_stage(call, api_id, name)
    if found is None:
        raise NotFoundException("Invalid stage identifier specified")
    return found


def save_stage(call: Call, api_id: str, row: Stage) -> None:
    """Writes a stage, and the row that the data plane reads."""
    _STAGES.save(call, row, *_place(call, api_id), row.stage_name)
    served = _SERVING.find(call, api_id, row.stage_name)
    if served is None:
        served = Serving(call.account, call.region, row, call.ids.lower(8), call.ids.lower(8))
    certificate = network_state.find_certificate(call, row.client_certificate_id or "")
    served = replace(
        served,
        stage=row,
        certificate=certificate.pem_encoded_certificate if certificate else "",
        private_key=certificate.private_key if certificate else "",
    )
    _SERVING.save(call, served, api_id, row.stage_name)


def flush_cache(call: Call, api_id: str, name: str) -> None:
    """Makes what a stage's cache holds count no more."""
    served = _SERVING.find(call, api_id, name)
    if served is not None:
        _SERVING.save(call, replace(served, cache_epoch=call.ids.lower(8)), api_id, name)


def flush_authorizers(call: Call, api_id: str, name: str) -> None:
    """Makes what a stage remembers of its authorizers' answers count no more."""
    served = _SERVING.find(call, api_id, name)
    if served is not None:
        _SERVING.save(call, replace(served, authorizers_epoch=call.ids.lower(8)), api_id, name)


def delete_stage(call: Call, api_id: str, name: str) -> None:
    """Removes a stage."""
    _STAGES.delete(call, *_place(call, api_id), name)
    _SERVING.delete(call, api_id, name)


def list_stages(call: Call, api_id: str) -> list[Stage]:
    """An API's stages by name."""
    return list(_STAGES.below(call, *_place(call, api_id)))


def serving_key(api_id: str, stage_name: str) -> tuple[str, ...]:
    """The key of the row that tells who serves a stage: the data plane compares its bytes."""
    return "apigateway", "serving", api_id, stage_name


def decode_serving(value: bytes) -> Serving:
    """That row."""
    return _SERVING.decode(value)


def account(call: Call) -> Account:
    """The account's settings."""
    return _ACCOUNTS.find(call, call.account, call.region) or Account()


def save_account(call: Call, row: Account) -> None:
    """Writes the account's settings."""
    _ACCOUNTS.save(call, row, call.account, call.region)
