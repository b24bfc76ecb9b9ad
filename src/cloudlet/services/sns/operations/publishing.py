"""Publish and PublishBatch: what may be published; publisher.py does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.access import Permission
from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.services.sns import arns, contents, state
from cloudlet.services.sns.errors import (
    BatchEntryIdsNotDistinctException,
    BatchRequestTooLongException,
    EmptyBatchRequestException,
    InvalidBatchEntryIdException,
    InvalidParameterException,
    TooManyEntriesInBatchRequestException,
)
from cloudlet.services.sns.operations.topics import asked_topic
from cloudlet.services.sns.permissions import on_topic, permission
from cloudlet.services.sns.publisher import Draft, Publisher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.operation import Request
    from cloudlet.services.sns.model import Topic, TopicAddress

_PHONE: Final = re.compile(r"\+[1-9][0-9]{3,14}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_ENTRY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MOST_ENTRIES: Final = 10


def _may_publish(call: Call, request: Request) -> Sequence[Permission]:
    if request.get("PhoneNumber") is not None:
        return [Permission("SNS:Publish", "*")]
    return [permission(call, "Publish", _target(call, request))]


def _target(call: Call, request: Request) -> TopicAddress:
    """The topic that a request names. Raises InvalidParameterException."""
    if (arn := request.get("TopicArn")) is not None:
        return arns.topic(call, arn)
    if (arn := request.get("TargetArn")) is None:
        raise InvalidParameterException.of("TopicArn or TargetArn", "no value for required parameter")
    if ":endpoint/" in arn:
        raise InvalidParameterException.of("TargetArn", "No endpoint found for the target arn specified")
    return arns.topic(call, arn, "TargetArn")


@operation("Publish", permissions=_may_publish)
def publish(call: Call, request: Request) -> dict[str, Any]:
    """Publishes a message to a topic."""
    if (number := request.get("PhoneNumber")) is not None:
        raise _no_text_messages(number)
    topic = state.topic(call, _target(call, request))
    draft = _draft(topic, request)
    if draft.size_bytes > contents.LONGEST_BYTES:
        raise InvalidParameterException("Invalid parameter: Message too long")
    return Publisher(call, topic).publish(draft)


def _no_text_messages(number: str) -> Exception:
    if not _PHONE.fullmatch(number):
        return InvalidParameterException.of("PhoneNumber", f"{number} is not valid to publish to")
    return NotImplementedHere("cloudlet cannot send text messages. Nothing was done.")


@operation("PublishBatch", permissions=on_topic("Publish"))
def publish_batch(call: Call, request: Request) -> dict[str, Any]:
    """Publishes up to ten messages to a topic."""
    topic = asked_topic(call, request)
    entries = request["PublishBatchRequestEntries"]
    _check_entries(entries)
    drafts = [_draft(topic, entry) for entry in entries]
    if sum(draft.size_bytes for draft in drafts) > contents.LONGEST_BYTES:
        raise BatchRequestTooLongException(
            "The length of all the messages put together is more than the limit."
        )
    publisher = Publisher(call, topic)
    successful = [
        {"Id": entry["Id"], **publisher.publish(draft)} for entry, draft in zip(entries, drafts, strict=True)
    ]
    return {"Successful": successful, "Failed": []}


def _check_entries(entries: Sequence[Request]) -> None:
    if not entries:
        raise EmptyBatchRequestException("The batch request doesn't contain any entries.")
    if len(entries) > _MOST_ENTRIES:
        raise TooManyEntriesInBatchRequestException(
            "The batch request contains more entries than permissible."
        )
    ids = [entry["Id"] for entry in entries]
    if not all(_ENTRY_ID.fullmatch(each) for each in ids):
        raise InvalidBatchEntryIdException(
            "The Id of a batch entry in a batch request doesn't abide by the specification."
        )
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinctException("Two or more batch entries in the request have the same Id.")


def _draft(topic: Topic, given: Request) -> Draft:
    text = given["Message"]
    bodies = contents.bodies(text, given.get("MessageStructure"))
    subject = contents.subject(given.get("Subject"))
    attributes = contents.message_attributes(given.get("MessageAttributes") or {})
    group_id, deduplication_id = _order(topic, given)
    return Draft(text, bodies, subject, attributes, group_id, deduplication_id)


def _order(topic: Topic, given: Request) -> tuple[str | None, str | None]:
    """The message group and the deduplication id. Raises InvalidParameterException."""
    group_id, deduplication_id = given.get("MessageGroupId"), given.get("MessageDeduplicationId")
    for name, value in (("MessageGroupId", group_id), ("MessageDeduplicationId", deduplication_id)):
        if value is not None and not _TOKEN.fullmatch(value):
            raise InvalidParameterException.of(
                name, f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
            )
    if not topic.fifo:
        if deduplication_id is not None:
            raise InvalidParameterException.of(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )
        return group_id, None
    if group_id is None:
        raise InvalidParameterException.of("The MessageGroupId parameter is required for FIFO topics")
    if deduplication_id is None:
        if not topic.deduplicates_by_content:
            raise InvalidParameterException.of(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
                "provided explicitly"
            )
        deduplication_id = contents.deduplication_id(given["Message"])
    return group_id, deduplication_id
