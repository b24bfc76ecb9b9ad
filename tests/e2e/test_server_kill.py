"""A server ended by SIGKILL at any moment keeps what it acknowledged and ends what it had begun."""

from __future__ import annotations

import json
import os
import random
import select
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cloud_functions import TRUST, allow
from cloud_process import CloudProcess

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes by /proc"),
]
BEYOND_EVERY_LEASE_SECONDS = 7
LONGEST_WAIT_SECONDS = 30
WORKER = """
import os
import boto3
table = boto3.client("dynamodb")
def handler(event, context):
    table.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["id"]}})
"""
PARTS = 6


@dataclass
class Acknowledged:
    """What the server said yes to."""

    items: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    with CloudProcess(tmp_path / "home", "--data", str(tmp_path / "data")) as cloud:
        yield cloud


def test_acknowledged_writes_and_events_outlive_the_server_and_its_sandboxes_do_not(cloud):
    _deploy(cloud, "base", _template())
    said_yes = Acknowledged()
    for _ in range(3):
        _write_until_killed(cloud, said_yes, after_seconds=random.uniform(0.5, 2.0))
        _restart(cloud)
    assert len(said_yes.items) > 10
    assert len(said_yes.events) > 10
    items = cloud.client("dynamodb").get_paginator("scan").paginate(TableName="items")
    assert set(said_yes.items) <= {item["id"]["S"] for page in items for item in page["Items"]}
    s3 = cloud.client("s3")
    for key in said_yes.objects:
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == key.encode() * 5000
    done = cloud.client("dynamodb").get_paginator("scan")

    def every_event_ran() -> bool:
        pages = done.paginate(TableName="done")
        return set(said_yes.events) <= {item["id"]["S"] for page in pages for item in page["Items"]}

    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not every_event_ran():
        assert time.monotonic() < deadline
        _advance(cloud, 1)  # what failed on a busy machine is due again a minute later


def test_stack_in_the_middle_of_a_deploy_is_finished_or_rolled_back(cloud):
    outcomes = set()
    for round_ in range(3):
        name = f"app{round_}"
        cloudformation = cloud.client("cloudformation")
        template = json.dumps(_template(f"{name}-", PARTS))
        cloudformation.create_stack(
            StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        _kill_after(cloud, name, random.randrange(1, 4 * PARTS))
        _restart(cloud)
        outcomes.add(status := _at_rest(cloud, name))
        tables = _tables_of(cloud, name)
        if status == "CREATE_COMPLETE":
            assert len(tables) == PARTS + 2
            answer = cloud.client("lambda").invoke(FunctionName=f"{name}-worker", Payload=b'{"id": "x"}')
            assert "FunctionError" not in answer, answer["Payload"].read()
        else:
            assert status == "ROLLBACK_COMPLETE"
            assert tables == []
        cloud.client("cloudformation").delete_stack(StackName=name)
        _kill_after(cloud, name, random.randrange(1, PARTS), "DELETE_IN_PROGRESS")
        _restart(cloud)
        assert _at_rest(cloud, name) in ("DELETE_COMPLETE", "gone")
        assert _tables_of(cloud, name) == []
    assert outcomes <= {"CREATE_COMPLETE", "ROLLBACK_COMPLETE"}


def _write_until_killed(cloud: CloudProcess, said_yes: Acknowledged, after_seconds: float) -> None:
    """Writes by several clients at once; kills the server; none of its processes may be left."""
    stopped = threading.Event()
    clients = {name: cloud.client(name) for name in ("dynamodb", "s3", "lambda")}

    def put_item(key: str) -> None:
        clients["dynamodb"].put_item(TableName="items", Item={"id": {"S": key}})
        said_yes.items.append(key)

    def put_object(key: str) -> None:
        clients["s3"].put_object(Bucket="kept", Key=key, Body=key.encode() * 5000)
        said_yes.objects.append(key)

    def send_event(key: str) -> None:
        payload = json.dumps({"id": key})
        clients["lambda"].invoke(FunctionName="worker", InvocationType="Event", Payload=payload)
        said_yes.events.append(key)

    threads = [
        threading.Thread(target=_repeat, args=(stopped, work)) for work in (put_item, put_object, send_event)
    ]
    for thread in threads:
        thread.start()
    stopped.wait(after_seconds)
    _kill(cloud)
    stopped.set()
    for thread in threads:
        thread.join(LONGEST_WAIT_SECONDS)


def _repeat(stopped: threading.Event, work: Callable[[str], None]) -> None:
    while not stopped.is_set():
        try:
            work(uuid.uuid4().hex)
        except (BotoCoreError, ClientError):
            return


def _kill(cloud: CloudProcess) -> None:
    """Kills the server, and sees all that it had started end."""
    with ExitStack() as opened:
        left = []
        for pid in _descendants(cloud.process.pid):
            try:
                watched = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            opened.callback(os.close, watched)
            left.append(watched)
        cloud.kill()
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        for watched in left:
            assert select.select([watched], [], [], max(0.0, deadline - time.monotonic()))[0]


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for task in _listed(Path(f"/proc/{each}/task")):
            try:
                found += [int(child) for child in (task / "children").read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found[1:]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _kill_after(cloud: CloudProcess, stack: str, events: int, begun: str = "CREATE_IN_PROGRESS") -> None:
    """Kills the server once a stack has so many more events, or is at rest."""
    cloudformation = cloud.client("cloudformation")
    (stack_id,) = [
        each["StackId"]
        for each in cloudformation.list_stacks()["StackSummaries"]
        if each["StackName"] == stack
    ]
    first = len(_events(cloudformation, stack_id))
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while len(_events(cloudformation, stack_id)) < first + events:
        assert time.monotonic() < deadline
        if cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] != begun:
            break
    _kill(cloud)


def _events(cloudformation: Any, stack_id: str) -> list[Any]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]]


def _restart(cloud: CloudProcess) -> None:
    """Starts the server again; what the killed one had claimed becomes free on the cloud's clock."""
    cloud.start()
    _advance(cloud, BEYOND_EVERY_LEASE_SECONDS)


def _advance(cloud: CloudProcess, seconds: int) -> None:
    body = json.dumps({"advance_seconds": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{cloud.endpoint}/_cloudlet/clock", body, headers)
    urllib.request.urlopen(request, timeout=LONGEST_WAIT_SECONDS).close()


def _deploy(cloud: CloudProcess, name: str, template: dict[str, Any]) -> None:
    cloudformation = cloud.client("cloudformation")
    body = json.dumps(template)
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert _at_rest(cloud, name) == "CREATE_COMPLETE", _events(cloudformation, name)
    cloud.client("s3").create_bucket(Bucket="kept")


def _at_rest(cloud: CloudProcess, stack: str) -> str:
    """The status of a stack that nobody works on any more; "gone" once it is deleted."""
    cloudformation = cloud.client("cloudformation")
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        try:
            status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            assert "does not exist" in str(error)
            return "gone"
        if not status.endswith("IN_PROGRESS"):
            return str(status)
        assert time.monotonic() < deadline, _events(cloudformation, stack)


def _tables_of(cloud: CloudProcess, stack: str) -> list[str]:
    names = cloud.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(f"{stack}-")]


def _template(prefix: str = "", parts: int = 0) -> dict[str, Any]:
    """Two tables, a function that writes to one of them under a role of its own, and more tables."""
    names = ["items", "done", *(f"part{part}" for part in range(parts))]
    tables = {f"Table{name}": _table(prefix + name) for name in names}
    role = {
        "RoleName": f"{prefix}worker",
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [
            {
                "PolicyName": "own",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [allow("dynamodb:PutItem", {"Fn::GetAtt": "Tabledone.Arn"})],
                },
            }
        ],
    }
    function = {
        "FunctionName": f"{prefix}worker",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": "Role.Arn"},
        "Code": {"ZipFile": WORKER},
        "Timeout": 30,
        "MemorySize": 1769,
        "Environment": {"Variables": {"TABLE": {"Ref": "Tabledone"}}},
    }
    return {
        "Resources": {
            **tables,
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        }
    }


def _table(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
