"""Asynchronous invocations, logs, and what IAM lets one do."""

from __future__ import annotations

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError
from lambda_functions import TRUST, invoke, make_function, make_role, messages, wait_for, zip_of

from cloud_functions import zipped

COUNTING = (
    "calls = []\n"
    "def handler(event, context):\n"
    "    print('event', event, context.aws_request_id)\n"
    "    calls.append(1)\n"
    "    if event.get('fail'):\n"
    "        raise Exception('no')\n"
    "    return len(calls)\n"
)


def test_log_lands_in_cloudwatch_logs(functions, client, writing_role):
    make_function(functions, writing_role, "def handler(event, context):\n    print('hello')\n")
    answer = functions.invoke(FunctionName="function")
    request_id = answer["ResponseMetadata"]["RequestId"]
    found = wait_for(lambda: [each for each in messages(client) if "REPORT" in each] and messages(client))
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.12\.v\d+\t"
        r"Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n",
        found[0],
    )
    assert found[1] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert found[2] == "hello\n"
    assert found[3] == f"END RequestId: {request_id}\n"
    assert found[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    streams = client("logs").describe_log_streams(logGroupName="/aws/lambda/function")["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", streams[0]["logStreamName"])


def test_role_that_may_not_write_logs_loses_them_silently(functions, client, writing_role):
    make_function(functions, make_role(client("iam")), name="silent")
    make_function(functions, writing_role)
    assert invoke(functions, "silent", 1) == 1
    assert invoke(functions, "function", 2) == 2
    wait_for(lambda: messages(client))
    assert messages(client, "/aws/lambda/silent") == []


def test_accepted_event_is_run(functions, client, writing_role):
    make_function(functions, writing_role, COUNTING)
    answer = functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    assert "ExecutedVersion" not in answer
    request_id = answer["ResponseMetadata"]["RequestId"]
    found = wait_for(lambda: [each for each in messages(client) if each.startswith("event")])
    assert found == [f"event {{'a': 1}} {request_id}\n"]


def test_failed_event_is_tried_again_after_one_and_two_minutes(functions, client, writing_role, server):
    make_function(functions, writing_role, COUNTING)
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"fail": true}')

    def tries():
        return [each for each in messages(client) if each.startswith("event")]

    def ends():
        return [each for each in messages(client) if each.startswith("REPORT")]

    wait_for(lambda: len(ends()) == 1)
    server.advance(59)
    assert invoke(functions, event={}) == 2
    wait_for(lambda: len(ends()) == 2)
    assert len([each for each in tries() if "fail" in each]) == 1
    server.advance(5)
    wait_for(lambda: len([each for each in tries() if "fail" in each]) == 2 and len(ends()) == 3)
    server.advance(125)
    wait_for(lambda: len([each for each in tries() if "fail" in each]) == 3 and len(ends()) == 4)
    server.advance(300)
    assert invoke(functions, event={}) == 5
    wait_for(lambda: len(ends()) == 5)
    assert len([each for each in tries() if "fail" in each]) == 3
    ids = {each.rsplit(" ", 1)[1] for each in tries() if "fail" in each}
    assert len(ids) == 1


def test_event_is_not_tried_more_often_than_its_function_says(functions, client, writing_role, server):
    make_function(functions, writing_role, COUNTING)
    functions.put_function_event_invoke_config(FunctionName="function", MaximumRetryAttempts=0)
    functions.invoke(FunctionName="function", InvocationType="Event", Payload=b'{"fail": true}')
    wait_for(lambda: [each for each in messages(client) if each.startswith("REPORT")])
    server.advance(200)
    assert invoke(functions, event={}) == 2


def test_event_for_a_function_that_is_not_there_is_refused(functions):
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="nothing", InvocationType="Event")


def test_caller_needs_the_permission_to_invoke(functions, client, account):
    make_function(functions, make_role(client("iam")))
    iam = client("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    theirs = client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function"
    with pytest.raises(ClientError) as caught:
        theirs.invoke(FunctionName="function")
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:iam::{account}:user/caller is not authorized to perform: lambda:InvokeFunction on "
        f"resource: {arn} because no identity-based policy allows the lambda:InvokeFunction action"
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}],
    }
    iam.put_user_policy(UserName="caller", PolicyName="invoke", PolicyDocument=json.dumps(policy))
    assert invoke(theirs, event=1) == 1
    with pytest.raises(ClientError):
        theirs.invoke(FunctionName="function", Qualifier="$LATEST")


def test_policy_of_the_function_lets_another_account_in(functions, client, account):
    make_function(functions, make_role(client("iam")))
    other = "999900001111"
    theirs = client("lambda", key=other)
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function"
    with pytest.raises(ClientError) as caught:
        theirs.invoke(FunctionName=arn)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    functions.add_permission(
        FunctionName="function", StatementId="other", Action="lambda:InvokeFunction", Principal=other
    )
    assert invoke(theirs, arn, 5) == 5


def test_role_must_trust_lambda(functions, client):
    trust = json.loads(json.dumps(TRUST).replace("lambda.amazonaws.com", "ec2.amazonaws.com"))
    role = client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))
    with pytest.raises(ClientError) as caught:
        make_function(functions, role["Role"]["Arn"])
    assert caught.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "The role defined for the function cannot be assumed by Lambda.",
    }


def test_two_functions_of_one_name_are_a_conflict(functions, client):
    role = make_role(client("iam"))
    make_function(functions, role)
    with pytest.raises(ClientError) as caught:
        make_function(functions, role)
    error = caught.value.response
    assert error["Error"] == {
        "Code": "ResourceConflictException",
        "Message": "Function already exist: function",
    }
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_alias_leads_to_its_versions_by_weight(functions, client):
    make_function(functions, make_role(client("iam")), "def handler(event, context):\n    return 1\n")
    functions.publish_version(FunctionName="function")
    functions.update_function_code(
        FunctionName="function", ZipFile=zip_of(index__py="def handler(event, context):\n    return 2\n")
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName="function", WaiterConfig={"Delay": 0})
    functions.publish_version(FunctionName="function")
    functions.create_alias(
        FunctionName="function",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    seen = [functions.invoke(FunctionName="function", Qualifier="live") for _ in range(40)]
    executed = {answer["ExecutedVersion"]: answer["Payload"].read() for answer in seen}
    assert executed == {"1": b"1", "2": b"2"}


def test_code_can_be_had_where_get_function_says(functions, client):
    import urllib.request

    made = make_function(functions, make_role(client("iam")))
    location = functions.get_function(FunctionName="function")["Code"]["Location"]
    with urllib.request.urlopen(location) as response:
        assert len(response.read()) == made["CodeSize"]
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(location.replace(".zip", "0.zip"))


@pytest.mark.parametrize("name", ["../escaped.py", "/absolute.py", "a/../../b.py"])
def test_zip_that_leads_out_of_its_folder_is_refused(functions, client, name):
    with pytest.raises(ClientError) as caught:
        make_function(
            functions, make_role(client("iam")), Code={"ZipFile": zipped({name: "x", "index.py": "y"})}
        )
    assert caught.value.response["Error"]["Message"] == (
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def test_zip_bomb_is_refused(functions, client):
    with pytest.raises(ClientError) as caught:
        make_function(
            functions,
            make_role(client("iam")),
            Code={"ZipFile": zipped({"index.py": bytes(262144001)})},
        )
    assert caught.value.response["Error"]["Message"] == "Unzipped size must be smaller than 262144000 bytes"


def test_reserved_variables_are_refused(functions, client):
    with pytest.raises(ClientError) as caught:
        make_function(
            functions, make_role(client("iam")), Environment={"Variables": {"AWS_REGION": "x", "MINE": "b"}}
        )
    assert caught.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: AWS_REGION",
    }


def test_json_log_format_is_for_lambdas_own_lines_too(functions, client):
    make_function(functions, make_role(client("iam")), LoggingConfig={"LogFormat": "JSON"})
    answer = functions.invoke(FunctionName="function", LogType="Tail")
    lines = [json.loads(line) for line in base64.b64decode(answer["LogResult"]).decode().splitlines()]
    assert [line["type"] for line in lines] == ["platform.start", "platform.report"]
    assert lines[1]["record"]["status"] == "success"
    assert lines[1]["record"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
