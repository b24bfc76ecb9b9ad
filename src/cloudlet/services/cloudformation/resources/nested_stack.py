"""AWS::CloudFormation::Stack: a stack inside a stack.

It speaks to CloudFormation's own API; how a stack is deployed it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.resource import PartlyProvisioned, Properties, Provisioned, ResourceContext
from cloudlet.services.cloudformation import state
from cloudlet.services.cloudformation.deploy.parameters import text_of
from cloudlet.services.cloudformation.errors import AlreadyExistsException, ValidationError
from cloudlet.services.cloudformation.model import STACK_TYPE, Stack
from cloudlet.services.cloudformation.operations.stacks import until_rest

_NAME_LENGTH: Final = 128
_PATIENCE_SECONDS: Final = 60.0
_NOTHING_TO_DO: Final = "No updates are to be performed."


class NestedStack(Struct, frozen=True):
    """A stack whose template lies in S3."""

    type_name: str = STACK_TYPE
    properties: frozenset[str] = frozenset(
        {"NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"}
    )
    required: frozenset[str] = frozenset({"TemplateURL"})
    create_only: frozenset[str] = frozenset()

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        """Creates the stack and waits until it is at rest."""
        name = context.generated_name(_NAME_LENGTH)
        request = {
            "StackName": name,
            **_request(properties),
            "Capabilities": await _capabilities(call, context),
            "OnFailure": "DO_NOTHING",
        }
        if "TimeoutInMinutes" in properties:
            request["TimeoutInMinutes"] = int(properties["TimeoutInMinutes"])
        try:
            stack_id = (await call.ask("cloudformation", "CreateStack", request))["StackId"]
        except AlreadyExistsException:
            if not context.rerun:
                raise
            stack_id = await call.transact(lambda inner: state.stack(inner, name).stack_id, read_only=True)
        await call.transact(lambda inner: _adopt(inner, context, stack_id))
        stack = await _at_rest(call, stack_id)
        if stack.status != "CREATE_COMPLETE":
            reason = stack.status_reason or ""
            raise PartlyProvisioned(
                f"Embedded stack {stack_id} was not successfully created: {reason}", stack_id
            )
        return _provisioned(stack)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        """Updates the stack, if there is anything to change, and waits until it is at rest."""
        request = {
            "StackName": physical_id,
            **_request(after),
            "Capabilities": await _capabilities(call, context),
        }
        try:
            await call.ask("cloudformation", "UpdateStack", request)
        except ValidationError as error:
            if error.message != _NOTHING_TO_DO:
                raise
            # So it is with a stack that has already rolled itself back.
            return _provisioned(await _at_rest(call, physical_id))
        stack = await _at_rest(call, physical_id)
        if stack.status != "UPDATE_COMPLETE":
            raise ValidationError(
                f"Embedded stack {physical_id} was not successfully updated. "
                f"Currently in {stack.status} with reason: {stack.status_reason or ''}"
            )
        return _provisioned(stack)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        """Deletes the stack and waits until it is gone."""
        await call.ask("cloudformation", "DeleteStack", {"StackName": physical_id})
        stack = await _at_rest(call, physical_id)
        if stack.status != "DELETE_COMPLETE":
            raise ValidationError(
                f"Embedded stack {physical_id} was not successfully deleted: {stack.status_reason or ''}"
            )


def _request(properties: Properties) -> dict[str, Any]:
    parameters: Mapping[str, Any] = properties.get("Parameters") or {}
    return {
        "TemplateURL": properties["TemplateURL"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _parameter(value)} for key, value in parameters.items()
        ],
        "NotificationARNs": list(properties.get("NotificationARNs") or []),
        "Tags": [{"Key": tag["Key"], "Value": text_of(tag["Value"])} for tag in properties.get("Tags") or []],
    }


def _parameter(value: Any) -> str:
    return ",".join(text_of(item) for item in value) if isinstance(value, list) else text_of(value)


async def _capabilities(call: Call, context: ResourceContext) -> list[str]:
    """What was acknowledged for the outer stack holds for the inner one."""
    outer = await call.transact(lambda inner: state.stack(inner, context.stack_id), read_only=True)
    return list(outer.input.capabilities) if outer.input else []


def _adopt(call: Call, context: ResourceContext, stack_id: str) -> None:
    outer, nested = state.stack(call, context.stack_id), state.stack(call, stack_id)
    root = outer.root_id or outer.stack_id
    state.save_stack(call, replace(nested, parent_id=outer.stack_id, root_id=root))


async def _at_rest(call: Call, stack_id: str) -> Stack:
    while True:
        await until_rest(call, stack_id, _PATIENCE_SECONDS)
        stack = await call.transact(lambda inner: state.stack(inner, stack_id), read_only=True)
        if not stack.in_progress:
            return stack


def _provisioned(stack: Stack) -> Provisioned:
    return Provisioned(stack.stack_id, {f"Outputs.{output.key}": output.value for output in stack.outputs})
