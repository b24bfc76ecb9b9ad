"""A server that holds FIFO queues to AWS's throughput; the shared one does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloudlet.config import Config
from running_server import RunningServer

HIGH = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    running = RunningServer(Config(data=tmp_path_factory.mktemp("limits"), port=0, throughput_limits=True))
    yield running
    running.close()


class StoppedTime:
    """Lets a server's clock stand, so that any number of calls are of one second."""

    def __init__(self, server: RunningServer) -> None:
        self._clock = server.clock
        self._now = float(int(server.clock.time()))

    def time(self) -> float:
        return self._now


@pytest.fixture
def one_second(server, monkeypatch) -> None:
    stopped = StoppedTime(server)
    monkeypatch.setattr(server.clock, "time", stopped.time)


def outcomes(times: int, work: Callable[[int], Any]) -> list[str]:
    """The codes of so many calls; empty for those that went well."""

    def code(number: int) -> str:
        try:
            answer = work(number)
        except ClientError as error:
            assert error.response["Error"]["Message"] == "Rate exceeded"
            return str(error.response["Error"]["Code"])
        return "".join(each["Code"] for each in answer.get("Failed", ()))

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(code, range(times)))


@pytest.mark.unverified("AWS names the error of a FIFO queue's quota; its text is that of other services")
def test_a_fifo_queue_takes_three_hundred_calls_a_second_of_each_action(sqs, queue, one_second) -> None:
    url = queue("work.fifo", ContentBasedDeduplication="true")

    def send(number: int) -> Any:
        return sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId=str(number % 7))

    assert sorted(outcomes(303, send)) == [""] * 300 + ["ThrottlingException"] * 3
    assert outcomes(1, lambda _: sqs.receive_message(QueueUrl=url)) == [""]


def test_a_batch_counts_once(sqs, queue, one_second) -> None:
    url = queue("work.fifo", ContentBasedDeduplication="true")

    def send(number: int) -> Any:
        entries = [
            {"Id": str(each), "MessageBody": f"{number} {each}", "MessageGroupId": "g"} for each in range(10)
        ]
        return sqs.send_message_batch(QueueUrl=url, Entries=entries)

    assert outcomes(20, send) == [""] * 20


@pytest.mark.unverified("AWS tells the quota of a partition; that a group never has two of them is assumed")
def test_with_high_throughput_each_group_is_limited_by_itself(sqs, queue, one_second) -> None:
    url = queue("work.fifo", ContentBasedDeduplication="true", **HIGH)

    def send_to(group: str) -> Callable[[int], Any]:
        return lambda number: sqs.send_message(
            QueueUrl=url, MessageBody=f"{group} {number}", MessageGroupId=group
        )

    assert outcomes(301, send_to("a")).count("ThrottlingException") == 1
    assert outcomes(2, send_to("b")) == ["", ""]
    entries = [{"Id": group, "MessageBody": group, "MessageGroupId": group} for group in "ab"]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [each["Id"] for each in answer["Successful"]] == ["b"]
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [("a", "ThrottlingException")]


def test_a_standard_queue_is_never_throttled(sqs, queue, one_second) -> None:
    url = queue()
    assert set(outcomes(310, lambda _: sqs.send_message(QueueUrl=url, MessageBody="x"))) == {""}
