"""Layers, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import active, create, refusal, updated, zip_of
from lambda_records import Record

INDEX = zip_of(index__py="def handler(event, context):\n    return event\n")


def test_life_of_layers(functions, role):
    record = Record("test_lambda_api", "TestLambdaLayer::test_layer_lifecycle")
    create(functions, role, Environment={"Variables": {}}, Timeout=30)
    active(functions)
    record.check("get_fn_result", functions.get_function(FunctionName="function"))
    record.check("get_fn_config_result", functions.get_function_configuration(FunctionName="function"))
    layer = {
        "LayerName": "layer",
        "Content": {"ZipFile": INDEX},
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["x86_64"],
        "Description": "description",
        "LicenseInfo": "licence",
    }
    first = functions.publish_layer_version(**layer)
    record.check("publish_result", first)
    record.check("publish_result_2", functions.publish_layer_version(**layer))
    record.check(
        "update_fn_config",
        functions.update_function_configuration(FunctionName="function", Layers=[first["LayerVersionArn"]]),
    )
    updated(functions)
    record.check("get_fn_config", functions.get_function_configuration(FunctionName="function"))
    record.check("get_layer_ver_result", functions.get_layer_version(LayerName="layer", VersionNumber=1))
    by_arn = functions.get_layer_version_by_arn(Arn=first["LayerVersionArn"])
    record.check("get_layer_by_arn_version", by_arn)
    record.check("list_layer_versions_predelete", functions.list_layer_versions(LayerName="layer"))
    delete = functions.delete_layer_version
    record.check("delete_layer_1", delete(LayerName="layer", VersionNumber=1))
    record.check("get_fn_config_postdelete", functions.get_function_configuration(FunctionName="function"))
    record.check("delete_layer_2", delete(LayerName="layer", VersionNumber=2))
    record.check("list_layer_versions_postdelete", functions.list_layer_versions(LayerName="layer"))
    record.check("publish_result_3", functions.publish_layer_version(**layer))


def test_layers_that_a_function_cannot_have_are_refused(functions, role, account):
    test = "TestLambdaLayer::test_layer_function_exceptions"
    record = Record("test_lambda_api", test, {"resource:1": "layer"})
    content = {"LayerName": "layer", "Content": {"ZipFile": INDEX}}
    arns = [functions.publish_layer_version(**content)["LayerVersionArn"] for _ in range(3)]
    create(functions, role)
    active(functions)

    def bad(step, layers):
        refused = refusal(functions.update_function_configuration, FunctionName="function", Layers=layers)
        record.check(step, refused)

    bad("two_layer_versions_single_function_exc", arns[:2])
    bad("three_layer_versions_single_function_exc", arns)
    bad("two_identical_layer_versions_single_function_exc", [arns[0], arns[0]])
    bad("add_nonexistent_layer_exc", [f"arn:aws:lambda:us-east-1:{account}:layer:doesnotexist:1"])
    bad("add_nonexistent_layer_version_exc", [arns[0][:-1] + "9"])
    six = Record("test_lambda_api", "TestLambdaLayer::test_layer_function_quota_exception")
    refused = refusal(create, functions=functions, role=role, name="other", Layers=arns * 2)
    six.check("create_function_with_six_layers", refused)
