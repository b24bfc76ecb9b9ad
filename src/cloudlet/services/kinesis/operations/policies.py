"""Operations on the resource policies of streams and consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.access import MalformedPolicyDocument, PolicyKind
from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import (
    ConsumerReference,
    owner,
    resource_reference,
    stream_of,
)
from cloudlet.services.kinesis.consumers import consumer_at
from cloudlet.services.kinesis.errors import InvalidArgumentException, ResourceNotFoundException
from cloudlet.services.kinesis.permissions import on_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_kinesis import type_defs as api


@operation("PutResourcePolicy", permissions=on_resource("PutResourcePolicy"))
def put_resource_policy(call: Call, request: api.PutResourcePolicyInputTypeDef) -> None:
    """Says who else may use a stream or a consumer."""
    own, name, consumer = _located(call, request)
    try:
        call.cloud.access.validate(request["Policy"], PolicyKind.RESOURCE)
    except MalformedPolicyDocument as error:
        raise InvalidArgumentException(error.message) from error
    state.active_stream(own, name)
    state.save_policy(own, request["Policy"], name, consumer)


@operation("GetResourcePolicy", permissions=on_resource("GetResourcePolicy"), read_only=True)
def get_resource_policy(call: Call, request: api.GetResourcePolicyInputTypeDef) -> dict[str, Any]:
    """Tells it; an empty document where there is none."""
    own, name, consumer = _located(call, request)
    return {"Policy": state.find_policy(own, name, consumer) or "{}"}


@operation("DeleteResourcePolicy", permissions=on_resource("DeleteResourcePolicy"))
def delete_resource_policy(call: Call, request: api.DeleteResourcePolicyInputTypeDef) -> None:
    """Takes it back."""
    own, name, consumer = _located(call, request)
    if state.find_policy(own, name, consumer) is None:
        raise ResourceNotFoundException(f"No resource policy found for resource ARN {request['ResourceARN']}")
    state.delete_policy(own, name, consumer)


def _located(call: Call, request: Mapping[str, Any]) -> tuple[Call, str, str]:
    """The call in the owner's account, the stream and the consumer, if it is one's; they are there."""
    of = resource_reference(request)
    own = owner(call, stream_of(of))
    if isinstance(of, ConsumerReference):
        return own, of.stream.name, consumer_at(own, of).name
    return own, state.stream(own, of.name).name, ""
