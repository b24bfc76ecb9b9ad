"""How asynchronous events are tried: PutFunctionEventInvokeConfig to ListFunctionEventInvokeConfigs.

Trying is workers.py's, telling destinations of it destinations.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state, targets
from cloudlet.services.lambda_.model import LATEST, EventInvokeConfig
from cloudlet.services.lambda_.pages import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.references import FunctionReference


@operation(
    "PutFunctionEventInvokeConfig",
    permissions=permissions.on_function("lambda:PutFunctionEventInvokeConfig"),
)
def put_function_event_invoke_config(
    call: Call, request: api.PutFunctionEventInvokeConfigRequestTypeDef
) -> dict[str, Any]:
    """Sets how events are tried, and forgets what was set before."""
    reference = _named(call, request)
    _check(request)
    _check_there(call, reference)
    _check_destinations(call, reference, request)
    return _save(call, reference, EventInvokeConfig(reference.qualifier or LATEST, call.time()), request)


@operation(
    "UpdateFunctionEventInvokeConfig",
    permissions=permissions.on_function("lambda:UpdateFunctionEventInvokeConfig"),
)
def update_function_event_invoke_config(
    call: Call, request: api.UpdateFunctionEventInvokeConfigRequestTypeDef
) -> dict[str, Any]:
    """Changes what the request names of how events are tried."""
    reference = _named(call, request)
    _check(request)
    _check_there(call, reference)
    before = _config(call, reference)
    _check_destinations(call, reference, request)
    return _save(call, reference, replace(before, modified_at=call.time()), request)


@operation(
    "GetFunctionEventInvokeConfig",
    permissions=permissions.on_function("lambda:GetFunctionEventInvokeConfig"),
    read_only=True,
)
def get_function_event_invoke_config(
    call: Call, request: api.GetFunctionEventInvokeConfigRequestTypeDef
) -> dict[str, Any]:
    """How events are tried."""
    reference = _named(call, request)
    return _config(call, reference).describe(reference.arn)


@operation(
    "DeleteFunctionEventInvokeConfig",
    permissions=permissions.on_function("lambda:DeleteFunctionEventInvokeConfig"),
)
def delete_function_event_invoke_config(
    call: Call, request: api.DeleteFunctionEventInvokeConfigRequestTypeDef
) -> None:
    """Lets events be tried as they are without any setting."""
    reference = _named(call, request)
    state.delete_event_invoke_config(call, reference, _config(call, reference))


@operation(
    "ListFunctionEventInvokeConfigs",
    permissions=permissions.on_unqualified_function("lambda:ListFunctionEventInvokeConfigs"),
    read_only=True,
)
def list_function_event_invoke_configs(
    call: Call, request: api.ListFunctionEventInvokeConfigsRequestTypeDef
) -> dict[str, Any]:
    """The settings of all versions and aliases of a function."""
    reference = references.parse(call, request["FunctionName"]).with_qualifier(None)
    _check_there(call, reference)
    configs = state.list_event_invoke_configs(call, reference, request.get("Marker"))
    page, marker = page_of(configs, request, lambda config: config.qualifier)
    return {
        "FunctionEventInvokeConfigs": [
            config.describe(reference.arn_of(config.qualifier)) for config in page
        ],
        "NextMarker": marker,
    }


def _named(call: Call, request: Mapping[str, Any]) -> FunctionReference:
    reference = references.parse(call, request["FunctionName"], request.get("Qualifier"))
    return reference.with_qualifier(reference.qualifier or LATEST)


def _check(request: Mapping[str, Any]) -> None:
    settings = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    if not any(request.get(setting) is not None for setting in settings):
        raise errors.InvalidParameterValueException(
            "You must specify at least one of error handling or destination setting."
        )


def _check_there(call: Call, reference: FunctionReference) -> None:
    try:
        state.qualified_version(call, reference)
    except errors.ResourceNotFoundException as error:
        raise errors.ResourceNotFoundException("The function doesn't exist.") from error


def _check_destinations(call: Call, reference: FunctionReference, request: Mapping[str, Any]) -> None:
    given = request.get("DestinationConfig", {})
    arns = {
        condition: given.get(condition, {}).get("Destination") for condition in ("OnSuccess", "OnFailure")
    }
    targets.check(call, reference, arns["OnSuccess"], arns["OnFailure"])


def _config(call: Call, reference: FunctionReference) -> EventInvokeConfig:
    found = state.find_event_invoke_config(call, reference)
    if found is None:
        raise errors.ResourceNotFoundException(
            f"The function {reference.arn} doesn't have an EventInvokeConfig"
        )
    return found


def _save(
    call: Call, reference: FunctionReference, config: EventInvokeConfig, request: Mapping[str, Any]
) -> dict[str, Any]:
    after = replace(
        config,
        maximum_retry_attempts=request.get("MaximumRetryAttempts", config.maximum_retry_attempts),
        maximum_event_age_seconds=request.get("MaximumEventAgeInSeconds", config.maximum_event_age_seconds),
    )
    if "DestinationConfig" in request:
        given = request["DestinationConfig"]
        after = replace(
            after,
            on_success=given.get("OnSuccess", {}).get("Destination") or None,
            on_failure=given.get("OnFailure", {}).get("Destination") or None,
        )
    state.save_event_invoke_config(call, reference, after)
    return after.describe(reference.arn)
