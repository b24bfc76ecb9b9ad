"""Receipt handles: which message of which queue, and which of its receives. They look as opaque as AWS's.

A handle proves nothing by itself: whoever acts on one compares it with the message's delivery.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.sqs.errors import ReceiptHandleIsInvalid
from cloudlet.services.sqs.model import Position

if TYPE_CHECKING:
    from cloudlet.services.sqs.model import Delivery, Queue

_MARK: Final = b"\x01\x01\x01"
_FORM: Final = struct.Struct(">3s12sQ16sId")


class Receipt(Struct, frozen=True):
    """One receive of one message."""

    position: Position
    receive_count: int
    received_at: float

    def belongs_to(self, delivery: Delivery) -> bool:
        """Whether it is the message's last receive."""
        return (self.receive_count, self.received_at) == (delivery.receive_count, delivery.received_at)


def write_handle(queue: Queue, position: Position, delivery: Delivery) -> str:
    """The handle of a receive."""
    packed = _FORM.pack(
        _MARK,
        queue.id.encode(),
        position.order,
        position.id,
        delivery.receive_count,
        delivery.received_at,
    )
    return base64.b64encode(packed).decode()


def read_handle(queue: Queue, handle: str) -> Receipt:
    """What a handle says. Raises ReceiptHandleIsInvalid for one of another queue, and for what is none."""
    try:
        fields = _FORM.unpack(base64.b64decode(handle, validate=True))
    except (binascii.Error, struct.error, ValueError):
        raise _invalid(handle) from None
    mark, queue_id, order, identifier, receive_count, received_at = fields
    if mark != _MARK or queue_id != queue.id.encode():
        raise _invalid(handle)
    return Receipt(Position(order, identifier), receive_count, received_at)


def _invalid(handle: str) -> ReceiptHandleIsInvalid:
    return ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
