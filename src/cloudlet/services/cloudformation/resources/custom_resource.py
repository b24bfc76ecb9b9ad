"""AWS::CloudFormation::CustomResource and Custom::*: resources that a function of the user makes.

The function is told what to do and answers to a URL; how it runs and how it answers is known elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.resource import ANY_PROPERTY, PartlyProvisioned, Properties, Provisioned, ResourceContext
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.parameters import text_of
from cloudlet.services.cloudformation.errors import ValidationError
from cloudlet.services.cloudformation.model import CustomRequest, CustomResponse
from cloudlet.services.cloudformation.responses import response_url

_LONGEST_SECONDS: Final = 3600.0
_SWEEP_SECONDS: Final = 30.0


class CustomResource(Struct, frozen=True):
    """A resource that only a function knows."""

    type_name: str = "AWS::CloudFormation::CustomResource"
    properties: frozenset[str] = frozenset({ANY_PROPERTY})
    required: frozenset[str] = frozenset({"ServiceToken"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Has the function make it."""
        return _provisioned(await _ask(call, context, "Create", properties, {}))

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Has the function change it; another physical id means that it made a new one."""
        if before.get("ServiceToken") != after.get("ServiceToken"):
            raise ValidationError("Modifying service token is not allowed.")
        details = {"PhysicalResourceId": physical_id, "OldResourceProperties": _as_text(before)}
        return _provisioned(await _ask(call, context, "Update", after, details))

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Has the function remove it."""
        await _ask(call, context, "Delete", properties, {"PhysicalResourceId": physical_id})


async def _ask(
    call: Call, context: ResourceContext, kind: str, properties: Properties, details: Mapping[str, Any]
) -> CustomResponse:
    """Sends one request, unless it was sent before a crash, and waits for its answer."""
    token = str(properties["ServiceToken"])
    if ":lambda:" not in token:
        raise NotImplementedHere(
            f"cloudlet does not implement custom resources with the service token {token} (yet): "
            "only functions."
        )
    request_id = _request_id(context, kind, properties)
    request = await call.transact(lambda inner: _prepared(inner, request_id))
    if not request.sent:
        event = {
            "RequestType": kind,
            "ServiceToken": token,
            "ResponseURL": response_url(call, request_id, request.secret),
            "StackId": context.stack_id,
            "RequestId": request_id,
            "LogicalResourceId": context.logical_id,
            "ResourceType": context.resource_type,
            "ResourceProperties": _as_text(properties),
            **details,
        }
        payload = json.dumps(event).encode()
        await call.ask(
            "lambda", "Invoke", {"FunctionName": token, "InvocationType": "Event", "Payload": payload}
        )
        sent = replace(request, sent=True)
        await call.transact(lambda inner: _mark_sent(inner, request_id, sent))
    return _checked(await _answer(call, request_id, _patience(properties)), kind, request_id)


def _request_id(context: ResourceContext, kind: str, properties: Properties) -> str:
    """The same when the step is run again, so that a crash does not ask twice."""
    asked = json.dumps(
        [context.stack_id, context.logical_id, context.token, kind, properties], sort_keys=True
    )
    digest = hashlib.sha256(asked.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _prepared(call: Call, request_id: str) -> CustomRequest:
    found = state.find_custom_request(call, request_id)
    if found is None:
        found = CustomRequest(call.ids.mixed(40))
        state.save_custom_request(call, request_id, found)
    return found


def _mark_sent(call: Call, request_id: str, sent: CustomRequest) -> None:
    """The answer may have come before this."""
    found = state.find_custom_request(call, request_id)
    if found is not None and found.response is None:
        state.save_custom_request(call, request_id, sent)


async def _answer(call: Call, request_id: str, patience_seconds: float) -> CustomResponse:
    deadline = call.time() + patience_seconds
    topic = state.custom_topic(request_id)
    with call.cloud.wakeups.listening(topic) as listener:
        while True:
            left = deadline - call.time()
            found = await call.transact(
                lambda inner: state.find_custom_request(inner, request_id), read_only=True
            )
            if found is not None and found.response is not None:
                await call.transact(lambda inner: state.delete_custom_request(inner, request_id))
                return found.response
            if left <= 0:
                await call.transact(lambda inner: state.delete_custom_request(inner, request_id))
                raise ValidationError(_no_answer(request_id))
            await listener.wait(call.clock, min(left, _SWEEP_SECONDS))


def _no_answer(request_id: str) -> str:
    return (
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
        f"requestId [{request_id}]. If you are using the Python cfn-response module, you may need to update "
        "your Lambda function code so that CloudFormation can attach the updated version."
    )


def _patience(properties: Properties) -> float:
    try:
        seconds = float(properties.get("ServiceTimeout", _LONGEST_SECONDS))
    except (TypeError, ValueError):
        seconds = 0.0
    if not 1 <= seconds <= _LONGEST_SECONDS:
        raise ValidationError("ServiceTimeout must be an integer from 1 to 3600.")
    return seconds


def _checked(answer: CustomResponse, kind: str, request_id: str) -> CustomResponse:
    if answer.status == "SUCCESS":
        return answer
    reason = (
        f"Received response status [FAILED] from custom resource. Message returned: {answer.reason} "
        f"(RequestId: {request_id})"
    )
    if kind == "Create" and answer.physical_id is not None:
        raise PartlyProvisioned(reason, answer.physical_id)
    raise ValidationError(reason)


def _provisioned(answer: CustomResponse) -> Provisioned:
    if answer.physical_id is None:
        raise ValidationError("Invalid PhysicalResourceId")
    return Provisioned(answer.physical_id, answer.data)


def _as_text(value: Any) -> Any:
    """Properties as functions get them: every scalar is text."""
    if isinstance(value, Mapping):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return text_of(value)
