"""Every runtime by the same four functions, as AWS answered in recorded runs.

What needs a language that this machine has not, or not for cloudlet, is skipped and says so.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lambda_functions import invoke, make_function
from lambda_records import record_of
from test_lambda_recorded_behaviour import assert_variables

from cloud_functions import zipped
from cloudlet.sandbox.host.interpreters import find_interpreters
from cloudlet.services.lambda_ import runtimes

FUNCTION = {"FunctionName": "function"}
PYTHON = {
    "handler": "handler.handler",
    "file": "handler.py",
    "echo": "def handler(event, context):\n    return event\n",
    "introspection": (
        "import os\n"
        "def handler(event, context):\n"
        "    names = ('function_name', 'function_version', 'invoked_function_arn', 'memory_limit_in_mb',\n"
        "             'aws_request_id', 'log_group_name', 'log_stream_name')\n"
        "    about = {name: getattr(context, name) for name in names}\n"
        "    about['remaining_time_in_millis'] = context.get_remaining_time_in_millis()\n"
        "    return {'environment': dict(os.environ), 'ctx': about, 'packages': []}\n"
    ),
    "uncaught": "def handler(event, context):\n    raise Exception('Failed: ' + event['error_msg'])\n",
}
NODE = {
    "handler": "index.handler",
    "file": "index.js",
    "echo": "exports.handler = async (event) => event;\n",
    "introspection": (
        "exports.handler = async (event, context) => ({\n"
        "  environment: process.env, packages: [],\n"
        "  ctx: {function_name: context.functionName, function_version: context.functionVersion,\n"
        "    invoked_function_arn: context.invokedFunctionArn, aws_request_id: context.awsRequestId,\n"
        "    log_group_name: context.logGroupName, log_stream_name: context.logStreamName,\n"
        "    remaining_time_in_millis: context.getRemainingTimeInMillis()}});\n"
    ),
    "uncaught": "exports.handler = async (event) => { throw new Error('Error: ' + event.error_msg); };\n",
}
RUBY = {
    "handler": "function.handler",
    "file": "function.rb",
    "echo": "def handler(event:, context:)\n  event\nend\n",
    "introspection": (
        "require 'json'\n"
        "def handler(event:, context:)\n"
        "  {environment: ENV.to_h, packages: [], ctx: {\n"
        "    function_name: context.function_name, function_version: context.function_version,\n"
        "    invoked_function_arn: context.invoked_function_arn, aws_request_id: context.aws_request_id,\n"
        "    memory_limit_in_mb: context.memory_limit_in_mb, log_group_name: context.log_group_name,\n"
        "    log_stream_name: context.log_stream_name,\n"
        "    remaining_time_in_millis: context.get_remaining_time_in_millis}}\n"
        "end\n"
    ),
    "uncaught": "def handler(event:, context:)\n  raise 'Error: ' + event['error_msg']\nend\n",
}
BOOTSTRAP = """#!/bin/sh
while true; do
    headers=$(mktemp)
    event=$(curl -sS -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
    id=$(sed -n 's/^lambda-runtime-aws-request-id: *//Ip' "$headers" | tr -d '\\r')
    printf '%s' "$event" > /tmp/event
    curl -sS --data-binary @/tmp/event -o /dev/null \\
        "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
"""
WRAPPER = '#!/bin/bash\nexport WRAPPER_VAR=wrapped\nexec "$@"\n'
PROGRAMS = {
    **{f"python3.{minor}": PYTHON for minor in range(8, 15)},
    **{f"nodejs{major}.x": NODE for major in (16, 18, 20, 22, 24)},
    **{f"ruby3.{minor}": RUBY for minor in (2, 3, 4)},
}


@pytest.fixture
def program(request):
    """The functions of a runtime that this machine runs."""
    runtime = request.param
    engine = runtimes.engine(runtime)
    if engine in runtimes.OPTIONAL:
        folder = os.environ.get("CLOUDLET_RUNTIMES")
        if not folder or find_interpreters(Path(folder), []).find(engine, "") is None:
            pytest.skip(f"`cloudlet runtimes install {runtime}` was not run here")
    return runtime, PROGRAMS[runtime]


def record(test):
    return record_of(f"TestLambdaRuntimesCommon::{test}", "test_lambda_common")


every = pytest.mark.parametrize("program", PROGRAMS, indirect=True)


def make(functions, role, program, scenario, **more):
    """A function that is ready, and the answer that made it."""
    runtime, files = program
    return make_function(
        functions,
        role,
        Runtime=runtime,
        Handler=files["handler"],
        MemorySize=1024,
        Code={"ZipFile": zipped({files["file"]: files[scenario]})},
        **more,
    )


@every
def test_echo(functions, role, program):
    make(functions, role, program, "echo", Timeout=5)
    for event in (
        {"hello": "'\" some other ''\"\" quotes, a emoji \\N{PARTY POPPER} and some brackets {[}}[([]))"},
        {"hello": "obi wan!" * 128 * 1024},
        *(True, False, None, [1, 2], 1),
    ):
        assert invoke(functions, event=event) == event
    assert json.loads(functions.invoke(**FUNCTION)["Payload"].read()) == {}


@every
def test_what_functions_find(functions, role, program):
    told = record_of(
        f"TestLambdaRuntimesCommon::test_introspection_invoke[{program[0]}]", "test_lambda_common"
    )
    made = make(
        functions, role, program, "introspection", Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}
    )
    told.check("create_function_result", made)
    for step, name in (
        ("invocation_result_payload", "function"),
        ("invocation_result_payload_qualified", f"{made['FunctionArn']}:$LATEST"),
    ):
        found = invoke(functions, name, {"simple": "payload"})
        assert found["ctx"].pop("remaining_time_in_millis") > 0
        recorded = told.content[step]
        assert recorded["ctx"].pop("remaining_time_in_millis")
        told.check_part(recorded["ctx"], found["ctx"], step)
        assert_variables(recorded["environment"], found["environment"])


@every
def test_uncaught_exceptions(functions, role, program):
    told = record_of(
        f"TestLambdaRuntimesCommon::test_uncaught_exception_invoke[{program[0]}]", "test_lambda_common"
    )
    told.check("create_function_result", make(functions, role, program, "uncaught"))
    step = told.content["error_result"]["Payload"]
    answer = told.call(functions.invoke, **FUNCTION, Payload=b'{"error_msg": "some_error_msg"}')
    payload = json.loads(answer["Payload"])
    if program[0] == "python3.8":
        payload.pop("requestId")  # AWS's client for it is older than the one that runs it here
    for trace in ("stackTrace", "trace"):
        assert bool(payload.pop(trace, None)) == bool(step.pop(trace, None))
    told.check("error_result", {**answer, "Payload": json.dumps(payload)})


@every
def test_wrapped_runtimes(functions, role, program):
    told = record_of(
        f"TestLambdaRuntimesCommon::test_runtime_wrapper_invoke[{program[0]}]", "test_lambda_common"
    )
    runtime, files = program
    contents = {files["file"]: files["introspection"], "environment_wrapper": WRAPPER}
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/environment_wrapper"}
    made = make_function(
        functions,
        role,
        Runtime=runtime,
        Handler=files["handler"],
        MemorySize=1024,
        Timeout=10,
        Environment={"Variables": variables},
        Code={"ZipFile": zipped(contents, mode=0o755)},
    )
    told.check("create_function_result", {**made, "Timeout": 3})
    found = invoke(functions, event={"simple": "payload"})["environment"]
    assert (found["WRAPPER_VAR"], set(variables) <= set(found)) == ("wrapped", True)


@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_custom_runtimes_find_what_is_aws_s(functions, role, runtime):
    told = record(f"test_introspection_invoke[{runtime}]")
    source = BOOTSTRAP.replace("printf '%s' \"$event\" > /tmp/event", "env > /tmp/event")
    more = {"Runtime": runtime, "Handler": "function.handler", "MemorySize": 1024}
    variables = {"Variables": {"TEST_KEY": "TEST_VAL"}}
    code = {"ZipFile": zipped({"bootstrap": source}, mode=0o755)}
    made = make_function(functions, role, Code=code, Environment=variables, **more)
    told.check("create_function_result", made)
    lines = functions.invoke(**FUNCTION)["Payload"].read().decode().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    shells_own = {"PWD", "SHLVL", "OLDPWD", "_"}
    recorded = told.content["invocation_result_payload"]["environment"]
    recorded.pop("_X_AMZN_TRACE_ID")  # AWS's client of the recorded function set it
    assert_variables(recorded, {name: value for name, value in found.items() if name not in shells_own})


@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_custom_runtimes_echo(functions, role, runtime):
    code = {"ZipFile": zipped({"bootstrap": BOOTSTRAP}, mode=0o755)}
    make_function(functions, role, Runtime=runtime, MemorySize=1024, Timeout=5, Code=code)
    for event in ({"hello": "obi wan!" * 1024}, True, None, [1, 2], 1):
        assert invoke(functions, event=event) == event
