"""Functions may do what their roles say and nothing else, whatever they try."""

from __future__ import annotations

import time

import pytest

from cloud_functions import allow

ANY_CALL = """
import os
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

def handler(event, context):
    keys = {}
    if event.get("key"):
        keys = {"aws_access_key_id": event["key"], "aws_secret_access_key": "test",
                "aws_session_token": event.get("token", "")}
    client = boto3.client(event["service"], config=Config(retries={"max_attempts": 0}), **keys)
    try:
        answer = getattr(client, event["operation"])(**event["parameters"])
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"],
                error.response["ResponseMetadata"]["HTTPStatusCode"]]
    answer.pop("ResponseMetadata")
    return {name: value.read().decode() if hasattr(value, "read") else str(value)
            for name, value in answer.items()}
"""
PLAIN_HTTP = """
import json, urllib.error, urllib.request

def handler(event, context):
    request = urllib.request.Request("http://127.0.0.1:4566" + event["path"],
                                     json.dumps(event.get("body", {})).encode(),
                                     {"Content-Type": "application/json"}, method="POST")
    try:
        return [200, urllib.request.urlopen(request).read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
"""


@pytest.fixture
def call(deployment):
    """Has the function `caller` call an operation; the function's code never changes."""

    def call(service, operation, *, key=None, token="", **parameters):
        event = {
            "service": service,
            "operation": operation,
            "parameters": parameters,
            "key": key,
            "token": token,
        }
        answer = deployment.call("caller", event)
        assert answer.error is None, answer.value
        return answer.value

    return call


def denied(account, action, resource, because="because no identity-based policy allows the {action} action"):
    """AWS's text for what a role does not allow."""
    return (
        f"User: arn:aws:sts::{account}:assumed-role/caller/caller is not authorized to perform: {action} "
        f"on resource: {resource} {because.format(action=action)}"
    )


def test_one_action_on_one_table_is_all_that_is_allowed(deployment, call, make_table, account):
    make_table("mine")
    make_table("theirs")
    mine, theirs = (f"arn:aws:dynamodb:us-east-1:{account}:table/{name}" for name in ("mine", "theirs"))
    deployment.python("caller", ANY_CALL, allow("dynamodb:PutItem", mine))

    assert call("dynamodb", "put_item", TableName="mine", Item={"id": {"S": "a"}}) == {}
    assert call("dynamodb", "get_item", TableName="mine", Key={"id": {"S": "a"}}) == [
        "AccessDeniedException",
        denied(account, "dynamodb:GetItem", mine),
        400,
    ]
    assert call("dynamodb", "put_item", TableName="theirs", Item={"id": {"S": "a"}}) == [
        "AccessDeniedException",
        denied(account, "dynamodb:PutItem", theirs),
        400,
    ]
    assert call("dynamodb", "list_tables") == [
        "AccessDeniedException",
        denied(account, "dynamodb:ListTables", f"arn:aws:dynamodb:us-east-1:{account}:table/*"),
        400,
    ]


def test_one_prefix_of_one_bucket_is_all_that_is_allowed(deployment, call, client, account):
    bucket = f"prefixed-{account}"
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    deployment.python("caller", ANY_CALL, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/notes/*"))

    assert "ETag" in call("s3", "put_object", Bucket=bucket, Key="notes/a", Body="x")
    assert call("s3", "put_object", Bucket=bucket, Key="secret/a", Body="x") == [
        "AccessDenied",
        denied(account, "s3:PutObject", f'"arn:aws:s3:::{bucket}/secret/a"'),
        403,
    ]
    assert call("s3", "get_object", Bucket=bucket, Key="notes/a")[0] == "AccessDenied"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["notes/a"]


def test_what_a_role_may_do_changes_at_once(deployment, call, make_table, account):
    make_table("mine")
    table = f"arn:aws:dynamodb:us-east-1:{account}:table/mine"
    put = {"TableName": "mine", "Item": {"id": {"S": "a"}}}
    deployment.python("caller", ANY_CALL)
    assert call("dynamodb", "put_item", **put)[0] == "AccessDeniedException"
    deployment.allow("caller", allow("dynamodb:*", table))
    assert call("dynamodb", "put_item", **put) == {}
    deployment.allow(
        "caller", allow("dynamodb:*", table), {**allow("dynamodb:PutItem", table), "Effect": "Deny"}
    )
    refused = call("dynamodb", "put_item", **put)
    because = "with an explicit deny in an identity-based policy"
    assert refused[1].startswith(denied(account, "dynamodb:PutItem", table, because))


def test_sessions_of_a_deleted_role_are_nobodys(deployment, call, make_table, client):
    make_table("mine")
    deployment.python("caller", ANY_CALL, allow("*"))
    put = {"TableName": "mine", "Item": {"id": {"S": "a"}}}
    assert call("dynamodb", "put_item", **put) == {}
    deployment.iam.delete_role_policy(RoleName="caller", PolicyName="own")
    deployment.iam.delete_role(RoleName="caller")
    assert call("dynamodb", "put_item", **put)[0] in ("AccessDeniedException", "UnrecognizedClientException")
    items = client("dynamodb").scan(TableName="mine")["Items"]
    deployment.role("caller", allow("*"))
    assert call("dynamodb", "delete_item", TableName="mine", Key={"id": {"S": "a"}})[0] in (
        "AccessDeniedException",
        "UnrecognizedClientException",
    ), "a new role of the same name is another role"
    assert items == client("dynamodb").scan(TableName="mine")["Items"]


@pytest.mark.parametrize(
    ("key", "token"),
    [("test", ""), ("{account}", ""), ("ASIAIOSFODNN7EXAMPLE", "invented"), ("ASIAIOSFODNN7EXAMPLE", "")],
    ids=["test", "an account", "an invented session", "a session without a token"],
)
def test_function_that_signs_with_another_key_is_nobody(deployment, call, make_table, account, key, token):
    make_table("mine")
    deployment.python("caller", ANY_CALL, allow("*"))
    keys = {"key": key.format(account=account), "token": token}
    invalid = "The security token included in the request is invalid"
    code, message, status = call("dynamodb", "list_tables", **keys)
    assert (code, message.rstrip("."), status) == ("UnrecognizedClientException", invalid, 400)
    code, message, status = call("iam", "list_users", **keys)
    assert (code, message.rstrip("."), status) == ("InvalidClientTokenId", invalid, 403)
    code, message, status = call("sts", "get_caller_identity", **keys)
    assert (code, message.rstrip("."), status) == ("InvalidClientTokenId", invalid, 403)
    code, message, status = call("s3", "list_buckets", **keys)
    assert (code, status) == ("InvalidAccessKeyId", 403)
    assert message == "The AWS Access Key Id you provided does not exist in our records."


@pytest.mark.parametrize("path", ["/_cloudlet/reset", "/_cloudlet/clock"])
def test_functions_can_neither_reset_the_cloud_nor_move_its_clock(deployment, client, server, path):
    deployment.python("vandal", PLAIN_HTTP)
    before = server.clock.time()
    status, text = deployment.call("vandal", {"path": path, "body": {"advance_seconds": 1000}}).value
    assert (status, "Only this machine's own users may do this." in text) == (403, True)
    assert server.clock.time() - before < 500
    assert [role["RoleName"] for role in client("iam").list_roles()["Roles"]] == ["vandal"]


def test_functions_see_nothing_of_each_other(deployment, call):
    deployment.python(
        "neighbour",
        "def handler(event, context):\n    print('the log')\n",
        Environment={"Variables": {"SECRET": "1"}},
    )
    deployment.python("caller", ANY_CALL)
    assert deployment.call("neighbour").error is None
    neighbour = {"FunctionName": "neighbour"}
    for service, operation, parameters in (
        ("lambda", "get_function", neighbour),
        ("lambda", "get_function_configuration", neighbour),
        ("lambda", "update_function_configuration", neighbour | {"Handler": "other.handler"}),
        ("lambda", "invoke", neighbour),
        ("logs", "filter_log_events", {"logGroupName": "/aws/lambda/neighbour"}),
        ("iam", "put_role_policy", {"RoleName": "caller", "PolicyName": "p", "PolicyDocument": "{}"}),
        ("sts", "assume_role", {"RoleArn": "arn:aws:iam::1:role/neighbour", "RoleSessionName": "me"}),
    ):
        refused = call(service, operation, **parameters)
        assert isinstance(refused, list), (operation, refused)
        assert refused[0] in ("AccessDeniedException", "AccessDenied"), (operation, refused)


def test_files_and_processes_of_another_function_are_not_there(deployment):
    source = (
        "import os, pathlib\n"
        "def handler(event, context):\n"
        "    if event == 'write':\n"
        "        pathlib.Path('/tmp/secret').write_text('x')\n"
        "        return os.listdir('/var/task')\n"
        "    found = []\n"
        "    for pid in (name for name in os.listdir('/proc') if name.isdigit()):\n"
        "        try:\n"
        "            found.append(pathlib.Path('/proc', pid, 'environ').read_text())\n"
        "        except OSError:\n"
        "            pass\n"
        "    seen = 'AWS_LAMBDA_FUNCTION_NAME=first' in str(found)\n"
        "    return [os.listdir('/tmp'), os.listdir('/var/task'), seen]\n"
    )
    deployment.python("first", source, Environment={"Variables": {"SECRET": "of the first"}})
    deployment.python("second", source)
    assert deployment.call("first", "write").value == ["index.py"]
    assert deployment.call("second", "look").value == [[], ["index.py"], False]


def test_function_whose_role_may_not_write_logs_runs_without_any(deployment, client):
    deployment.python("silent", "def handler(event, context):\n    print('heard?')\n    return 1\n")
    deployment.python("heard", "def handler(event, context):\n    print('heard')\n    return 1\n")
    deployment.iam.delete_role_policy(RoleName="silent", PolicyName="own")
    assert deployment.call("silent").value == 1
    assert deployment.call("heard").value == 1
    logs = client("logs")
    deadline = time.monotonic() + 10
    while not (groups := logs.describe_log_groups()["logGroups"]):
        assert time.monotonic() < deadline
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/heard"]
