"""Which Kinesis data stream gets the changes of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.dynamodb import state
from cloudlet.services.dynamodb.authorization import on_table
from cloudlet.services.dynamodb.destinations import ACTIVE, DISABLED, MILLISECOND, Destination
from cloudlet.services.dynamodb.errors import ResourceNotFoundException, ValidationException

if TYPE_CHECKING:
    from cloudlet.core.call import Call
    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table


@operation("EnableKinesisStreamingDestination", permissions=on_table("EnableKinesisStreamingDestination"))
def enable_kinesis_streaming_destination(call: Call, request: Request) -> dict[str, Any]:
    """Lets a stream have the table's changes from now on."""
    table = state.managed_table(call, request["TableName"])
    if any(each.status == ACTIVE for each in table.destinations):
        raise ValidationException(
            "Table is not in a valid state to enable Kinesis Streaming Destination: "
            "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
        )
    arn = request["StreamArn"]
    call.on_behalf("dynamodb.amazonaws.com").ask_within("kinesis", "DescribeStream", {"StreamARN": arn})
    configuration = request.get("EnableKinesisStreamingConfiguration", {})
    precision = configuration.get("ApproximateCreationDateTimePrecision", MILLISECOND)
    _save(call, table, Destination(arn, ACTIVE, precision))
    return _answer(table, arn, "ENABLING", "EnableKinesisStreamingConfiguration", configuration)


@operation("DisableKinesisStreamingDestination", permissions=on_table("DisableKinesisStreamingDestination"))
def disable_kinesis_streaming_destination(call: Call, request: Request) -> dict[str, Any]:
    """Ends that; what has changed before still gets there."""
    table, destination = _active(call, request, "DISABLE")
    _save(call, table, Destination(destination.stream_arn, DISABLED, destination.precision))
    configuration = request.get("EnableKinesisStreamingConfiguration", {})
    return _answer(
        table, destination.stream_arn, "DISABLING", "EnableKinesisStreamingConfiguration", configuration
    )


@operation("UpdateKinesisStreamingDestination", permissions=on_table("UpdateKinesisStreamingDestination"))
def update_kinesis_streaming_destination(call: Call, request: Request) -> dict[str, Any]:
    """Says how exact the times of changes are."""
    table, destination = _active(call, request, "UPDATE")
    configuration = request.get("UpdateKinesisStreamingConfiguration", {})
    precision = configuration.get("ApproximateCreationDateTimePrecision", destination.precision)
    _save(call, table, Destination(destination.stream_arn, ACTIVE, precision))
    return _answer(
        table, destination.stream_arn, "UPDATING", "UpdateKinesisStreamingConfiguration", configuration
    )


@operation(
    "DescribeKinesisStreamingDestination",
    permissions=on_table("DescribeKinesisStreamingDestination"),
    read_only=True,
)
def describe_kinesis_streaming_destination(call: Call, request: Request) -> dict[str, Any]:
    """The streams that get a table's changes, or got them once."""
    table = state.managed_table(call, request["TableName"])
    return {
        "TableName": table.name,
        "KinesisDataStreamDestinations": [
            {
                "StreamArn": each.stream_arn,
                "DestinationStatus": each.status,
                "ApproximateCreationDateTimePrecision": each.precision,
            }
            for each in table.destinations
        ],
    }


def _active(call: Call, request: Request, doing: str) -> tuple[Table, Destination]:
    table = state.managed_table(call, request["TableName"])
    found = next((each for each in table.destinations if each.stream_arn == request["StreamArn"]), None)
    if found is None:
        raise ResourceNotFoundException("Requested resource not found")
    if found.status != ACTIVE:
        raise ValidationException(
            "Table is not in a valid state to enable Kinesis Streaming Destination: "
            f"KinesisStreamingDestination must be ACTIVE to perform {doing} operation."
        )
    return table, found


def _save(call: Call, table: Table, destination: Destination) -> None:
    others = tuple(each for each in table.destinations if each.stream_arn != destination.stream_arn)
    state.save_table(call, replace(table, destinations=(*others, destination)))


def _answer(
    table: Table, arn: str, status: str, member: str, configuration: dict[str, Any]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"TableName": table.name, "StreamArn": arn, "DestinationStatus": status}
    if configuration:
        answer[member] = configuration
    return answer
