"""Code signing and provisioned concurrency as AWS answered in recorded runs."""

from __future__ import annotations

import time

import pytest
from lambda_functions import CODE, OTHER_CODE, active, create, invoke, make_function, make_role, refusal
from lambda_records import record_of

from cloudlet.config import Config
from running_server import RunningServer

FUNCTION = {"FunctionName": "function"}
EMPTY = {"Environment": {"Variables": {}}, "Timeout": 30}
"""What the recorded runs gave where they do not say it."""


def ready(functions, role, **more):
    create(functions, role, **EMPTY, **more)
    active(functions)


def make_config(functions, account, policy="Enforce"):
    return {
        "Description": "Testing CodeSigning Config",
        "AllowedPublishers": {
            "SigningProfileVersionArns": [f"arn:aws:signer:us-east-1:{account}:/signing-profiles/test"]
        },
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy},
    }


# --- code signing


def test_life_of_a_code_signing_config(functions, role, account):
    record = record_of("TestCodeSigningConfig::test_function_code_signing_config")
    ready(functions, role)
    wanted = make_config(functions, account)
    made = record.replay("create_code_signing_config", functions.create_code_signing_config, **wanted)
    arn = {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]}
    warn = {"CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}
    record.replay("update_code_signing_config", functions.update_code_signing_config, **arn, **warn)
    record.replay("get_code_signing_config", functions.get_code_signing_config, **arn)
    put = functions.put_function_code_signing_config
    record.replay("put_function_code_signing_config", put, **arn, **FUNCTION)
    get = functions.get_function_code_signing_config
    record.replay("get_function_code_signing_config", get, **FUNCTION)
    listed = functions.list_code_signing_configs()["CodeSigningConfigs"]
    assert listed == [functions.get_code_signing_config(**arn)["CodeSigningConfig"]]
    users = functions.list_functions_by_code_signing_config
    record.replay("list_functions_by_code_signing_config", users, **arn)
    in_use = refusal(functions.delete_code_signing_config, **arn)["Error"]["Code"]
    assert in_use == "ResourceConflictException"
    delete = functions.delete_function_code_signing_config
    record.replay("delete_function_code_signing_config", delete, **FUNCTION)
    record.replay("delete_code_signing_config", functions.delete_code_signing_config, **arn)


def test_code_signing_config_that_is_not_there(functions, role, account):
    record = record_of("TestCodeSigningConfig::test_code_signing_not_found_excs")
    ready(functions, role)
    wanted = make_config(functions, account)
    made = record.replay("create_code_signing_config", functions.create_code_signing_config, **wanted)
    text = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    arn, wrong = {"CodeSigningConfigArn": text}, {"CodeSigningConfigArn": f"{text[:-2]}xx"}
    record.bind("csc_arn_invalid", wrong["CodeSigningConfigArn"])
    nobody = {"FunctionName": "csc-test-doesnotexist"}
    record.replay("delete_csc_notfound", functions.delete_code_signing_config, **wrong)
    delete = functions.delete_function_code_signing_config
    record.replay("nothing_to_delete_response", delete, **FUNCTION)
    record.replay("delete_function_csc_fnnotfound", delete, **nobody)
    put = functions.put_function_code_signing_config
    record.replay("put_function_csc_invalid_fnname", put, **nobody, **arn)
    record.replay("put_function_csc_invalid_csc_arn", put, **FUNCTION, **wrong)
    record.replay("put_function_csc_invalid_both", put, **nobody, **wrong)
    update = functions.update_code_signing_config
    record.replay("update_csc_invalid_csc_arn", update, **wrong, Description="new-description")
    record.replay("update_csc_noupdates", update, **wrong)
    record.replay("update_csc_noupdate_response", update, **arn)
    record.replay("get_csc_invalid", functions.get_code_signing_config, **wrong)
    get = functions.get_function_code_signing_config
    record.replay("get_function_csc_fnwithoutcsc", get, **FUNCTION)
    record.replay("get_function_csc_nonexistingfn", get, **nobody)
    users = functions.list_functions_by_code_signing_config
    record.replay("list_functions_by_csc_fnwithoutcsc", users, **arn)
    record.replay("list_functions_by_csc_invalid_cscarn", users, **wrong)


def test_unsigned_code_is_not_deployed_where_that_is_enforced(functions, role, account):
    ready(functions, role)
    strict, loose = (
        functions.create_code_signing_config(**make_config(functions, account, policy))["CodeSigningConfig"]
        for policy in ("Enforce", "Warn")
    )
    functions.put_function_code_signing_config(
        **FUNCTION, CodeSigningConfigArn=strict["CodeSigningConfigArn"]
    )
    error = refusal(functions.update_function_code, **FUNCTION, ZipFile=OTHER_CODE)["Error"]
    assert error["Code"] == "CodeVerificationFailedException"
    new = {"functions": functions, "role": role, "name": "other", "Code": {"ZipFile": CODE}}
    error = refusal(create, **new, CodeSigningConfigArn=strict["CodeSigningConfigArn"])["Error"]
    assert error["Code"] == "CodeVerificationFailedException"
    create(**new, CodeSigningConfigArn=loose["CodeSigningConfigArn"])
    got = functions.get_function_code_signing_config(FunctionName="other")
    assert got["CodeSigningConfigArn"] == loose["CodeSigningConfigArn"]


def test_tags_of_a_code_signing_config(functions, account):
    made = functions.create_code_signing_config(**make_config(functions, account), Tags={"a": "1"})
    resource = {"Resource": made["CodeSigningConfig"]["CodeSigningConfigArn"]}
    functions.tag_resource(**resource, Tags={"b": "2"})
    functions.untag_resource(**resource, TagKeys=["a"])
    assert functions.list_tags(**resource)["Tags"] == {"b": "2"}


# --- provisioned concurrency


def test_bad_provisioned_concurrency(client, role):
    functions = client("lambda", parameter_validation=False)
    record = record_of("TestLambdaProvisionedConcurrency::test_provisioned_concurrency_exceptions")
    ready(functions, role)
    record.replay("publish_version_result", functions.publish_version, **FUNCTION)
    calls = {
        "get": functions.get_provisioned_concurrency_config,
        "delete": functions.delete_provisioned_concurrency_config,
        "put": functions.put_provisioned_concurrency_config,
    }
    one = {"ProvisionedConcurrentExecutions": 1}
    listed = functions.list_provisioned_concurrency_configs
    record.replay("list_provisioned_noconfigs", listed, **FUNCTION)
    record.replay("list_provisioned_functionname_doesnotexist", listed, FunctionName="doesnotexist")
    for step, name, qualifier, more in (
        ("get_provisioned_config_doesnotexist", "function", "1", {}),
        ("get_provisioned_functionname_doesnotexist", "doesnotexist", "noalias", {}),
        ("get_provisioned_qualifier_doesnotexist", "function", "noalias", {}),
        ("get_provisioned_version_doesnotexist", "function", "10", {}),
        ("get_provisioned_latest", "function", "$LATEST", {}),
        ("delete_provisioned_functionname_doesnotexist", "doesnotexist", "1", {}),
        ("delete_provisioned_qualifier_doesnotexist", "function", "noalias", {}),
        ("delete_provisioned_version_doesnotexist", "function", "10", {}),
        ("delete_provisioned_latest", "function", "$LATEST", {}),
        ("delete_provisioned_config_doesnotexist", "function", "1", {}),
        ("put_provisioned_invalid_param_0", "function", "1", {"ProvisionedConcurrentExecutions": 0}),
        ("put_provisioned_functionname_doesnotexist_alias", "doesnotexist", "noalias", one),
        ("put_provisioned_functionname_doesnotexist_version", "doesnotexist", "1", one),
        ("put_provisioned_qualifier_doesnotexist", "function", "doesnotexist", one),
        ("put_provisioned_version_doesnotexist", "function", "10", one),
        ("put_provisioned_latest", "function", "$LATEST", one),
    ):
        record.replay(step, calls[step.partition("_")[0]], FunctionName=name, Qualifier=qualifier, **more)


@pytest.mark.parametrize(
    ("step", "count"), [("account_limit_exceeded", 1001), ("below_unreserved_min_value", 1000)]
)
def test_provisioned_concurrency_leaves_some_for_others(functions, role, step, count):
    record = record_of(
        "TestLambdaProvisionedConcurrency::test_provisioned_concurrency_limits",
        unreserved_concurrency="1000",
        min_unreserved_concurrency="100",
    )
    ready(functions, role)
    functions.publish_version(**FUNCTION)
    put, version = functions.put_provisioned_concurrency_config, {**FUNCTION, "Qualifier": "1"}
    record.replay(
        f"put_provisioned_concurrency_{step}", put, **version, ProvisionedConcurrentExecutions=count
    )


def test_life_of_provisioned_concurrency(functions, role):
    record = record_of(
        "TestLambdaProvisionedConcurrency::test_lambda_provisioned_lifecycle", alias_name="live"
    )
    ready(functions, role)
    record.replay("publish_version_result", functions.publish_version, **FUNCTION)
    alias = {"Name": "live", "FunctionVersion": "1"}
    record.replay("create_alias_result", functions.create_alias, **FUNCTION, **alias)
    put, one = functions.put_provisioned_concurrency_config, {"ProvisionedConcurrentExecutions": 1}
    on_version, on_alias = {**FUNCTION, "Qualifier": "1"}, {**FUNCTION, "Qualifier": "live"}
    get, delete = (
        functions.get_provisioned_concurrency_config,
        functions.delete_provisioned_concurrency_config,
    )
    record.replay("put_provisioned_on_version", put, **on_version, **one)
    record.replay("put_provisioned_on_alias_versionconflict", put, **on_alias, **one)
    provisioned(functions, on_version)
    record.replay("delete_provisioned_version", delete, **on_version)
    record.replay("get_provisioned_version_postdelete", get, **on_version)
    record.replay("put_provisioned_on_alias", put, **on_alias, **one)
    record.replay("put_provisioned_on_version_conflict", put, **on_version, **one)
    record.replay("delete_alias_result", functions.delete_alias, **FUNCTION, Name="live")
    record.replay("get_provisioned_alias_postaliasdelete", get, **on_alias)
    record.replay("list_response_postdeletes", functions.list_provisioned_concurrency_configs, **FUNCTION)


def provisioned(functions, qualified):
    until = time.monotonic() + 20
    while True:
        told = functions.get_provisioned_concurrency_config(**qualified)
        if told["Status"] != "IN_PROGRESS":
            return told
        assert time.monotonic() < until, told


KIND = (
    "import os\nkind = os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    "def handler(event, context):\n    return kind\n"
)


def test_environments_are_ready_and_follow_an_alias(functions, role):
    make_function(functions, role, KIND, MemorySize=512)
    functions.publish_version(**FUNCTION)
    functions.create_alias(**FUNCTION, Name="live", FunctionVersion="1")
    live = {**FUNCTION, "Qualifier": "live"}
    functions.put_provisioned_concurrency_config(**live, ProvisionedConcurrentExecutions=1)
    told = provisioned(functions, live)
    assert (told["Status"], told["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    assert functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 999
    assert invoke(functions, Qualifier="live") == "provisioned-concurrency"
    functions.update_function_configuration(**FUNCTION, Description="second")
    functions.get_waiter("function_updated_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    functions.publish_version(**FUNCTION)
    functions.update_alias(**FUNCTION, Name="live", FunctionVersion="2")
    until = time.monotonic() + 20
    while invoke(functions, Qualifier="live") != "provisioned-concurrency":
        assert time.monotonic() < until
    functions.delete_function(**FUNCTION)
    assert functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000


def test_provisioned_concurrency_of_a_function_that_reserved_less(functions, role):
    ready(functions, role)
    functions.publish_version(**FUNCTION)
    functions.put_function_concurrency(**FUNCTION, ReservedConcurrentExecutions=1)
    put, version = functions.put_provisioned_concurrency_config, {**FUNCTION, "Qualifier": "1"}
    error = refusal(put, **version, ProvisionedConcurrentExecutions=2)["Error"]
    assert error["Code"] == "InvalidParameterValueException"


@pytest.mark.unverified("the API reference gives the members, not the texts")
def test_when_runtimes_are_moved(functions, role, account):
    ready(functions, role)
    get, put = functions.get_runtime_management_config, functions.put_runtime_management_config
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function:$LATEST"
    told = get(**FUNCTION)
    assert (told["UpdateRuntimeOn"], told["FunctionArn"]) == ("Auto", arn)
    assert "RuntimeVersionArn" not in told
    assert put(**FUNCTION, UpdateRuntimeOn="FunctionUpdate")["UpdateRuntimeOn"] == "FunctionUpdate"
    own = functions.get_function_configuration(**FUNCTION)["RuntimeVersionConfig"]["RuntimeVersionArn"]
    assert put(**FUNCTION, UpdateRuntimeOn="Manual", RuntimeVersionArn=own)["RuntimeVersionArn"] == own
    assert get(**FUNCTION)["UpdateRuntimeOn"] == "Manual"
    for bad in (
        {"UpdateRuntimeOn": "Manual"},
        {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": f"{own[:-1]}x"},
        {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": own},
    ):
        assert refusal(put, **FUNCTION, **bad)["Error"]["Code"] == "InvalidParameterValueException"


def test_what_is_provisioned_is_provisioned_again_after_a_restart(tmp_path, aws_session):
    def client(server, service):
        return aws_session.client(
            service,
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    config = Config(data=tmp_path, port=0)
    server = RunningServer(config)
    functions = client(server, "lambda")
    make_function(functions, make_role(client(server, "iam")), KIND, MemorySize=512)
    functions.publish_version(**FUNCTION)
    version = {**FUNCTION, "Qualifier": "1"}
    functions.put_provisioned_concurrency_config(**version, ProvisionedConcurrentExecutions=1)
    assert provisioned(functions, version)["Status"] == "READY"
    server.close()
    server = RunningServer(config)
    functions = client(server, "lambda")
    assert provisioned(functions, version)["Status"] == "READY"
    assert invoke(functions, Qualifier="1") == "provisioned-concurrency"
    server.close()


def test_settings_are_listed_in_pages(functions, role, account):
    names = ["a", "b", "c"]
    configs = [functions.create_code_signing_config(**make_config(functions, account)) for _ in names]
    arn = configs[0]["CodeSigningConfig"]["CodeSigningConfigArn"]
    for name in names:
        create(functions, role, name)
        functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    active(functions, "a")
    for name in names:
        functions.publish_version(FunctionName="a")
        functions.create_alias(FunctionName="a", Name=name, FunctionVersion="1")
        functions.create_function_url_config(FunctionName="a", Qualifier=name, AuthType="NONE")
    for lists, member, request in (
        ("list_code_signing_configs", "CodeSigningConfigs", {}),
        ("list_functions_by_code_signing_config", "FunctionArns", {"CodeSigningConfigArn": arn}),
        ("list_function_url_configs", "FunctionUrlConfigs", {"FunctionName": "a"}),
        ("list_aliases", "Aliases", {"FunctionName": "a"}),
    ):
        pages = functions.get_paginator(lists).paginate(**request, PaginationConfig={"PageSize": 2})
        assert [len(page[member]) for page in pages] == [2, 1], lists
