"""Operations on the tags of queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sqs import state
from cloudlet.services.sqs.attributes import check_tags
from cloudlet.services.sqs.errors import MissingParameter
from cloudlet.services.sqs.operations.queues import asked_queue
from cloudlet.services.sqs.permissions import on_queue, on_tagged_queue

if TYPE_CHECKING:
    from types_boto3_sqs import type_defs as api


@operation("TagQueue", permissions=on_tagged_queue("TagQueue"))
def tag_queue(call: Call, request: api.TagQueueRequestTypeDef) -> None:
    """Adds tags to a queue."""
    queue = asked_queue(call, request)
    tags = request["Tags"]
    if not tags:
        raise MissingParameter("The request must contain the parameter Tags.")
    changed = queue.tagged(tags)
    check_tags(tags, len(changed.tags))
    state.save_queue(call, changed, before=queue)


@operation("UntagQueue", permissions=on_tagged_queue("UntagQueue"))
def untag_queue(call: Call, request: api.UntagQueueRequestTypeDef) -> None:
    """Takes tags off a queue."""
    queue = asked_queue(call, request)
    state.save_queue(call, queue.untagged(set(request["TagKeys"])), before=queue)


@operation("ListQueueTags", permissions=on_queue("ListQueueTags"), read_only=True)
def list_queue_tags(call: Call, request: api.ListQueueTagsRequestTypeDef) -> dict[str, Any]:
    """A queue's tags."""
    tags = dict(asked_queue(call, request).tags)
    return {"Tags": tags} if tags else {}
