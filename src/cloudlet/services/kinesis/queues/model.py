"""Queues of streams and what they have delivered, as values. No I/O, no clock."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cloudlet.services.kinesis.errors import InvalidArgumentException, ValidationException
from cloudlet.services.kinesis.model import Status

_BUILT_IN: Final = "BUILT_IN"
_HANDLE: Final = struct.Struct(">IQIQ")


class Queue(Struct, frozen=True):
    """A queue."""

    name: str
    stream_name: str
    created_at: float
    """Seconds since 1970."""
    starting_type: str
    starting_at: float
    """Since when records are delivered, as far as that is a time."""
    status: Status = Status.CREATING
    visibility_seconds: int = 30
    max_receive_count: int | None = 6
    """After so many receives a record is a dead letter; None where there are none."""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """What its ARN ends with."""
        return f"queue/{self.name}"

    def with_attributes(self, given: Mapping[str, Any]) -> Queue:
        """The queue with other attributes. Raises ValidationException."""
        seconds = given.get("VisibilityTimeoutSeconds", self.visibility_seconds)
        dead_letters = given.get("DeadLetterConfiguration")
        if dead_letters is None:
            return replace(self, visibility_seconds=seconds)
        limit = dead_letters.get("MaxReceiveCount")
        if (dead_letters["TargetType"] == _BUILT_IN) != (limit is not None):
            raise ValidationException(
                "MaxReceiveCount must be specified if and only if TargetType is BUILT_IN."
            )
        return replace(self, visibility_seconds=seconds, max_receive_count=limit)

    def describe(self, arn: str, stream_arn: str) -> dict[str, Any]:
        """A QueueDescription."""
        position: dict[str, Any] = {"Type": self.starting_type}
        if self.status is not Status.CREATING or self.starting_type == "AT_TIMESTAMP":
            position["Timestamp"] = datetime.fromtimestamp(self.starting_at, UTC)
        dead_letters: dict[str, Any] = {"TargetType": "NONE"}
        if self.max_receive_count is not None:
            dead_letters = {"TargetType": _BUILT_IN, "MaxReceiveCount": self.max_receive_count}
        return {
            **self.summary(arn),
            "StreamConfigurationList": [{"StreamARN": stream_arn, "StartingPosition": position}],
            "QueueAttributes": {
                "VisibilityTimeoutSeconds": self.visibility_seconds,
                "DeadLetterConfiguration": dead_letters,
            },
        }

    def summary(self, arn: str) -> dict[str, Any]:
        """What its description and its summary share."""
        return {
            "QueueName": self.name,
            "QueueARN": arn,
            "QueueStatus": self.status.value,
            "QueueCreationTimestamp": datetime.fromtimestamp(int(self.created_at), UTC),
        }


class Place(Struct, frozen=True):
    """Which record of a stream."""

    shard_index: int
    place: int

    @property
    def record_id(self) -> str:
        """The same in every queue of the stream."""
        return f"{self.shard_index:08x}{self.place:016x}"


class Delivery(Struct, frozen=True):
    """A record that was received and is not acknowledged."""

    due: int
    """When it may be received again, in milliseconds since 1970."""
    receive_count: int = 0
    first_received_at: int = 0
    received_at: int = 0
    is_dead: bool = False

    def received(self, now: int, due: int) -> Delivery:
        """After one more receive."""
        first = self.first_received_at or now
        return replace(
            self,
            due=due,
            receive_count=self.receive_count + 1,
            first_received_at=first,
            received_at=now,
        )

    def died(self) -> Delivery:
        """As a dead letter, which may be received at once."""
        return replace(self, due=0, is_dead=True)

    def restored(self, now: int) -> Delivery:
        """As a record that was never received."""
        return Delivery(now)


class Receipt(Struct, frozen=True):
    """One receive of a record."""

    place: Place
    receive_count: int
    received_at: int

    @classmethod
    def of(cls, place: Place, delivery: Delivery) -> Receipt:
        """The last receive of a record."""
        return cls(place, delivery.receive_count, delivery.received_at)

    def write(self) -> str:
        """The handle that clients hand back."""
        packed = _HANDLE.pack(self.place.shard_index, self.place.place, self.receive_count, self.received_at)
        return base64.b64encode(packed).decode()

    @classmethod
    def read(cls, handle: str) -> Receipt:
        """The receive of a handle. Raises InvalidArgumentException."""
        try:
            shard_index, place, count, at = _HANDLE.unpack(base64.b64decode(handle, validate=True))
        except (binascii.Error, struct.error, ValueError) as error:
            raise InvalidArgumentException("The receipt handle is not valid.") from error
        return cls(Place(shard_index, place), count, at)
