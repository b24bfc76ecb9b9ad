"""Functions that keep their tenants apart, by environments that serve one tenant each."""

from __future__ import annotations

import json

import pytest
from lambda_functions import create, invoke, make_function, messages, refusal, wait_for, zip_of

PER_TENANT = {"TenantIsolationMode": "PER_TENANT"}
WHO = (
    "import uuid\n"
    "me = str(uuid.uuid4())\n"
    "def handler(event, context):\n"
    "    print('hello')\n"
    "    return [me, context.tenant_id]\n"
)
WHO_IN_NODE = "export const handler = async (event, context) => context.tenantId;\n"
INVALID = "InvalidParameterValueException"


@pytest.fixture
def apart(functions, role):
    """A function that keeps its tenants apart."""
    return make_function(functions, role, WHO, TenancyConfig=PER_TENANT)


def test_environment_serves_one_tenant_only(functions, apart):
    blue, green = (invoke(functions, TenantId=tenant) for tenant in ("blue", "green"))
    assert blue[0] != green[0]
    assert (blue[1], green[1]) == ("blue", "green")
    assert invoke(functions, TenantId="blue") == blue
    assert invoke(functions, TenantId="green") == green


def test_tenancy_is_told_and_stays_with_versions(functions, apart):
    assert apart["TenancyConfig"] == PER_TENANT
    assert functions.get_function_configuration(FunctionName="function")["TenancyConfig"] == PER_TENANT
    assert functions.publish_version(FunctionName="function")["TenancyConfig"] == PER_TENANT
    assert invoke(functions, Qualifier="1", TenantId="blue")[1] == "blue"


def test_functions_that_keep_no_tenants_apart_tell_no_tenancy(functions, role):
    assert "TenancyConfig" not in make_function(functions, role)


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_invocation_without_a_tenant(functions, apart, kind):
    refused = refusal(functions.invoke, FunctionName="function", InvocationType=kind)
    assert refused["Error"] == {
        "Code": INVALID,
        "Message": "The invoked function is enabled with tenancy configuration. "
        "Add a valid tenant ID in your request and try again.",
    }
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_streamed_invocation_names_its_tenant_too(functions, apart):
    stream = functions.invoke_with_response_stream
    assert refusal(stream, FunctionName="function")["Error"]["Code"] == INVALID
    events = list(stream(FunctionName="function", TenantId="blue")["EventStream"])
    told = b"".join(event["PayloadChunk"]["Payload"] for event in events if "PayloadChunk" in event)
    assert json.loads(told)[1] == "blue"


@pytest.mark.unverified("AWS's manual tells that this is refused and by which code, not the words")
@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_tenant_of_a_function_that_keeps_none_apart(functions, role, kind):
    make_function(functions, role)
    refused = refusal(functions.invoke, FunctionName="function", InvocationType=kind, TenantId="blue")
    assert refused["Error"]["Code"] == INVALID


def test_asynchronous_event_keeps_its_tenant(functions, client, writing_role):
    json_log = {"LogFormat": "JSON"}
    make_function(functions, writing_role, WHO, TenancyConfig=PER_TENANT, LoggingConfig=json_log)
    functions.invoke(FunctionName="function", InvocationType="Event", TenantId="blue")
    wait_for(lambda: [line for line in messages(client) if "platform.report" in line])
    told = [json.loads(line) for line in messages(client) if line.startswith("{")]
    platform = {each["type"]: each["record"] for each in told if "type" in each}
    assert platform["platform.start"]["tenantId"] == "blue"
    assert platform["platform.report"]["tenantId"] == "blue"


def test_tenant_reaches_functions_of_node(functions, role):
    made = {"Runtime": "nodejs22.x", "Handler": "index.handler", "TenancyConfig": PER_TENANT}
    make_function(functions, role, Code={"ZipFile": zip_of(index__mjs=WHO_IN_NODE)}, **made)
    assert invoke(functions, TenantId="a b/c:d") == "a b/c:d"


@pytest.mark.unverified("AWS's manual says that these do not go together, not how it refuses them")
def test_what_does_not_go_with_tenants(functions, role, apart):
    functions.publish_version(FunctionName="function")
    url = refusal(functions.create_function_url_config, FunctionName="function", AuthType="NONE")
    kept = refusal(
        functions.put_provisioned_concurrency_config,
        FunctionName="function",
        Qualifier="1",
        ProvisionedConcurrentExecutions=1,
    )
    snapped = refusal(
        create,
        functions=functions,
        role=role,
        name="other",
        TenancyConfig=PER_TENANT,
        SnapStart={"ApplyOn": "PublishedVersions"},
    )
    read = refusal(
        functions.create_event_source_mapping,
        FunctionName="function",
        EventSourceArn=f"arn:aws:sqs:us-east-1:{apart['FunctionArn'].split(':')[4]}:queue",
    )
    assert {each["Error"]["Code"] for each in (url, kept, snapped, read)} == {INVALID}


@pytest.mark.unverified("how AWS refuses a name of a durable execution here was not seen")
def test_name_of_a_durable_execution(functions, role):
    make_function(functions, role)
    error = refusal(functions.invoke, FunctionName="function", DurableExecutionName="once")["Error"]
    assert (error["Code"], "DurableExecutionName" in error["Message"]) == (INVALID, True)
