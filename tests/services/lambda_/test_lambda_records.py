"""The control plane's answers, member by member as AWS gave them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from lambda_functions import make_role, zip_of
from lambda_records import Record

CODE = zip_of(handler__py="def handler(event, context):\n    return event\n")
OTHER_CODE = zip_of(handler__py="def handler(event, context):\n    return 2\n")
INDEX = zip_of(index__py="def handler(event, context):\n    return event\n")


@pytest.fixture
def functions(client):
    return client("lambda")


@pytest.fixture
def role(client):
    return make_role(client("iam"))


def active(functions, name="function"):
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})


def updated(functions, name="function"):
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


def create(functions, role, name="function", **more):
    return functions.create_function(
        FunctionName=name,
        **{
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": role,
            "Code": {"ZipFile": CODE},
            **more,
        },
    )


def test_a_function_is_made_changed_and_deleted(functions, role):
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


def test_a_version_is_made_with_the_function(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_publish_version_on_create")
    made = create(functions, role, Handler="index.handler", Code={"ZipFile": INDEX}, Publish=True)
    record.check("create_response", made)
    active(functions)
    functions.get_waiter("function_active_v2").wait(
        FunctionName="function", Qualifier="1", WaiterConfig={"Delay": 0}
    )
    record.check("get_function_result", functions.get_function(FunctionName="function"))
    record.check(
        "get_function_version_result", functions.get_function(FunctionName="function", Qualifier="1")
    )
    record.check(
        "get_function_latest_result", functions.get_function(FunctionName="function", Qualifier="$LATEST")
    )
    record.check("list_versions_result", functions.list_versions_by_function(FunctionName="function"))
    record.check("repeated_publish_response", functions.publish_version(FunctionName="function"))
    record.check(
        "list_versions_result_after_publish", functions.list_versions_by_function(FunctionName="function")
    )


def test_versions_are_published_and_deleted(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_version_lifecycle")
    function = {"FunctionName": "function"}
    made = create(
        functions, role, Handler="index.handler", Code={"ZipFile": INDEX}, Description="No version :("
    )
    record.check("create_response", made)
    active(functions)
    record.check("get_function_result", functions.get_function(**function))
    record.check("list_versions_result", functions.list_versions_by_function(**function))
    record.check(
        "first_update_response",
        functions.update_function_configuration(**function, Description="First version :)"),
    )
    updated(functions)
    record.check("first_update_get_function", functions.get_function(**function))
    record.check(
        "first_publish_response",
        functions.publish_version(**function, Description="First version description :)"),
    )
    record.check("first_publish_get_function", functions.get_function(**function, Qualifier="1"))
    record.check(
        "first_publish_get_function_config", functions.get_function_configuration(**function, Qualifier="1")
    )
    record.check(
        "second_update_response",
        functions.update_function_configuration(**function, Description="Second version :))"),
    )
    updated(functions)
    record.check("first_publish_get_function_after_update", functions.get_function(**function, Qualifier="1"))
    record.check("second_publish_response", functions.publish_version(**function))
    record.check("third_publish_response", functions.publish_version(**function, Description="Third version"))
    record.check("list_versions_result_after_third_publish", functions.list_versions_by_function(**function))
    functions.delete_function(**function, Qualifier="1")
    record.check(
        "list_versions_result_after_deletion_of_first_version",
        functions.list_versions_by_function(**function),
    )


def test_publishing_another_revision_or_code_is_refused(functions, role):
    create(functions, role)
    active(functions)
    wrong_revision = refusal(functions.publish_version, FunctionName="function", RevisionId="doesntexist")
    Record("test_lambda_api", "TestLambdaVersions::test_publish_with_wrong_revisionid").check(
        "publish_wrong_revisionid_exc", wrong_revision
    )
    wrong_code = refusal(
        functions.publish_version, FunctionName="function", CodeSha256="somenonexistentsha256"
    )
    Record("test_lambda_api", "TestLambdaVersions::test_publish_with_wrong_sha256").check(
        "publish_wrong_sha256_exc", wrong_code
    )


def test_a_version_is_made_with_new_code(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_publish_with_update")
    made = create(functions, role, Handler="index.handler", Code={"ZipFile": INDEX})
    record.check("create_response", made)
    active(functions)
    record.check("get_function_result", functions.get_function(FunctionName="function"))
    record.check(
        "update_function_code_result",
        functions.update_function_code(FunctionName="function", ZipFile=OTHER_CODE, Publish=True),
    )


def test_aliases_are_made_changed_and_deleted(functions, role):
    record = Record("test_lambda_api", "TestLambdaAlias::test_alias_lifecycle")
    function = {"FunctionName": "function"}
    made = create(
        functions,
        role,
        Handler="index.handler",
        Code={"ZipFile": INDEX},
        Environment={"Variables": {"testenv": "staging"}},
    )
    record.check("create_response", made)
    active(functions)
    record.check("publish_v1", functions.publish_version(**function))
    functions.update_function_configuration(**function, Environment={"Variables": {"testenv": "prod"}})
    updated(functions)
    record.check("publish_v2", functions.publish_version(**function))
    for step, name, version, more in (
        ("1_1", "aliasname1_1", "1", {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.2}}}),
        ("1_2", "aliasname1_2", "1", {}),
        ("1_3", "aliasname1_3", "1", {"Description": ""}),
        ("2", "aliasname2", "2", {}),
    ):
        request = {"Name": name, "FunctionVersion": version, "Description": "custom-alias", **more}
        if step == "1_3":
            del request["Description"]
        record.check(f"create_alias_{step}", functions.create_alias(**function, **request))
        record.check(f"get_alias_{step}", functions.get_alias(**function, Name=name))
    alias = {"Qualifier": "aliasname1_1"}
    record.check("get_function_alias_1_1", functions.get_function(**function, **alias))
    arn = functions.get_alias(**function, Name="aliasname1_1")["AliasArn"]
    record.check("get_function_byarn_alias_1_1", functions.get_function(FunctionName=arn))
    missing = refusal(functions.get_function, **function, Qualifier="aliasdoesnotexist")
    record.check("get_function_alias_notfound_exc", missing)
    listed = functions.get_paginator("list_aliases").paginate(**function).build_full_result()
    record.check("list_aliases_for_fnname", listed)
    cleared = functions.update_alias(
        **function, Name="aliasname1_1", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    record.check("update_alias_1_1", cleared)
    record.check("get_alias_1_1_after_update", functions.get_alias(**function, Name="aliasname1_1"))
    record.check("update_alias_1_2", functions.update_alias(**function, Name="aliasname1_2"))
    record.check("list_aliases_for_fnname_after_update_2", functions.list_aliases(**function))
    record.check("list_aliases_for_version", functions.list_aliases(**function, FunctionVersion="1"))
    record.check("delete_alias_response", functions.delete_alias(**function, Name="aliasname1_1"))
    record.check("list_aliases_for_fnname_afterdelete", functions.list_aliases(**function))


def test_bad_aliases_are_refused(functions, role):
    test = "TestLambdaAlias::test_notfound_and_invalid_routingconfigs"
    record = Record("test_lambda_api", test, {"function-name:1": "function"})
    function = {"FunctionName": "function"}
    create(functions, role, Publish=True)
    active(functions)
    functions.update_function_code(**function, ZipFile=OTHER_CODE)
    updated(functions)
    functions.publish_version(**function)

    def bad(step, version="1", weights=None, name="custom", **more):
        request = {**function, "Name": name, "FunctionVersion": version, **more}
        if weights is not None:
            request["RoutingConfig"] = {"AdditionalVersionWeights": weights}
        record.check(step, refusal(functions.create_alias, **request))

    bad("routing_config_exc_toomany", weights={"1": 0.1, "2": 0.2})
    bad("routing_config_exc_toohigh", weights={"2": 2.0})
    bad("routing_config_exc_sameversion", weights={"1": 0.5})
    bad("target_version_doesnotexist", version="10", weights={"2": 0.5})
    bad("routing_config_exc_version_doesnotexist", weights={"10": 0.5})
    bad("target_version_exc_version_latest", version="$LATEST", weights={"2": 0.5})
    bad("routing_config_exc_version_latest", weights={"$LATEST": 0.5})
    bad("routing_config_exc_fn_doesnotexist", FunctionName="function-unknown", weights={"2": 0.5})
    functions.create_alias(**function, Name="custom", FunctionVersion="1")
    bad("routing_config_exc_already_exist", weights={"2": 0.5})
    missing = refusal(functions.get_alias, **function, Name="non-existent")
    record.check("alias_does_not_exist_esc", missing)


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


@pytest.mark.parametrize("runtime", ["java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "python3.7"])
def test_retired_runtime_is_refused(functions, role, runtime):
    record = Record(
        "test_lambda_api",
        f"TestRuntimeValidation::test_create_deprecated_function_runtime_with_validation_enabled[{runtime}]",
    )
    record.check("deprecation_error", refusal(create, functions=functions, role=role, Runtime=runtime))


@pytest.mark.parametrize("runtime", ["java21", "ruby3.4", "dotnet8"])
def test_runtime_that_nobody_runs_here_is_refused(functions, role, runtime):
    error = refusal(create, functions=functions, role=role, Runtime=runtime)["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert f"cloudlet cannot run {runtime} functions" in error["Message"]


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "delete_function"])
def test_two_qualifiers_that_differ_are_refused(functions, account, operation):
    record = Record(
        "test_lambda_api", f"TestLambdaFunction::test_ops_with_arn_qualifier_mismatch[{operation}]"
    )
    arn = f"arn:aws:lambda:us-east-1:{account}:function:some-function:$LATEST"
    call = getattr(functions, operation)
    record.check("not_match_exception", refusal(call, FunctionName=arn, Qualifier="not-latest"))
    record.check("match_exception", refusal(call, FunctionName=arn, Qualifier="$LATEST"))


def test_function_of_another_region_is_not_reachable(functions, account):
    record = Record(
        "test_lambda_api",
        "TestLambdaFunction::test_get_function_wrong_region[get_function]",
        {"wrong-region": "eu-west-1"},
    )
    arn = f"arn:aws:lambda:eu-west-1:{account}:function:function"
    record.check("wrong_region_exception", refusal(functions.get_function, FunctionName=arn))


def test_functions_are_listed_in_pages(functions, role):
    record = Record("test_lambda_api", "TestLambdaFunction::test_list_functions")
    create(functions, role, "first", Publish=True, Environment={"Variables": {}}, Timeout=30)
    create(functions, role, "second", Environment={"Variables": {}}, Timeout=30)
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


def test_concurrency_is_reserved_and_released(functions, role):
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


def test_bad_reserved_concurrency_is_refused(functions, role, account):
    record = Record("test_lambda_api", "TestLambdaReservedConcurrency::test_function_concurrency_exceptions")
    put = functions.put_function_concurrency
    record.check(
        "put_function_concurrency_with_function_name_doesnotexist",
        refusal(put, FunctionName="doesnotexist", ReservedConcurrentExecutions=1),
    )
    create(functions, role, Publish=True)
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function:1"
    record.check(
        "put_function_concurrency_with_qualified_arn",
        refusal(put, FunctionName=arn, ReservedConcurrentExecutions=1),
    )


def test_policies_gain_statements(functions, role, account):
    record = Record("test_lambda_api", "TestLambdaPermissions::test_add_lambda_permission_fields")
    create(functions, role)
    common = {"FunctionName": "function", "Action": "lambda:InvokeFunction"}
    for step, more in (
        (
            "wildcard",
            {"StatementId": "wilcard", "Principal": "*", "SourceAccount": account},
        ),
        (
            "service",
            {"StatementId": "lambda", "Principal": "lambda.amazonaws.com", "SourceAccount": account},
        ),
        ("account", {"StatementId": "account-id", "Principal": account}),
    ):
        made = functions.add_permission(**common, **more)
        record.check(f"add_permission_principal_{step}", made)
    optional = functions.add_permission(
        FunctionName="function",
        StatementId="urlPermission",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        SourceArn="arn:aws:s3:::bucket",
        SourceAccount=account,
        PrincipalOrgID="o-1234567890",
        FunctionUrlAuthType="NONE",
    )
    record.check("add_permission_optional_fields", optional)
    alexa = functions.add_permission(
        **common,
        StatementId="alexaSkill",
        Principal="*",
        EventSourceToken="amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    )
    record.check("add_permission_alexa_skill", alexa)


def test_policies_lose_statements(functions, role):
    record = Record("test_lambda_api", "TestLambdaPermissions::test_remove_multi_permissions")
    create(functions, role)
    common = {"FunctionName": "function", "Action": "lambda:InvokeFunction"}
    added = functions.add_permission(**common, StatementId="s3", Principal="s3.amazonaws.com")
    record.check("add_permission_1", added)
    added = functions.add_permission(
        **common, StatementId="sqs", Principal="sqs.amazonaws.com", SourceArn="arn:aws:s3:::bucket"
    )
    record.check("add_permission_2", added)
    record.check("policy_after_2_add", functions.get_policy(FunctionName="function"))
    remove = functions.remove_permission
    record.check(
        "remove_permission_exception_nonexisting_sid",
        refusal(remove, FunctionName="function", StatementId="non-existent"),
    )
    remove(FunctionName="function", StatementId="sqs")
    policy = functions.get_policy(FunctionName="function")
    record.check("policy_after_removal", policy)
    record.check("policy_after_removal_attempt", functions.get_policy(FunctionName="function"))
    remove(FunctionName="function", StatementId="s3", RevisionId=policy["RevisionId"])
    gone = refusal(functions.get_policy, FunctionName="function")
    record.check("get_policy_exception_removed_all", gone)


def test_bad_permissions_are_refused(functions, role, account):
    test = "TestLambdaPermissions::test_permission_exceptions"
    record = Record("test_lambda_api", test, {"function-name": "function"})
    create(functions, role)
    common = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "StatementId": "s3"}
    add, remove = functions.add_permission, functions.remove_permission
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function"

    def bad(step, call=add, **more):
        known = {"FunctionName": "function", **(common if call is add else {"StatementId": "s3"})}
        record.check(step, refusal(call, **{**known, **more}))

    bad("add_permission_invalid_statement_id", StatementId="example.com")
    bad("add_permission_fn_qualifier_mismatch", FunctionName=f"{arn}:alias-not-42", Qualifier="42")
    bad("add_permission_fn_qualifier_latest", Qualifier="$LATEST")
    for principal in ("invalid.nonaws.com", "invalid.arn:aws", "no-principal"):
        bad("add_permission_principal_invalid", Principal=principal)
    not_there = refusal(functions.get_policy, FunctionName="doesnotexist")
    record.check("get_policy_fn_doesnotexist", not_there)
    not_there = refusal(functions.get_policy, FunctionName="function", Qualifier="42")
    record.check("get_policy_fn_version_doesnotexist", not_there)
    bad("add_permission_fn_doesnotexist", FunctionName="doesnotexist")
    bad("remove_permission_policy_doesnotexist", remove)
    bad("add_permission_fn_alias_doesnotexist", Qualifier="alias-doesnotexist")
    bad("add_permission_fn_version_doesnotexist", Qualifier="42")
    bad("add_permission_fn_qualifier_invalid", Qualifier="invalid-qualifier-with-?-char")
    bad("add_permission_fn_qualifier_valid_doesnotexist", Qualifier="valid-with-$-but-doesnotexist")
    add(FunctionName="function", **common)
    bad("add_permission_conflicting_statement_id")
    bad("remove_permission_fn_doesnotexist", remove, FunctionName="doesnotexist")
    bad("remove_permission_fn_alias_doesnotexist", remove, Qualifier="alias-doesnotexist")


def test_functions_are_tagged_and_untagged(functions, role, account):
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
    record.check("tag_empty_tags", refusal(tag, Resource=f"{arn}:function", Tags={}))
    limits = Record("test_lambda_api", "TestLambdaTags::test_tag_limits")
    many = {f"{number}_key": f"{number}_value" for number in range(51)}
    limits.check("tag_lambda_too_many_tags", refusal(tag, Resource=f"{arn}:function", Tags=many))
    del many["50_key"]
    limits.check("tag_response", tag(Resource=f"{arn}:function", Tags=many))
    limits.check("list_tags_response", functions.list_tags(Resource=f"{arn}:function"))


def test_layers_are_published_and_deleted(functions, role):
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


def test_bad_layers_are_refused(functions, role, account):
    record = Record("test_lambda_api", "TestLambdaLayer::test_layer_exceptions")
    get, delete = functions.get_layer_version, functions.delete_layer_version
    record.check("list_nonexistent_layer", functions.list_layer_versions(LayerName="layer"))
    record.check("get_layer_version_exc_layer_doesnotexist", refusal(get, LayerName="layer", VersionNumber=1))
    functions.publish_layer_version(LayerName="layer", Content={"ZipFile": INDEX})
    for step, number in (("negative", -1), ("zero", 0)):
        record.check(
            f"get_layer_version_exc_layer_version_doesnotexist_{step}",
            refusal(get, LayerName="layer", VersionNumber=number),
        )
    record.check(
        "get_layer_version_exc_layer_version_doesnotexist_2",
        refusal(get, LayerName="layer", VersionNumber=2),
    )
    record.check("delete_nonexistent_response", delete(LayerName="unknown", VersionNumber=1))
    record.check(
        "delete_layer_version_exc_layerversion_invalid_version",
        refusal(delete, LayerName="layer", VersionNumber=-1),
    )
    record.check(
        "publish_empty_result",
        functions.publish_layer_version(
            LayerName="other",
            Content={"ZipFile": INDEX},
            CompatibleRuntimes=[],
            CompatibleArchitectures=[],
        ),
    )


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


def test_layers_have_policies(functions):
    record = Record("test_lambda_api", "TestLambdaLayer::test_layer_policy_lifecycle")
    functions.publish_layer_version(LayerName="layer", Content={"ZipFile": INDEX})
    version = {"LayerName": "layer", "VersionNumber": 1}
    common = {**version, "Action": "lambda:GetLayerVersion", "Principal": "*"}
    first = functions.add_layer_version_permission(**common, StatementId="s1")
    record.check("add_policy_s1", first)
    record.check("get_layer_version_policy", functions.get_layer_version_policy(**version))
    second = functions.add_layer_version_permission(
        **common, StatementId="s2", RevisionId=first["RevisionId"]
    )
    record.check("add_policy_s2", second)
    record.check("get_layer_version_policy_postadd2", functions.get_layer_version_policy(**version))
    record.check("remove_s2", functions.remove_layer_version_permission(**version, StatementId="s2"))
    record.check("get_layer_version_policy_postdeletes2", functions.get_layer_version_policy(**version))


def test_environment_beyond_four_kilobytes_is_refused(functions, role):
    record = Record("test_lambda_api", "TestLambdaSizeLimits::test_large_environment_variables_fails")
    # AWS measures the text of the variables; {"LARGE_VAR":""} has 16 characters.
    refused = refusal(
        create, functions=functions, role=role, Environment={"Variables": {"LARGE_VAR": "x" * 4081}}
    )
    message = record.content["failed_create_fn_result"]["Error"]["Message"]
    assert refused["Error"]["Message"].startswith(message[:160])
    create(functions, role, Environment={"Variables": {"LARGE_VAR": "x" * 4080}})


def test_the_account_tells_its_limits_and_usage(functions, role):
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


def test_how_events_are_tried(functions, role):
    record = Record("test_lambda_api", "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
    create(functions, role)
    active(functions)
    function = {"FunctionName": "function"}
    put = functions.put_function_event_invoke_config
    update, get = functions.update_function_event_invoke_config, functions.get_function_event_invoke_config
    record.check("put_invokeconfig_retries_0", put(**function, MaximumRetryAttempts=0))
    record.check("put_invokeconfig_eventage_60", put(**function, MaximumEventAgeInSeconds=60))
    record.check("update_invokeconfig_eventage_nochange", update(**function, MaximumEventAgeInSeconds=60))
    record.check("update_invokeconfig_retries", update(**function, MaximumRetryAttempts=1))
    record.check("get_invokeconfig", get(**function))
    record.check("get_invokeconfig_latest", get(**function, Qualifier="$LATEST"))
    listed = functions.list_function_event_invoke_configs(**function)
    record.check("list_single_invokeconfig", listed)
    functions.publish_version(**function)
    record.check("get_invokeconfig_postpublish", refusal(get, **function, Qualifier="1"))
    published = put(**function, Qualifier="1", MaximumEventAgeInSeconds=120)
    record.check("put_published_invokeconfig", published)
    record.check("get_published_invokeconfig", get(**function, Qualifier="1"))
    functions.delete_function_event_invoke_config(**function)
    listed = functions.list_function_event_invoke_configs(**function)
    record.check("list_paging_nolimit_postdelete", listed)


def test_bad_settings_of_events_are_refused(functions, role):
    test = "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions"
    record = Record("test_lambda_api", test, {"function-name:1": "function"})
    create(functions, role)
    put = functions.put_function_event_invoke_config
    not_there = refusal(put, FunctionName="doesnotexist", MaximumRetryAttempts=1)
    record.check("put_functionname_name_notfound", not_there)
    record.check("put_functionname_nootherargs", refusal(put, FunctionName="function"))
    delete, get = functions.delete_function_event_invoke_config, functions.get_function_event_invoke_config
    record.check("delete_function_not_found", refusal(delete, FunctionName="function"))
    record.check("delete_function_doesnotexist", refusal(delete, FunctionName="doesnotexist"))
    record.check("get_function_doesnotexist", refusal(get, FunctionName="doesnotexist"))
    not_there = refusal(functions.list_function_event_invoke_configs, FunctionName="doesnotexist")
    record.check("list_function_doesnotexist", not_there)


def test_code_comes_from_s3(functions, role, client):
    record = Record("test_lambda_api", "TestLambdaFunction::test_lambda_code_location_s3")
    s3 = client("s3")
    bucket = f"code-{role.split(':')[4]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="code.zip", Body=INDEX)
    s3.put_object(Bucket=bucket, Key="other.zip", Body=OTHER_CODE)
    code = {"S3Bucket": bucket, "S3Key": "code.zip"}
    made = create(functions, role, Handler="index.handler", Code=code)
    record.check("create_response_s3", made)
    active(functions)
    record.check("get-function-response", functions.get_function(FunctionName="function"))
    changed = functions.update_function_code(FunctionName="function", S3Bucket=bucket, S3Key="other.zip")
    record.check("update-function-response", changed)


def test_code_that_s3_does_not_have_is_refused(functions, role, client):
    record = Record("test_lambda_api", "TestLambdaFunction::test_lambda_code_location_s3_errors")
    bucket = f"code-{role.split(':')[4]}"
    client("s3").create_bucket(Bucket=bucket)
    wrong = {"S3Bucket": f"{bucket}-other", "S3Key": "code.zip"}
    record.check("create-error-wrong-bucket", refusal(create, functions=functions, role=role, Code=wrong))
    wrong = {"S3Bucket": bucket, "S3Key": "code.zip"}
    record.check("create-error-wrong-key", refusal(create, functions=functions, role=role, Code=wrong))


@pytest.mark.unverified(
    "AWS's text for a bucket that the caller may not read was not seen in a recorded answer"
)
def test_code_that_the_caller_may_not_read_is_refused(functions, role, client, account):
    bucket = f"code-{account}"
    client("s3").create_bucket(Bucket=bucket)
    client("s3").put_object(Bucket=bucket, Key="code.zip", Body=INDEX)
    iam = client("iam")
    iam.create_user(UserName="deployer")
    allow = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="deployer", PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    theirs = client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    code = {"S3Bucket": bucket, "S3Key": "code.zip"}
    error = refusal(create, functions=theirs, role=role, Code=code)["Error"]
    assert error == {
        "Code": "AccessDeniedException",
        "Message": "Your access has been denied by S3, please make sure your request credentials have "
        f"permission to GetObject for {bucket}/code.zip. S3 Error Code: AccessDenied. "
        "S3 Error Message: Access Denied",
    }
