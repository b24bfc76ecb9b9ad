"""What recorded runs of mappings need: functions that tell of all they were given, and their sources."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from event_source_functions import READS, Bench, Listener
from lambda_records import Record, record_of

from cloud_functions import Deployment

FAILS_AT_FIRST = """
import json, boto3
sqs = boto3.client("sqs")

def handler(event, context):
    for record in event["Records"]:
        wanted = json.loads(record["body"])
        fails = int(record["attributes"]["ApproximateReceiveCount"]) <= wanted["fail_attempts"]
        told = {"error": "failed attempt" if fails else None, "event": event}
        sqs.send_message(QueueUrl=wanted["destination"], MessageBody=json.dumps(told))
        if fails:
            raise ValueError
"""
"""A function that fails as often as a message says, and tells so to the queue that it names."""
REPORTS_ITEMS = """
import json, os, boto3
sqs = boto3.client("sqs")

def handler(event, context):
    failed = [record["messageId"] for record in event["Records"] if fails(record)]
    result = {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
    if os.environ.get("RESULT"):
        result = json.loads(os.environ["RESULT"])
    told = {"event": event, "result": result}
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(told))
    return result

def fails(record):
    count = int(record["attributes"]["ApproximateReceiveCount"])
    return count <= json.loads(record["body"])["fail_attempts"]
"""
"""A function that reports the messages that fail as often as they say."""


@dataclass
class Run:
    """A recorded run, and what it is played again with."""

    bench: Bench
    record: Record
    source: str = ""
    """The ARN of what is read."""

    def function(self, source: str, *, timeout: int, name: str = "reader", **variables: str) -> None:
        """A function of one's own words, which may read sources and send to queues."""
        deployment = Deployment.by(self.bench.client)
        environment = {"Variables": variables}
        deployment.python(name, source, *READS, Timeout=timeout, Environment=environment)

    def mapping(self, step: str, function: str = "reader", **more: Any) -> str:
        """A mapping whose description is the recorded one, once it is in place; its id."""
        request = {"FunctionName": function, "EventSourceArn": self.source, **more}
        made = self.record.replay(step, self.bench.functions.create_event_source_mapping, **request)
        self.bench.settled(made["UUID"])
        return str(made["UUID"])

    def refused(self, step: str, **more: Any) -> None:
        """A mapping that is refused in the recorded words."""
        request = {"FunctionName": "reader", "EventSourceArn": self.source, **more}
        self.record.replay(step, self.bench.functions.create_event_source_mapping, **request)

    def received(self, url: str, *, seconds: float = 0.0) -> Any:
        """The next message of a queue, which may come only as time goes by."""
        for _ in range(20):
            answer = self.bench.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
            if answer.get("Messages"):
                return answer
            self.bench.server.advance(seconds)
        raise AssertionError("nothing came")

    def received_as_time_flies(self, url: str) -> Any:
        """The next message of a queue that is told of a stream."""
        for _ in range(3000):
            answer = self.bench.sqs.receive_message(QueueUrl=url)
            if answer.get("Messages"):
                return answer
            self.bench.server.advance(1)
        raise AssertionError("nothing came")

    def stream(self, name: str = "records") -> None:
        """A stream of one shard, to be read."""
        self.source = self.bench.stream(name)

    def put(self, *documents: Any, key: str = "test") -> None:
        """Writes records of JSON, or of text."""
        self.bench.client("kinesis").put_records(
            StreamName="records",
            Records=[
                {"Data": each if isinstance(each, str) else json.dumps(each), "PartitionKey": key}
                for each in documents
            ],
        )

    def object_in(self, bucket: str) -> Any:
        """The JSON of the one object that a bucket gets."""
        s3 = self.bench.client("s3")
        while not (found := s3.list_objects_v2(Bucket=bucket).get("Contents")):
            self.bench.server.advance(1)
        [listed] = found
        return json.loads(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read())

    def document(self, record: Any) -> Any:
        """What a record of a stream holds."""
        return json.loads(base64.b64decode(record["kinesis"]["data"]))


def discarded(this: Run, step: str, answer: Any) -> None:
    """Holds what SNS was told of a discarded batch against the record; what is SNS's own is not looked at."""
    recorded = this.record.content[step]
    told = json.loads(answer["Messages"][0]["Body"])
    for name in ("Signature", "SigningCertURL", "UnsubscribeURL"):
        recorded.pop(name)
        assert told.pop(name)
    this.record.check(step, told)


def run_of(bench: Bench, kind: str, test: str) -> Run:
    """A recorded run of mappings of a kind: sqs, kinesis or dynamodbstreams."""
    return Run(bench, record_of(test, file=f"test_lambda_integration_{kind}"))


def events(heard: Listener, count: int) -> list[dict[str, Any]]:
    """The next events of a function, while time goes by."""
    return [heard.next_in_time(1) for _ in range(count)]


def events_of_stream(heard: Listener, count: int) -> list[dict[str, Any]]:
    """The next events of a function that reads a stream."""
    return [heard.next_as_time_flies() for _ in range(count)]
