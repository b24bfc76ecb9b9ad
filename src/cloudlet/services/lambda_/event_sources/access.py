"""Whether a mapping can work at all: is the function there, may its role read the source, does the queue fit.

Asked when a mapping is made or changed. Nothing is received from a queue, so that no message counts as read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.arn import Arn, queue_url
from cloudlet.core.errors import AccessDenied, NotImplementedHere, ServiceError
from cloudlet.services.lambda_ import references, state
from cloudlet.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from cloudlet.services.lambda_.event_sources import destinations, role
from cloudlet.services.lambda_.event_sources.fan_out import is_consumer
from cloudlet.services.lambda_.event_sources.mapping import Kind
from cloudlet.services.lambda_.event_sources.sources import stream_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call
    from cloudlet.services.lambda_.event_sources.mapping import EventSourceMapping
    from cloudlet.services.lambda_.model import FunctionVersion

QUEUE_ACTIONS: Final = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_GONE: Final = frozenset({"ResourceNotFoundException", "ResourceNotFound"})


async def check(call: Call, row: EventSourceMapping) -> None:
    """Raises what AWS says to a mapping that cannot work."""
    version = await call.transact(lambda inner: function_version(inner, row.function_arn), read_only=True)
    reader = await _reader(call, row, version)
    if row.kind is Kind.SQS:
        await _check_queue(reader, row, version.configuration.timeout_seconds)
    else:
        await _check_stream(reader, row)
    if row.stream is not None and row.stream.on_failure_arn is not None:
        await destinations.check(reader, row.stream.on_failure_arn)


def function_version(call: Call, function_arn: str) -> FunctionVersion:
    """What a mapping's function runs. Raises InvalidParameterValueException."""
    try:
        return state.qualified_version(call, references.parse(call, function_arn))
    except ResourceNotFoundException as error:
        raise InvalidParameterValueException("Function does not exist") from error


async def may(call: Call, service: str, operation: str, request: Mapping[str, Any]) -> bool:
    """Whether IAM lets the caller do what is not done now."""
    asked = replace(call, service=call.cloud.services[service])
    judged = call.cloud.services[service].operations[operation].permissions

    def allowed(inner: Call) -> bool:
        try:
            inner.cloud.api.check_within(inner, judged(inner, request))
        except AccessDenied:
            return False
        return True

    return await asked.transact(allowed, read_only=True)


async def _reader(call: Call, row: EventSourceMapping, version: FunctionVersion) -> Call:
    service = role.service_call(call.cloud, row.account, row.region)
    try:
        session = await role.assume(service, version.configuration.role, version.name)
    except AccessDenied as error:
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda."
        ) from error
    return service.as_principal(session.principal)


async def _check_queue(reader: Call, row: EventSourceMapping, timeout_seconds: int) -> None:
    if "sqs" not in reader.cloud.services:
        raise NotImplementedHere("SQS is not served.")
    request = {"QueueUrl": queue_url(Arn.parse(row.source_arn)), "AttributeNames": ["VisibilityTimeout"]}
    try:
        for action in QUEUE_ACTIONS:
            if not await may(reader, "sqs", action, request):
                raise InvalidParameterValueException(
                    f"The function execution role does not have permissions to call {action} on SQS"
                )
        told = await reader.ask("sqs", "GetQueueAttributes", request)
    except InvalidParameterValueException:
        raise
    except ServiceError as error:
        raise _unreachable_queue(error) from error
    visible_after = int(told["Attributes"]["VisibilityTimeout"])
    if visible_after < timeout_seconds:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {visible_after} seconds "
            f"is less than Function timeout: {timeout_seconds} seconds"
        )


def _unreachable_queue(error: ServiceError) -> InvalidParameterValueException:
    code = "AWS.SimpleQueueService.NonExistentQueue" if error.code == "QueueDoesNotExist" else error.code
    return InvalidParameterValueException(
        f"Error occurred while ReceiveMessage. SQS Error Code: {code}. SQS Error Message: {error.message}"
    )


async def _check_stream(reader: Call, row: EventSourceMapping) -> None:
    """Reads one record as the role; a stream is none the poorer for it."""
    service = "dynamodbstreams" if row.kind is Kind.DYNAMODB else "kinesis"
    if service not in reader.cloud.services:
        raise NotImplementedHere(f"{service} is not served.")
    try:
        await (_look_at_consumer if is_consumer(row.source_arn) else _read_one)(reader, row)
    except AccessDenied as error:
        raise InvalidParameterValueException(no_access(row.source_arn)) from error
    except ServiceError as error:
        if error.code in _GONE:
            raise InvalidParameterValueException(f"Stream not found: {row.source_arn}") from error
        raise


async def _read_one(reader: Call, row: EventSourceMapping) -> None:
    stream = stream_of(row)
    for shard in (await stream.shards(reader))[:1]:
        iterator = await stream.iterator(reader, shard.id, "TRIM_HORIZON")
        await stream.page(reader, iterator, 1, "", shard.id)


async def _look_at_consumer(reader: Call, row: EventSourceMapping) -> None:
    """Asks IAM only: a subscription would keep the mapping's own one out for a while."""
    [first, *_] = await stream_of(row).shards(reader)
    request = {
        "ConsumerARN": row.source_arn,
        "ShardId": first.id,
        "StartingPosition": {"Type": "TRIM_HORIZON"},
    }
    if not await may(reader, "kinesis", "SubscribeToShard", request):
        raise InvalidParameterValueException(no_access(row.source_arn))
    if await may(reader, "kinesis", "DescribeStreamConsumer", {"ConsumerARN": row.source_arn}):
        await reader.ask("kinesis", "DescribeStreamConsumer", {"ConsumerARN": row.source_arn})


def no_access(source_arn: str) -> str:
    """AWS's word for a stream that the role may not read."""
    return (
        f"Cannot access stream {source_arn}. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
    )
