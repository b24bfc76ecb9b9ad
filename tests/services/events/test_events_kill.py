"""What a power cut leaves of events: everything that was answered reaches its targets."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloud_process import CloudProcess
from iam_fixtures import allow


def test_no_event_that_was_taken_is_lost_over_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        sqs, events = cloud.client("sqs"), cloud.client("events")
        policy = allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"})
        url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": policy})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn}])
        taken = _put_until_killed(cloud, after=60)
        cloud.start()
        _advance(cloud, seconds=30)
        found = _read(cloud, taken)
        assert taken <= found


def _put_until_killed(cloud: CloudProcess, after: int) -> set[int]:
    """The numbers of the events that were taken before the server died."""
    taken: set[int] = set()
    enough = threading.Event()

    def put() -> None:
        client = cloud.client("events")
        for number in range(100_000):
            entry = {"Source": "shop", "DetailType": "sold", "Detail": json.dumps({"n": number})}
            try:
                client.put_events(Entries=[entry])
            except (BotoCoreError, ClientError):
                return
            taken.add(number)
            if len(taken) >= after:
                enough.set()

    thread = threading.Thread(target=put)
    thread.start()
    assert enough.wait(60)
    cloud.kill()
    thread.join()
    return taken


def _advance(cloud: CloudProcess, seconds: int) -> None:
    """Lets the claims of the killed server end."""
    body = json.dumps({"advance_seconds": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{cloud.endpoint}/_cloudlet/clock", body, headers)
    urllib.request.urlopen(request).close()


def _read(cloud: CloudProcess, wanted: set[int]) -> set[int]:
    """The numbers in the queue, once all that is wanted has been read."""
    sqs: Any = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    found: set[int] = set()
    until = time.monotonic() + 90
    while wanted - found:
        assert time.monotonic() < until, f"{wanted - found} did not arrive"
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in answer.get("Messages", ()):
            found.add(json.loads(message["Body"])["detail"]["n"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
