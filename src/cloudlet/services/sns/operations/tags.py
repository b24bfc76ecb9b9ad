"""Operations on the tags of topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list, tag_map
from cloudlet.services.sns import arns, state
from cloudlet.services.sns.errors import (
    InvalidParameterException,
    ResourceNotFoundException,
    TagLimitExceededException,
)
from cloudlet.services.sns.permissions import permission

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudlet.core.access import Permission
    from cloudlet.core.operation import Request
    from cloudlet.services.sns.model import Topic

_MOST_TAGS: Final = 50


def check_tags(tags: Iterable[Mapping[str, str]]) -> None:
    """Raises InvalidParameterException for a key that is there twice, TagLimitExceededException."""
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise InvalidParameterException("Invalid parameter: Duplicated keys are not allowed.")
    if len(keys) > _MOST_TAGS:
        raise _too_many()


def _too_many() -> TagLimitExceededException:
    return TagLimitExceededException("Could not complete request: tag quota of per resource exceeded")


def _on_resource(action: str) -> Callable[[Call, Request], Sequence[Permission]]:
    def judge(call: Call, request: Request) -> Sequence[Permission]:
        tags = tag_map(request.get("Tags"))
        context: dict[str, tuple[str, ...]] = {
            f"aws:RequestTag/{key}": (value,) for key, value in tags.items()
        }
        if keys := tuple(tags) or tuple(request.get("TagKeys") or ()):
            context["aws:TagKeys"] = keys
        return [permission(call, action, arns.topic(call, request["ResourceArn"], "ResourceArn"), context)]

    return judge


def _asked(call: Call, request: Request) -> Topic:
    topic = state.find_topic(call, arns.topic(call, request["ResourceArn"], "ResourceArn"))
    if topic is None:
        raise ResourceNotFoundException
    return topic


@operation("TagResource", permissions=_on_resource("TagResource"))
def tag_resource(call: Call, request: Request) -> None:
    """Adds tags to a topic."""
    topic = _asked(call, request)
    check_tags(request["Tags"])
    tagged = topic.tagged(tag_map(request["Tags"]))
    if len(tagged.tags) > _MOST_TAGS:
        raise _too_many()
    state.save_topic(call, tagged)


@operation("UntagResource", permissions=_on_resource("UntagResource"))
def untag_resource(call: Call, request: Request) -> None:
    """Takes tags from a topic."""
    state.save_topic(call, _asked(call, request).untagged(request["TagKeys"]))


@operation("ListTagsForResource", permissions=_on_resource("ListTagsForResource"), read_only=True)
def list_tags_for_resource(call: Call, request: Request) -> dict[str, Any]:
    """The tags of a topic."""
    return {"Tags": tag_list(_asked(call, request).tags)}
