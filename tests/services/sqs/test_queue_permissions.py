"""Who may do what with a queue: IAM, the queue's policy, other accounts, nobody in particular."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from refusals import refusal
from running_server import Client, RunningServer

MakeQueue = Callable[..., str]


@pytest.fixture
def user(client: Client) -> Callable[..., Any]:
    """Makes an SQS client of a user that may do some things."""
    iam = client("iam")

    def make(*statements: dict[str, Any]) -> Any:
        iam.create_user(UserName="u")
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        return client("sqs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    return make


def test_a_user_may_do_what_its_policy_says(user: Callable[..., Any], queue: MakeQueue, account: str) -> None:
    url = queue("q")
    arn = f"arn:aws:sqs:us-east-1:{account}:q"
    mine = user({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn})
    mine.send_message(QueueUrl=url, MessageBody="x")
    mine.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    code, message = refusal(mine.receive_message, QueueUrl=url)
    assert code in ("AccessDenied", "AccessDeniedException")
    assert message == (
        f"User: arn:aws:iam::{account}:user/u is not authorized to perform: sqs:ReceiveMessage on resource: "
        f"{arn} because no identity-based policy allows the sqs:ReceiveMessage action"
    )


def test_the_senders_id_is_the_users(
    user: Callable[..., Any], queue: MakeQueue, client: Client, sqs: Any
) -> None:
    url = queue("q")
    user({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}).send_message(QueueUrl=url, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["SenderId"])["Messages"]
    assert message["Attributes"]["SenderId"] == client("iam").get_user(UserName="u")["User"]["UserId"]


def test_another_account_needs_the_queues_permission(sqs: Any, queue: MakeQueue, client: Client) -> None:
    url = queue("q")
    other_account = str(random.randrange(10**11, 10**12))
    other = client("sqs", key=other_account)
    assert refusal(other.send_message, QueueUrl=url, MessageBody="x")[0].startswith("AccessDenied")
    sqs.add_permission(
        QueueUrl=url, Label="them", AWSAccountIds=[other_account], Actions=["SendMessage", "GetQueueUrl"]
    )
    other.send_message(QueueUrl=url, MessageBody="x")
    owner = url.split("/")[-2]
    assert other.get_queue_url(QueueName="q", QueueOwnerAWSAccountId=owner)["QueueUrl"] == url
    sqs.remove_permission(QueueUrl=url, Label="them")
    assert refusal(other.send_message, QueueUrl=url, MessageBody="x")[0].startswith("AccessDenied")


def test_a_policy_made_of_labels(sqs: Any, queue: MakeQueue, account: str) -> None:
    url = queue("q")
    arn = f"arn:aws:sqs:us-east-1:{account}:q"
    request = {"QueueUrl": url, "AWSAccountIds": ["111111111111"], "Actions": ["ReceiveMessage"]}
    sqs.add_permission(Label="one", **request)
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert json.loads(told["Policy"]) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                "Action": "SQS:ReceiveMessage",
                "Resource": arn,
            }
        ],
    }
    assert refusal(sqs.add_permission, Label="one", **request) == (
        "InvalidParameterValue",
        "Value one for parameter Label is invalid. Reason: Already exists.",
    )
    sqs.remove_permission(QueueUrl=url, Label="one")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    assert refusal(sqs.remove_permission, QueueUrl=url, Label="one") == (
        "InvalidParameterValue",
        "Value one for parameter Label is invalid. Reason: can't find label.",
    )


def test_a_queue_for_everybody_takes_unsigned_messages(
    sqs: Any, queue: MakeQueue, server: RunningServer
) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    open_queue = queue("open", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    closed_queue = queue("closed")

    def send(url: str) -> int:
        form = urlencode({"Action": "SendMessage", "MessageBody": "x", "Version": "2012-11-05"})
        try:
            with urllib.request.urlopen(url, form.encode()) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert send(open_queue) == 200
    assert send(closed_queue) == 403
    assert sqs.receive_message(QueueUrl=open_queue)["Messages"][0]["Body"] == "x"


def test_what_is_no_policy_is_refused(sqs: Any, queue: MakeQueue) -> None:
    url = queue("q")
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": "{}x"}) == (
        "InvalidAttributeValue",
        "Invalid value for the parameter Policy.",
    )
