"""TagResource, UntagResource and ListTags, for functions.

Other resources that AWS lets one tag are refused until they are there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudlet.core.access import Permission
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, references, state, tags
from cloudlet.services.lambda_.model import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.model import Function
    from cloudlet.services.lambda_.references import FunctionReference


def _on_resource(action: str) -> Callable[[Call, Mapping[str, Any]], Sequence[Permission]]:
    return lambda _call, request: [Permission(action, request["Resource"])]


@operation("TagResource", permissions=_on_resource("lambda:TagResource"))
def tag_resource(call: Call, request: api.TagResourceRequestTypeDef) -> None:
    """Sets tags."""
    if not request["Tags"]:
        raise errors.InvalidParameterValueException("An error occurred and the request cannot be processed.")
    reference = _function(call, request["Resource"])
    function = state.function(call, reference)
    after = {**function.tags, **request["Tags"]}
    tags.check(after)
    _save(call, reference, replace(function, tags=after))


@operation("UntagResource", permissions=_on_resource("lambda:UntagResource"))
def untag_resource(call: Call, request: api.UntagResourceRequestTypeDef) -> None:
    """Removes tags."""
    reference = _function(call, request["Resource"])
    function = state.function(call, reference)
    left = {key: value for key, value in function.tags.items() if key not in request["TagKeys"]}
    _save(call, reference, replace(function, tags=left))


@operation("ListTags", permissions=_on_resource("lambda:ListTags"), read_only=True)
def list_tags(call: Call, request: api.ListTagsRequestTypeDef) -> dict[str, Any]:
    """A function's tags."""
    return {"Tags": state.function(call, _function(call, request["Resource"])).tags}


def _save(call: Call, reference: FunctionReference, function: Function) -> None:
    """Writes the function; other tags make another revision of it."""
    state.save_function(call, reference, function)
    latest = state.version(call, reference, LATEST)
    state.save_version(call, reference, replace(latest, revision_id=call.ids.uuid()))


def _function(call: Call, arn: str) -> FunctionReference:
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind == "event-source-mapping":
        raise errors.ResourceNotFoundException(f"Event source mapping not found: {arn}")
    if kind == "capacity-provider":
        raise errors.ResourceNotFoundException(f"Capacity provider not found: {arn}")
    if kind == "code-signing-config":
        raise errors.ResourceNotFoundException(f"Code signing configuration not found: {arn}")
    if kind != "function" or not name:
        raise errors.resource_does_not_exist()
    reference = references.parse(call, arn)
    if reference.qualifier is not None:
        raise errors.InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return reference
