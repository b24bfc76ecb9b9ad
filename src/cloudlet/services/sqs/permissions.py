"""What IAM is asked about SQS's operations: which queue, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html. It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.access import LazyContext, Permission, PolicyDocument
from cloudlet.services.sqs import state, urls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.sqs.model import Queue
    from cloudlet.services.sqs.urls import QueueAddress

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]


def on_queue(action: str) -> Judged:
    """The permission for an action on the queue that the request names by its URL."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [permission(call, action, urls.address(call, request["QueueUrl"]))]

    return judge


def on_tagged_queue(action: str) -> Judged:
    """As on_queue(), with the tags that the request gives or takes away."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        asked = permission(call, action, urls.address(call, request["QueueUrl"]))
        tags = request.get("Tags") or {}
        context = {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}
        context["aws:TagKeys"] = tuple(tags) or tuple(request.get("TagKeys") or ())
        return [replace(asked, context={**asked.context, **context})]

    return judge


def permission(call: Call, action: str, address: QueueAddress) -> Permission:
    """The permission for an action on a queue; one that is not there is judged too."""
    queue = state.find_queue(call, address.account, address.region, address.name)
    return Permission(
        f"sqs:{action}",
        address.arn,
        context=LazyContext(lambda: _tags(queue)),
        resource_policy=_policy(queue),
        resource_account=address.account if address.account != call.account else None,
    )


def _policy(queue: Queue | None) -> PolicyDocument | None:
    text = queue.attributes.get("Policy") if queue is not None else None
    return PolicyDocument("queue policy", text) if text else None


def _tags(queue: Queue | None) -> dict[str, tuple[str, ...]]:
    tags = {} if queue is None else queue.tags
    return {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
