"""Errors, request ids, concurrency and destinations as AWS answered in recorded runs."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from lambda_functions import create, invoke, make_function, make_role, messages, updated, wait_for, zip_of
from lambda_records import record_of

from cloud_functions import allow
from cloudlet.services.lambda_.invoke.environment import PROVISIONED

FUNCTION = {"FunctionName": "function"}
KIND = (
    "import os, time\n"
    "kind = os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    "def handler(event, context):\n"
    "    time.sleep((event or {}).get('wait', 0))\n"
    "    return kind\n"
)
ECHO_OR_FAIL = (
    "def handler(event, context):\n"
    "    about = {name: getattr(context, name) for name in (\n"
    "        'invoked_function_arn', 'function_version', 'function_name', 'memory_limit_in_mb',\n"
    "        'aws_request_id', 'log_group_name', 'log_stream_name', 'client_context')}\n"
    "    if 'raise_error' in event:\n"
    "        raise Exception('Test exception (this is intentional)')\n"
    "    return {'event': event, 'context': about}\n"
)
ERRORS = {
    "test_lambda_handler_error": (
        "lambda_handler_error",
        'def handler(event, context):\n    raise Exception("Handler fails")\n',
    ),
    "test_lambda_handler_exit": (
        "lambda_handler_exit",
        "import sys\ndef handler(event, context):\n    sys.exit(0)\n",
    ),
    "test_lambda_runtime_exit": ("lambda_runtime_exit", "import sys\nsys.exit(0)\n"),
}


def record(test, file="test_lambda", **known):
    return record_of(test, file=file, **known)


@pytest.mark.parametrize("test", ERRORS)
def test_functions_that_fail(functions, role, test):
    told = record(f"TestLambdaErrors::{test}")
    module, source = ERRORS[test]
    code = {"ZipFile": zip_of(**{f"{module}__py": source})}
    make_function(functions, role, Handler=f"{module}.handler", Code=code)
    answer = told.call(functions.invoke, **FUNCTION)
    told.bind("uuid", answer["ResponseMetadata"]["RequestId"])
    told.check("invocation_error", answer)


def test_module_that_raises(functions, role):
    told = record("TestLambdaErrors::test_lambda_runtime_error")
    code = {"ZipFile": zip_of(lambda_runtime_error__py='raise Exception("Runtime startup fails")\n')}
    make_function(functions, role, Handler="lambda_runtime_error.handler", Code=code)
    answer = told.call(functions.invoke, **FUNCTION)
    payload = json.loads(answer["Payload"])
    recorded = told.content["invocation_error"]["Payload"]
    # Which lines of Python's own are on the way differs from release to release.
    assert payload.pop("stackTrace")[-1] == recorded.pop("stackTrace")[-1]
    told.check("invocation_error", {**answer, "Payload": json.dumps(payload)})


def test_wrapper_that_is_not_there(functions, role):
    told = record("TestLambdaErrors::test_lambda_runtime_wrapper_not_found")
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}
    make_function(functions, role, Environment={"Variables": variables})
    answer = told.call(functions.invoke, **FUNCTION)
    told.bind("uuid", answer["ResponseMetadata"]["RequestId"])
    told.check("invocation_error", answer)


@pytest.mark.parametrize(
    ("label", "payload"),
    [("body", b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt"), ("message", b"\x99\xeb,j\x07\xa1zYh")],
)
def test_events_that_are_no_text(functions, role, label, payload):
    written = repr(payload)[2:-1]  # as the recorder names its cases
    told = record(f"TestLambdaErrors::test_lambda_invoke_payload_encoding_error[{label}-{written}]")
    make_function(functions, role)
    step = f"invoke_function_invalid_payload_{label}"
    told.replay(step, functions.invoke, **FUNCTION, Payload=payload)


def test_request_ids_of_calls(functions):
    request_id = functions.list_functions()["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(r"[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}", request_id)


def test_request_id_in_the_context_and_in_the_log(functions, client, writing_role):
    told = record("TestRequestIdHandling::test_request_id_invoke")
    source = (
        "import logging\n"
        "logging.getLogger().setLevel(logging.INFO)\n"
        "def handler(event, context):\n"
        "    logging.info('RequestId log message')\n"
        "    return context.aws_request_id\n"
    )
    make_function(functions, writing_role, source)
    answer = told.call(functions.invoke, **FUNCTION)
    told.bind("request-id", answer["ResponseMetadata"]["RequestId"])
    told.check("invoke_result", answer)
    wait_for(lambda: [line for line in messages(client) if line.startswith("REPORT")])
    lines = [line.rstrip() for line in messages(client) if "RequestId" in line]
    told.check_lines(told.content["log_entries"]["logs"], lines)


def test_request_id_of_an_event_that_is_tried_again(functions, client, writing_role, server):
    told = record("TestRequestIdHandling::test_request_id_async_invoke_with_retry")
    make_function(functions, writing_role, "def handler(event, context):\n    raise Exception('no')\n")
    functions.put_function_event_invoke_config(**FUNCTION, MaximumRetryAttempts=1)
    event = json.dumps({"fail": 1})
    answer = told.replay("invoke_result", functions.invoke, **FUNCTION, InvocationType="Event", Payload=event)

    def ends():
        return [line.rstrip() for line in messages(client) if line.startswith("END")]

    wait_for(ends)
    server.advance(61)
    wait_for(lambda: len(ends()) == 2)
    told.bind("request-id", answer["ResponseMetadata"]["RequestId"])
    told.check_lines(told.content["end_messages"], ends())


def test_lines_that_a_function_prints(functions, client, writing_role):
    told = record("TestCloudwatchLogs::test_multi_line_prints", file="test_lambda_runtimes")
    source = (
        "def handler(event, context):\n"
        "    print('multi')\n    print('line\\nstring')\n    print('another\\rline')\n"
    )
    make_function(functions, writing_role, source, Runtime="python3.13")
    request_id = functions.invoke(**FUNCTION)["ResponseMetadata"]["RequestId"]
    told.bind("request-id", request_id)
    wait_for(lambda: [line for line in messages(client) if line.startswith("REPORT")])
    recorded = [event["message"] for event in told.content["log-events"]]
    told.check_lines(recorded, messages(client))


@pytest.mark.parametrize("runtime", ["nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"])
def test_modules_of_javascript(functions, role, runtime):
    told = record(
        f"TestNodeJSRuntimes::test_invoke_nodejs_es6_lambda[{runtime}]", file="test_lambda_runtimes"
    )
    source = (
        "export const handler = async (event) => ({statusCode: 200, body:\n"
        "  JSON.stringify('response from localstack lambda: ' + JSON.stringify(event))});\n"
    )
    told.check(
        "creation-result",
        make_function(
            functions,
            role,
            Runtime=runtime,
            Handler="lambda_handler_es6.handler",
            Timeout=30,
            Environment={"Variables": {}},
            Code={"ZipFile": zip_of(lambda_handler_es6__mjs=source)},
        ),
    )
    event = b'{"event_type":"test_lambda"}'
    told.replay("invocation-result", functions.invoke, **FUNCTION, Payload=event)


# --- concurrency


def test_life_of_reserved_concurrency(functions, role):
    told = record("TestLambdaConcurrency::test_lambda_concurrency_crud")
    create(functions, role)
    get, put = functions.get_function_concurrency, functions.put_function_concurrency
    told.replay("get_function_concurrency_default", get, **FUNCTION)
    told.replay("put_function_concurrency", put, **FUNCTION, ReservedConcurrentExecutions=0)
    told.replay("get_function_concurrency_updated", get, **FUNCTION)
    functions.delete_function_concurrency(**FUNCTION)
    told.replay("get_function_concurrency_deleted", get, **FUNCTION)


def test_change_of_reserved_concurrency(functions, role):
    told = record("TestLambdaConcurrency::test_lambda_concurrency_update")
    more = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
    make_function(functions, role, Code={"ZipFile": zip_of(handler__py=KIND)}, **more)
    put, get = functions.put_function_concurrency, functions.get_function_concurrency
    told.replay("put_function_concurrency", put, **FUNCTION, ReservedConcurrentExecutions=3)
    told.replay("get_function_concurrency_updated", get, **FUNCTION)
    told.replay("get_function_concurrency_info", functions.get_function, **FUNCTION)
    functions.delete_function_concurrency(**FUNCTION)
    told.replay("get_function_concurrency_deleted", get, **FUNCTION)


def ready(functions, qualifier):
    """Returns once what is provisioned has been made, with what is told of it."""

    def look():
        told = functions.get_provisioned_concurrency_config(**FUNCTION, Qualifier=qualifier)
        return told if told["Status"] != "IN_PROGRESS" else None

    return wait_for(look)


def test_provisioned_concurrency_may_take_all_that_is_reserved(functions, role):
    told = record("TestLambdaConcurrency::test_lambda_concurrency_block")
    source = "def handler(event, context):\n    return event\n"
    more = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
    make_function(functions, role, Code={"ZipFile": zip_of(handler__py=source)}, **more)
    told.replay("v1_result", functions.publish_version, **FUNCTION)
    reserve, provision = functions.put_function_concurrency, functions.put_provisioned_concurrency_config
    told.replay("reserved_concurrency_result", reserve, **FUNCTION, ReservedConcurrentExecutions=1)
    latest = {**FUNCTION, "Qualifier": "$LATEST", "Payload": json.dumps({"hello": "world"})}
    first = {**FUNCTION, "Qualifier": "1"}
    told.replay("invoke_latest_before_block", functions.invoke, **latest)
    told.replay("provisioned_concurrency_result", provision, **first, ProvisionedConcurrentExecutions=1)
    ready(functions, "1")
    told.replay("invoke_latest_first_exc", functions.invoke, **latest)
    told.replay("invoke_v1_after_block", functions.invoke, **{**latest, **first})
    told.replay("invoke_latest_second_exc", functions.invoke, **latest)


def test_more_calls_than_are_provisioned_run_on_demand(functions, role):
    told = record("TestLambdaConcurrency::test_lambda_provisioned_concurrency_scheduling")
    make_function(functions, role, KIND, Timeout=10)
    functions.publish_version(**FUNCTION)
    first = {**FUNCTION, "Qualifier": "1"}
    functions.put_provisioned_concurrency_config(**first, ProvisionedConcurrentExecutions=1)
    told.check("get_provisioned_postwait", ready(functions, "1"))
    assert invoke(functions, Qualifier="1") == PROVISIONED
    with ThreadPoolExecutor(2) as callers:
        kinds = callers.map(lambda _: invoke(functions, event={"wait": 0.5}, Qualifier="1"), range(2))
    assert sorted(kinds) == ["on-demand", PROVISIONED]


def test_provisioned_and_reserved_concurrency_overlap(functions, role):
    told = record("TestLambdaConcurrency::test_reserved_provisioned_overlap")
    more = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
    make_function(functions, role, Code={"ZipFile": zip_of(handler__py=KIND)}, **more)
    functions.publish_version(**FUNCTION)
    reserve, provision = functions.put_function_concurrency, functions.put_provisioned_concurrency_config
    first = {**FUNCTION, "Qualifier": "1"}
    told.replay("put_provisioned_5", provision, **first, ProvisionedConcurrentExecutions=2)
    told.check("get_provisioned_postwait", ready(functions, "1"))
    told.replay("reserved_lower_than_provisioned_exc", reserve, **FUNCTION, ReservedConcurrentExecutions=1)
    reserve(**FUNCTION, ReservedConcurrentExecutions=2)
    told.replay("get_concurrency", functions.get_function_concurrency, **FUNCTION)
    told.replay("reserved_equals_provisioned_latest_invoke_exc", functions.invoke, **FUNCTION)
    assert invoke(functions, Qualifier="1") == PROVISIONED
    told.replay("update_func_config", functions.update_function_configuration, **FUNCTION, Timeout=15)
    updated(functions)
    functions.publish_version(**FUNCTION)
    step = "reserved_equals_provisioned_another_provisioned_exc"
    told.replay(step, provision, **FUNCTION, Qualifier="2", ProvisionedConcurrentExecutions=1)
    step = "reserved_equals_provisioned_increase_provisioned_exc"
    told.replay(step, provision, **first, ProvisionedConcurrentExecutions=3)


def test_what_is_provisioned_for_an_alias_serves_its_version(functions, role):
    told = record("TestLambdaConcurrency::test_lambda_provisioned_concurrency_moves_with_alias")
    make_function(functions, role, KIND, Timeout=2)
    functions.publish_version(**FUNCTION)
    assert invoke(functions, Qualifier="1") == "on-demand"
    functions.create_alias(**FUNCTION, Name="live", FunctionVersion="1")
    live = {**FUNCTION, "Qualifier": "live"}
    functions.put_provisioned_concurrency_config(**live, ProvisionedConcurrentExecutions=1)
    ready(functions, "live")
    assert {invoke(functions, Qualifier=name) for name in ("1", "live")} == {PROVISIONED}
    functions.update_function_configuration(**FUNCTION, Timeout=10)
    updated(functions)
    functions.publish_version(**FUNCTION)
    functions.update_alias(**FUNCTION, Name="live", FunctionVersion="2")
    wait_for(lambda: invoke(functions, Qualifier="2") == PROVISIONED)
    assert invoke(functions, Qualifier="live") == PROVISIONED
    assert invoke(functions, Qualifier="1") == "on-demand"
    step = "provisioned_concurrency_notfound"
    told.replay(step, functions.get_provisioned_concurrency_config, **FUNCTION, Qualifier="2")


def test_provisioned_concurrency_of_a_function_that_cannot_start(functions, role):
    told = record("TestLambdaConcurrency::test_provisioned_concurrency_init_failure")
    make_function(functions, role, "raise Exception('no')\n")
    functions.publish_version(**FUNCTION)
    provision = functions.put_provisioned_concurrency_config
    told.replay("put_provisioned", provision, **FUNCTION, Qualifier="1", ProvisionedConcurrentExecutions=1)
    told.check("get_provisioned_postwait", ready(functions, "1"))


def test_provisioned_concurrency_of_an_alias(functions, role):
    told = record("TestLambdaConcurrency::test_provisioned_concurrency_on_alias")
    make_function(functions, role, KIND, Publish=True)
    functions.create_alias(**FUNCTION, Name="live", FunctionVersion="1")
    provision = functions.put_provisioned_concurrency_config
    told.replay(
        "put_provisioned_5", provision, **FUNCTION, Qualifier="live", ProvisionedConcurrentExecutions=5
    )
    told.check("get_provisioned_postwait", ready(functions, "live"))


# --- destinations


@pytest.fixture
def destination(client, functions, account):
    """A function whose results go to a queue, and what comes there."""
    everything = make_role(client("iam"), "all", allow("*"))
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{account}:told"

    def make(told, **settings):
        code = {"ZipFile": zip_of(handler__py=ECHO_OR_FAIL)}
        make_function(functions, everything, Code=code, Handler="handler.handler")
        both = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
        request = {**FUNCTION, **settings, "DestinationConfig": both}
        told.replay("put_function_event_invoke_config", functions.put_function_event_invoke_config, **request)

    def receive(**more):
        answer = wait_for(lambda: _with_messages(sqs.receive_message(QueueUrl=url, **more)))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=answer["Messages"][0]["ReceiptHandle"])
        return answer

    return make, receive


def _with_messages(answer):
    return answer if "Messages" in answer else None


def without_trace(record):
    """A record of an invocation without the lines of its module, which is another's."""
    record.get("responsePayload", {}).pop("stackTrace", None)
    return record


@pytest.mark.parametrize(
    ("test", "event"),
    [("Success-payload0", {}), ("payload0", {}), ("payload1", {"raise_error": 1})],
)
def test_destinations_are_told(functions, destination, test, event):
    recorded = f"TestLambdaDestinationSqs::test_assess_lambda_destination_invocation[{test}]"
    told = record(
        recorded, file="test_lambda_destinations", **{"resource:1": "told", "resource:2": "function"}
    )
    make, receive = destination
    make(told, **({} if test.startswith("Success") else {"MaximumRetryAttempts": 0}))
    functions.invoke(**FUNCTION, InvocationType="Event", Payload=json.dumps(event))
    answer = receive()
    without_trace(told.content["receive_message_result"]["Messages"][0]["Body"])
    message = answer["Messages"][0]
    message["Body"] = json.dumps(without_trace(json.loads(message["Body"])))
    told.check("receive_message_result", answer)


def test_destinations_are_told_after_the_last_try(functions, destination, server, client):
    test = "TestLambdaDestinationSqs::test_lambda_destination_default_retries"
    told = record(test, file="test_lambda_destinations", **{"resource:1": "told", "resource:2": "function"})
    make, receive = destination
    make(told)
    functions.invoke(**FUNCTION, InvocationType="Event", Payload=b'{"raise_error": 1}')
    for number, seconds in ((1, 61), (2, 121)):
        wait_for(lambda number=number: count(client, "REPORT") == number)
        server.advance(seconds)
    answer = receive()
    without_trace(told.content["receive_message_result"]["Messages"][0]["Body"])
    message = answer["Messages"][0]
    message["Body"] = json.dumps(without_trace(json.loads(message["Body"])))
    told.check("receive_message_result", answer)


def count(client, start):
    return sum(line.startswith(start) for line in messages(client))
