"""Plain invocations as AWS answered in recorded runs."""

from __future__ import annotations

import re

import pytest
from lambda_functions import ECHO, create, make_function, messages, refusal, wait_for, zip_of
from lambda_records import record_of

FUNCTION = {"FunctionName": "function"}
NODE_ECHO = "exports.handler = async (event) => event;\n"
MEASURED = re.compile(r"(Duration: |Used: )[\d.]+( ms| MB)")


def record(test, file="test_lambda", **known):
    return record_of(test, file=file, **known)


# --- invocations


@pytest.mark.parametrize("runtime", ["python3.9", "python3.10", "nodejs16.x"])
@pytest.mark.parametrize(
    ("test", "kind", "event"),
    [
        ("request_response", "RequestResponse", b"{}"),
        ("event", "Event", b"{}"),
        ("dry_run", "DryRun", b"{}"),
    ],
)
def test_kinds_of_invocations(functions, role, runtime, test, kind, event):
    told = record(f"TestLambdaFeatures::test_invocation_type_{test}[{runtime}]")
    code = {"ZipFile": zip_of(handler__py=ECHO, handler__js=NODE_ECHO)}
    make_function(functions, role, Runtime=runtime, Handler="handler.handler", Code=code)
    told.replay("invoke-result", functions.invoke, **FUNCTION, InvocationType=kind, Payload=event)


def test_variables_of_a_function(functions, role):
    told = record("TestLambdaFeatures::test_lambda_environment")
    source = "import os\ndef handler(event, context):\n    return {'Hello': os.environ['Hello']}\n"
    variables = {"Variables": {"Hello": "World"}}
    code = {"ZipFile": zip_of(handler__py=source)}
    make_function(functions, role, Handler="handler.handler", Environment=variables, Code=code)
    told.replay("invocation-result", functions.invoke, **FUNCTION, Payload=b"{}")
    answer = functions.get_function_configuration(**FUNCTION)
    assert answer["Environment"] == told.content["get-configuration-result"]["Environment"]


def test_function_that_is_not_there(functions):
    told = record("TestLambdaFeatures::test_invoke_exceptions")
    told.replay("invoke_function_doesnotexist", functions.invoke, FunctionName="doesnotexist", Payload=b"{}")


@pytest.mark.parametrize(("test", "seconds", "timeout"), [("with_timeout", 30, 1), ("no_timeout", 0.1, 2)])
def test_functions_that_take_their_time(functions, role, test, seconds, timeout):
    told = record(f"TestLambdaBehavior::test_lambda_invoke_{test}")
    source = f"import time\ndef handler(event, context):\n    time.sleep({seconds})\n"
    code = {"ZipFile": zip_of(handler__py=source)}
    settings = {"Handler": "handler.handler", "Timeout": timeout, "Environment": {"Variables": {}}}
    told.check("create-result", create(functions, role, Code=code, **settings))
    told.replay("invoke-result", functions.invoke, **FUNCTION, Payload=b"{}")


def test_log_of_an_event_that_fails_and_is_tried_again(functions, client, writing_role, server):
    told = record("TestLambdaFeatures::test_invocation_type_event_error")
    source = (
        "class CustomException(Exception):\n    pass\n\n\n"
        'def handler(event, context):\n    raise CustomException("some error occurred")\n'
    )
    code = {"ZipFile": zip_of(handler__py=source)}
    make_function(
        functions, writing_role, Handler="handler.handler", Runtime="python3.10", Timeout=30, Code=code
    )
    functions.put_function_event_invoke_config(**FUNCTION, MaximumRetryAttempts=1)
    answer = told.replay(
        "invocation_response", functions.invoke, **FUNCTION, InvocationType="Event", Payload=b"{}"
    )

    def reports():
        return [line for line in messages(client) if line.startswith("REPORT")]

    wait_for(reports)
    server.advance(61)
    wait_for(lambda: len(reports()) == 2)
    request_id = answer["ResponseMetadata"]["RequestId"]
    recorded = [
        MEASURED.sub(r"\1N\2", event["message"]).replace("<request-id>", request_id).rstrip()
        for event in told.content["log_events"]
    ]
    lines = [MEASURED.sub(r"\1N\2", line).rstrip() for line in messages(client)]
    # The machine's interpreter tells its own release.
    first = "INIT_START"
    assert [line for line in lines if not line.startswith(first)] == [
        line for line in recorded if not line.startswith(first)
    ]


# --- settings


@pytest.mark.parametrize("test", ["deletion", "update"])
def test_alias_that_is_not_there(functions, role, test):
    told = record(f"TestLambdaAlias::test_non_existent_alias_{test}", file="test_lambda_api")
    variables = {"Variables": {"testenv": "staging"}}
    told.check("create_response", create(functions, role, Handler="index.handler", Environment=variables))
    alias = {**FUNCTION, "Name": "non-existent"}
    if test == "deletion":
        told.replay("delete_alias_response", functions.delete_alias, **alias)
    else:
        told.replay("update_alias_response", functions.update_alias, **alias)


def test_function_by_its_whole_name(functions, role):
    arn = make_function(functions, role)["FunctionArn"]
    functions.update_function_configuration(FunctionName=arn, Description="told by its ARN")
    assert functions.get_function_configuration(**FUNCTION)["Description"] == "told by its ARN"
    elsewhere = arn.replace("us-east-1", "eu-central-1")
    error = refusal(functions.get_function, FunctionName=elsewhere)["Error"]
    assert error["Code"] == "ResourceNotFoundException"
