"""Functions as AWS answered in recorded runs: changing, naming, tagging and measuring them."""

from __future__ import annotations

import io
import itertools
import urllib.request
import zipfile

import pytest
from lambda_functions import CODE, ECHO, OTHER_CODE, active, create, refusal, updated, zip_of
from lambda_records import record_of
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.services.lambda_ import references, state

FUNCTION = {"FunctionName": "function"}
EMPTY = {"Environment": {"Variables": {}}, "Timeout": 30}
"""What the recorded runs gave where they do not say it."""


def test_an_update_that_changes_nothing_is_an_update(functions, role):
    record = record_of("TestLambdaFunction::test_redundant_updates")
    update, get = functions.update_function_configuration, functions.get_function
    record.check("create_response", create(functions, role, Description="Initial description", **EMPTY))
    active(functions)
    record.replay("first_update_result", update, **FUNCTION, Description="1st update description")
    updated(functions)
    record.replay("get_fn_config_result", functions.get_function_configuration, **FUNCTION)
    record.replay("get_fn_result", get, **FUNCTION)
    record.replay("redundant_update_result", update, **FUNCTION, Description="1st update description")
    updated(functions)
    record.replay("get_fn_result_after_redundant_update", get, **FUNCTION)


@pytest.mark.parametrize(
    "operation", ["get_function", "get_function_configuration", "get_function_event_invoke_config"]
)
def test_version_that_is_not_there(functions, role, operation):
    record = record_of(
        f"TestLambdaFunction::test_ops_on_nonexisting_version[{operation}]", fn_name="function"
    )
    create(functions, role)
    call = getattr(functions, operation)
    record.replay("version_not_found_exception", call, **FUNCTION, Qualifier="1221")


def test_deleting_a_version_that_is_not_there(functions, role):
    record = record_of("TestLambdaFunction::test_delete_on_nonexisting_version", fn_name="function")
    create(functions, role)
    functions.delete_function(**FUNCTION, Qualifier="1233")
    functions.delete_function(**FUNCTION, Qualifier="1233")
    functions.delete_function(**FUNCTION)
    delete = functions.delete_function
    record.replay("delete_function_response_non_existent", delete, **FUNCTION)
    step = "delete_function_response_non_existent_with_qualifier"
    record.replay(step, delete, **FUNCTION, Qualifier="1233")


@pytest.mark.parametrize(
    "operation",
    [
        "delete_function", "get_function", "get_function_configuration", "get_function_url_config",
        "get_function_code_signing_config", "get_function_event_invoke_config", "get_function_concurrency",
    ],
)  # fmt: skip
def test_function_that_is_not_there(functions, operation):
    test = f"TestLambdaFunction::test_ops_on_nonexisting_fn[{operation}]"
    record = record_of(test, nonexisting_fn_name="nobody")
    record.replay("not_found_exception", getattr(functions, operation), FunctionName="nobody")


@pytest.mark.parametrize(
    "operation",
    [
        "get_function", "get_function_configuration", "get_function_url_config",
        "get_function_code_signing_config", "get_function_event_invoke_config", "get_function_concurrency",
        "delete_function", "invoke",
    ],
)  # fmt: skip
def test_function_of_another_region(functions, account, operation):
    test = f"TestLambdaFunction::test_get_function_wrong_region[{operation}]"
    record = record_of(test, wrong_region="eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{account}:function:function"
    record.replay("wrong_region_exception", getattr(functions, operation), FunctionName=arn)


def test_code_can_be_had_where_the_answer_says(functions, role):
    record = record_of("TestLambdaFunction::test_lambda_code_location_zipfile")
    code, other = zip_of(index__py=ECHO), zip_of(index__py=f"{ECHO}#")
    made = create(functions, role, Handler="index.handler", Code={"ZipFile": code}, PackageType="Zip")
    record.check("create-response-zip-file", made)
    active(functions)
    got = record.replay("get-function-response", functions.get_function, **FUNCTION)
    assert _downloaded(got["Code"]["Location"]) == code
    record.replay("update-function-response", functions.update_function_code, **FUNCTION, ZipFile=other)
    updated(functions)
    record.settle("get-function-response-updated", "Configuration", revision="settled")
    got = record.replay("get-function-response-updated", functions.get_function, **FUNCTION)
    assert _downloaded(got["Code"]["Location"]) == other
    assert got["Configuration"]["CodeSize"] == len(other)


def test_code_from_s3(client, functions, role, account):
    record = record_of("TestLambdaFunction::test_lambda_code_location_s3")
    code, other = zip_of(index__py=ECHO), zip_of(index__py=f"{ECHO}#")
    s3, place = client("s3"), {"Bucket": f"code-{account}", "Key": "code/function.zip"}
    where = {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}
    s3.create_bucket(Bucket=place["Bucket"])
    s3.put_object(**place, Body=code)
    record.check("create_response_s3", create(functions, role, Handler="index.handler", Code=where))
    active(functions)
    got = record.replay("get-function-response", functions.get_function, **FUNCTION)
    assert _downloaded(got["Code"]["Location"]) == code
    s3.put_object(**place, Body=other)
    record.replay("update-function-response", functions.update_function_code, **FUNCTION, **where)
    updated(functions)
    record.settle("get-function-response-updated", "Configuration", revision="settled")
    got = record.replay("get-function-response-updated", functions.get_function, **FUNCTION)
    assert _downloaded(got["Code"]["Location"]) == other


def test_a_function_may_be_made_by_its_arn(functions, role, account):
    long_name = "a" * 94
    record = record_of("TestLambdaFunction::test_function_arns")
    arn = f"arn:aws:lambda:us-east-1:{account}:function"
    whole = create(functions, role, f"{arn}:test-function-arn", **EMPTY)
    record.check("create-function-arn-response", whole)
    partial = create(
        functions, role, f"{account}:function:test-partial-arn", **EMPTY, Code={"ZipFile": OTHER_CODE}
    )
    record.check("create-function-partial-arn-response", partial)

    def attempt(**more):
        return create(functions, role, more["FunctionName"])

    record.replay("invalid_function_name_exc", attempt, FunctionName="invalid:function:name")
    record.replay("long_function_name_exc", attempt, FunctionName="a" * 65)
    record.replay("long_function_arn_exc", attempt, FunctionName=f"{arn}:{long_name}")
    other = arn.replace("us-east-1", "ap-southeast-1")
    record.replay("function_arn_other_region_exc", attempt, FunctionName=f"{other}:function")


def test_bad_changes_are_refused(functions, role):
    record = record_of("TestLambdaFunction::test_update_lambda_exceptions")
    create(functions, role)
    active(functions)
    update = functions.update_function_configuration
    record.replay("invalid_role_arn_exc", update, **FUNCTION, Role="r1")
    record.replay("invalid_runtime_exc", update, **FUNCTION, Runtime="non-existent-runtime")
    record.replay("uppercase_runtime_exc", update, **FUNCTION, Runtime="PYTHON3.9")


def test_a_function_name_that_is_none_cannot_be_invoked(functions):
    record = record_of("TestLambdaFunction::test_invalid_invoke")
    arn = "arn:aws:lambda:us-east-1:123400000000@function:myfn"
    record.replay("invoke_function_name_pattern_exc", functions.invoke, FunctionName=arn, Payload=b"{}")


def test_a_zip_never_becomes_an_image(functions, role):
    record = record_of("TestLambdaImages::test_lambda_zip_file_to_image")
    record.check("create-image-response", create(functions, role))
    active(functions)
    record.replay("get-function-code-response", functions.get_function, **FUNCTION)
    record.replay("get-function-config-response", functions.get_function_configuration, **FUNCTION)
    image = "111111111111.dkr.ecr.us-east-1.amazonaws.com/image:latest"
    record.replay("zipfile-to-image-error", functions.update_function_code, **FUNCTION, ImageUri=image)
    record.replay("get-function-code-response-after-update", functions.get_function, **FUNCTION)
    step = "get-function-config-response-after-update"
    record.replay(step, functions.get_function_configuration, **FUNCTION)


@pytest.mark.parametrize("subject", ["code", "config"])
def test_one_change_at_a_time(server, functions, role, account, subject):
    record = record_of(
        f"TestLambdaFunction::test_lambda_concurrent_{subject}_updates", function_name_1="function"
    )
    like = {"code": {}, "config": EMPTY}[subject]
    record.check("create-function-response", create(functions, role, **like))
    active(functions)
    server.run(_begin_update(server.app.cloud, account))
    change = {"code": functions.update_function_code, "config": functions.update_function_configuration}[
        subject
    ]
    what = {"code": {"ZipFile": OTHER_CODE}, "config": {"Description": "other"}}[subject]
    record.replay("update-during-in-progress-update-exc", change, **FUNCTION, **what)


@pytest.mark.parametrize(
    ("test", "variables"),
    [
        ("test_large_environment_variables_fails:failed_create_fn_result", {"LARGE_VAR": "x" * (4090 - 9)}),
        (
            "test_large_environment_fails_multiple_keys:failured_create_fn_result_multi_key",
            {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064},
        ),
    ],
)
def test_environment_of_more_than_four_kilobytes(functions, role, test, variables):
    name, step = test.split(":")
    record = record_of(f"TestLambdaSizeLimits::{name}")
    refused = refusal(create, functions=functions, role=role, Environment={"Variables": variables})
    record.check(step, refused)


def test_environment_of_four_kilobytes(functions, role):
    record = record_of("TestLambdaSizeLimits::test_lambda_envvars_near_limit_succeeds")
    variables = {"LARGE_VAR": "x" * (4089 - 9)}
    made = create(functions, role, Environment={"Variables": variables}, Timeout=30)
    record.check("successful_create_fn_result", made)


def test_a_zip_beyond_fifty_megabytes(functions, role):
    record = record_of("TestLambdaSizeLimits::test_oversized_zipped_create_lambda")
    too_large = refusal(create, functions=functions, role=role, Code={"ZipFile": b"0" * 52_428_801})
    record.check("invalid_param_exc", too_large)


def test_a_request_beyond_seventy_megabytes(functions, role):
    record = record_of("TestLambdaSizeLimits::test_oversized_request_create_lambda")
    large = {"Variables": {"largeKey": "#" * 70_167_211}}
    record.check("invalid_param_exc", refusal(create, functions=functions, role=role, Environment=large))


@pytest.mark.parametrize("test", ["test_oversized_unzipped_lambda", "test_oversized_lambda"])
def test_code_that_unpacks_to_too_much(client, functions, role, account, test):
    record = record_of(f"TestLambdaSizeLimits::{test}")
    place = {"Bucket": f"code-{account}", "Key": "large.zip"}
    client("s3").create_bucket(Bucket=place["Bucket"])
    client("s3").put_object(**place, Body=_inflated(262_144_001))
    where = {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}
    record.check("invalid_param_exc", refusal(create, functions=functions, role=role, Code=where))


def test_account_settings_name_limits_and_usage(functions):
    record = record_of("TestLambdaAccountSettings::test_account_settings")
    settings = functions.get_account_settings()
    for part in ("AccountLimit", "AccountUsage"):
        settings[part] = sorted(settings[part])
    record.check("acc_settings_modded", settings)


def test_code_size_counts_versions_and_layers(functions, role):
    used = [_code_bytes(functions)]
    create(functions, role)
    active(functions)
    used.append(_code_bytes(functions))
    functions.update_function_code(**FUNCTION, ZipFile=CODE, Publish=True)
    used.append(_code_bytes(functions))
    for _ in range(2):
        functions.publish_layer_version(LayerName="layer", Content={"ZipFile": OTHER_CODE})
        used.append(_code_bytes(functions))
    differences = [after - before for before, after in itertools.pairwise(used)]
    assert differences == [len(CODE), len(CODE), len(OTHER_CODE), len(OTHER_CODE)]


def test_code_size_counts_what_is_published_without_a_change_of_code(functions, role):
    create(functions, role)
    active(functions)
    before = _code_bytes(functions)
    functions.update_function_configuration(**FUNCTION, Runtime="python3.11")
    updated(functions)
    assert _code_bytes(functions) == before
    functions.publish_version(**FUNCTION)
    assert _code_bytes(functions) == 2 * before


async def _begin_update(cloud, account):
    """Leaves an update under way, as one is that takes long."""

    def begin(call):
        reference = references.parse(call, "function")
        latest = state.version(call, reference, "$LATEST")
        state.save_version(call, reference, replace(latest, update_status="InProgress"))

    await cloud.call("lambda", Principal.root(account), account, "us-east-1").transact(begin)


def _code_bytes(functions):
    return functions.get_account_settings()["AccountUsage"]["TotalCodeSize"]


def _downloaded(location):
    with urllib.request.urlopen(location) as answer:
        return answer.read()


def _inflated(size):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a", "w") as file,
    ):
        for _ in range(size // 1_000_000):
            file.write(bytes(1_000_000))
        file.write(bytes(size % 1_000_000))
    return buffer.getvalue()
