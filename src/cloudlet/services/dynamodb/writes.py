"""What PutItem, UpdateItem, DeleteItem and the actions of a transaction have in common.

A Write is read and checked without the table, then checked against the table, then performed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cloudlet.services.dynamodb import keys, legacy, state
from cloudlet.services.dynamodb.errors import ConditionalCheckFailedException, ValidationException
from cloudlet.services.dynamodb.expressions import Expressions
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.parameters import NO_EXPRESSIONS, check_together, read_expressions
from cloudlet.services.dynamodb.values import INVALID, MAX_ITEM_BYTES, check_depth, checked_item, is_too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.capacity import Consumed
    from cloudlet.services.dynamodb.expressions import CompiledUpdate
    from cloudlet.services.dynamodb.legacy import Conditions, Updates
    from cloudlet.services.dynamodb.model import Index, Table
    from cloudlet.services.dynamodb.parameters import RequestExpressions
    from cloudlet.services.dynamodb.values import Item

PUT: Final = "Put"
UPDATE: Final = "Update"
DELETE: Final = "Delete"
CHECK: Final = "ConditionCheck"

UPDATE_TOO_LARGE: Final = "Item size to update has exceeded the maximum allowed size"
_EXPRESSION_MEMBERS: Final = (
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
)


class Write(Struct, frozen=True):
    """One thing to be done to one item."""

    kind: str
    subject: Item
    """The item to put, or the key of the item to change, delete or check."""
    expressions: RequestExpressions
    expected: Conditions | None = None
    updates: Updates | None = None
    old_on_failure: bool = False

    @property
    def conditional(self) -> bool:
        """Whether it depends on what is there."""
        return self.expressions.condition is not None or self.expected is not None

    @property
    def creates(self) -> bool:
        """Whether an update makes an item where there is none."""
        how = self.expressions.update or self.updates
        return how is None or how.creates


class Outcome(Struct, frozen=True):
    """An item before and after a write; None where there is none."""

    old: Item | None
    new: Item | None


@contextmanager
def as_constraint() -> Iterator[None]:
    """Words refusals as PutItem, UpdateItem and DeleteItem do: as if they were the service model's."""
    try:
        yield
    except ValidationException as refused:
        raise ValidationException(f"1 validation error detected: {refused.message}") from refused


def read_put(call: Call, request: Request, wording: Wording = Wording.CURRENT) -> Write:
    """A put, checked without the table. Raises ValidationException."""
    check_together(request, ("ConditionExpression",), ("Expected", "ConditionalOperator"), wording)
    item = checked_item(request["Item"], wording)
    _check_return_values(request)
    return Write(
        PUT,
        item,
        _expressions(call, request, wording),
        legacy.read_expected(request, wording),
        old_on_failure=_old_on_failure(request),
    )


def read_delete(call: Call, request: Request, wording: Wording = Wording.CURRENT) -> Write:
    """A delete, checked without the table. Raises ValidationException."""
    check_together(request, ("ConditionExpression",), ("Expected", "ConditionalOperator"), wording)
    key = checked_item(request["Key"], wording)
    _check_return_values(request)
    return Write(
        DELETE,
        key,
        _expressions(call, request, wording),
        legacy.read_expected(request, wording),
        old_on_failure=_old_on_failure(request),
    )


def read_update(call: Call, request: Request, wording: Wording = Wording.CURRENT) -> Write:
    """An update, checked without the table. Raises ValidationException."""
    check_together(
        request,
        ("UpdateExpression", "ConditionExpression"),
        ("AttributeUpdates", "Expected", "ConditionalOperator"),
        wording,
    )
    key = checked_item(request["Key"], wording)
    updates = legacy.read_updates(request, wording)
    return Write(
        UPDATE,
        key,
        _expressions(call, request, wording),
        legacy.read_expected(request, wording),
        updates,
        _old_on_failure(request),
    )


def read_check(call: Call, request: Request, wording: Wording = Wording.CURRENT) -> Write:
    """A transaction's condition check, checked without the table. Raises ValidationException."""
    key = checked_item(request["Key"], wording)
    expressions = _expressions(call, request, wording)
    return Write(CHECK, key, expressions, old_on_failure=_old_on_failure(request))


def check_size(write: Write) -> None:
    """Raises ValidationException for an item to put that is too large."""
    if write.kind == PUT and is_too_large(write.subject):
        raise ValidationException("Item size has exceeded the maximum allowed size")


def check_charge(write: Write) -> None:
    """Raises ValidationException for an update that is too large for UpdateItem, whatever the item is."""
    update = write.expressions.update
    if update is not None and update.charge.size(write.expressions.values) > MAX_ITEM_BYTES:
        raise ValidationException(UPDATE_TOO_LARGE)


def check_against(table: Table, write: Write) -> None:
    """Raises ValidationException for a write that does not fit the table's and the indexes' keys."""
    if write.kind == PUT:
        keys.check_item(table, write.subject)
        check_size(write)
    else:
        keys.check_key(table, write.subject)
    if write.kind == UPDATE:
        _check_update(table, write)
    if write.expressions.condition is not None:
        keys.check_paths(table, write.expressions.condition.paths)


def perform(call: Call, table: Table, write: Write, consumed: Consumed | None, *, want_old: bool) -> Outcome:
    """Does a checked write. Raises ConditionalCheckFailedException or ValidationException."""
    outcome = foresee(call, table, write, want_old=want_old or consumed is not None)
    if write.kind != CHECK:
        state.replace_item(call, table, write.subject, outcome.old, outcome.new, consumed)
    return outcome


def foresee(call: Call, table: Table, write: Write, *, want_old: bool = True) -> Outcome:
    """What a write would do; nothing is written. Raises as perform()."""
    nothing_compares = not (write.conditional or want_old or table.indexes or table.is_followed)
    blind = write.kind == PUT and nothing_compares
    old = None if blind else state.find_item(call, table, write.subject)
    if write.conditional:
        _check_condition(write, old)
    if write.kind == PUT:
        return Outcome(old, write.subject)
    if write.kind == UPDATE and (old is not None or write.creates):
        return Outcome(old, _updated(table, write, old))
    return Outcome(old, None)


def _check_condition(write: Write, old: Item | None) -> None:
    condition, expected = write.expressions.condition, write.expected
    if condition is not None:
        holds = condition.holds(old or {}, write.expressions.values)
    else:
        holds = expected is None or expected.holds(old or {})
    if not holds:
        shown = {"Item": old} if write.old_on_failure and old is not None else {}
        raise ConditionalCheckFailedException("The conditional request failed", **shown)


def _updated(table: Table, write: Write, old: Item | None) -> Item:
    base = write.subject if old is None else old
    update, values = write.expressions.update, write.expressions.values
    if update is not None:
        new = update.applied(base, values)
        for path in update.targets:
            if path[0] in new:
                check_depth(new[str(path[0])])
    else:
        new = base if write.updates is None else write.updates.applied(base)
    if is_too_large(new):
        raise ValidationException(UPDATE_TOO_LARGE)
    if table.indexes:
        _check_computed_index_keys(table, new)
    return new


def _check_computed_index_keys(table: Table, new: Item) -> None:
    for index in table.indexes:
        for name in index.keys.attributes:
            if name in new and table.attribute_types[name] not in new[name]:
                raise ValidationException(
                    "The update expression attempted to update the secondary index key to unsupported type"
                )
            if name in new:
                keys.check_not_emptied(table, name, new[name])
    keys.check_index_keys(table, new)


def _check_update(table: Table, write: Write) -> None:
    update = write.expressions.update
    known = update.known_types(write.expressions.values) if update else {}
    targets = [str(path[0]) for path in update.targets] if update else []
    if write.updates is not None:
        targets, known = list(write.updates.attributes), write.updates.known
    for name in targets:
        if name in table.keys.attributes:
            raise ValidationException(
                f"{INVALID}Cannot update attribute {name}. This attribute is part of the key"
            )
    for index in table.indexes:
        _check_known_types(table, index, known)
    if update is not None:
        _check_given_index_keys(table, update, write)
        keys.check_paths(table, update.paths)


def _check_known_types(table: Table, index: Index, known: dict[str, str]) -> None:
    for name in index.keys.attributes:
        kind = known.get(name)
        if kind is not None and kind != table.attribute_types[name]:
            raise keys.index_key_mismatch(table, name, kind)


def _check_given_index_keys(table: Table, update: CompiledUpdate, write: Write) -> None:
    if table.indexes:
        for name, value in update.given(write.expressions.values):
            keys.check_not_emptied(table, name, value)


def _expressions(call: Call, request: Request, wording: Wording) -> RequestExpressions:
    if not any(member in request for member in _EXPRESSION_MEMBERS):
        return NO_EXPRESSIONS
    return read_expressions(call.cloud.component(Expressions), request, wording)


def _old_on_failure(request: Request) -> bool:
    return bool(request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD")


def _check_return_values(request: Request) -> None:
    if request.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")
