"""Producers and consumers of queues that are cut off at any moment, and what they were told before that."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cloud_process import CloudProcess

STANDARD: Final = "work"
FIFO: Final = "work.fifo"
GROUPS: Final = ("a", "b", "c")
VISIBILITY_SECONDS: Final = 2
_PAUSE_SECONDS: Final = 0.01
_GROUP_PAUSE_SECONDS: Final = 0.04
"""Producers leave consumers time, so that those keep up although they die now and then."""


@dataclass
class Known:
    """What the server has said: what was sent, and what was handed to somebody."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    progress: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released for every message that was sent, and for every one received."""
    sent: set[str] = field(default_factory=set)
    received: set[str] = field(default_factory=set)
    sent_in_group: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    received_in_group: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def lost(self) -> list[str]:
        """What was acknowledged and never received."""
        groups = [
            f"{group} {number}"
            for group, numbers in self.sent_in_group.items()
            for number in sorted(set(numbers) - set(self.received_in_group[group]))
        ]
        return sorted(self.sent - self.received) + groups

    def disordered(self) -> list[str]:
        """Groups whose messages were first received in another order than they were sent in."""
        found = []
        for group, numbers in self.received_in_group.items():
            first = list(dict.fromkeys(numbers))
            if first != sorted(first):
                found.append(f"{group}: {first}")
        return found


def make_queues(cloud: CloudProcess) -> tuple[str, str]:
    """Makes a standard and a FIFO queue; their paths, which every start's endpoint can be put before."""
    sqs = cloud.client("sqs")
    timeout = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    standard = sqs.create_queue(QueueName=STANDARD, Attributes=timeout)["QueueUrl"]
    fifo = sqs.create_queue(QueueName=FIFO, Attributes={"FifoQueue": "true", **timeout})["QueueUrl"]
    return standard, fifo


class Load:
    """Threads that send and receive until they are told to stop, whatever becomes of the server meanwhile."""

    def __init__(self, cloud: CloudProcess, queues: tuple[str, str], known: Known, seed: int) -> None:
        self._cloud = cloud
        self._standard, self._fifo = queues
        self._known = known
        self._seed = seed
        self._sending = threading.Event()
        self._receiving = threading.Event()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Starts two producers of each kind's messages and three consumers."""
        self._sending.set()
        self._receiving.set()
        for number in range(2):
            self._run(self._send, number)
        for group in GROUPS:
            self._run(self._send_in_group, group)
        for number in range(3):
            self._run(self._receive, number)

    def stop_sending(self) -> None:
        """Sends no more."""
        self._sending.clear()

    def stop(self) -> None:
        """Receives no more, and waits for the threads."""
        self._receiving.clear()
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(self, number: int) -> None:
        sqs = self._client()
        place = 0
        while self._sending.is_set():
            text, place = f"{number}-{place}", place + 1
            if self._tried(sqs.send_message, QueueUrl=self._standard, MessageBody=text):
                with self._known.lock:
                    self._known.sent.add(text)
                self._known.progress.release()
            self._over.wait(_PAUSE_SECONDS)

    def _send_in_group(self, group: str) -> None:
        """Sends the numbers of a group, each until it is acknowledged, as one who needs order must."""
        sqs = self._client()
        place = 0
        while self._sending.is_set():
            request = {"QueueUrl": self._fifo, "MessageBody": f"{group} {place}", "MessageGroupId": group}
            if self._tried(sqs.send_message, MessageDeduplicationId=f"{group}-{place}", **request):
                with self._known.lock:
                    self._known.sent_in_group[group].append(place)
                place += 1
            self._over.wait(_GROUP_PAUSE_SECONDS)

    def _receive(self, number: int) -> None:
        sqs, source = self._client(), random.Random(f"{self._seed} {number}")
        while self._receiving.is_set():
            self._receive_standard(sqs, source)
            self._receive_fifo(sqs, source)

    def _receive_standard(self, sqs: Any, source: random.Random) -> None:
        received = self._tried(
            sqs.receive_message, QueueUrl=self._standard, MaxNumberOfMessages=10, WaitTimeSeconds=0
        )
        for message in (received or {}).get("Messages", ()):
            with self._known.lock:
                self._known.received.add(message["Body"])
            self._known.progress.release()
            # A consumer that dies deletes nothing.
            if source.random() < 0.98:
                self._tried(
                    sqs.delete_message, QueueUrl=self._standard, ReceiptHandle=message["ReceiptHandle"]
                )

    def _receive_fifo(self, sqs: Any, source: random.Random) -> None:
        asked_at = time.monotonic()
        received = self._tried(
            sqs.receive_message, QueueUrl=self._fifo, MaxNumberOfMessages=10, WaitTimeSeconds=0
        )
        messages = (received or {}).get("Messages", ())
        for message in messages:
            group, _, place = message["Body"].partition(" ")
            with self._known.lock:
                if time.monotonic() - asked_at > VISIBILITY_SECONDS:
                    # It may be somebody else's by now: too late to say anything of its order.
                    return
                self._known.received_in_group[group].append(int(place))
            self._known.progress.release()
            if source.random() < 0.02:
                return
            self._tried(sqs.delete_message, QueueUrl=self._fifo, ReceiptHandle=message["ReceiptHandle"])

    def _client(self) -> Any:
        return self._cloud.client("sqs", connect_timeout=2, read_timeout=10)

    def _tried(self, call: Any, **request: Any) -> Any:
        """The answer; None where there is none, because the server is gone."""
        try:
            return call(**request)
        except (BotoCoreError, ClientError):
            self._over.wait(0.02)
            return None
