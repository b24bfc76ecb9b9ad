"""Which stream a request is about: by name in the caller's account, or by ARN in any.

Nothing is looked up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.core.arn import Arn
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.kinesis.errors import InvalidArgumentException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request

_STREAM: Final = "stream/"
_QUEUE: Final = "queue/"


class StreamReference(Struct, frozen=True):
    """A stream that may be there."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return stream_arn(self.account, self.region, self.name)


def stream_arn(account: str, region: str, name: str) -> str:
    """The ARN of a stream."""
    return f"arn:aws:kinesis:{region}:{account}:{_STREAM}{name}"


def reference(call: Call, request: Request) -> StreamReference:
    """The stream that a request names. Raises InvalidArgumentException."""
    if "StreamId" in request:
        raise NotImplementedHere(
            "cloudlet does not know streams by StreamId: AWS reserves it for future use."
        )
    name, arn = request.get("StreamName"), request.get("StreamARN")
    if arn is None:
        if name is None:
            raise InvalidArgumentException("Must provide either StreamName or StreamARN.")
        return StreamReference(call.account, call.region, name)
    found = arn_reference(arn)
    if name is not None and name != found.name:
        raise InvalidArgumentException(f"StreamName {name} and StreamARN {arn} do not name the same stream.")
    return found


class ConsumerReference(Struct, frozen=True):
    """A consumer that may be there."""

    stream: StreamReference
    name: str
    created_at: int | None = None
    """Seconds since 1970, where an ARN says it."""


def consumer_reference(arn: str) -> ConsumerReference:
    """The consumer that an ARN names."""
    named, _, created_at = arn.rpartition("/consumer/")[2].rpartition(":")
    return ConsumerReference(arn_reference(arn), named, int(created_at))


def resource_reference(request: Request) -> StreamReference | ConsumerReference:
    """The stream or the consumer that a ResourceARN names."""
    _refuse_stream_id(request)
    arn: str = request["ResourceARN"]
    if "/consumer/" in arn:
        return consumer_reference(arn)
    if not Arn.parse(arn).resource.startswith(_STREAM):
        raise NotImplementedHere("cloudlet has no Kinesis channels, and no policies of queues.")
    return arn_reference(arn)


def stream_of(of: StreamReference | ConsumerReference) -> StreamReference:
    """The stream itself, or the consumer's."""
    return of.stream if isinstance(of, ConsumerReference) else of


def arn_reference(arn: str) -> StreamReference:
    """The stream that an ARN names, or whose consumer it names."""
    parsed = Arn.parse(arn)
    name = parsed.resource.removeprefix(_STREAM).partition("/")[0]
    return StreamReference(parsed.account, parsed.region, name)


def owner(call: Call, of: StreamReference) -> Call:
    """The call where the stream is, which may be another account."""
    return call.where(of.account, of.region)


def is_queue(arn: str) -> bool:
    """Whether an ARN names a queue of a stream."""
    return Arn.parse(arn).resource.startswith(_QUEUE)


def queue_name(arn: str) -> str:
    """The queue that an ARN names."""
    return Arn.parse(arn).resource.removeprefix(_QUEUE)


def queue_call(call: Call, arn: str) -> Call:
    """The call where a queue is."""
    parsed = Arn.parse(arn)
    return call.where(parsed.account, parsed.region)


def located(call: Call, request: Request) -> tuple[Call, str]:
    """The call in the stream's account, and the stream's name."""
    of = reference(call, request)
    return owner(call, of), of.name


def _refuse_stream_id(request: Request) -> None:
    if "StreamId" in request:
        raise NotImplementedHere(
            "cloudlet does not know streams by StreamId: AWS reserves it for future use."
        )
