"""What becomes of events whose target fails: tried again as long as the retry policy says, then buried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudlet.core.access import Principal
from cloudlet.core.call import Call
from cloudlet.services.events.delivery.attempts import Failure
from cloudlet.services.events.delivery.outcomes import finish
from cloudlet.services.events.model import BusAddress, Delivery, Event, RuleAddress, Target
from cloudlet.services.events.state import deliveries
from running_server import RunningServer

FAILURE = Failure("THROTTLING", "Rate exceeded", may_pass=True)


def _delivery(
    account: str, dead: str, attempts: int, age_seconds: float, now: float, **policy: int
) -> Delivery:
    event = Event("id", "sold", "shop", account, now, "us-east-1", (), '{"n":1}')
    settings = {"DeadLetterConfig": {"Arn": dead}, **({"RetryPolicy": policy} if policy else {})}
    target = Target("t", f"arn:aws:sqs:us-east-1:{account}:none", settings)
    rule = RuleAddress(BusAddress(account, "us-east-1", "default"), "r")
    return Delivery("d", event, rule, target, now - age_seconds, int(now * 1000), attempts)


def _finish(server: RunningServer, account: str, delivery: Delivery) -> Delivery | None:
    """What is left of a delivery after an attempt in vain; it is left to nobody."""
    call = server.app.cloud.call("events", Principal.of_service("events.amazonaws.com"), account, "us-east-1")

    def work(inner: Call) -> Delivery | None:
        deliveries.save_delivery(inner, delivery, None)
        finish(inner, delivery, FAILURE)
        left = deliveries.find_delivery(inner, delivery.id)
        if left is not None:
            deliveries.delete_delivery(inner, left)
        return left

    found: Delivery | None = server.run(call.transact(work))
    return found


@pytest.mark.parametrize(("attempts", "pause"), [(0, 1), (1, 2), (5, 32), (100, 480)])
def test_pauses_double_up_to_eight_minutes(
    server: RunningServer, inbox: Any, account: str, attempts: int, pause: int
) -> None:
    now = server.clock.time()
    left = _finish(server, account, _delivery(account, inbox().arn, attempts, 0, now))
    assert left is not None
    assert left.attempts == attempts + 1
    assert pause <= left.due / 1000 - now < pause + 5


@pytest.mark.parametrize(
    ("attempts", "age_seconds", "policy", "condition"),
    [
        (185, 0, {}, "MaximumRetryAttempts"),
        (0, 0, {"MaximumRetryAttempts": 0}, "MaximumRetryAttempts"),
        (3, 59, {"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds"),
        (3, 86400, {}, "MaximumEventAgeInSeconds"),
    ],
)
def test_what_ends_the_retries_is_told_with_the_dead_letter(
    server: RunningServer,
    inbox: Any,
    account: str,
    attempts: int,
    age_seconds: float,
    policy: dict[str, int],
    condition: str,
) -> None:
    dead, now = inbox("dead"), server.clock.time()
    delivery = _delivery(account, dead.arn, attempts, age_seconds, now, **policy)
    assert _finish(server, account, delivery) is None
    message = dead.next_message()
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told == {
        "RULE_ARN": f"arn:aws:events:us-east-1:{account}:rule/r",
        "TARGET_ARN": f"arn:aws:sqs:us-east-1:{account}:none",
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Rate exceeded",
        "EXHAUSTED_RETRY_CONDITION": condition,
        "RETRY_ATTEMPTS": str(attempts),
    }
