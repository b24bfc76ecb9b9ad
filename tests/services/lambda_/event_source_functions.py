"""Functions that event sources invoke: they tell the test of every event, and fail where it wants that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cloud_functions import Deployment, allow
from running_server import RunningServer

READS = (
    allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"]),
    allow(["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"]),
    allow("kinesis:SubscribeToShard"),
    allow(["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]),
    allow(["s3:PutObject", "sns:Publish"]),
)
_SOURCE = """
import json, os, urllib.parse, boto3

sqs = boto3.client("sqs")
answer = compile(os.environ["ANSWER"], "answer", "eval")

def handler(event, context):
    said = {"event": event, "function": context.invoked_function_arn}
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(said))
    return eval(answer, {"event": event, "fail": fail, "json": json, "bodies": bodies(event)})

def bodies(event):
    return [record.get("body") for record in event["Records"]]

def fail(text="no"):
    raise ValueError(text)
"""


@dataclass
class Listener:
    """What a function was given, in the order in which it said so."""

    sqs: Any
    server: RunningServer
    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def next(self) -> dict[str, Any]:
        """The next event; fails after some seconds without one."""
        event = self._find_next(15)
        assert event is not None, f"nothing more after {len(self.heard)} events"
        return event

    def next_in_time(self, seconds: float) -> dict[str, Any]:
        """The next event, which comes only as time goes by."""
        for _ in range(15):
            self.server.advance(seconds)
            # Where time has moved before somebody began to wait for it, it is moved again.
            event = self._find_next(1)
            if event is not None:
                return event
        raise AssertionError(f"nothing more after {len(self.heard)} events")

    def next_as_time_flies(self) -> dict[str, Any]:
        """The next event of a stream, of which it does not matter how much time passes before it."""
        for _ in range(3000):
            event = self._find_next(0)
            if event is not None:
                return event
            self.server.advance(1)
        raise AssertionError(f"nothing more after {len(self.heard)} events")

    def _find_next(self, wait_seconds: int) -> dict[str, Any] | None:
        answer = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=wait_seconds)
        if not answer.get("Messages"):
            return None
        (message,) = answer["Messages"]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        said = json.loads(message["Body"])
        self.heard.append(said)
        return dict(said["event"])

    def until(self, count: int) -> list[dict[str, Any]]:
        """The records of as many events as hold so many of them."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += self.next()["Records"]
        return found

    def is_silent(self) -> bool:
        """Whether nothing has been said that was not heard."""
        told = self.sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return bool(told["Attributes"]["ApproximateNumberOfMessages"] == "0")


@dataclass
class Bench:
    """Sources, functions and mappings of one test."""

    client: Callable[..., Any]
    server: RunningServer

    @property
    def functions(self) -> Any:
        return self.client("lambda")

    @property
    def sqs(self) -> Any:
        return self.client("sqs")

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """A queue's URL and ARN."""
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, told["Attributes"]["QueueArn"]

    def until_hidden(self, url: str, count: int) -> None:
        """Returns once so many messages of a queue are received and neither deleted nor shown again."""
        name = "ApproximateNumberOfMessagesNotVisible"
        while True:
            told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
            if told[name] == str(count):
                return

    def table_stream(self, name: str, view: str = "NEW_AND_OLD_IMAGES") -> str:
        """The ARN of a new table's stream."""
        made = self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        return str(made["TableDescription"]["LatestStreamArn"])

    def stream(self, name: str = "orders", shards: int = 1) -> str:
        """The ARN of a new stream."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        while True:
            self.server.advance(1)
            described = kinesis.describe_stream(StreamName=name)["StreamDescription"]
            if described["StreamStatus"] == "ACTIVE":
                return str(described["StreamARN"])

    def consumer(self, stream_arn: str) -> str:
        """The ARN of a new consumer of a stream."""
        kinesis = self.client("kinesis")
        made = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName="own")
        arn = str(made["Consumer"]["ConsumerARN"])
        while True:
            self.server.advance(1)
            told = kinesis.describe_stream_consumer(ConsumerARN=arn)
            if told["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE":
                return arn

    def function(self, name: str = "reader", answer: str = "None", *statements: Any, **more: Any) -> Listener:
        """A function that tells of its events and answers what an expression says."""
        url, _ = self.queue(f"{name}-told")
        environment = {"Variables": {"TOLD": url, "ANSWER": answer}}
        deployment = Deployment.by(self.client)
        allowed = statements or READS
        deployment.python(
            name,
            _SOURCE,
            allow("sqs:SendMessage"),
            *allowed,
            **{"Timeout": 20, "Environment": environment, **more},
        )
        return Listener(self.sqs, self.server, url)

    def mapping(self, source_arn: str, function: str = "reader", **more: Any) -> str:
        """A mapping that is in place; its id."""
        made = self.functions.create_event_source_mapping(
            FunctionName=function, EventSourceArn=source_arn, **more
        )
        self.settled(made["UUID"])
        return str(made["UUID"])

    def settled(self, uuid: str) -> dict[str, Any]:
        """A mapping once nothing is being done to it."""
        while True:
            told = self.functions.get_event_source_mapping(UUID=uuid)
            if told["State"] in ("Enabled", "Disabled"):
                del told["ResponseMetadata"]
                return dict(told)

    def removed(self, uuid: str) -> None:
        """Removes a mapping, and returns once it is gone."""
        self.functions.delete_event_source_mapping(UUID=uuid)
        while uuid in {each["UUID"] for each in self.mappings()}:
            pass

    def mappings(self, **request: Any) -> list[dict[str, Any]]:
        """The account's mappings."""
        return list(self.functions.list_event_source_mappings(**request)["EventSourceMappings"])
