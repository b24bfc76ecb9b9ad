"""TagResource, UntagResource and ListTags, for functions, mappings and code signing configurations.

Other resources that AWS lets one tag are refused until they are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs
from msgspec.structs import replace

from cloudlet.core.access import LazyContext, Permission
from cloudlet.core.operation import operation
from cloudlet.services.lambda_ import errors, permissions, references, state, tags
from cloudlet.services.lambda_.event_sources import state as mappings
from cloudlet.services.lambda_.model import LATEST
from cloudlet.services.lambda_.operations import code_signing
from cloudlet.services.lambda_.settings import state as settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_lambda import type_defs as api

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.references import FunctionReference

_CODE_SIGNING: Final = ":code-signing-config:"


def _on_resource(action: str) -> Callable[[Call, Mapping[str, Any]], Sequence[Permission]]:
    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        arn: str = request["Resource"]
        if ":function:" not in arn:
            return [Permission(action, arn, LazyContext(lambda: permissions.asked_for(request)))]
        reference = references.parse(call, arn)
        return [
            permissions.function_permission(call, action, reference, lambda: permissions.asked_for(request))
        ]

    return judge


@operation("TagResource", permissions=_on_resource("lambda:TagResource"))
def tag_resource(call: Call, request: api.TagResourceRequestTypeDef) -> None:
    """Sets tags."""
    if not request["Tags"]:
        raise errors.InvalidParameterValueException("An error occurred and the request cannot be processed.")
    after = {**_tags(call, request["Resource"]), **request["Tags"]}
    tags.check(after)
    _save(call, request["Resource"], after)


@operation("UntagResource", permissions=_on_resource("lambda:UntagResource"))
def untag_resource(call: Call, request: api.UntagResourceRequestTypeDef) -> None:
    """Removes tags."""
    before = _tags(call, request["Resource"])
    left = {key: value for key, value in before.items() if key not in request["TagKeys"]}
    _save(call, request["Resource"], left)


@operation("ListTags", permissions=_on_resource("lambda:ListTags"), read_only=True)
def list_tags(call: Call, request: api.ListTagsRequestTypeDef) -> dict[str, Any]:
    """What something is tagged with."""
    return {"Tags": _tags(call, request["Resource"])}


def _tags(call: Call, arn: str) -> dict[str, str]:
    if _CODE_SIGNING in arn:
        return code_signing.config_of(call, arn).tags
    mapping = _find_mapping(call, arn)
    return mapping.tags if mapping is not None else state.function(call, _function(call, arn)).tags


def _save(call: Call, arn: str, after: dict[str, str]) -> None:
    """Writes tags; other tags make another revision of a function."""
    if _CODE_SIGNING in arn:
        config = code_signing.config_of(call, arn)
        settings.save_code_signing_config(call, replace(config, tags=after))
        return
    mapping = _find_mapping(call, arn)
    if mapping is not None:
        mappings.save_mapping(call, structs.replace(mapping, tags=after))
        return
    reference = _function(call, arn)
    state.save_function(call, reference, replace(state.function(call, reference), tags=after))
    latest = state.version(call, reference, LATEST)
    state.save_version(call, reference, replace(latest, revision_id=call.ids.uuid()))


def _find_mapping(call: Call, arn: str) -> EventSourceMapping | None:
    kind, _, uuid = arn.split(":", 5)[5].partition(":")
    return mappings.find_mapping(call, uuid) if kind == "event-source-mapping" else None


def _function(call: Call, arn: str) -> FunctionReference:
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind == "event-source-mapping":
        raise errors.ResourceNotFoundException(f"Event source mapping not found: {arn}")
    if kind == "capacity-provider":
        raise errors.ResourceNotFoundException(f"Capacity provider not found: {arn}")
    if kind != "function" or not name:
        raise errors.resource_does_not_exist()
    reference = references.parse(call, arn)
    if reference.qualifier is not None:
        raise errors.InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return reference
