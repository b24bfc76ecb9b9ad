"""What a power cut leaves of what is to be told of a bucket: every object that was put, each once."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloud_process import CloudProcess
from sns_fixtures import Queues

_OPEN_TO_BUCKETS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ],
    }
)


def test_a_queue_is_told_once_of_every_object_over_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        s3, queues = cloud.client("s3"), Queues(cloud.client("sqs"))
        inbox = queues.make("inbox", _OPEN_TO_BUCKETS)
        s3.create_bucket(Bucket="photographs")
        told = {"QueueArn": queues.arn(inbox), "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket="photographs", NotificationConfiguration={"QueueConfigurations": [told]}
        )
        assert queues.next_body(inbox)["Event"] == "s3:TestEvent"
        accepted = _put_until_killed(cloud, after=120)
        cloud.start()
        found = _read(cloud, accepted)
        assert len(found) == len(set(found))


def _put_until_killed(cloud: CloudProcess, after: int) -> set[str]:
    """The keys of the objects that were accepted before the server died."""
    accepted: set[str] = set()
    enough = threading.Event()

    def put(thread: str) -> None:
        client = cloud.client("s3")
        for number in range(100_000):
            key = f"{thread}{number}"
            try:
                client.put_object(Bucket="photographs", Key=key, Body=b"")
            except (BotoCoreError, ClientError):
                return
            accepted.add(key)
            if len(accepted) >= after:
                enough.set()

    with ThreadPoolExecutor(3) as threads:
        putting = [threads.submit(put, thread) for thread in "abc"]
        assert enough.wait(60)
        cloud.kill()
        for each in putting:
            each.result()
    return accepted


def _read(cloud: CloudProcess, wanted: set[str]) -> list[str]:
    """The keys that the queue was told of, once all that are wanted have been read."""
    sqs: Any = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    found: list[str] = []
    until = time.monotonic() + 60
    while wanted - set(found):
        assert time.monotonic() < until, f"{wanted - set(found)} is missing"
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in answer.get("Messages", ()):
            [record] = json.loads(message["Body"])["Records"]
            found.append(record["s3"]["object"]["key"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
