"""Functions that run, as AWS answered in recorded runs: answers, versions, environments and their limits."""

from __future__ import annotations

import base64
import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from lambda_functions import active, create, invoke, make_function, messages, updated, wait_for, zip_of
from lambda_records import record_of

FUNCTION = {"FunctionName": "function"}
PYTHON_ECHO = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n    return event\n"
NODE_ECHO = "exports.handler = async (event) => { console.log(JSON.stringify(event)); return event; };\n"
ABOUT = (
    "def handler(event, context):\n"
    "    about = {name: getattr(context, name) for name in (\n"
    "        'invoked_function_arn', 'function_version', 'function_name', 'memory_limit_in_mb',\n"
    "        'aws_request_id', 'log_group_name', 'log_stream_name', 'client_context')}\n"
    "    return {'event': event, 'context': about}\n"
)
VERSION = (
    "def handler(event, context):\n"
    "    return {'version_id': '%s', 'invoked_arn': context.invoked_function_arn,\n"
    "            'version_from_ctx': context.function_version}\n"
)


def record(test, **known):
    return record_of(test, file="test_lambda", **known)


def echo_of(functions, role, runtime):
    """A function in a runtime that answers what it is sent, and writes it down."""
    if runtime.startswith("nodejs"):
        code, handler = zip_of(index__js=NODE_ECHO), "index.handler"
    else:
        code, handler = zip_of(handler__py=PYTHON_ECHO), "handler.handler"
    return make_function(functions, role, Runtime=runtime, Handler=handler, Code={"ZipFile": code})


@pytest.mark.parametrize("runtime", ["python3.10", "nodejs16.x"])
@pytest.mark.parametrize("kind", ["request_response", "event", "dry_run"])
def test_types_of_invocations(functions, role, runtime, kind):
    told = record(f"TestLambdaFeatures::test_invocation_type_{kind}[{runtime}]")
    echo_of(functions, role, runtime)
    name = {"request_response": "RequestResponse", "event": "Event", "dry_run": "DryRun"}[kind]
    told.replay("invoke-result", functions.invoke, **FUNCTION, Payload=b"{}", InvocationType=name)


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_functions_that_return_nothing(functions, role, runtime, kind):
    told = record(f"TestLambdaFeatures::test_invocation_type_no_return_payload[{runtime}-{kind}]")
    node = zip_of(index__js="exports.handler = async () => {};\n")
    python = zip_of(index__py="def handler(event, context):\n    pass\n")
    code, name = (node, "nodejs20.x") if runtime == "nodejs" else (python, "python3.12")
    make_function(functions, role, Runtime=name, Code={"ZipFile": code})
    told.replay("invoke-result", functions.invoke, **FUNCTION, Payload=b"{}", InvocationType=kind)


@pytest.mark.parametrize("runtime", ["python3.10", "nodejs16.x"])
def test_log_that_a_caller_asks_for(functions, role, runtime):
    told = record(f"TestLambdaFeatures::test_invocation_with_logs[{runtime}]")
    echo_of(functions, role, runtime)
    answer = functions.invoke(**FUNCTION, Payload=b"{}", LogType="Tail")
    told.bind("request-id", answer["ResponseMetadata"]["RequestId"])
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines(keepends=True)
    told.check_lines(told.content["logs"]["logs"], lines)


@pytest.mark.parametrize(("runtime", "name"), [("python", "python3.12"), ("nodejs", "nodejs20.x")])
def test_what_a_module_keeps_between_calls(functions, role, runtime, name):
    told = record(f"TestLambdaBehavior::test_lambda_cache_local[{runtime}]")
    node = "let counter = -1;\nexports.handler = async () => ({counter: ++counter});\n"
    python = "n = -1\ndef handler(event, context):\n    global n\n    n += 1\n    return {'counter': n}\n"
    code = zip_of(index__js=node) if runtime == "nodejs" else zip_of(index__py=python)
    make_function(functions, role, Runtime=name, Code={"ZipFile": code})
    told.replay("first_invoke_result", functions.invoke, **FUNCTION)
    told.replay("second_invoke_result", functions.invoke, **FUNCTION)


def test_function_is_pending_then_active(functions, role):
    told = record("TestLambdaBaseFeatures::test_function_state")
    told.check("create-fn-response", create(functions, role))
    active(functions)
    told.replay("get-fn-response", functions.get_function, **FUNCTION)


@pytest.mark.parametrize("length", [1, 2])
def test_session_of_a_function_s_role(functions, role, length):
    told = record(f"TestLambdaBaseFeatures::test_assume_role[{length}]")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    name = "x" * length
    make_function(functions, role, source, name=name, Timeout=20, MemorySize=1769)
    recorded = told.content["invoke-result-assumed-role-arn"].rpartition("/")[2]
    assert invoke(functions, name).rpartition("/")[2] == recorded.replace("<function-name>", name)


def test_environments_have_credentials_of_their_own(functions, role):
    source = "import os, time\ndef handler(event, context):\n    time.sleep(1)\n    return dict(os.environ)\n"
    make_function(functions, role, source)
    with ThreadPoolExecutor(2) as callers:
        one, other = callers.map(lambda _: invoke(functions), range(2))
    own = ("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert [name for name in own if one[name] == other[name]] == []


@pytest.mark.parametrize(("test", "wait"), [("with_timeout", 2), ("no_timeout", 1)])
def test_functions_beyond_and_within_their_time(functions, client, writing_role, test, wait):
    told = record(f"TestLambdaBehavior::test_lambda_invoke_{test}")
    source = (
        "import time\n"
        "def handler(event, context):\n"
        "    print('starting wait')\n    time.sleep(event['wait'])\n    print('done waiting')\n"
    )
    more = {"Timeout": 1 if test == "with_timeout" else 2, "Environment": {"Variables": {}}}
    code = {"ZipFile": zip_of(handler__py=source)}
    told.check("create-result", create(functions, writing_role, Code=code, **more))
    active(functions)
    told.replay("invoke-result", functions.invoke, **FUNCTION, Payload=json.dumps({"wait": wait}))
    wait_for(lambda: [line for line in messages(client) if line.startswith("REPORT")])
    assert "starting wait\n" in messages(client)
    assert ("done waiting\n" in messages(client)) == (test == "no_timeout")


def test_answers_beyond_the_limit(functions, client, writing_role):
    told = record("TestLambdaBaseFeatures::test_lambda_too_large_response")
    source = "def handler(event, context):\n    print('generating bytes')\n    return 'a' * event\n"
    make_function(functions, writing_role, source)
    for step in ("invoke_result", "invoke_result_2"):
        told.replay(step, functions.invoke, **FUNCTION, Payload=str(7 << 20))
    assert invoke(functions, event=6 << 20) == "a" * (6 << 20)
    wait_for(lambda: "generating bytes\n" in messages(client))


def test_variables_of_the_process(functions, role):
    told = record("TestLambdaBehavior::test_lambda_init_environment")
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    make_function(
        functions,
        role,
        source,
        Runtime="python3.14",
        Handler="handler.handler",
        Code={"ZipFile": zip_of(handler__py=source)},
    )
    recorded = told.content["lambda-init-inspection"]["Payload"]["environment"]
    found = invoke(functions)
    assert_variables(recorded, found)


ADDRESSES = {"AWS_LAMBDA_RUNTIME_API", "AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS"}
"""Where AWS's own answer is no function's business; these are other addresses here."""
OURS = {
    *("AWS_ENDPOINT_URL", "SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("NODE_EXTRA_CA_CERTS",),
}
"""What leads to the cloud, and has it trusted."""


def assert_variables(recorded, found):
    """Holds variables against recorded ones."""
    assert set(found) - OURS == set(recorded) - OURS
    same = {name for name, value in recorded.items() if "<" not in value} - ADDRESSES - OURS

    def told(variables):
        return {name: re.sub(r"(aws_lambda_ric)-[\d.]+", r"\1", variables[name]) for name in same}

    assert told(found) == told(recorded)


def test_what_a_function_finds(functions, role):
    told = record("TestLambdaBehavior::test_runtime_introspection_x86")
    source = (
        "import getpass, os, pathlib, stat, subprocess\n"
        "def handler(event, context):\n"
        "    paths = {}\n"
        "    for path in ('/var/task', '/opt', '/tmp'):\n"
        "        found, label = os.stat(path), path.replace('/', '_')\n"
        "        paths[label + '_mode'] = stat.filemode(found.st_mode)\n"
        "        paths[label + '_uid'] = found.st_uid\n"
        "        paths[label + '_gid'] = found.st_gid\n"
        "        paths[label + '_owner'] = pathlib.Path(path).owner()\n"
        "    return {'event': event, 'user_login_name': getpass.getuser(), 'pwd': os.getcwd(),\n"
        "            'paths': paths, 'user_whoami': subprocess.getoutput('whoami')}\n"
    )
    make_function(functions, role, source, Timeout=9)
    recorded = told.content["invoke_runtime_x86_introspection"]["Payload"]
    found = json.loads(functions.invoke(**FUNCTION)["Payload"].read())
    known = {name: value for name, value in recorded["paths"].items() if "entrypoint" not in name}
    assert found.pop("paths") == known
    assert found == {name: recorded[name] for name in found}


def test_limits_of_a_process(functions, role):
    told = record("TestLambdaBehavior::test_runtime_ulimits")
    source = (
        "import resource\n"
        "def handler(event, context):\n"
        "    return {name: resource.getrlimit(getattr(resource, name))\n"
        "            for name in dir(resource) if name.startswith('RLIMIT_')}\n"
    )
    make_function(functions, role, source)
    recorded = told.content["invoke_runtime_ulimits"]["Payload"]
    found = invoke(functions)
    same = set(recorded) - {"RLIMIT_CORE", "RLIMIT_NPROC"}
    assert {name: found[name] for name in same} == {name: recorded[name] for name in same}


def in_bucket(client, account, code):
    """A zip in S3, as CreateFunction names it."""
    place = {"Bucket": f"codes-{account}", "Key": "test_lambda.zip"}
    client("s3").create_bucket(Bucket=place["Bucket"])
    client("s3").put_object(**place, Body=code)
    return {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}


def test_code_from_s3_and_what_a_version_is_told(functions, client, role, account):
    told = record("TestLambdaFeatures::test_invocation_with_qualifier")
    code = in_bucket(client, account, zip_of(handler__py=ABOUT))
    made = create(functions, role, Code=code, Publish=True, Timeout=10)
    told.check("creation-response", made)
    event = b'{"foo": "bar with \'quotes\\""}'
    told.replay(
        "invocation-response", functions.invoke, **FUNCTION, Payload=event, Qualifier="1", LogType="Tail"
    )


def test_code_from_s3(functions, client, role, account):
    told = record("TestLambdaFeatures::test_upload_lambda_from_s3")
    code = in_bucket(client, account, zip_of(handler__py=ABOUT))
    told.check("creation-response", create(functions, role, Code=code, Timeout=10))
    told.replay(
        "invocation-response", functions.invoke, **FUNCTION, Payload=b'{"foo": "bar with \'quotes\\""}'
    )


def test_context_of_a_client(functions, role):
    told = record("TestLambdaFeatures::test_lambda_with_context")
    source = (
        "exports.handler = async (event, context) => {\n"
        "  console.log('Node.js Lambda handler executing.');\n"
        "  return {context: {clientContext: context.clientContext}};\n"
        "};\n"
    )
    code = {"ZipFile": zip_of(index__js=source)}
    make_function(functions, role, Runtime="nodejs20.x", Code=code)
    sent = {"custom": {"foo": "bar"}, "client": {"snap": ["crackle", "pop"]}, "env": {"fizz": "buzz"}}
    context = base64.b64encode(json.dumps(sent).encode()).decode()
    answer = functions.invoke(**FUNCTION, Payload=b"{}", ClientContext=context)
    recorded = told.content["invocation"]["Payload"]["context"]["clientContext"]
    assert json.loads(answer["Payload"].read())["context"]["clientContext"] == recorded


def test_versions_keep_their_code(functions, role):
    told = record("TestLambdaVersions::test_lambda_versions_with_code_changes")
    codes = [{"ZipFile": zip_of(handler__py=VERSION % f"version{number}")} for number in (1, 2, 3)]
    call, publish = functions.invoke, functions.publish_version
    told.check("create_response", create(functions, role, Code=codes[0], Description="No version :("))
    active(functions)
    told.replay("first_publish_response", publish, **FUNCTION, Description="First version description :)")
    told.replay("update_lambda_response", functions.update_function_code, **FUNCTION, **codes[1])
    updated(functions)
    told.replay("invocation_result_latest", call, **FUNCTION, Payload=b"{}")
    told.replay("invocation_result_v1", call, **FUNCTION, Qualifier="1", Payload=b"{}")
    told.replay("second_publish_response", publish, **FUNCTION, Description="Second version description :)")
    told.replay("invocation_result_v2", call, **FUNCTION, Qualifier="2", Payload=b"{}")
    step = "update_lambda_response_with_publish"
    told.replay(step, functions.update_function_code, **FUNCTION, **codes[2], Publish=True)
    updated(functions)
    told.replay("invocation_result_v3", call, **FUNCTION, Qualifier="3", Payload=b"{}")
    told.replay("invocation_result_latest_end", call, **FUNCTION, Payload=b"{}")
    told.replay("invocation_result_v2_end", call, **FUNCTION, Qualifier="2", Payload=b"{}")
    told.replay("invocation_result_v1_end", call, **FUNCTION, Qualifier="1", Payload=b"{}")


def test_another_handler(functions, role):
    told = record("TestLambdaVersions::test_lambda_handler_update")
    source = (
        "def handler(event, context):\n    return {'handler': 'handler'}\n"
        "def handler_two(event, context):\n    return {'handler': 'handler_two'}\n"
    )
    more = {"Timeout": 30, "Environment": {"Variables": {}}}
    create(functions, role, Code={"ZipFile": zip_of(handler__py=source)}, **more)
    active(functions)
    call, update = functions.invoke, functions.update_function_configuration
    told.replay("invoke_result_handler_one", call, **FUNCTION)
    told.replay("update_function_configuration_result", update, **FUNCTION, Handler="handler.handler_two")
    updated(functions)
    told.replay("get_function_result", functions.get_function, **FUNCTION)
    told.replay("invoke_result_handler_two", call, **FUNCTION)
    functions.publish_version(**FUNCTION)
    told.replay("invoke_result_handler_two_postpublish", call, **FUNCTION)


def test_alias_moves_when_it_is_moved(functions, role):
    told = record("TestLambdaAliases::test_lambda_alias_moving")
    codes = [{"ZipFile": zip_of(handler__py=VERSION % f"version{number}")} for number in (1, 2)]
    call = functions.invoke
    told.check("create_response", create(functions, role, Code=codes[0], Description="No version :("))
    active(functions)
    functions.publish_version(**FUNCTION, Description="First version description :)")
    alias = {"Name": "alias1", "FunctionVersion": "1"}
    made = told.replay("create_alias_response", functions.create_alias, **FUNCTION, **alias)
    named = {**FUNCTION, "Qualifier": "alias1", "Payload": b"{}"}
    told.replay("invocation_result_qualifier_v1", call, **named)
    step = "invocation_result_qualifier_v1_arn"
    told.replay(step, call, FunctionName=made["AliasArn"], Payload=b"{}")
    told.replay("update_lambda_response", functions.update_function_code, **FUNCTION, **codes[1])
    updated(functions)
    told.replay("invocation_result_qualifier_v1_after_update", call, **named)
    description = "Second version description :)"
    told.replay("second_publish_response", functions.publish_version, **FUNCTION, Description=description)
    told.replay("invocation_result_qualifier_v1_after_publish", call, **named)
    moved = {"Name": "alias1", "FunctionVersion": "2"}
    told.replay("update_alias_response", functions.update_alias, **FUNCTION, **moved)
    told.replay("invocation_result_qualifier_v2", call, **named)
    step = "invocation_exc_not_existent"
    told.replay(step, call, **FUNCTION, Qualifier="non-existent-alias", Payload=b"{}")


def test_alias_shares_out_its_calls(functions, role):
    told = record("TestLambdaAliases::test_alias_routingconfig")
    told.bind("resource:1", "function:alias1")
    codes = [{"ZipFile": zip_of(handler__py=VERSION % f"version{number}")} for number in (1, 2)]
    create(functions, role, Code=codes[0], Publish=True)
    active(functions)
    functions.update_function_code(**FUNCTION, **codes[1])
    updated(functions)
    functions.publish_version(**FUNCTION)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    alias = {"Name": "alias1", "FunctionVersion": "1", "RoutingConfig": routing}
    told.replay("create_alias_response", functions.create_alias, **FUNCTION, **alias)
    hit = set()
    for _ in itertools.takewhile(lambda _: len(hit) < 2, range(100)):
        hit.add(invoke(functions, Qualifier="alias1")["version_from_ctx"])
    assert hit == {"1", "2"}


def test_function_that_is_made_again(functions, client, writing_role):
    told = record("TestLambdaCleanup::test_recreate_function")
    more = {"Handler": "lambda_echo.handler", "Timeout": 30, "Environment": {"Variables": {}}}
    code = {"ZipFile": zip_of(lambda_echo__py=PYTHON_ECHO)}
    told.check("create_function_response_one", create(functions, writing_role, Code=code, **more))
    active(functions)
    functions.delete_function(**FUNCTION)
    told.check("create_function_response_two", create(functions, writing_role, Code=code, **more))
    functions.invoke(**FUNCTION, InvocationType="Event")
    wait_for(lambda: "{}\n" in messages(client))


def test_update_leaves_a_running_call_alone(functions, client, writing_role):
    told = record("TestLambdaVersions::test_function_update_during_invoke")
    source = (
        "import os, time\n"
        "def handler(event, context):\n"
        "    print('began')\n"
        "    time.sleep(event.get('sleep_seconds', 0))\n"
        "    return {'function_version': context.function_version, 'request_id': context.aws_request_id,\n"
        "            'request_prefix': event['request_prefix'],\n"
        "            'function_variant': os.environ['FUNCTION_VARIANT']}\n"
    )
    first = {"Variables": {"FUNCTION_VARIANT": "variant-1"}}
    make_function(functions, writing_role, source, Environment=first)
    slow = json.dumps({"request_prefix": "1-sleep", "sleep_seconds": 1})
    with ThreadPoolExecutor(1) as caller:
        before = caller.submit(functions.invoke, **FUNCTION, Payload=slow)
        wait_for(lambda: "began\n" in messages(client))
        functions.update_function_configuration(
            **FUNCTION, Environment={"Variables": {"FUNCTION_VARIANT": "variant-2"}}
        )
        updated(functions)
        assert invoke(functions, event={"request_prefix": "2"})["function_variant"] == "variant-2"
        answer = before.result()
    told.check("invoke_response_before", {**answer, "Payload": answer["Payload"].read().decode()})


def test_file_outlives_a_timeout_and_memory_does_not(functions, role):
    told = record("TestLambdaBehavior::test_lambda_invoke_timed_out_environment_reuse")
    source = (
        "import pathlib, time\n"
        "number, file = 0, pathlib.Path('/tmp/temp.txt')\n"
        "def handler(event, context):\n"
        "    global number\n"
        "    if 'write-file' in event:\n        file.write_text(event['write-file'])\n"
        "    elif 'read-file' in event:\n        return {'content': file.read_text()}\n"
        "    elif 'set-number' in event:\n        number = event['set-number']\n"
        "    elif 'read-number' in event:\n        return {'number': number}\n"
        "    elif 'sleep' in event:\n        time.sleep(event['sleep'])\n"
    )
    make_function(functions, role, source, Timeout=1)
    for step, event in (
        ("invoke-result-file-write", {"write-file": "some-content"}),
        ("invoke-result-file-read", {"read-file": True}),
        ("invoke-result-set-number", {"set-number": 42}),
        ("invoke-result-read-number", {"read-number": True}),
    ):
        told.replay(step, functions.invoke, **FUNCTION, Payload=json.dumps(event))
    assert "FunctionError" in functions.invoke(**FUNCTION, Payload=b'{"sleep": 2}')
    for step, event in (
        ("invoke-result-file-read-after-timeout", {"read-file": True}),
        ("invoke-result-read-number-after-timeout", {"read-number": True}),
    ):
        told.replay(step, functions.invoke, **FUNCTION, Payload=json.dumps(event))
