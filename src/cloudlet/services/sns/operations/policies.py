"""AddPermission and RemovePermission: statements of a topic's policy by their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.call import Call
from cloudlet.core.operation import operation
from cloudlet.services.sns import state, topic_policies
from cloudlet.services.sns.operations.topics import asked_topic
from cloudlet.services.sns.permissions import on_topic

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


@operation("AddPermission", permissions=on_topic("AddPermission"))
def add_permission(call: Call, request: Request) -> None:
    """Lets other accounts do things with a topic."""
    topic = asked_topic(call, request)
    policy = topic_policies.with_permission(
        topic, request["Label"], request["AWSAccountId"], request["ActionName"]
    )
    state.save_topic(call, topic.changed({"Policy": policy}))


@operation("RemovePermission", permissions=on_topic("RemovePermission"))
def remove_permission(call: Call, request: Request) -> None:
    """Takes back what a label stands for."""
    topic = asked_topic(call, request)
    state.save_topic(
        call, topic.changed({"Policy": topic_policies.without_permission(topic, request["Label"])})
    )
