"""Functions and their settings, member by member as AWS answered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lambda_functions import CODE, OTHER_CODE, active, create, refusal, updated
from lambda_records import Record

from cloudlet.sandbox.host.interpreters import find_interpreters


def test_life_of_a_function(functions, role):
    record = Record("test_lambda_api", "TestLambdaFunction::test_function_lifecycle")
    made = create(functions, role, Timeout=5, MemorySize=256, Environment={"Variables": {}})
    record.check("create_response", made)
    active(functions)
    record.check("get_function_response", functions.get_function(FunctionName="function"))
    record.check(
        "update_func_conf_response",
        functions.update_function_configuration(
            FunctionName="function",
            Runtime="python3.11",
            Description="Changed-Description",
            MemorySize=512,
            Timeout=10,
            Environment={"Variables": {"ENV_A": "a"}},
        ),
    )
    updated(functions)
    record.check("get_function_response_postupdate", functions.get_function(FunctionName="function"))
    record.check(
        "update_code_response",
        functions.update_function_code(FunctionName="function", ZipFile=OTHER_CODE),
    )
    updated(functions)
    record.check("get_function_response_postcodeupdate", functions.get_function(FunctionName="function"))
    record.check("delete_response", functions.delete_function(FunctionName="function"))
    record.check("delete_postdelete", refusal(functions.get_function, FunctionName="function"))


def test_bad_functions_are_refused(functions, role):
    record = Record("test_lambda_api", "TestLambdaFunction::test_create_lambda_exceptions")
    for step, wrong in (
        ("invalid_role_arn_exc", {"Role": "r1"}),
        ("invalid_runtime_exc", {"Runtime": "non-existent-runtime"}),
        ("uppercase_runtime_exc", {"Runtime": "PYTHON3.9"}),
        ("multiple_architectures", {"Architectures": ["x86_64", "arm64"]}),
        ("uppercase_architecture", {"Architectures": ["X86_64"]}),
        ("invalid_zip_exc", {"Code": {"ZipFile": b"this is not a zipfile, just a random string"}}),
    ):
        record.check(step, refusal(create, functions=functions, role=role, **wrong))


@pytest.mark.parametrize("runtime", ["java8", "go1.x", "ruby2.7", "dotnetcore3.1"])
def test_retired_runtime_is_refused(functions, role, runtime):
    record = Record(
        "test_lambda_api",
        f"TestRuntimeValidation::test_create_deprecated_function_runtime_with_validation_enabled[{runtime}]",
    )
    record.check("deprecation_error", refusal(create, functions=functions, role=role, Runtime=runtime))


@pytest.mark.parametrize("runtime", ["java21", "ruby3.4", "dotnet8"])
def test_runtime_that_nobody_runs_here_is_refused(functions, role, runtime):
    language = runtime.rstrip("0123456789.")
    folder = os.environ.get("CLOUDLET_RUNTIMES")
    if folder and find_interpreters(Path(folder), []).find(language, "") is not None:
        pytest.skip(f"{language} was installed here for functions")
    error = refusal(create, functions=functions, role=role, Runtime=runtime)["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert f"cloudlet cannot run {runtime} functions" in error["Message"]
    if language != "dotnet":
        assert f"`cloudlet runtimes install {runtime}`" in error["Message"]


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "delete_function"])
def test_two_qualifiers_that_differ_are_refused(functions, account, operation):
    record = Record(
        "test_lambda_api", f"TestLambdaFunction::test_ops_with_arn_qualifier_mismatch[{operation}]"
    )
    arn = f"arn:aws:lambda:us-east-1:{account}:function:some-function:$LATEST"
    call = getattr(functions, operation)
    record.check("not_match_exception", refusal(call, FunctionName=arn, Qualifier="not-latest"))
    record.check("match_exception", refusal(call, FunctionName=arn, Qualifier="$LATEST"))


def test_listed_functions(functions, role):
    record = Record("test_lambda_api", "TestLambdaFunction::test_list_functions")
    like = {"Environment": {"Variables": {}}, "Timeout": 30}
    record.check("create_response_1", create(functions, role, "first", Publish=True, **like))
    record.check("create_response_2", create(functions, role, "second", **like))
    active(functions, "first")
    active(functions, "second")
    record.check(
        "list_functions_invalid_functionversion",
        refusal(functions.list_functions, FunctionVersion="invalid"),
    )
    pages = functions.get_paginator("list_functions")
    every = pages.paginate(FunctionVersion="ALL", PaginationConfig={"PageSize": 1}).build_full_result()
    record.check("list_all", every)
    record.check("list_default", pages.paginate(PaginationConfig={"PageSize": 1}).build_full_result())


def test_reserved_concurrency(functions, role):
    record = Record("test_lambda_api", "TestLambdaReservedConcurrency::test_function_concurrency")
    create(functions, role)
    function = {"FunctionName": "function"}
    for count in (0, 1):
        record.check(
            f"put_function_concurrency_with_reserved_{count}",
            functions.put_function_concurrency(**function, ReservedConcurrentExecutions=count),
        )
    record.check("get_function_concurrency", functions.get_function_concurrency(**function))
    record.check("delete_response", functions.delete_function_concurrency(**function))
    record.check("get_function_concurrency_after_delete", functions.get_function_concurrency(**function))


def test_tags_of_functions(functions, role, account):
    record = Record("test_lambda_api", "TestLambdaTags::test_tag_exceptions")
    create(functions, role, Publish=True)
    arn = f"arn:aws:lambda:us-east-1:{account}:function"
    tag = functions.tag_resource
    record.check("tag_lambda_doesnotexist", refusal(tag, Resource=f"{arn}:doesnotexist", Tags={"a": "b"}))
    record.check(
        "tag_lambda_qualifier_doesnotexist",
        refusal(tag, Resource=f"{arn}:function:v1", Tags={"a": "b"}),
    )
    record.check("list_tag_lambda_empty", functions.list_tags(Resource=f"{arn}:function"))
    record.check("untag_nomatch", functions.untag_resource(Resource=f"{arn}:function", TagKeys=["something"]))
    no_keys = refusal(functions.untag_resource, Resource=f"{arn}:function", TagKeys=[])
    record.check("untag_empty_keys", no_keys)
    record.check("tag_empty_tags", refusal(tag, Resource=f"{arn}:function", Tags={}))
    limits = Record("test_lambda_api", "TestLambdaTags::test_tag_limits")
    many = {f"{number}_key": f"{number}_value" for number in range(51)}
    born_so = refusal(create, functions=functions, role=role, name="other", Tags=many)
    limits.check("create_function_invalid_tags", born_so)
    limits.check("tag_lambda_too_many_tags", refusal(tag, Resource=f"{arn}:function", Tags=many))
    del many["50_key"]
    limits.check("tag_response", tag(Resource=f"{arn}:function", Tags=many))
    limits.check("list_tags_response", functions.list_tags(Resource=f"{arn}:function"))
    one_more = refusal(tag, Resource=f"{arn}:function", Tags={"a_key": "a_value"})
    limits.check("tag_lambda_too_many_tags_additional", one_more)


def test_account_settings(functions, role):
    before = functions.get_account_settings()
    assert before["AccountLimit"] == {
        "TotalCodeSize": 80530636800,
        "CodeSizeUnzipped": 262144000,
        "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000,
        "UnreservedConcurrentExecutions": 1000,
    }
    assert before["AccountUsage"] == {"TotalCodeSize": 0, "FunctionCount": 0}
    create(functions, role)
    functions.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=100)
    after = functions.get_account_settings()
    assert after["AccountUsage"] == {"TotalCodeSize": len(CODE), "FunctionCount": 1}
    assert after["AccountLimit"]["UnreservedConcurrentExecutions"] == 900
    functions.delete_function(FunctionName="function")
    assert functions.get_account_settings()["AccountUsage"] == before["AccountUsage"]
