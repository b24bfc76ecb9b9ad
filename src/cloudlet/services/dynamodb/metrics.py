"""What CloudWatch is told of requests: how long they took, what they found, and why they were refused.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
Consumed capacity is told only where it is counted: mostly where a request asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ProvisionedThroughputExceededException,
)

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.metrics import Dimensions
    from cloudlet.core.operation import Outcome, Request
    from cloudlet.services.dynamodb.capacity import Consumed

_NAMESPACE: Final = "AWS/DynamoDB"
_READS: Final = frozenset({"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"})
_WRITES: Final = frozenset({"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"})
_LISTS: Final = frozenset({"Query", "Scan"})


def observe(call: Call, operation: str, request: Request, outcome: Outcome) -> None:
    """Counts one request."""
    if outcome.error is not None:
        _count_error(call, operation, request, outcome)
    elif operation in _READS or operation in _WRITES:
        _count_success(call, operation, request, outcome)


def count_consumed(call: Call, name: str, consumed: Consumed) -> None:
    """Counts the capacity that one request consumed of a table, in a metric of that name.

    Local indexes have no capacity of their own: what they consume is their table's.
    """
    table = ("TableName", consumed.table_name)
    of_table = consumed.table + sum(consumed.local_indexes.values())
    if of_table:
        _count(call, name, (table,), of_table)
    for index, units in consumed.global_indexes.items():
        _count(call, name, (table, ("GlobalSecondaryIndexName", index)), units)


def _count_success(call: Call, operation: str, request: Request, outcome: Outcome) -> None:
    milliseconds = outcome.seconds * 1000
    for table in _tables(request):
        dimensions = (("Operation", operation), ("TableName", table))
        _count(call, "SuccessfulRequestLatency", dimensions, milliseconds, "Milliseconds")
        if operation in _LISTS:
            _count(call, "ReturnedItemCount", dimensions, float(outcome.answer["Count"]))


def _count_error(call: Call, operation: str, request: Request, outcome: Outcome) -> None:
    tables = [("TableName", name) for name in _tables(request)]
    match outcome.error:
        case ProvisionedThroughputExceededException():
            events = "ReadThrottleEvents" if operation in _READS else "WriteThrottleEvents"
            for table in tables:
                _count(call, "ThrottledRequests", (("Operation", operation), table))
                _count(call, events, (table,))
        case ConditionalCheckFailedException():
            for table in tables:
                _count(call, "ConditionalCheckFailedRequests", (table,))
        case error if error is not None and error.status < 500:
            _count(call, "UserErrors", ())


def _tables(request: Request) -> Iterable[str]:
    """The names of the tables that a request is about."""
    name = request.get("TableName")
    if name is not None:
        return (_name(name),)
    items: Mapping[str, Any] = request.get("RequestItems", {})
    return {_name(table) for table in items} or {
        _name(action["TableName"])
        for item in request.get("TransactItems", ())
        for action in item.values()
        if action
    }


def _name(table: str) -> str:
    """The name in a table's name or ARN."""
    return table.rpartition("table/")[2] if table.startswith("arn:") else table


def _count(call: Call, name: str, dimensions: Dimensions, value: float = 1.0, unit: str = "Count") -> None:
    call.cloud.metrics.count(call.account, call.region, _NAMESPACE, name, dimensions, value, unit)
