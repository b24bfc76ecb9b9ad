"""Finds the consumer that somebody means. Nothing is changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.services.kinesis import state
from cloudlet.services.kinesis.addressing import ConsumerReference, consumer_reference, reference
from cloudlet.services.kinesis.errors import InvalidArgumentException, ResourceNotFoundException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.kinesis.model import Consumer


def named_consumer(call: Call, request: Request) -> ConsumerReference:
    """The consumer that a request names, by its ARN or by its stream and its name."""
    if "ConsumerARN" in request:
        return consumer_reference(request["ConsumerARN"])
    if "StreamARN" not in request or "ConsumerName" not in request:
        raise InvalidArgumentException("Must provide either ConsumerARN or StreamARN and ConsumerName.")
    return ConsumerReference(reference(call, request), request["ConsumerName"])


def consumer_at(call: Call, of: ConsumerReference) -> Consumer:
    """A consumer, by a call in its account. Raises ResourceNotFoundException."""
    found = state.find_consumer(call, of.stream.name, of.name)
    if found is None or of.created_at not in (None, found.created_at):
        raise ResourceNotFoundException(f"Consumer {of.name}, account {call.account} not found.")
    return found
