"""SQS: sending, receiving and deleting at 1 and 16 clients, in an empty queue and a full one; long polls."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvloop

from scripts.benchmarks.cases import Figure
from scripts.benchmarks.cloud import BenchmarkCloud

_SECONDS: Final = 2.0
_BODY: Final = "x" * 256
_FULL: Final = 1_000_000
_POLLS: Final = 1_000
_IDLE_SECONDS: Final = 20.0
_HEAD: Final = (
    "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 "
    "Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n"
    "X-Amz-Target: AmazonSQS.{operation}\r\nContent-Length: {length}\r\n\r\n"
)


class Client:
    """One kept connection. Its key is nobody's, so that its requests need no signature of their own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @classmethod
    async def open(cls, port: int) -> Client:
        """Connects."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        return cls(reader, writer, f"127.0.0.1:{port}")

    async def ask(self, operation: str, **request: Any) -> Any:
        """What an operation answers."""
        body = json.dumps(request).encode()
        head = _HEAD.format(host=self._host, operation=operation, length=len(body))
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        lower = answer.lower()
        start = lower.find(b"content-length:")
        length = int(lower[start + 15 : lower.index(b"\r\n", start)]) if start >= 0 else 0
        content = await self._reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(content.decode())
        return json.loads(content) if content else {}

    def close(self) -> None:
        """Disconnects."""
        self._writer.close()


Step = Callable[[Client, str], Awaitable[int]]
"""Something done once; how many messages it was done to."""


async def _send(client: Client, url: str) -> int:
    await client.ask("SendMessage", QueueUrl=url, MessageBody=_BODY)
    return 1


async def _send_ten(client: Client, url: str) -> int:
    entries = [{"Id": str(number), "MessageBody": _BODY} for number in range(10)]
    await client.ask("SendMessageBatch", QueueUrl=url, Entries=entries)
    return 10


async def _receive(client: Client, url: str) -> int:
    answer = await client.ask("ReceiveMessage", QueueUrl=url)
    for message in answer.get("Messages", ()):
        await client.ask("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return len(answer.get("Messages", ()))


async def _receive_ten(client: Client, url: str) -> int:
    answer = await client.ask("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)
    messages = answer.get("Messages", ())
    entries = [
        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
        for number, message in enumerate(messages)
    ]
    if entries:
        await client.ask("DeleteMessageBatch", QueueUrl=url, Entries=entries)
    return len(messages)


_STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("send", _send),
    ("receive and delete", _receive),
    ("send in batches of ten", _send_ten),
    ("receive and delete in batches of ten", _receive_ten),
)
_PROMISES: Final = {1: (1500, 700, 7000, 5000), 16: (4000, 2000, 15000, 9000)}


async def _rate(port: int, url: str, step: Step, clients: int) -> float:
    """Messages a second."""
    opened = [await Client.open(port) for _ in range(clients)]
    began = time.perf_counter()

    async def work(client: Client) -> int:
        done = 0
        while time.perf_counter() < began + _SECONDS and (some := await step(client, url)):
            done += some
        return done

    done = await asyncio.gather(*(work(client) for client in opened))
    took = time.perf_counter() - began
    for client in opened:
        client.close()
    return sum(done) / took


async def _fill(port: int, url: str, count: int) -> None:
    """Puts messages into a queue."""
    opened = [await Client.open(port) for _ in range(16)]

    async def fill(client: Client) -> None:
        for _ in range(count // 160):
            await _send_ten(client, url)

    await asyncio.gather(*(fill(client) for client in opened))
    for client in opened:
        client.close()


async def _figures(port: int, title: str, waiting: int) -> list[Figure]:
    client = await Client.open(port)
    url = (await client.ask("CreateQueue", QueueName=f"bench-{waiting}"))["QueueUrl"]
    if waiting:
        await _fill(port, url, waiting)
    figures = []
    for clients, promises in _PROMISES.items():
        for (name, step), promise in zip(_STEPS, promises, strict=True):
            if not waiting and step in (_receive, _receive_ten):
                await _fill(port, url, 32_000)
            rate = await _rate(port, url, step, clients)
            figures.append(Figure(f"sqs {name}, {clients} client(s){title}", rate, "/s", promise))
        if not waiting:
            await client.ask("DeleteQueue", QueueUrl=url)
            url = (await client.ask("CreateQueue", QueueName=f"bench-after-{clients}"))["QueueUrl"]
    return figures


async def _idle(cloud: BenchmarkCloud) -> list[Figure]:
    client = await Client.open(cloud.port)
    url = (await client.ask("CreateQueue", QueueName="bench-idle"))["QueueUrl"]
    opened = [await Client.open(cloud.port) for _ in range(_POLLS)]

    async def poll(waiting: Client) -> None:
        while True:
            await waiting.ask("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)

    polls = [asyncio.ensure_future(poll(each)) for each in opened]
    await asyncio.sleep(2)
    before = cloud.processor_seconds()
    await asyncio.sleep(_IDLE_SECONDS)
    used = (cloud.processor_seconds() - before) / _IDLE_SECONDS * 100
    for each in polls:
        each.cancel()
    for each in opened:
        each.close()
    return [Figure(f"sqs {_POLLS:,} long polls that wait", used, "%", 1.0)]


def queues(cloud: BenchmarkCloud) -> list[Figure]:
    """Queues with little in them, and a thousand long polls."""
    cloud.start_once()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_figures(cloud.port, "", 0))
        return figures + runner.run(_idle(cloud))


def full_queues(cloud: BenchmarkCloud) -> list[Figure]:
    """The same with a million messages waiting."""
    cloud.start_once()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_figures(cloud.port, ", a million waiting", _FULL))
