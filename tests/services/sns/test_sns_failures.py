"""Failures that nobody foresaw: they hold up nothing else, and what they hit is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from cloudlet.services.sns.delivery import queues as queue_carrier


def test_what_cannot_be_tried_holds_up_nothing_else(
    sns: Any, topic: Any, subscribed: Any, queues: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = topic()
    url = subscribed(arn, RawMessageDelivery=True)
    send = queue_carrier.send

    def fail_once(call: Any, delivery: Any, *rest: Any) -> Any:
        if delivery.message.body("sqs") == "bad":
            raise RuntimeError("a fault of cloudlet's own")
        return send(call, delivery, *rest)

    monkeypatch.setattr(queue_carrier, "send", fail_once)
    entries = [{"Id": text, "Message": text} for text in ("bad", "good")]
    sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
    assert queues.next_message(url)["Body"] == "good"
    monkeypatch.undo()
    server.advance(61)
    assert queues.next_message(url)["Body"] == "bad"
