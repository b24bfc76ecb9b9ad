"""Kinesis data streams that a table's changes go to, and what a change is told as there.

Pure; it imports no state. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from cloudlet.services.dynamodb.values import item_size

if TYPE_CHECKING:
    from cloudlet.services.dynamodb.values import Item

MILLISECOND: Final = "MILLISECOND"
ACTIVE: Final = "ACTIVE"
DISABLED: Final = "DISABLED"
_UNITS: Final = {MILLISECOND: 1_000, "MICROSECOND": 1_000_000}
_TIME_TO_LIVE: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class Destination(Struct, frozen=True):
    """A stream that gets a table's changes, or got them once."""

    stream_arn: str
    status: str
    precision: str = MILLISECOND


class Change(Struct, frozen=True):
    """A change on its way to a stream."""

    id: str
    stream_arn: str
    precision: str
    table_name: str
    event: str
    created: float
    keys: dict[str, dict[str, Any]]
    old: dict[str, dict[str, Any]] | None = None
    new: dict[str, dict[str, Any]] | None = None
    expired: bool = False

    @property
    def partition_key(self) -> str:
        """The same for all changes of an item, so that they stay in order."""
        return hashlib.md5(msgspec.json.encode(self.keys), usedforsecurity=False).hexdigest().upper()

    def document(self, region: str) -> bytes:
        """The record's data."""
        images: dict[str, Item] = {}
        for name, image in (("NewImage", self.new), ("OldImage", self.old)):
            if image is not None:
                images[name] = image
        size = item_size(self.keys) + sum(item_size(image) for image in images.values())
        return msgspec.json.encode(
            {
                "awsRegion": region,
                "eventID": self.id,
                "eventName": self.event,
                "userIdentity": _TIME_TO_LIVE if self.expired else None,
                "recordFormat": "application/json",
                "tableName": self.table_name,
                "dynamodb": {
                    "ApproximateCreationDateTime": int(self.created * _UNITS[self.precision]),
                    "Keys": self.keys,
                    **images,
                    "SizeBytes": size,
                    "ApproximateCreationDateTimePrecision": self.precision,
                },
                "eventSource": "aws:dynamodb",
            }
        )
