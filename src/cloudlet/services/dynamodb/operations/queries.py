"""Query and Scan.

What they have in common is in reads.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.operation import operation
from cloudlet.core.store import LAST
from cloudlet.services.dynamodb import keys, legacy
from cloudlet.services.dynamodb.addressing import owner
from cloudlet.services.dynamodb.authorization import on_table, read_context
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import operands
from cloudlet.services.dynamodb.model import segment_bounds
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.reads import (
    BAD_START,
    Read,
    Source,
    after,
    check_selected,
    check_source,
    key_range,
    read_page,
    read_read,
    source_of,
)
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.expressions.key_conditions import KeyCondition
    from cloudlet.services.dynamodb.model import KeySchema
    from cloudlet.services.dynamodb.values import Item

_QUERY_EXPRESSIONS: Final = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression")
_SCAN_EXPRESSIONS: Final = ("ProjectionExpression", "FilterExpression")


@operation("Query", permissions=on_table("Query", read_context), read_only=True)
def query(call: Call, request: Request) -> dict[str, Any]:
    """The items of one partition, in the order of their sort keys."""
    read = read_read(call, request, "QueryFilter", Wording.CURRENT, _QUERY_EXPRESSIONS)
    requested = _requested_conditions(request, read)
    call = owner(call, request["TableName"])
    source = source_of(call, read)
    _check_query_start_shape(source, read)
    schema = source.keys
    conditions = _key_conditions(source, requested)
    _check_query_start(source, read, conditions)
    _check_filter(source, read)
    check_selected(source, read)
    check_source(source, read)
    sort = conditions[-1] if len(conditions) > len(schema.partitions) else None
    equalities = [each.operands[0] for each in conditions if each is not sort]
    start, end = key_range((*source.prefix(call), *schema.position_of(equalities)), sort)
    reverse = not request.get("ScanIndexForward", True)
    if read.start_key is not None:
        position = source.position(read.start_key)
        if reverse:
            end = (*source.prefix(call), *position)
        else:
            start = after(source.prefix(call), position)
    page = read_page(call, source, read, start, end, reverse=reverse)
    return page.describe(source, read)


@operation("Scan", permissions=on_table("Scan", read_context), read_only=True)
def scan(call: Call, request: Request) -> dict[str, Any]:
    """All items of a table or an index, or one segment of them."""
    read = read_read(call, request, "ScanFilter", Wording.OLDER, _SCAN_EXPRESSIONS)
    call = owner(call, request["TableName"])
    source = source_of(call, read)
    segment, total = request.get("Segment", 0), request.get("TotalSegments", 1)
    _check_scan_start_shape(source, read)
    check_selected(source, read)
    _check_scan_start(source, read, segment, total)
    check_source(source, read)
    prefix = source.prefix(call)
    first, last = segment_bounds(segment, total)
    start: Key = (*prefix, first)
    end: Key = (*prefix, LAST) if last is None else (*prefix, last)
    if read.start_key is not None:
        start = after(prefix, source.position(read.start_key))
    return read_page(call, source, read, start, end).describe(source, read)


def _requested_conditions(
    request: Request, read: Read
) -> Sequence[legacy.Condition] | Sequence[KeyCondition]:
    if read.expressions.key_condition is not None:
        return read.expressions.key_condition.conditions(read.expressions.values)
    if "KeyConditions" not in request:
        raise ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    return legacy.read_key_conditions(request)


def _key_conditions(
    source: Source, requested: Sequence[legacy.Condition] | Sequence[KeyCondition]
) -> list[KeyCondition]:
    """The conditions in the order of the key: equalities, but for the last one on the sort key."""
    schema = source.keys
    if len(requested) > len(schema.attributes):
        if len(requested) > legacy.MAX_KEY_CONDITIONS:
            raise ValidationException(
                f"The number of query conditions ({len(requested)}) exceeds the number of key attributes "
                f"defined in the schema ({len(schema.attributes)})"
            )
        raise ValidationException("Query key condition not supported")
    by_name = {each.attribute: each for each in requested}
    all_known = by_name.keys() <= set(schema.attributes)
    found = []
    for name in schema.attributes:
        each = by_name.get(name)
        if each is None:
            if name in schema.partitions or not all_known:
                raise ValidationException(f"Query condition missed key schema element: {name}")
            continue
        condition = legacy.key_condition(each) if isinstance(each, legacy.Condition) else each
        kind = source.table.attribute_types[name]
        if any(kind not in value for value in condition.operands):
            raise ValidationException(f"{INVALID}Condition parameter type does not match schema type")
        if name in schema.partitions and condition.operator != "=":
            raise ValidationException("Query key condition not supported")
        _check_empty(name, condition)
        found.append(condition)
    _check_gaps(schema, found)
    return found


def _check_gaps(schema: KeySchema, conditions: Sequence[KeyCondition]) -> None:
    """Raises ValidationException unless all conditions on the sort key but the last are equalities."""
    last = conditions[-1].attribute
    if last not in schema.sorts:
        return
    equal = {each.attribute for each in conditions if each.operator == "="}
    missing = [name for name in schema.sorts[: schema.sorts.index(last)] if name not in equal]
    if missing:
        raise ValidationException(
            f"RANGE key attributes {', '.join(missing)} must have equality conditions specified in the query "
            f"because a condition is present on key attribute {last}"
        )


def _check_empty(name: str, condition: KeyCondition) -> None:
    for value in condition.operands:
        keys.check_not_empty(name, value)


def _check_query_start_shape(source: Source, read: Read) -> None:
    start = read.start_key
    if start is None:
        return
    if len(start) != len(source.key_attributes):
        raise ValidationException(BAD_START)
    _check_key_part(source, start, source.keys.partitions)


def _check_key_part(source: Source, start: Item, names: Sequence[str]) -> None:
    for name in names:
        if name not in start:
            raise ValidationException(BAD_START)
        if source.table.attribute_types[name] not in start[name]:
            raise ValidationException(keys.SCHEMA_MISMATCH)


def _check_table_part(source: Source, start: Item) -> None:
    try:
        keys.check_key(source.table, {n: v for n, v in start.items() if n in source.table.keys.attributes})
    except ValidationException as refused:
        raise ValidationException(f"{BAD_START}: {refused.message}") from refused


def _check_query_start(source: Source, read: Read, conditions: Sequence[KeyCondition]) -> None:
    start = read.start_key
    if start is None:
        return
    _check_key_part(source, start, source.keys.sorts)
    _check_table_part(source, start)
    partitions = len(source.keys.partitions)
    inside = all(start[each.attribute] == each.operands[0] for each in conditions[:partitions])
    sorts = conditions[partitions:]
    if not sorts:
        if not inside:
            raise ValidationException(
                "The provided starting key is outside query boundaries based on provided conditions"
            )
        return
    if not all(_satisfies(start[sort.attribute], sort) for sort in sorts):
        raise ValidationException("The provided starting key does not match the range key predicate")
    if not inside:
        raise ValidationException("The query can return at most one row and cannot be restarted")


def _satisfies(value: dict[str, Any], condition: KeyCondition) -> bool:
    first = condition.operands[0]
    if condition.operator == "BETWEEN":
        return operands.is_less_or_equal(first, value) and operands.is_less_or_equal(
            value, condition.operands[1]
        )
    if condition.operator == "begins_with":
        return operands.begins_with(value, first)
    return operands.COMPARATORS[condition.operator](value, first)


def _check_filter(source: Source, read: Read) -> None:
    for name in source.keys.attributes:
        if name in read.filtered:
            what = "QueryFilter" if "QueryFilter" in read.request else "Filter Expression"
            raise ValidationException(
                f"{what} can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def _check_scan_start_shape(source: Source, read: Read) -> None:
    start = read.start_key
    if start is None:
        return
    if len(start) != len(source.key_attributes):
        raise ValidationException(BAD_START if source.index else f"{BAD_START}: {keys.SCHEMA_MISMATCH}")
    if source.index is not None:
        _check_key_part(source, start, source.keys.attributes)


def _check_scan_start(source: Source, read: Read, segment: int, total: int) -> None:
    start = read.start_key
    if start is None:
        return
    _check_table_part(source, start)
    first, last = segment_bounds(segment, total)
    stands = source.position(start)[0]
    if stands < first or (last is not None and stands >= last):
        raise ValidationException(
            f"{BAD_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            f"TotalSegments: {total} Segment: {segment}"
        )
