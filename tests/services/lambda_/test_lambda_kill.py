"""What a power cut leaves of functions: everything that was answered."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError
from lambda_functions import invoke, make_function, make_role

from cloud_process import CloudProcess

NOTING = (
    "import boto3\n"
    "client = boto3.client('dynamodb')\n"
    "def handler(event, context):\n"
    "    client.put_item(TableName='seen', Item={'id': {'N': str(event)}})\n"
    "    return event\n"
)


def test_no_accepted_event_is_lost_over_a_kill(tmp_path):
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        role = make_role(cloud.client("iam"), "runner", everything)
        cloud.client("dynamodb").create_table(
            TableName="seen",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        make_function(cloud.client("lambda"), role, NOTING, MemorySize=512, Timeout=30)
        accepted = send_until_killed(cloud, after=150)
        cloud.start()
        missing = set(accepted)
        until = time.monotonic() + 60
        while missing:
            assert time.monotonic() < until, f"{len(missing)} of {len(accepted)} were lost"
            pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName="seen")
            missing -= {int(item["id"]["N"]) for page in pages for item in page["Items"]}
        assert invoke(cloud.client("lambda"), event=-1) == -1


def send_until_killed(cloud, after):
    """The events that were accepted before the server died."""
    accepted, enough = [], threading.Event()

    def send(first):
        client = cloud.client("lambda")
        for number in range(first, 100_000, 4):
            try:
                client.invoke(
                    FunctionName="function", InvocationType="Event", Payload=json.dumps(number).encode()
                )
            except (BotoCoreError, ClientError):
                return
            accepted.append(number)
            if len(accepted) >= after:
                enough.set()

    with ThreadPoolExecutor(4) as threads:
        sending = [threads.submit(send, first) for first in range(4)]
        assert enough.wait(60)
        cloud.kill()
        for each in sending:
            each.result()
    return accepted
