"""Exports. The layout of the keys is in keys.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.exports import Export
from cloudlet.services.dynamodb.state import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Export)
_NO_LIMIT: Final = 1 << 62


def save_export(call: Call, export: Export) -> None:
    """Writes an export's row."""
    call.transaction.put(keys.export_key(call, export.id), _ENCODER.encode(export))


def find_export(call: Call, export_id: str) -> Export | None:
    """The export of that id, or None."""
    row = call.transaction.get(keys.export_key(call, export_id))
    return None if row is None else _DECODER.decode(row)


def list_exports(call: Call) -> Iterator[Export]:
    """The account's exports in the region, the latest first."""
    prefix = (*keys.scope(call), "export")
    for _, row in call.transaction.range(prefix, (*prefix, LAST), limit=_NO_LIMIT, reverse=True):
        yield _DECODER.decode(row)
