"""TransactWriteItems and TransactGetItems.

A transaction is one transaction of the store: everything is checked first, then everything is written.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import keys, state, writes
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.answers import collection_metrics, projected
from cloudlet.services.dynamodb.authorization import transaction_permissions
from cloudlet.services.dynamodb.capacity import (
    TRANSACTION_FACTOR,
    Consumed,
    read_units,
    wants_capacity,
)
from cloudlet.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    IdempotentParameterMismatchException,
    ProvisionedThroughputExceededException,
    TransactionCanceledException,
    ValidationException,
)
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.reads import read_projection
from cloudlet.services.dynamodb.throttling import READ, WRITE, take
from cloudlet.services.dynamodb.values import checked_item, item_size
from cloudlet.services.dynamodb.writes import CHECK, DELETE, PUT, UPDATE, Outcome, Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

READERS: Final = {
    PUT: writes.read_put,
    UPDATE: writes.read_update,
    DELETE: writes.read_delete,
    CHECK: writes.read_check,
}
MAX_TRANSACTION_BYTES: Final = 4 << 20
_NONE: Final = {"Code": "None"}
_MULTIPLE: Final = "Transaction request cannot include multiple operations on one item"


class _Action(Struct, frozen=True):
    """One action of a transaction, the table it is about, and what it will do."""

    call: Call
    """In the account that has the table."""
    table: Table
    write: Write


@operation("TransactWriteItems", permissions=transaction_permissions)
def transact_write_items(call: Call, request: Request) -> dict[str, Any]:
    """Up to 100 writes and checks, all or none."""
    read = [_read_action(call, each) for each in request["TransactItems"]]
    actions = [_action(call, name, write) for name, write in read]
    _check_total_size([write for _, write in read])
    token, fingerprint = request.get("ClientRequestToken"), _fingerprint(request)
    wanted = wants_capacity(request)
    if token is not None and (spent := state.find_spent_token(call, token)) is not None:
        if spent.fingerprint != fingerprint:
            raise IdempotentParameterMismatchException(
                "The request uses the same client token as a previous, but non-identical request"
            )
        return _replayed(actions, wanted)
    _check_targets(actions)
    outcomes = _foreseen(actions)
    counting = wanted is not None or call.cloud.throughput_limits
    consumed = _write(actions, outcomes, counting=counting)
    if counting:
        _take(actions, consumed)
    if token is not None:
        state.spend_token(call, token, fingerprint)
    answer: dict[str, Any] = {}
    if wanted:
        answer["ConsumedCapacity"] = [
            each.describe(wanted, member="WriteCapacityUnits", factor=TRANSACTION_FACTOR)
            for each in consumed.values()
        ]
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        answer["ItemCollectionMetrics"] = _metrics(actions)
    return answer


@operation("TransactGetItems", read_only=True, permissions=transaction_permissions)
def transact_get_items(call: Call, request: Request) -> dict[str, Any]:
    """Up to 100 items as they are at one moment."""
    gets = [each["Get"] for each in request["TransactItems"]]
    read = [(checked_item(get["Key"], Wording.OLDER), read_projection(call, get)) for get in gets]
    owners = [owner(call, get["TableName"]) for get in gets]
    tables = [state.table(own, get["TableName"]) for own, get in zip(owners, gets, strict=True)]
    _check_keys(tables, [key for key, _ in read])
    consumed: dict[str, Consumed] = {}
    responses = []
    for own, table, (key, projection) in zip(owners, tables, read, strict=True):
        item = state.find_item(own, table, key)
        units = read_units(item_size(item) if item else 0, consistent=True)
        consumed.setdefault(table.name, Consumed(table.name)).table += units
        responses.append({} if item is None else {"Item": projected(item, projection)})
    for own, table in {table.name: (own, table) for own, table in zip(owners, tables, strict=True)}.values():
        take(own, table, READ, consumed[table.name].times(TRANSACTION_FACTOR))
    answer: dict[str, Any] = {"Responses": responses}
    if wanted := wants_capacity(request):
        answer["ConsumedCapacity"] = [
            each.describe(wanted, member="ReadCapacityUnits", factor=TRANSACTION_FACTOR)
            for each in consumed.values()
        ]
    return answer


def _action(call: Call, name: str, write: Write) -> _Action:
    own = owner(call, name)
    return _Action(own, state.table(own, name), write)


def _read_action(call: Call, requested: Mapping[str, Any]) -> tuple[str, Write]:
    if len(requested) != 1:
        raise ValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
    kind, action = next(iter(requested.items()))
    write = READERS[kind](call, action, Wording.OLDER)
    writes.check_size(write)
    return str(action["TableName"]), write


def _check_total_size(actions: Sequence[Write]) -> None:
    if sum(item_size(write.subject) for write in actions) > MAX_TRANSACTION_BYTES:
        raise ValidationException("Transaction payload size cannot exceed 4 MB")


def _check_targets(actions: Sequence[_Action]) -> None:
    """An empty key is refused at once, the first wrong one cancels; two actions on an item are refused."""
    reasons = [_unfit(action) for action in actions]
    first = next((place for place, reason in enumerate(reasons) if reason is not _NONE), None)
    if first is not None:
        raise cancelled([reason if place == first else _NONE for place, reason in enumerate(reasons)])
    seen = set()
    for action in actions:
        target = (action.table.id, *action.table.keys.row_key(action.write.subject))
        if target in seen:
            raise ValidationException(_MULTIPLE)
        seen.add(target)


def _unfit(action: _Action) -> dict[str, Any]:
    try:
        writes.check_against(action.table, action.write)
    except keys.EmptyKeyValue:
        raise
    except ValidationException as refused:
        return {"Code": "ValidationError", "Message": refused.message}
    return _NONE


def _foreseen(actions: Sequence[_Action]) -> list[Outcome]:
    outcomes, reasons = [], []
    for action in actions:
        try:
            outcomes.append(writes.foresee(action.call, action.table, action.write))
            reasons.append(_NONE)
        except ConditionalCheckFailedException as failed:
            reasons.append({"Code": "ConditionalCheckFailed", "Message": failed.message, **failed.members})
        except ValidationException as refused:
            reasons.append({"Code": "ValidationError", "Message": refused.message})
    if len(outcomes) != len(actions):
        raise cancelled(reasons)
    return outcomes


def _write(actions: Sequence[_Action], outcomes: Sequence[Outcome], *, counting: bool) -> dict[str, Consumed]:
    consumed: dict[str, Consumed] = {}
    for action, outcome in zip(actions, outcomes, strict=True):
        name = action.table.name
        counted = consumed.setdefault(name, Consumed(name)) if counting else None
        if action.write.kind != CHECK:
            subject = action.write.subject
            state.replace_item(action.call, action.table, subject, outcome.old, outcome.new, counted)
        elif counted is not None:
            counted.table += 1.0
    return consumed


def _take(actions: Sequence[_Action], consumed: Mapping[str, Consumed]) -> None:
    """Takes twice what was written from each table. Raises TransactionCanceledException."""
    calls = {action.table.name: action for action in actions}
    refusals = {}
    for name, action in calls.items():
        try:
            take(action.call, action.table, WRITE, consumed[name].times(TRANSACTION_FACTOR))
        except ProvisionedThroughputExceededException as refused:
            refusals[name] = {"Code": "ProvisionedThroughputExceeded", "Message": refused.message}
    if refusals:
        raise cancelled([refusals.get(action.table.name, _NONE) for action in actions])


def _replayed(actions: Sequence[_Action], wanted: str | None) -> dict[str, Any]:
    """The answer to a repeated request: nothing is written; what it costs is to read the items."""
    if not wanted:
        return {}
    consumed: dict[str, Consumed] = {}
    for action in actions:
        item = state.find_item(action.call, action.table, action.write.subject)
        counted = consumed.setdefault(action.table.name, Consumed(action.table.name))
        counted.table += read_units(item_size(item) if item else 0, consistent=True)
    return {
        "ConsumedCapacity": [
            each.describe(wanted, member="ReadCapacityUnits", factor=TRANSACTION_FACTOR)
            for each in consumed.values()
        ]
    }


def _check_keys(tables: Sequence[Table], requested: Sequence[Item]) -> None:
    reasons, seen = [], set()
    for table, key in zip(tables, requested, strict=True):
        try:
            keys.check_key(table, key)
            reasons.append(_NONE)
        except keys.EmptyKeyValue:
            raise
        except ValidationException as refused:
            reasons.append({"Code": "ValidationError", "Message": refused.message})
            continue
        target = (table.id, *table.keys.row_key(key))
        if target in seen:
            raise ValidationException(_MULTIPLE)
        seen.add(target)
    if any(reason is not _NONE for reason in reasons):
        raise cancelled(reasons)


def cancelled(reasons: list[dict[str, Any]]) -> TransactionCanceledException:
    """The refusal of a transaction, with a reason for each of its actions."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return TransactionCanceledException(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )


def _metrics(actions: Sequence[_Action]) -> dict[str, Any]:
    answer: dict[str, list[Any]] = {}
    for action in actions:
        metrics = collection_metrics(action.call, action.table, action.write.subject)
        if metrics is not None and metrics not in answer.setdefault(action.table.name, []):
            answer[action.table.name].append(metrics)
    return answer


def _fingerprint(request: Request) -> bytes:
    """What two requests have in common exactly when they ask for the same."""
    encoder = msgspec.msgpack.Encoder(order="deterministic")
    return hashlib.blake2b(encoder.encode(request["TransactItems"]), digest_size=16).digest()
