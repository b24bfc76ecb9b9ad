"""Layers, their policies and SnapStart as AWS answered in recorded runs."""

from __future__ import annotations

import pytest
from lambda_functions import active, create, refusal, zip_of
from lambda_records import record_of

FUNCTION = {"FunctionName": "function"}
EMPTY = {"Environment": {"Variables": {}}, "Timeout": 30}
"""What the recorded runs gave where they do not say it."""
CONTENT = {"ZipFile": zip_of(layer__txt="layer")}
LAYER = {"LayerName": "layer"}


def test_layers_that_functions_cannot_have(client, functions, role):
    record = record_of("TestLambdaLayer::test_layer_function_exceptions")
    what = {**LAYER, "Content": CONTENT, "CompatibleRuntimes": [], "CompatibleArchitectures": ["x86_64"]}
    steps = ("publish_result", "publish_result_2", "publish_result_3")
    made = [record.replay(step, functions.publish_layer_version, **what) for step in steps]
    layer, versions = made[0]["LayerArn"], [each["LayerVersionArn"] for each in made]
    create(functions, role, **EMPTY)
    active(functions)
    record.replay("get_fn_result", functions.get_function, **FUNCTION)
    for step, layers in (
        ("two_layer_versions_single_function_exc", versions[:2]),
        ("three_layer_versions_single_function_exc", versions),
        ("two_identical_layer_versions_single_function_exc", versions[:1] * 2),
        ("add_nonexistent_layer_exc", [f"{layer.removesuffix('layer')}doesnotexist:1"]),
        ("add_nonexistent_layer_version_exc", [f"{layer}:9"]),
    ):
        record.replay(step, functions.update_function_configuration, **FUNCTION, Layers=layers)
    elsewhere = client("lambda", region="eu-west-1").publish_layer_version(**what)["LayerVersionArn"]
    refused = refusal(create, functions=functions, role=role, name="other", Layers=[elsewhere])
    record.check("create_function_with_layer_in_different_region", refused)


def test_policies_that_layers_cannot_have(functions):
    record = record_of("TestLambdaLayer::test_layer_policy_exceptions")
    what = {"Content": CONTENT, "CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    record.replay("publish_result", functions.publish_layer_version, **LAYER, **what)
    add, remove = functions.add_layer_version_permission, functions.remove_layer_version_permission
    get = functions.get_layer_version_policy
    first, second = {**LAYER, "VersionNumber": 1}, {**LAYER, "VersionNumber": 2}
    nobody = {"LayerName": "layer-doesnotexist", "VersionNumber": 1}
    read = {"Action": "lambda:GetLayerVersion", "Principal": "*"}
    s1, s2 = {**read, "StatementId": "s1"}, {**read, "StatementId": "s2"}
    record.replay("layer_permission_nopolicy_get", get, **first)
    record.replay("add_layer_permission_result", add, **first, **s1)
    record.replay("layer_permission_action_invalid", add, **first, **{**s2, "Action": "*"})
    record.replay("layer_permission_duplicate_statement", add, **first, **s1)
    record.replay("layer_permission_wrong_revision", add, **first, **s2, RevisionId="wrong")
    for subject, where in (("layername", nobody), ("layerversion", second)):
        record.replay(f"layer_permission_{subject}_doesnotexist_add", add, **where, **s2)
        record.replay(f"layer_permission_{subject}_doesnotexist_get", get, **where)
        record.replay(f"layer_permission_{subject}_doesnotexist_remove", remove, **where, StatementId="s1")
    step = "layer_permission_statementid_doesnotexist_remove"
    record.replay(step, remove, **first, StatementId="doesnotexist")
    wrong = {"StatementId": "s1", "RevisionId": "wrong"}
    record.replay("layer_permission_wrong_revision_remove", remove, **first, **wrong)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_runtimes_of_layers(functions, index):
    record = record_of(f"TestLambdaLayer::test_layer_compatibilities[runtimes{index}]")
    runtimes = record.content["publish_result"]["CompatibleRuntimes"]
    what = {"CompatibleRuntimes": runtimes, "CompatibleArchitectures": ["arm64", "x86_64"]}
    record.replay("publish_result", functions.publish_layer_version, **LAYER, **what, Content=CONTENT)


def test_bad_layers_are_refused(functions):
    record = record_of("TestLambdaLayer::test_layer_exceptions")
    what = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    made = record.replay("publish_result", functions.publish_layer_version, **LAYER, **what, Content=CONTENT)
    layers, get = functions.list_layers, functions.get_layer_version
    record.replay(
        "list_layers_exc_compatibleruntime_invalid", layers, CompatibleRuntime="runtimedoesnotexist"
    )
    step = "list_layers_exc_compatiblearchitecture_invalid"
    record.replay(step, layers, CompatibleArchitecture="archdoesnotexist")
    record.replay("list_nonexistent_layer", functions.list_layer_versions, LayerName="layerdoesnotexist")
    nobody = {"LayerName": "layerdoesnotexist", "VersionNumber": 1}
    record.replay("get_layer_version_exc_layer_doesnotexist", get, **nobody)
    step = "get_layer_version_exc_layer_version_doesnotexist"
    for name, number in (("negative", -1), ("zero", 0), ("2", 2)):
        record.replay(f"{step}_{name}", get, **LAYER, VersionNumber=number)
    by_arn, arn = functions.get_layer_version_by_arn, made["LayerArn"]
    record.replay("get_layer_version_by_arn_exc_nonexistentversion", by_arn, Arn=f"{arn}:2")
    delete = functions.delete_layer_version
    record.replay("delete_nonexistent_response", delete, **nobody)
    for step, number in (
        ("delete_nonexistent_version_response", 2),
        ("delete_layer_response", 1),
        ("delete_layer_again_response", 1),
        ("delete_layer_version_exc_layerversion_invalid_version", -1),
    ):
        record.replay(step, delete, **LAYER, VersionNumber=number)
    publish = functions.publish_layer_version
    empty = {"CompatibleRuntimes": [], "CompatibleArchitectures": []}
    record.replay("publish_empty_result", publish, LayerName="empty", Content=CONTENT, **empty)


def test_runtimes_that_layers_cannot_have(functions):
    record = record_of("TestLambdaLayer::test_layer_exceptions")
    recorded = record.content["publish_layer_version_exc_invalid_runtime_arch"]["Error"]["Message"]
    what = {**LAYER, "Content": CONTENT, "CompatibleRuntimes": ["invalidruntime"]}
    error = refusal(functions.publish_layer_version, **what)["Error"]
    # AWS's record names a bad architecture, too.
    assert error["Message"].removeprefix("1 validation error") in recorded.removeprefix("2 validation errors")


def test_a_layer_from_s3(client, functions, account):
    record = record_of("TestLambdaLayer::test_layer_s3_content")
    bucket = f"layers-{account}"
    client("s3").create_bucket(Bucket=bucket)
    client("s3").put_object(Bucket=bucket, Key="/layercontent.zip", Body=CONTENT["ZipFile"])
    where = {"S3Bucket": bucket, "S3Key": "/layercontent.zip"}
    record.replay("publish_layer_result", functions.publish_layer_version, **LAYER, Content=where)


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13"])
def test_snapshots_are_reported_as_asked_for(functions, role, runtime):
    record = record_of(f"TestLambdaSnapStart::test_snapstart_update_function_configuration[{runtime}]")
    recorded = record.content["create_function_response"]
    like = {member: recorded[member] for member in ("Handler", "MemorySize", "Timeout")}
    made = create(functions, role, Runtime=runtime, **like)
    record.check("create_function_response", made)
    active(functions)
    snap = {"ApplyOn": "PublishedVersions"}
    record.replay(
        "update_function_response", functions.update_function_configuration, **FUNCTION, SnapStart=snap
    )


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13"])
def test_versions_of_functions_that_could_be_snapshotted(functions, role, runtime):
    record = record_of(f"TestLambdaSnapStart::test_snapstart_lifecycle[{runtime}]")
    recorded = record.content["create_function_response"]
    like = {member: recorded[member] for member in ("Handler", "MemorySize", "Timeout")}
    record.check("create_function_response", create(functions, role, Runtime=runtime, **like))
    active(functions)
    functions.publish_version(**FUNCTION, Description="version1")
    record.replay("get_function_response_latest", functions.get_function, **FUNCTION)
    record.replay("get_function_response_version_1", functions.get_function, **FUNCTION, Qualifier="1")


def test_bad_snapshots_are_refused(functions, role):
    record = record_of("TestLambdaSnapStart::test_snapstart_exceptions")
    refused = refusal(create, functions=functions, role=role, SnapStart={"ApplyOn": "invalidOption"})
    record.check("create_function_invalid_snapstart_apply", refused)
    asked = {"Runtime": "python3.9", "SnapStart": {"ApplyOn": "PublishedVersions"}}
    error = refusal(create, functions=functions, role=role, **asked)["Error"]
    assert error["Message"] == "python3.9 is not supported for SnapStart enabled functions."
