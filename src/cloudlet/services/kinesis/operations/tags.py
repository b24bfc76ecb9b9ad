"""Operations on the tags of streams and consumers, in the old form and the new."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import (
    ConsumerReference,
    is_queue,
    located,
    owner,
    queue_call,
    queue_name,
    resource_reference,
    stream_of,
)
from cloudlet.services.kinesis.consumers import consumer_at
from cloudlet.services.kinesis.errors import InvalidArgumentException
from cloudlet.services.kinesis.model import Consumer, Stream
from cloudlet.services.kinesis.permissions import on_resource, on_stream
from cloudlet.services.kinesis.queues import state as queues
from cloudlet.services.kinesis.queues.model import Queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from types_boto3_kinesis import type_defs as api

_AT_MOST: Final = 50
_VALID: Final = re.compile(r"[\w\s.:/=+\-%@]*")
_OTHER_SPACES: Final = re.compile(r"[\t\n\r\f\v]")


@operation("AddTagsToStream", permissions=on_stream("AddTagsToStream"))
def add_tags_to_stream(call: Call, request: api.AddTagsToStreamInputTypeDef) -> None:
    """Adds tags to a stream."""
    own, name = located(call, request)
    _add(own, state.stream(own, name), request["Tags"])


@operation("RemoveTagsFromStream", permissions=on_stream("RemoveTagsFromStream"))
def remove_tags_from_stream(call: Call, request: api.RemoveTagsFromStreamInputTypeDef) -> None:
    """Takes tags off a stream."""
    own, name = located(call, request)
    _remove(own, state.stream(own, name), request["TagKeys"])


@operation("ListTagsForStream", permissions=on_stream("ListTagsForStream"), read_only=True)
def list_tags_for_stream(call: Call, request: api.ListTagsForStreamInputTypeDef) -> dict[str, Any]:
    """A page of a stream's tags, by key."""
    own, name = located(call, request)
    after, limit = request.get("ExclusiveStartTagKey", ""), request.get("Limit", _AT_MOST)
    left = {key: value for key, value in sorted(state.stream(own, name).tags.items()) if key > after}
    return {"Tags": tag_list(left)[:limit], "HasMoreTags": len(left) > limit}


@operation("TagResource", permissions=on_resource("TagResource"))
def tag_resource(call: Call, request: api.TagResourceInputTypeDef) -> None:
    """Adds tags to a stream or a consumer."""
    own, tagged = _tagged(call, request)
    _add(own, tagged, request["Tags"])


@operation("UntagResource", permissions=on_resource("UntagResource"))
def untag_resource(call: Call, request: api.UntagResourceInputTypeDef) -> None:
    """Takes tags off a stream or a consumer."""
    own, tagged = _tagged(call, request)
    _remove(own, tagged, request["TagKeys"])


@operation("ListTagsForResource", permissions=on_resource("ListTagsForResource"), read_only=True)
def list_tags_for_resource(call: Call, request: api.ListTagsForResourceInputTypeDef) -> dict[str, Any]:
    """The tags of a stream or a consumer."""
    return {"Tags": tag_list(dict(sorted(_tagged(call, request)[1].tags.items())))}


def check_tags(call: Call, name: str, tags: Mapping[str, str]) -> None:
    """Raises InvalidArgumentException for tags that a stream or consumer may not have."""
    _check_characters(call, name, "add tags to", (*tags, *tags.values()))
    if len(tags) > _AT_MOST:
        raise InvalidArgumentException(
            f"Failed to add tags to stream {name} under account {call.account} because a given stream cannot "
            f"have more than {_AT_MOST} tags associated with it."
        )


def _check_characters(call: Call, name: str, doing: str, texts: Iterable[str]) -> None:
    texts = list(texts)
    if any(_VALID.fullmatch(text) is None or _OTHER_SPACES.search(text) for text in texts):
        raise InvalidArgumentException(
            "Some tags contain invalid characters. Valid characters: "
            "Unicode letters, digits, white space, _ . / = + - % @ :."
        )
    if any("%" in text for text in texts):
        raise InvalidArgumentException(
            f"Failed to {doing} stream {name} under account {call.account} because some tags "
            "contained illegal "
            "characters. The allowed characters are Unicode letters, white-spaces, "
            "'_',',','/','=','+','-','@',':'."
        )


def _tagged(call: Call, request: Mapping[str, Any]) -> tuple[Call, Stream | Consumer | Queue]:
    arn = request["ResourceARN"]
    if is_queue(arn):
        own = queue_call(call, arn)
        return own, queues.queue(own, queue_name(arn))
    of = resource_reference(request)
    own = owner(call, stream_of(of))
    return own, consumer_at(own, of) if isinstance(of, ConsumerReference) else state.stream(own, of.name)


def _add(call: Call, tagged: Stream | Consumer | Queue, tags: Mapping[str, str]) -> None:
    all_tags = {**tagged.tags, **tags}
    check_tags(call, tagged.name, all_tags)
    _save(call, tagged, all_tags)


def _remove(call: Call, tagged: Stream | Consumer | Queue, keys: Iterable[str]) -> None:
    gone = set(keys)
    _check_characters(call, tagged.name, "remove tags from", gone)
    _save(call, tagged, {key: value for key, value in tagged.tags.items() if key not in gone})


def _save(call: Call, tagged: Stream | Consumer | Queue, tags: Mapping[str, str]) -> None:
    if isinstance(tagged, Stream):
        state.save_stream(call, replace(tagged, tags=tags))
    elif isinstance(tagged, Queue):
        queues.save_queue(call, replace(tagged, tags=tags))
    else:
        state.save_consumer(call, replace(tagged, tags=tags))
