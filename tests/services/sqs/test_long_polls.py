"""Long polls: woken by a message, by time, or by nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudlet.core.access import Principal
from running_server import RunningServer

Bodies = Callable[..., list[str]]
MakeQueue = Callable[..., str]


@pytest.fixture
def poll(bodies: Bodies, server: RunningServer) -> Any:
    """Starts a long poll, and returns once it waits."""
    pool = ThreadPoolExecutor(4)

    def start(url: str, seconds: int = 20, **request: Any) -> Future[list[str]]:
        before = waiting(server)
        polling = pool.submit(bodies, url, WaitTimeSeconds=seconds, **request)
        while waiting(server) == before and not polling.done():
            threading.Event().wait(0.002)
        return polling

    yield start
    pool.shutdown()


def waiting(server: RunningServer) -> int:
    """How many sleep on the cloud's clock."""
    return len(server.clock._moved)


def test_a_message_ends_a_poll_at_once(sqs: Any, queue: MakeQueue, poll: Any) -> None:
    url = queue()
    polling = poll(url)
    begun = time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert polling.result(5) == ["x"]
    assert time.monotonic() - begun < 2


def test_a_poll_ends_empty_at_its_time(queue: MakeQueue, poll: Any, server: RunningServer) -> None:
    polling = poll(queue(), 7)
    server.advance(7)
    assert polling.result(5) == []


def test_the_queue_says_how_long_a_receive_waits(queue: MakeQueue, sqs: Any, server: RunningServer) -> None:
    url = queue(ReceiveMessageWaitTimeSeconds="3")
    before = waiting(server)
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(sqs.receive_message, QueueUrl=url)
        while waiting(server) == before:
            threading.Event().wait(0.002)
        server.advance(3)
        assert "Messages" not in polling.result(5)


def test_a_poll_gets_what_becomes_visible_by_time(
    sqs: Any, queue: MakeQueue, bodies: Bodies, poll: Any, server: RunningServer
) -> None:
    url = queue(VisibilityTimeout="5")
    sqs.send_message(QueueUrl=url, MessageBody="received")
    assert bodies(url) == ["received"]
    polling = poll(url)
    server.advance(5)
    assert polling.result(5) == ["received"]
    sqs.purge_queue(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=9)
    polling = poll(url)
    server.advance(9)
    assert polling.result(5) == ["delayed"]


def test_a_poll_gets_the_next_of_a_fifo_group(sqs: Any, queue: MakeQueue, poll: Any) -> None:
    url = queue("a.fifo", ContentBasedDeduplication="true")
    for text in "12":
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId="g")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    polling = poll(url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert polling.result(5) == ["2"]


def test_whoever_got_its_fill_wakes_the_next(sqs: Any, queue: MakeQueue, poll: Any) -> None:
    url = queue()
    polls = [poll(url, limit=2), poll(url, limit=2)]
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": text, "MessageBody": text} for text in ("a", "b", "c", "d")]
    )
    assert sorted(text for polling in polls for text in polling.result(5)) == ["a", "b", "c", "d"]


def test_a_client_that_went_away_swallows_nothing(
    sqs: Any, queue: MakeQueue, bodies: Bodies, account: str, server: RunningServer
) -> None:
    url = queue()
    before = waiting(server)
    connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc)
    connection.request(
        "POST",
        "/",
        json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}),
        {
            "X-Amz-Target": "AmazonSQS.ReceiveMessage",
            "X-Amz-Date": "20260101T000000Z",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/sqs/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=0",
        },
    )
    while waiting(server) == before:
        threading.Event().wait(0.002)
    connection.close()
    sqs.list_queues()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(url, WaitTimeSeconds=1) == ["x"]


@pytest.mark.parametrize("turns", range(6))
def test_a_receive_that_is_cancelled_gives_back_what_it_took(
    sqs: Any, queue: MakeQueue, account: str, server: RunningServer, turns: int
) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    call = server.app.cloud.call("sqs", Principal.root(account), account, "us-east-1")

    async def receive_and_cancel() -> Any:
        receiving = asyncio.ensure_future(call.ask("sqs", "ReceiveMessage", {"QueueUrl": url}))
        for _ in range(turns):
            await asyncio.sleep(0)
        receiving.cancel()
        return (await asyncio.gather(receiving, return_exceptions=True))[0]

    cancelled = isinstance(server.run(receive_and_cancel()), asyncio.CancelledError)
    request = {"QueueUrl": url, "WaitTimeSeconds": 1, "MessageSystemAttributeNames": ["All"]}
    messages = sqs.receive_message(**request).get("Messages", []) if cancelled else []
    counts = [message["Attributes"]["ApproximateReceiveCount"] for message in messages]
    assert counts == (["1"] if cancelled else [])
