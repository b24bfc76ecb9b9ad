"""What the tests of Lambda share: zips, roles, functions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_functions import zipped

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ECHO = "def handler(event, context):\n    return event\n"


def zip_of(**files: str | bytes) -> bytes:
    """A zip of files; a double underscore in a name stands for a dot."""
    return zipped({name.replace("__", "."): content for name, content in files.items()})


def make_role(iam: Any, name: str = "runner", *statements: dict[str, Any]) -> str:
    """A role that functions may have, with the statements as its policy."""
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    return str(arn)


def make_function(
    client: Any, role: str, source: str = ECHO, *, name: str = "function", **more: Any
) -> dict[str, Any]:
    """A Python function that is ready."""
    made = client.create_function(
        FunctionName=name,
        **{
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": zip_of(index__py=source)},
            **more,
        },
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})
    return dict(made)


def invoke(client: Any, name: str = "function", event: Any = None, **more: Any) -> Any:
    """What a function answers to an event."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event), **more)
    return json.loads(answer["Payload"].read())


CODE = zip_of(handler__py="def handler(event, context):\n    return event\n")
OTHER_CODE = zip_of(handler__py="def handler(event, context):\n    return 2\n")


def active(functions: Any, name: str = "function") -> None:
    """Returns once a new function is ready."""
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})


def updated(functions: Any, name: str = "function") -> None:
    """Returns once a changed function is ready."""
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})


def refusal(call: Callable[..., Any], **arguments: Any) -> Any:
    """The error that a call is answered with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


def create(functions: Any, role: str, name: str = "function", **more: Any) -> Any:
    """The answer to CreateFunction, just as it comes."""
    return functions.create_function(
        FunctionName=name,
        **{
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": role,
            "Code": {"ZipFile": CODE},
            **more,
        },
    )


def messages(client: Callable[..., Any], group: str = "/aws/lambda/function") -> list[str]:
    """The lines of a function's log, but for those of cloudlet's own."""
    try:
        found = client("logs").filter_log_events(logGroupName=group)["events"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException"
        return []
    lines = [event["message"] for event in found]
    # Which interpreter stands in for another differs from machine to machine.
    return [line for line in lines if not line.startswith("cloudlet: ")]


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` finds once it finds something."""
    until = time.monotonic() + 10
    while not (found := look()):
        assert time.monotonic() < until, "waited for nothing"
    return found
