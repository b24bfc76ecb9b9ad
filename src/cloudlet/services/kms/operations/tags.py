"""The tags of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.kms.addressing import named_key
from cloudlet.services.kms.listing import listed
from cloudlet.services.kms.permissions import on_key
from cloudlet.services.kms.state import keys as state
from cloudlet.services.kms.tags import accepted_tags

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_TAGS_PER_PAGE: Final = 50


@operation("TagResource", permissions=on_key("TagResource"))
def tag_resource(call: Call, request: Request) -> None:
    """Adds tags to a key, or changes them."""
    key = named_key(call, request["KeyId"])
    key.check_not_pending_deletion()
    state.save_key(call, replace(key, tags=accepted_tags(call, key.tags, request["Tags"])))


@operation("UntagResource", permissions=on_key("UntagResource"))
def untag_resource(call: Call, request: Request) -> None:
    """Takes tags off a key."""
    key = named_key(call, request["KeyId"])
    key.check_not_pending_deletion()
    left = {name: value for name, value in key.tags.items() if name not in request["TagKeys"]}
    state.save_key(call, replace(key, tags=left))


@operation("ListResourceTags", permissions=on_key("ListResourceTags"), read_only=True)
def list_resource_tags(call: Call, request: Request) -> dict[str, Any]:
    """Lists the tags of a key."""
    tags = named_key(call, request["KeyId"]).tags
    entries = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
    return listed("Tags", entries, request, _TAGS_PER_PAGE)
