"""BatchGetItem and BatchWriteItem.

Each item of a batch is read or written as alone; there are no conditions.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import keys, state
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.answers import collection_metrics, projected
from cloudlet.services.dynamodb.authorization import batch_permissions
from cloudlet.services.dynamodb.capacity import Consumed, read_units, wants_capacity, write_units
from cloudlet.services.dynamodb.errors import ProvisionedThroughputExceededException, ValidationException
from cloudlet.services.dynamodb.model import MAX_NAME, MIN_NAME, NAME_PATTERN
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.parameters import check_together
from cloudlet.services.dynamodb.reads import read_projection
from cloudlet.services.dynamodb.throttling import OF_TABLE, READ, WRITE, has_left, spend
from cloudlet.services.dynamodb.values import checked_item, is_too_large, item_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sized

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.expressions import CompiledProjection
    from cloudlet.services.dynamodb.model import Table
    from cloudlet.services.dynamodb.values import Item

MAX_GETS: Final = 100
MAX_WRITES: Final = 25
_NAME: Final = re.compile(rf"[a-zA-Z0-9_.-]{{{MIN_NAME},{MAX_NAME}}}")
MAX_ANSWER_BYTES: Final = 16 << 20
DUPLICATES: Final = "Provided list of item keys contains duplicates"


@operation("BatchGetItem", read_only=True, permissions=partial(batch_permissions, action="BatchGetItem"))
def batch_get_item(call: Call, request: Request) -> dict[str, Any]:
    """Up to 100 items by their keys; those beyond 16 MB come back as UnprocessedKeys."""
    requested = request["RequestItems"]
    _check_request_map(requested, "BatchGetItem")
    for name, each in requested.items():
        _check_length(f"RequestItems.{name}.member.Keys", each["Keys"])
    _check_unmixed(requested)
    read = {name: _read_keys(call, each) for name, each in requested.items()}
    if sum(len(keys_) for keys_, _ in read.values()) > MAX_GETS:
        raise ValidationException("Too many items requested for the BatchGetItem call")
    tables = {name: _checked_table(call, name, keys_) for name, (keys_, _) in read.items()}
    answer = _Gathering(call, request)
    for name, (keys_, projection) in read.items():
        answer.gather(tables[name], name, keys_, projection)
    return answer.result()


class _Gathering:
    """Collects the answer of BatchGetItem up to its limit."""

    def __init__(self, call: Call, request: Request) -> None:
        self._call = call
        self._request = request
        self._size = 0
        self._processed = 0
        self._responses: dict[str, list[Item]] = {}
        self._unprocessed: dict[str, dict[str, Any]] = {}
        self._consumed: list[Consumed] = []

    def gather(
        self, table: Table, name: str, keys_: list[Item], projection: CompiledProjection | None
    ) -> None:
        call = owner(self._call, name)
        requested = self._request["RequestItems"][name]
        consistent = requested.get("ConsistentRead", False)
        found = self._responses.setdefault(table.name, [])
        units, limited = 0.0, call.cloud.throughput_limits
        for position, key in enumerate(keys_):
            if self._size > MAX_ANSWER_BYTES:
                self._unprocessed[name] = {**requested, "Keys": requested["Keys"][position:]}
                break
            item = state.find_item(call, table, key)
            size = item_size(item) if item else 0
            more = read_units(size, consistent=consistent)
            if limited and not has_left(call, table, READ, Consumed(table.name, units), more):
                self._unprocessed[name] = {**requested, "Keys": requested["Keys"][position:]}
                break
            self._processed += 1
            units += more
            if item is not None:
                self._size += size
                found.append(projected(item, projection))
        consumed = Consumed(table.name, units)
        if limited or wants_capacity(self._request):
            spend(call, table, READ, consumed)
        self._consumed.append(consumed)

    def result(self) -> dict[str, Any]:
        if self._unprocessed and not self._processed:
            raise ProvisionedThroughputExceededException(OF_TABLE)
        answer: dict[str, Any] = {"Responses": self._responses, "UnprocessedKeys": self._unprocessed}
        if wanted := wants_capacity(self._request):
            answer["ConsumedCapacity"] = [each.describe(wanted) for each in self._consumed]
        return answer


@operation("BatchWriteItem", permissions=partial(batch_permissions, action="BatchWriteItem"))
def batch_write_item(call: Call, request: Request) -> dict[str, Any]:
    """Up to 25 puts and deletes."""
    _check_request_map(request["RequestItems"], "BatchWriteItem")
    read = {name: [_read_write(each) for each in writes] for name, writes in request["RequestItems"].items()}
    if sum(map(len, read.values())) > MAX_WRITES:
        raise ValidationException("Too many items requested for the BatchWriteItem call")
    tables = {name: state.table(owner(call, name), name) for name in read}
    for name, writes in read.items():
        _check_writes(tables[name], writes)
    wanted = wants_capacity(request)
    limited = call.cloud.throughput_limits
    counted = wanted or limited
    consumed = {name: Consumed(table.name) for name, table in tables.items()} if counted else {}
    unprocessed: dict[str, list[Any]] = {}
    for name, writes in read.items():
        own = owner(call, name)
        for position, (item, key) in enumerate(writes):
            if limited and not _has_left(own, tables[name], consumed[name], item or key or {}):
                unprocessed.setdefault(name, []).append(request["RequestItems"][name][position])
                continue
            _write(own, tables[name], item, key, consumed.get(name))
        if counted:
            spend(own, tables[name], WRITE, consumed[name])
    if sum(map(len, unprocessed.values())) == sum(map(len, read.values())):
        raise ProvisionedThroughputExceededException(OF_TABLE)
    answer: dict[str, Any] = {"UnprocessedItems": unprocessed}
    if wanted:
        answer["ConsumedCapacity"] = [each.describe(wanted) for each in consumed.values()]
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        answer["ItemCollectionMetrics"] = _metrics(call, tables, read)
    return answer


def _has_left(call: Call, table: Table, consumed: Consumed, subject: Item) -> bool:
    return has_left(call, table, WRITE, consumed, write_units(0, item_size(subject)))


def _write(call: Call, table: Table, item: Item | None, key: Item | None, consumed: Consumed | None) -> None:
    subject = item if item is not None else key or {}
    compares = bool(table.indexes) or table.is_followed
    needs_old = item is None or compares or consumed is not None
    old = state.find_item(call, table, subject) if needs_old else None
    state.replace_item(call, table, subject, old, item, consumed)


def _read_write(requested: Mapping[str, Any]) -> tuple[Item | None, Item | None]:
    if len(requested) != 1:
        raise ValidationException(
            "Supplied WriteRequest is empty or has both a PutRequest and a DeleteRequest"
        )
    if "PutRequest" in requested:
        item = checked_item(requested["PutRequest"]["Item"], Wording.OLDER)
        if is_too_large(item):
            raise ValidationException("Item size has exceeded the maximum allowed size")
        return item, None
    return None, checked_item(requested["DeleteRequest"]["Key"], Wording.OLDER)


def _check_writes(table: Table, writes: list[tuple[Item | None, Item | None]]) -> None:
    seen = set()
    for item, key in writes:
        if item is not None:
            keys.check_item_key(table, item)
        if key is not None:
            keys.check_key(table, key)
        position = table.keys.row_key(item if item is not None else key or {})
        if position in seen:
            raise ValidationException(DUPLICATES)
        seen.add(position)


def _metrics(
    call: Call, tables: Mapping[str, Table], read: Mapping[str, list[tuple[Item | None, Item | None]]]
) -> dict[str, Any]:
    answer: dict[str, list[Any]] = {}
    for name, writes in read.items():
        described: list[Any] = []
        for item, key in writes:
            metrics = collection_metrics(
                owner(call, name), tables[name], item if item is not None else key or {}
            )
            if metrics is not None and metrics not in described:
                described.append(metrics)
        if described:
            answer[name] = described
    return answer


def _check_request_map(requested: Mapping[str, Any], operation_name: str) -> None:
    """Raises ValidationException for a request of no table, or of one whose name is none."""
    if not requested:
        raise ValidationException(f"The requestItems parameter is required for {operation_name}")
    if not all(":" in name or _NAME.fullmatch(name) for name in requested):
        written = msgspec.json.encode(requested).decode()
        raise ValidationException(
            f"1 validation error detected: Value '{written}' at 'requestItems' failed to satisfy constraint: "
            f"Map keys must satisfy constraint: [Member must have length less than or equal to {MAX_NAME}, "
            f"Member must have length greater than or equal to {MIN_NAME}, "
            f"Member must satisfy regular expression pattern: {NAME_PATTERN}]"
        )


def _check_length(where: str, elements: Sized) -> None:
    bound = "greater than or equal to 1" if not elements else f"less than or equal to {MAX_GETS}"
    if not 1 <= len(elements) <= MAX_GETS:
        raise ValidationException(
            f"1 validation error detected: Value at '{where}' failed to satisfy constraint: "
            f"Member must have length {bound}"
        )


def _check_unmixed(requested: Mapping[str, Mapping[str, Any]]) -> None:
    """One way of projecting for the whole request, even across tables."""
    members: dict[str, Any] = {}
    for each in requested.values():
        members.update(each)
    check_together(members, ("ProjectionExpression",), ("AttributesToGet",))


def _read_keys(call: Call, requested: Mapping[str, Any]) -> tuple[list[Item], CompiledProjection | None]:
    return [checked_item(key) for key in requested["Keys"]], read_projection(call, requested)


def _checked_table(call: Call, name: str, keys_: list[Item]) -> Table:
    table = state.table(owner(call, name), name)
    seen = set()
    for key in keys_:
        keys.check_key(table, key)
        position = table.keys.row_key(key)
        if position in seen:
            raise ValidationException(DUPLICATES)
        seen.add(position)
    return table
