"""Where the account of a discarded batch goes: a queue, a topic or a bucket, in AWS's document.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-retain-failed-batches.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.arn import Arn, find_arn, queue_url
from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.call import Call

RETRIES_EXHAUSTED: Final = "RetryAttemptsExhausted"
TOO_OLD: Final = "RecordAgeExceeded"
_ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "sqs": ("sqs", "SendMessage"),
    "sns": ("sns", "Publish"),
    "s3": ("s3", "PutObject"),
}


class DiscardedBatch(Struct, frozen=True):
    """A batch that is given up, and why."""

    condition: str
    request_id: str
    function_arn: str
    invoke_count: int
    at: float
    info_member: str
    """KinesisBatchInfo or DDBStreamBatchInfo."""
    info: Mapping[str, Any]
    executed_version: str | None = None
    """None where it was never run for the last time."""
    function_failed: bool = False
    payload: bytes = b"{}"
    """What the function was given; only S3 gets it."""

    def document(self) -> dict[str, Any]:
        """What SQS and SNS get."""
        document: dict[str, Any] = {
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": self.function_arn,
                "condition": self.condition,
                "approximateInvokeCount": self.invoke_count,
            }
        }
        if self.executed_version is not None:
            document["responseContext"] = {
                "statusCode": 200,
                "executedVersion": self.executed_version,
                "functionError": "Unhandled" if self.function_failed else None,
            }
        return {
            **document,
            "version": "1.0",
            "timestamp": f"{_moment(self.at):%Y-%m-%dT%H:%M:%S}.{int(self.at * 1000) % 1000:03}Z",
            self.info_member: dict(self.info),
        }


async def check(call: Call, destination_arn: str) -> None:
    """Raises what AWS says to a destination that is none or that the role may not write to."""
    arn = find_arn(destination_arn)
    if arn is None or arn.service not in _ACTIONS:
        raise InvalidParameterValueException(
            f"The provided destination config DestinationConfig(onSuccess=null, "
            f"onFailure=OnFailure(destination={destination_arn})) is invalid."
        )
    service, _ = _ACTIONS[arn.service]
    if service not in call.cloud.services:
        raise NotImplementedHere(f"Destinations of {service} are not supported.")


async def deliver(call: Call, destination_arn: str, mapping_uuid: str, batch: DiscardedBatch) -> None:
    """Tells a destination. Raises ServiceError where it, or the role, refuses."""
    arn = Arn.parse(destination_arn)
    text = msgspec.json.encode(batch.document()).decode()
    there = replace(call, region=arn.region or call.region)
    match arn.service:
        case "sqs":
            await there.ask("sqs", "SendMessage", {"QueueUrl": queue_url(arn), "MessageBody": text})
        case "sns":
            await there.ask("sns", "Publish", {"TopicArn": destination_arn, "Message": text})
        case "s3":
            await _put_object(call, arn.resource, mapping_uuid, batch)
        case _:
            raise NotImplementedHere(f"Destinations of {arn.service} are not supported.")


async def _put_object(call: Call, bucket: str, mapping_uuid: str, batch: DiscardedBatch) -> None:
    document = {**batch.document(), "payload": msgspec.Raw(batch.payload)}
    shard_id, moment = batch.info["shardId"], _moment(batch.at)
    key = (
        f"aws/lambda/{mapping_uuid}/{shard_id}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{call.ids.uuid()}"
    )
    body = msgspec.json.encode(document)
    await call.ask("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body})


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
