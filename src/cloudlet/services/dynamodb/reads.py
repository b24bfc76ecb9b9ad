"""Query and Scan: what they ask, which rows that are, and reading them page by page.

A Read is checked without the table first; its rows are then read page by page.
The store's keys are named in state.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from cloudlet.core.store import LAST
from cloudlet.services.dynamodb import keys, legacy, state
from cloudlet.services.dynamodb.capacity import Consumed, read_units, wants_capacity
from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.expressions.projections import projection_of
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.parameters import check_together, read_expressions
from cloudlet.services.dynamodb.throttling import READ, take
from cloudlet.services.dynamodb.values import INVALID, checked_item, item_size, order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.core.store import Key
    from cloudlet.services.dynamodb.expressions import CompiledProjection
    from cloudlet.services.dynamodb.expressions.key_conditions import KeyCondition
    from cloudlet.services.dynamodb.expressions.names import ResolvedPath
    from cloudlet.services.dynamodb.model import Index, KeySchema, Table
    from cloudlet.services.dynamodb.parameters import RequestExpressions
    from cloudlet.services.dynamodb.values import Item

PAGE_BYTES: Final = 1 << 20
_NO_LIMIT: Final = 1 << 62
BAD_START: Final = "The provided starting key is invalid"


class Projection(Protocol):
    """What to take of an item."""

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of which it takes something."""

    @property
    def paths(self) -> tuple[ResolvedPath, ...]:
        """Everything that it takes."""

    def of(self, item: Item) -> Item:
        """The parts of an item."""


class Read(Struct, frozen=True):
    """What Query and Scan have in common of a request."""

    request: Request
    expressions: RequestExpressions
    matches: Callable[[Item], bool] | None
    filtered: frozenset[str]
    """The attributes that the filter looks at."""
    projection: Projection | None
    start_key: Item | None

    @property
    def limit(self) -> int:
        """How many items may be looked at."""
        return int(self.request.get("Limit", _NO_LIMIT))

    @property
    def consistent(self) -> bool:
        """Whether the read shall be strongly consistent; here every read is."""
        return bool(self.request.get("ConsistentRead", False))

    @property
    def weighs(self) -> bool:
        """Whether it matters what the items weigh."""
        return wants_capacity(self.request) is not None

    @property
    def counts_only(self) -> bool:
        """Whether the answer shall have no items."""
        return bool(self.request.get("Select") == "COUNT")


class Source(Struct, frozen=True):
    """A table, or one of its indexes."""

    table: Table
    index: Index | None

    def prefix(self, call: Call) -> Key:
        """What the keys of its rows begin with."""
        if self.index is None:
            return state.item_prefix(call, self.table)
        return state.index_prefix(call, self.table, self.index)

    def position(self, item: Item) -> tuple[bytes, ...]:
        """Where an item stands in it."""
        if self.index is None:
            return self.table.keys.row_key(item)
        return state.index_position(self.table, self.index, item)

    @property
    def keys(self) -> KeySchema:
        """The key by which its rows stand."""
        return self.table.keys if self.index is None else self.index.keys

    @property
    def key_attributes(self) -> tuple[str, ...]:
        """What a LastEvaluatedKey consists of."""
        own = self.table.keys.attributes
        if self.index is None:
            return own
        return (*own, *(name for name in self.index.keys.attributes if name not in own))

    def key_of(self, item: Item) -> Item:
        """What stands for an item as LastEvaluatedKey."""
        return {name: item[name] for name in self.key_attributes}


def read_projection(call: Call, request: Mapping[str, Any]) -> CompiledProjection | None:
    """The ProjectionExpression or AttributesToGet of a read that has no other expression."""
    check_together(request, ("ProjectionExpression",), ("AttributesToGet",))
    names = legacy.read_attributes_to_get(request)
    if names is not None:
        return projection_of((name,) for name in names)
    if "ProjectionExpression" not in request:
        return None
    return read_expressions(call.cloud.component(Expressions), request).projection


def read_read(
    call: Call, request: Request, filter_member: str, wording: Wording, expressions: tuple[str, ...]
) -> Read:
    """A Query or Scan, checked without the table. Raises ValidationException."""
    old = ["AttributesToGet", filter_member, "ConditionalOperator"]
    if "KeyConditionExpression" in request:
        old.append("KeyConditions")
    check_together(request, expressions, old, wording)
    names, conditions = _read_older(request, filter_member, wording)
    start_key = _read_start_key(request, wording)
    _check_segments(request)
    compiled = read_expressions(call.cloud.component(Expressions), request, wording)
    _check_select(request)
    projection = projection_of((name,) for name in names) if names is not None else compiled.projection
    filter_, values = compiled.filter, compiled.values
    matches: Callable[[Item], bool] | None = None
    filtered: frozenset[str] = frozenset()
    if filter_ is not None:
        matches = lambda item: filter_.holds(item, values)  # noqa: E731  a closure over the request's values
        filtered = frozenset(str(path[0]) for path in filter_.paths)
    elif conditions is not None:
        matches, filtered = conditions.holds, conditions.attributes
    return Read(request, compiled, matches, filtered, projection, start_key)


def _read_older(
    request: Request, filter_member: str, wording: Wording
) -> tuple[Sequence[str] | None, legacy.Conditions | None]:
    """AttributesToGet and the filter; a Query's filter is judged first, a Scan's last."""
    if filter_member == "QueryFilter":
        conditions = legacy.read_filter(request, filter_member, wording)
        return legacy.read_attributes_to_get(request), conditions
    names = legacy.read_attributes_to_get(request)
    return names, legacy.read_filter(request, filter_member, wording)


def _read_start_key(request: Request, wording: Wording) -> Item | None:
    if "ExclusiveStartKey" not in request:
        return None
    if wording is Wording.CURRENT:
        return checked_item(request["ExclusiveStartKey"])
    try:
        return checked_item(request["ExclusiveStartKey"], wording)
    except ValidationException as refused:
        raise ValidationException(f"{BAD_START}: {refused.message}") from refused


def _check_segments(request: Request) -> None:
    segment, total = request.get("Segment"), request.get("TotalSegments")
    if segment is None and total is None:
        return
    if total is None:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present"
        )
    if segment is None:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )
    if segment >= total:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )


def _check_select(request: Request) -> None:
    select = request.get("Select")
    member = next((each for each in ("ProjectionExpression", "AttributesToGet") if each in request), None)
    if member and select in ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"):
        raise ValidationException(f"Cannot specify the {member} when choosing to get {select}")
    if member and select == "COUNT":
        raise ValidationException(f"Cannot specify the {member} when choosing to get only the Count")
    if select == "SPECIFIC_ATTRIBUTES" and not member:
        raise ValidationException(
            "Must specify the AttributesToGet or ProjectionExpression "
            "when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in request:
        raise ValidationException(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        )


def source_of(call: Call, read: Read) -> Source:
    """What is read. Raises ResourceNotFoundException or ValidationException."""
    table = state.table(call, read.request["TableName"])
    name = read.request.get("IndexName")
    if name is None:
        return Source(table, None)
    index = table.find_index(name)
    if index is None:
        raise ValidationException(f"The table does not have the specified index: {name}")
    if not index.local and read.consistent:
        raise ValidationException("Consistent reads are not supported on global secondary indexes")
    check_filled(index)
    return Source(table, index)


def check_filled(index: Index | None) -> None:
    """Raises ValidationException for an index that does not have all items yet."""
    if index is not None and index.backfilling:
        raise ValidationException(f"Cannot read from backfilling global secondary index: {index.name}")


def check_selected(source: Source, read: Read) -> None:
    """Raises ValidationException for all attributes of an index that does not have them."""
    index = source.index
    if index is None or index.local or index.projection == "ALL":
        return
    if read.request.get("Select") == "ALL_ATTRIBUTES":
        raise ValidationException(
            f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
            "because its projection type is not ALL"
        )


def check_source(source: Source, read: Read) -> None:
    """Raises ValidationException for paths into keys, and for attributes that the index does not have."""
    index = source.index
    if read.expressions.filter is not None:
        keys.check_paths(source.table, read.expressions.filter.paths)
    if read.projection is not None:
        keys.check_paths(source.table, read.projection.paths)
    if index is None or index.local or index.projection == "ALL":
        return
    if read.projection is not None:
        has = {*source.key_attributes, *index.included}
        missing = sorted(read.projection.attributes - has)
        if missing:
            raise ValidationException(
                f"{INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
            )


def fetches_from_table(source: Source, read: Read) -> bool:
    """Whether a local index lacks something that only the table has."""
    index = source.index
    if index is None or not index.local or index.projection == "ALL" or read.counts_only:
        return False
    if read.request.get("Select") == "ALL_ATTRIBUTES":
        return True
    if read.projection is None:
        return False
    return not read.projection.attributes <= {*source.key_attributes, *index.included}


class _Weight:
    """What a page weighs; weighed exactly only where it matters."""

    def __init__(self) -> None:
        self._bound = 0
        self._unweighed: list[Item] = []
        self._size = 0

    def add(self, row_length: int, item: Item) -> None:
        """Counts an item whose row is so long."""
        self._bound += row_length
        self._unweighed.append(item)

    @property
    def is_full(self) -> bool:
        """Whether the page has its megabyte."""
        return self._bound >= PAGE_BYTES and self.size() >= PAGE_BYTES

    def size(self) -> int:
        """The bytes of all items."""
        self._size += sum(map(item_size, self._unweighed))
        self._unweighed.clear()
        return self._size


class Page(Struct, frozen=True):
    """What one read of a range gave."""

    items: list[Item]
    count: int
    scanned: int
    last: Item | None
    """Where to go on; None at the end of the range."""
    consumed: Consumed
    size_bytes: int

    def describe(self, source: Source, read: Read) -> dict[str, Any]:
        """The answer of Query and Scan."""
        answer: dict[str, Any] = {"Count": self.count, "ScannedCount": self.scanned}
        if not read.counts_only:
            answer["Items"] = self.items
        if self.last is not None:
            answer["LastEvaluatedKey"] = source.key_of(self.last)
        if wanted := wants_capacity(read.request):
            answer["ConsumedCapacity"] = self.consumed.describe(wanted)
        return answer


def read_page(call: Call, source: Source, read: Read, start: Key, end: Key, *, reverse: bool = False) -> Page:
    """Of the rows from start up to end at most Limit, and at most 1 MB."""
    items: list[Item] = []
    count = scanned = 0
    fetches, fetched_units = fetches_from_table(source, read), 0.0
    weight, limit = _Weight(), read.limit
    last: Item | None = None
    for _, row_length, found in state.items_in(call, start, end, limit=limit, reverse=reverse):
        scanned += 1
        weight.add(row_length, found)
        item = found
        if fetches:
            item = state.find_item(call, source.table, found) or found
            fetched_units += read_units(item_size(item), consistent=read.consistent)
        if read.matches is None or read.matches(item):
            count += 1
            if not read.counts_only:
                items.append(item if read.projection is None else read.projection.of(item))
        if scanned == limit or weight.is_full:
            last = found
            break
    weighed = read.weighs or call.cloud.throughput_limits
    size = weight.size() if weighed else 0
    consumed = _consumed(source, read, size, fetched_units)
    if weighed:
        take(call, source.table, READ, consumed)
    return Page(items, count, scanned, last, consumed, size)


def _consumed(source: Source, read: Read, size: int, fetched_units: float) -> Consumed:
    units = read_units(size, consistent=read.consistent)
    if source.index is None:
        return Consumed(source.table.name, units)
    consumed = Consumed(source.table.name, fetched_units)
    consumed.add_index(source.index, units)
    return consumed


def key_range(base: Key, sort: KeyCondition | None) -> tuple[Key, Key]:
    """Where the rows below a key begin and end, as far as a condition on what follows in the key says it."""
    if sort is None:
        return base, (*base, LAST)
    low = order(sort.operands[0])
    if sort.operator == "=":
        return (*base, low), (*base, low, LAST)
    if sort.operator == "<":
        return base, (*base, low)
    if sort.operator == "<=":
        return base, (*base, low, LAST)
    if sort.operator == ">":
        return (*base, low, LAST), (*base, LAST)
    if sort.operator == ">=":
        return (*base, low), (*base, LAST)
    if sort.operator == "BETWEEN":
        return (*base, low), (*base, order(sort.operands[1]), LAST)
    beyond = _beyond_prefix(low)
    return (*base, low), (*base, LAST) if beyond is None else (*base, beyond)


def _beyond_prefix(prefix: bytes) -> bytes | None:
    """The least bytes that sort after everything with a prefix; None if nothing does."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None


def after(prefix: Key, position: tuple[bytes, ...]) -> Key:
    """Where the rows behind a position begin."""
    return (*prefix, *position, LAST)
