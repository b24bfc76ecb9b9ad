"""SELECT: which rows a statement reads, page by page, and the columns it gives.

A statement that names partitions reads these alone, each narrowed by its condition on the sort key; any other
reads everything. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.capacity import Consumed, wants_capacity
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.expressions.conditions import operands_within
from cloudlet.services.dynamodb.expressions.names import getter
from cloudlet.services.dynamodb.expressions.syntax import Or, Path
from cloudlet.services.dynamodb.parameters import NO_EXPRESSIONS
from cloudlet.services.dynamodb.partiql import key_search
from cloudlet.services.dynamodb.partiql.writing import Writer
from cloudlet.services.dynamodb.reads import (
    Page,
    Read,
    Source,
    after,
    check_filled,
    key_range,
    read_page,
)
from cloudlet.services.dynamodb.values import INVALID
from cloudlet.services.dynamodb.values import order as key_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.expressions.names import ResolvedPath
    from cloudlet.services.dynamodb.expressions.syntax import Condition
    from cloudlet.services.dynamodb.model import Index
    from cloudlet.services.dynamodb.partiql.syntax import Select
    from cloudlet.services.dynamodb.values import Item

_MOST_RANGES: Final = 50
_SEVERAL: Final = (
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys "
    "or multi-attribute RANGE keys."
)
_OVERLAP: Final = "Overlapping conditions with range keys are not supported in where clause"
_TOKEN: Final = msgspec.msgpack.Encoder()


class Columns(Struct, frozen=True):
    """The columns of a SELECT: each path under the name of its last part."""

    paths: tuple[ResolvedPath, ...]

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of which it takes something."""
        return frozenset(str(path[0]) for path in self.paths)

    def of(self, item: Item) -> Item:
        """The columns of an item; what it does not have is left out."""
        found = ((_column(path), getter(path)(item)) for path in self.paths)
        return {name: value for name, value in found if value is not None}


class _Place(Struct, frozen=True, array_like=True):
    """Where the next page begins: what NextToken says."""

    statement: bytes
    range: int
    key: dict[str, Any]


class _Pages:
    """The pages of several ranges, as one."""

    def __init__(self, table_name: str) -> None:
        self.items: list[Item] = []
        self.scanned = self.size_bytes = 0
        self.consumed = Consumed(table_name)

    def add(self, page: Page) -> None:
        self.items += page.items
        self.scanned += page.scanned
        self.size_bytes += page.size_bytes
        self.consumed.merge(page.consumed)


def columns_of(statement: Select) -> Columns | None:
    """What a SELECT takes of items; None for all."""
    return None if statement.columns is None else Columns(tuple(path.elements for path in statement.columns))


def filter_of(call: Call, statement: Select) -> Callable[[Item], bool] | None:
    """Whether an item is one that a SELECT asks for. Raises ValidationException."""
    if statement.where is None:
        return None
    writer = Writer(statement.values)
    text = writer.condition(statement.where)
    members = writer.members()
    values = members.get("ExpressionAttributeValues", {})
    compiled = call.cloud.component(Expressions).condition(
        "FilterExpression", text, members.get("ExpressionAttributeNames", {})
    )
    compiled.check(values)
    return lambda item: compiled.holds(item, values)


def select(call: Call, statement: Select, request: Request) -> dict[str, Any]:
    """A page of what a SELECT asks for. Raises ValidationException."""
    read = _read(call, statement, request)
    source = source_of(call, statement)
    _check(source, statement, read)
    ranges, reverse = _ranges(call, source, statement)
    begin = _begin(source, request)
    pages, limit = _Pages(source.table.name), read.limit
    answer: dict[str, Any] = {}
    for position in range(begin.range if begin else 0, len(ranges)):
        start, end = ranges[position]
        if begin is not None and position == begin.range:
            start, end = _continued(call, source, begin.key, start, end, reverse=reverse)
        left = replace(read, request={**read.request, "Limit": limit - pages.scanned})
        page = read_page(call, source, left, start, end, reverse=reverse)
        pages.add(page)
        if page.last is not None:
            key = source.key_of(page.last)
            answer = {"LastEvaluatedKey": key, "NextToken": _token(request, position, key)}
            break
    answer["Items"] = pages.items
    if wanted := wants_capacity(request):
        answer["ConsumedCapacity"] = pages.consumed.describe(wanted)
    return answer


def _read(call: Call, statement: Select, request: Request) -> Read:
    members = {
        name: request[name] for name in ("ConsistentRead", "ReturnConsumedCapacity") if name in request
    }
    asked = {**members, "TableName": statement.source.table, "Limit": request.get("Limit", 1 << 62)}
    if statement.source.index is not None:
        asked["IndexName"] = statement.source.index
    return Read(asked, NO_EXPRESSIONS, filter_of(call, statement), frozenset(), columns_of(statement), None)


def source_of(call: Call, statement: Select) -> Source:
    """What a SELECT reads. Raises ResourceNotFoundException or ValidationException."""
    table, name = state.table(call, statement.source.table), statement.source.index
    if name is None:
        return Source(table, None)
    index = table.find_index(name)
    if index is None:
        raise ValidationException("The table does not have the specified index")
    return Source(table, index)


def check_readable(source: Source, statement: Select) -> None:
    """Raises ValidationException for what no SELECT reads: an index of such a key, and a function's value."""
    if source.keys.has_several:
        raise ValidationException(_SEVERAL)
    if statement.call is not None:
        raise ValidationException(f"Unexpected path component at {statement.call}")


def _check(source: Source, statement: Select, read: Read) -> None:
    if source.index is not None and not source.index.local and read.consistent:
        raise ValidationException("Strongly consistent read is not supported on Global Secondary Indexes")
    check_filled(source.index)
    check_readable(source, statement)
    _check_projected(source, statement)
    schema = source.keys
    if not statement.order:
        return
    if statement.where is None:
        raise ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    for order in statement.order:
        if order.attribute not in schema.attributes:
            raise ValidationException(
                f"Variable reference {order.attribute} in ORDER BY clause must be part of the primary key"
            )
    found = key_search.partitions(statement.where, schema.partition, statement.values)
    if found is None:
        raise ValidationException(
            "Must have at least one non-optional hash key condition in WHERE clause "
            "when using ORDER BY clause."
        )
    if len(found) > 1 and statement.order[0].attribute != schema.partition:
        raise ValidationException(
            "Must have hash key in ORDER BY clause when more than one hash key condition "
            "specified in WHERE clause."
        )


def _check_projected(source: Source, statement: Select) -> None:
    """A global index has only what it projects; a keyed read of any index filters only that."""
    index = source.index
    if index is None or index.projection == "ALL":
        return
    missing = [] if index.local else _unprojected(source, index, statement.columns or ())
    if missing:
        raise ValidationException(
            f"{INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )
    if statement.where is None or not key_search.is_keyed(statement.where, index.keys.partition):
        return
    paths = [each for each in operands_within(statement.where) if isinstance(each, Path)]
    if missing := _unprojected(source, index, paths):
        raise ValidationException(
            f"{INVALID}Secondary index {index.name} does not project one or more filter attributes: "
            f"[{', '.join(missing)}]"
        )


def _unprojected(source: Source, index: Index, paths: Sequence[Path]) -> list[str]:
    """The attributes of paths that an index does not have, in their order."""
    has = {*source.key_attributes, *index.included}
    return list(dict.fromkeys(name for path in paths if (name := str(path.elements[0])) not in has))


def _ranges(call: Call, source: Source, statement: Select) -> tuple[list[tuple[Key, Key]], bool]:
    """The ranges to read one after the other, and whether each is read backwards."""
    schema = source.keys
    prefix = source.prefix(call)
    where, values = statement.where, statement.values
    found = key_search.partitions(where, schema.partition, values)
    if found is None:
        return [(prefix, (*prefix, LAST))], False
    if len(found) > _MOST_RANGES:
        raise ValidationException("Too many decomposed read operations for a given query.")
    if isinstance(where, Or):
        _check_overlap(source, where, statement)
    sort = key_search.range_condition(where, schema.sort, values)
    for name, operands in ((schema.partition, found), (schema.sort, sort.operands if sort else ())):
        _check_type(source, name, operands)
    reverse = any(order.descending for order in statement.order if order.attribute == schema.sort)
    ordered = next((order for order in statement.order if order.attribute == schema.partition), None)
    if ordered is not None:
        found.sort(key=key_order, reverse=ordered.descending)
    return [key_range((*prefix, *schema.position_of((value,))), sort) for value in found], reverse


def _check_type(source: Source, name: str | None, operands: Sequence[dict[str, Any]]) -> None:
    if name is not None and any(source.table.attribute_types[name] not in value for value in operands):
        raise ValidationException(
            f"Key attribute's data type should match its data type in table's schema: Key {name}"
        )


def _check_overlap(source: Source, where: Or, statement: Select) -> None:
    """Raises ValidationException where two alternatives read the same rows of one partition."""
    schema = source.keys
    taken: list[tuple[list[tuple[bool, Any]], list[tuple[bool, Any]]]] = []
    for branch in where.conditions:
        if _is_negated(branch, schema.sort, statement):
            continue
        sort = key_search.range_condition(branch, schema.sort, statement.values)
        for value in key_search.partitions(branch, schema.partition, statement.values) or ():
            start, end = key_range(schema.position_of((value,)), sort)
            bounds = _comparable(start), _comparable(end)
            if any(bounds[0] < other[1] and other[0] < bounds[1] for other in taken):
                raise ValidationException(_OVERLAP)
            taken.append(bounds)


def _comparable(bound: Key) -> list[tuple[bool, Any]]:
    """A bound in the order of the store, in which LAST comes behind everything."""
    return [(part is LAST, b"" if part is LAST else part) for part in bound]


def _is_negated(branch: Condition, sort: str | None, statement: Select) -> bool:
    """Whether a branch says of the sort key what is no range."""
    for part in key_search.conjuncts(branch):
        found = key_search.key_condition(part, statement.values)
        if found is None and any(
            isinstance(operand, Path) and operand.elements[0] == sort for operand in operands_within(part)
        ):
            return True
    return False


def _continued(
    call: Call, source: Source, key: Item, start: Key, end: Key, *, reverse: bool
) -> tuple[Key, Key]:
    position = source.position(key)
    if reverse:
        return start, (*source.prefix(call), *position)
    return after(source.prefix(call), position), end


def _fingerprint(request: Request) -> bytes:
    asked = [request["Statement"], request.get("Parameters", [])]
    encoder = msgspec.msgpack.Encoder(order="deterministic")
    return hashlib.blake2b(encoder.encode(asked), digest_size=16).digest()


def _token(request: Request, position: int, key: Item) -> str:
    return urlsafe_b64encode(_TOKEN.encode(_Place(_fingerprint(request), position, key))).decode()


def _begin(source: Source, request: Request) -> _Place | None:
    if "NextToken" not in request:
        return None
    try:
        place = msgspec.msgpack.decode(urlsafe_b64decode(request["NextToken"]), type=_Place)
    except (ValueError, msgspec.DecodeError) as error:
        raise ValidationException("Invalid NextToken") from error
    if place.statement != _fingerprint(request):
        raise ValidationException("NextToken does not match request")
    if set(place.key) != set(source.key_attributes):
        raise ValidationException("Invalid NextToken")
    return place


def _column(path: ResolvedPath) -> str:
    """The name of a column: its last name, with the indexes that follow."""
    at = max(position for position, element in enumerate(path) if isinstance(element, str))
    return str(path[at]) + "".join(f"[{element}]" for element in path[at + 1 :])
