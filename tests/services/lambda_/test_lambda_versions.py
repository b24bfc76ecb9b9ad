"""Versions and aliases, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import OTHER_CODE, active, create, refusal, updated, zip_of
from lambda_records import Record

INDEX = zip_of(index__py="def handler(event, context):\n    return event\n")


def test_version_made_with_the_function(functions, role):
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


def test_life_of_versions(functions, role):
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


def test_version_made_with_new_code(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_publish_with_update")
    made = create(functions, role, Handler="index.handler", Code={"ZipFile": INDEX})
    record.check("create_response", made)
    active(functions)
    record.check("get_function_result", functions.get_function(FunctionName="function"))
    record.check(
        "update_function_code_result",
        functions.update_function_code(FunctionName="function", ZipFile=OTHER_CODE, Publish=True),
    )


def test_life_of_aliases(functions, role):
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
