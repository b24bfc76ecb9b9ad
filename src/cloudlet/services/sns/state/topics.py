"""Topics by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.sns.errors import no_topic
from cloudlet.services.sns.model import Topic
from cloudlet.services.sns.state import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.services.sns.model import TopicAddress

_TOPICS: Final = Rows(keys.TOPICS, Topic)


def find_topic(call: Call, address: TopicAddress) -> Topic | None:
    """A topic, or None."""
    return _TOPICS.find(call, address.account, address.region, address.name)


def topic(call: Call, address: TopicAddress) -> Topic:
    """A topic. Raises NotFoundException."""
    found = find_topic(call, address)
    if found is None:
        raise no_topic()
    return found


def list_topics(call: Call, after: str | None, limit: int) -> Iterator[Topic]:
    """The topics of the call's account and region, in the order of their names."""
    return _TOPICS.below(call, call.account, call.region, after=(after,) if after else None, limit=limit)


def save_topic(call: Call, topic: Topic) -> None:
    """Writes a topic."""
    _TOPICS.save(call, topic, topic.account, topic.region, topic.name)


def delete_topic(call: Call, topic: Topic) -> None:
    """Removes a topic; its subscriptions are removed by their own module."""
    _TOPICS.delete(call, topic.account, topic.region, topic.name)
