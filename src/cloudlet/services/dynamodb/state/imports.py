"""Imports, and those that are still to be done. The layout of the keys is in keys.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from cloudlet.core.lease import Lease, Leases
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb.imports import Import
from cloudlet.services.dynamodb.state import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call

IMPORT_TOPIC: Final = "dynamodb-imports"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Import)
_LEASES: Final = Leases(("dynamodb-work", "import-lease"), 10.0)
_NO_LIMIT: Final = 1 << 62


class ClaimedImport(Struct, frozen=True):
    """An import that one worker does now."""

    account: str
    region: str
    id: str
    lease: Lease


def save_import(call: Call, import_: Import) -> None:
    """Writes an import's row."""
    call.transaction.put(keys.import_key(call, import_.id), _ENCODER.encode(import_))


def start_import(call: Call, import_: Import) -> None:
    """Has an import done."""
    save_import(call, import_)
    call.transaction.put((*keys.IMPORTS, call.account, call.region, import_.id), b"")
    call.wake(IMPORT_TOPIC)


def find_import(call: Call, import_id: str) -> Import | None:
    """The import of that id, or None."""
    row = call.transaction.get(keys.import_key(call, import_id))
    return None if row is None else _DECODER.decode(row)


def list_imports(call: Call, before: str | None = None) -> Iterator[Import]:
    """The account's imports in the region, the latest first; only those earlier than the given one."""
    prefix = (*keys.scope(call), "import")
    end = (*prefix, LAST) if before is None else (*prefix, before)
    for _, row in call.transaction.range(prefix, end, limit=_NO_LIMIT, reverse=True):
        yield _DECODER.decode(row)


def claim_import(call: Call, owner: str) -> tuple[ClaimedImport | None, bool]:
    """An unfinished import that nobody else does, if there is one; whether there is any other."""
    is_any = False
    for key, _ in call.transaction.range(keys.IMPORTS, (*keys.IMPORTS, LAST), limit=_NO_LIMIT):
        account, region, import_id = (str(part) for part in key[len(keys.IMPORTS) :])
        lease = _LEASES.claim(call, owner, account, region, import_id)
        if lease is not None:
            return ClaimedImport(account, region, import_id, lease), is_any
        is_any = True
    return None, is_any


def hold_import(call: Call, claimed: ClaimedImport) -> None:
    """Raises LeaseLost where another worker does it by now."""
    _LEASES.hold(call, claimed.lease, claimed.account, claimed.region, claimed.id)


def end_import(call: Call, claimed: ClaimedImport) -> None:
    """Forgets that an import is to be done."""
    hold_import(call, claimed)
    call.transaction.delete((*keys.IMPORTS, claimed.account, claimed.region, claimed.id))
    _LEASES.release(call, claimed.lease, claimed.account, claimed.region, claimed.id)
