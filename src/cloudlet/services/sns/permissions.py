"""What IAM is asked about SNS's operations: which topic, with whose policy, in which account.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html. It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import LazyContext, Permission, PolicyDocument, PrincipalKind
from cloudlet.services.sns import arns, state, topic_policies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import Topic, TopicAddress

    Judged = Callable[[Call, Mapping[str, Any]], Sequence[Permission]]

_SAY_THEIR_OWNER: Final = frozenset({"cloudwatch.amazonaws.com"})
"""The services that tell topics for whose account they act, which the default policy asks for."""


def on_topic(action: str, parameter: str = "TopicArn") -> Judged:
    """The permission for an action on the topic that the request names by its ARN."""

    def judge(call: Call, request: Mapping[str, Any]) -> Sequence[Permission]:
        return [permission(call, action, arns.topic(call, request[parameter], parameter))]

    return judge


def anywhere(action: str) -> Judged:
    """The permission for an action that IAM knows no resource of."""
    return lambda _call, _request: [Permission(f"SNS:{action}", "*")]


def permission(
    call: Call, action: str, address: TopicAddress, context: Mapping[str, Sequence[str]] | None = None
) -> Permission:
    """The permission for an action on a topic; one that is not there is judged too."""
    topic = state.find_topic(call, address)
    return Permission(
        f"SNS:{action}",
        address.arn,
        context=LazyContext(lambda: {**_context(call, topic), **(context or {})}),
        resource_policy=_policy(topic),
        resource_account=address.account if address.account != call.account else None,
    )


def _policy(topic: Topic | None) -> PolicyDocument | None:
    return None if topic is None else PolicyDocument("topic policy", topic_policies.text(topic))


def _context(call: Call, topic: Topic | None) -> dict[str, tuple[str, ...]]:
    tags = {} if topic is None else topic.tags
    context: dict[str, tuple[str, ...]] = {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
    if call.principal.kind is PrincipalKind.SERVICE and call.principal.arn in _SAY_THEIR_OWNER:
        context["aws:SourceOwner"] = (call.account,)
    return context
