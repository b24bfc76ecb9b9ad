"""The expressions of a request: which parameters may stand together, which names and values must be used.

Everything here happens before a table is looked up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.numbers import Wording
from cloudlet.services.dynamodb.values import checked_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cloudlet.services.dynamodb.expressions import (
        CompiledCondition,
        CompiledKeyCondition,
        CompiledProjection,
        CompiledUpdate,
        Expressions,
    )
    from cloudlet.services.dynamodb.expressions.names import Values

_NAME: Final = re.compile(r"#[0-9a-zA-Z_]+")
_VALUE: Final = re.compile(r":[0-9a-zA-Z_]+")
_NOTHING: Final[dict[str, Any]] = {}


class RequestExpressions(Struct, frozen=True):
    """The expressions of one request, checked against its names and values."""

    values: Values
    condition: CompiledCondition | None = None
    update: CompiledUpdate | None = None
    key_condition: CompiledKeyCondition | None = None
    filter: CompiledCondition | None = None
    projection: CompiledProjection | None = None


NO_EXPRESSIONS: Final = RequestExpressions(_NOTHING)


def check_together(
    request: Mapping[str, Any],
    expressions: Sequence[str],
    legacy: Sequence[str],
    wording: Wording = Wording.CURRENT,
) -> None:
    """Raises ValidationException for expressions beside the parameters of the time before them."""
    used = [name for name in expressions if name in request]
    if used:
        mixed = [name for name in legacy if name in request]
        if mixed:
            raise ValidationException(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(mixed)}}} "
                f"Expression parameters: {{{', '.join(used)}}}"
            )
    elif "ExpressionAttributeNames" in request:
        raise ValidationException("ExpressionAttributeNames can only be specified when using expressions")
    if "ExpressionAttributeValues" in request and all(name == "ProjectionExpression" for name in used):
        takers = [name for name in expressions if name != "ProjectionExpression"]
        missing = f": {' and '.join(takers)} {'are' if len(takers) > 1 else 'is'} null"
        raise ValidationException(
            "ExpressionAttributeValues can only be specified when using expressions"
            + (missing if wording is Wording.OLDER else "")
        )


def read_expressions(
    compiled: Expressions, request: Mapping[str, Any], wording: Wording = Wording.CURRENT
) -> RequestExpressions:
    """The request's expressions, compiled and checked. Raises ValidationException."""
    names = _checked_names(request.get("ExpressionAttributeNames"))
    values = _checked_values(request.get("ExpressionAttributeValues"), wording)
    update = key_condition = condition = filter_ = projection = None
    if (text := request.get("UpdateExpression")) is not None:
        update = compiled.update(text, names)
        update.check(values)
    if (text := request.get("ConditionExpression")) is not None:
        condition = compiled.condition("ConditionExpression", text, names)
        condition.check(values)
    if (text := request.get("KeyConditionExpression")) is not None:
        key_condition = compiled.key_condition(text, names)
        key_condition.check(values)
    if (text := request.get("FilterExpression")) is not None:
        filter_ = compiled.condition("FilterExpression", text, names)
        filter_.check(values)
    if (text := request.get("ProjectionExpression")) is not None:
        projection = compiled.projection(text, names)
    using_values = [each for each in (update, condition, key_condition, filter_) if each is not None]
    if names:
        using_names = [each.names for each in (*using_values, projection) if each is not None]
        _check_used("Names", names, using_names)
    if values:
        _check_used("Values", values, [each.values for each in using_values])
    return RequestExpressions(values, condition, update, key_condition, filter_, projection)


def _check_used(what: str, given: Mapping[str, Any], used: Iterable[frozenset[str]]) -> None:
    unused = set(given).difference(*used)
    if unused:
        listed = ", ".join(name for name in given if name in unused)
        raise ValidationException(
            f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{listed}}}"
        )


def _checked_names(names: Mapping[str, str] | None) -> Mapping[str, str]:
    if names is None:
        return _NOTHING
    if not names:
        raise ValidationException("ExpressionAttributeNames must not be empty")
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValidationException(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{name}"'
            )
    return names


def _checked_values(values: Mapping[str, Any] | None, wording: Wording) -> Values:
    if values is None:
        return _NOTHING
    if not values:
        raise ValidationException("ExpressionAttributeValues must not be empty")
    for name in values:
        if not _VALUE.fullmatch(name):
            raise ValidationException(
                f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{name}"'
            )
    if wording is Wording.CURRENT:
        return {name: checked_value(value) for name, value in values.items()}
    return {name: _checked_value_of(name, value) for name, value in values.items()}


def _checked_value_of(name: str, value: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked_value(value, Wording.OLDER)
    except ValidationException as refused:
        raise ValidationException(
            f"ExpressionAttributeValues contains invalid value: {refused.message} for key {name}"
        ) from refused
