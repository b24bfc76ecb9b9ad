"""What a power cut leaves of what was published: everything that was answered, in the order of its group."""

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


def test_nothing_that_was_published_is_lost_over_a_kill(tmp_path: Path) -> None:
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        sns, queues = cloud.client("sns"), Queues(cloud.client("sqs"))
        topic = sns.create_topic(
            Name="t.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
        )["TopicArn"]
        for name in ("one.fifo", "two.fifo"):
            raw = {"RawMessageDelivery": "true"}
            endpoint = queues.arn(queues.make(name))
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes=raw)
        accepted = _publish_until_killed(cloud, topic, after=120)
        cloud.start()
        for name in ("one.fifo", "two.fifo"):
            found = _read(cloud, name, accepted)
            for group, numbers in accepted.items():
                # What was cut off before its answer may have been published, too.
                assert found[group][: len(numbers)] == numbers


def _publish_until_killed(cloud: CloudProcess, topic: str, after: int) -> dict[str, list[int]]:
    """The numbers that were accepted before the server died, by their group."""
    accepted: dict[str, list[int]] = {group: [] for group in "abc"}
    enough = threading.Event()

    def publish(group: str) -> None:
        client = cloud.client("sns")
        for number in range(100_000):
            text = json.dumps([group, number])
            try:
                client.publish(TopicArn=topic, Message=text, MessageGroupId=group)
            except (BotoCoreError, ClientError):
                return
            accepted[group].append(number)
            if sum(map(len, accepted.values())) >= after:
                enough.set()

    with ThreadPoolExecutor(len(accepted)) as threads:
        publishing = [threads.submit(publish, group) for group in accepted]
        assert enough.wait(60)
        cloud.kill()
        for each in publishing:
            each.result()
    return accepted


def _read(cloud: CloudProcess, name: str, wanted: dict[str, list[int]]) -> dict[str, list[int]]:
    """The numbers in a queue by their group, once all that is wanted has been read."""
    sqs: Any = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found: dict[str, list[int]] = {group: [] for group in wanted}
    until = time.monotonic() + 60
    while any(set(numbers) - set(found[group]) for group, numbers in wanted.items()):
        assert time.monotonic() < until, f"{found} is not {wanted}"
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in answer.get("Messages", ()):
            group, number = json.loads(message["Body"])
            found[group].append(number)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
