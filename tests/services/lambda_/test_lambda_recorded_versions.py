"""Versions, aliases and revision ids as AWS answered in recorded runs."""

from __future__ import annotations

import pytest
from lambda_functions import CODE, create, make_function, updated
from lambda_records import record_of

FUNCTION = {"FunctionName": "function"}
STAGING = {"Environment": {"Variables": {"testenv": "staging"}}}
PROD = {"Environment": {"Variables": {"testenv": "prod"}}}


def test_life_of_versions(functions, role):
    record = record_of("TestLambdaVersions::test_version_lifecycle")
    get, update, publish = (
        functions.get_function,
        functions.update_function_configuration,
        functions.publish_version,
    )
    record.check(
        "create_response", create(functions, role, Handler="index.handler", Description="No version :(")
    )
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    record.replay("get_function_result", get, **FUNCTION)
    record.replay("list_versions_result", functions.list_versions_by_function, **FUNCTION)
    record.replay("first_update_response", update, **FUNCTION, Description="First version :)")
    updated(functions)
    record.replay("first_update_get_function", get, **FUNCTION)
    record.replay("first_publish_response", publish, **FUNCTION, Description="First version description :)")
    record.replay("first_publish_get_function", get, **FUNCTION, Qualifier="1")
    record.replay(
        "first_publish_get_function_config", functions.get_function_configuration, **FUNCTION, Qualifier="1"
    )
    record.replay("second_update_response", update, **FUNCTION, Description="Second version :))")
    updated(functions)
    record.replay("first_publish_get_function_after_update", get, **FUNCTION, Qualifier="1")
    record.replay("second_publish_response", publish, **FUNCTION)
    record.replay("third_publish_response", publish, **FUNCTION, Description="Third version description :)))")
    versions = functions.list_versions_by_function
    record.replay("list_versions_result_after_third_publish", versions, **FUNCTION)
    functions.delete_function(**FUNCTION, Qualifier="1")
    record.replay("list_versions_result_after_deletion_of_first_version", versions, **FUNCTION)


def test_life_of_aliases(functions, role):
    record = record_of("TestLambdaAlias::test_alias_lifecycle")
    made = create(functions, role, Handler="index.handler", **STAGING)
    record.check("create_response", made)
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    record.replay("publish_v1", functions.publish_version, **FUNCTION)
    functions.update_function_configuration(**FUNCTION, **PROD)
    updated(functions)
    record.replay("publish_v2", functions.publish_version, **FUNCTION)

    def make(number, version, **more):
        name = {"Name": f"aliasname{number}"}
        record.replay(
            f"create_alias_{number}",
            functions.create_alias,
            **FUNCTION,
            **name,
            FunctionVersion=version,
            **more,
        )
        record.replay(f"get_alias_{number}", functions.get_alias, **FUNCTION, **name)

    described = {"Description": "custom-alias"}
    make("1_1", "1", **described, RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}})
    arn = f"{made['FunctionArn']}:aliasname1_1"
    record.replay("get_function_alias_1_1", functions.get_function, **FUNCTION, Qualifier="aliasname1_1")
    record.replay("get_function_byarn_alias_1_1", functions.get_function, FunctionName=arn)
    step = "get_function_alias_notfound_exc"
    record.replay(step, functions.get_function, **FUNCTION, Qualifier="aliasdoesnotexist")
    other = arn.replace("aliasname1_1", "aliasdoesnotexist")
    record.replay("get_function_alias_byarn_notfound_exc", functions.get_function, FunctionName=other)
    make("1_2", "1", **described)
    make("1_3", "1")
    make("2", "2", **described)
    pages = functions.get_paginator("list_aliases").paginate(**FUNCTION, PaginationConfig={"PageSize": 1})
    record.check("list_aliases_for_fnname", pages.build_full_result())
    first, second = {"Name": "aliasname1_1"}, {"Name": "aliasname1_2"}
    nowhere_else = {"RoutingConfig": {"AdditionalVersionWeights": {}}}
    record.replay("update_alias_1_1", functions.update_alias, **FUNCTION, **first, **nowhere_else)
    record.replay("get_alias_1_1_after_update", functions.get_alias, **FUNCTION, **first)
    record.replay("list_aliases_for_fnname_after_update", functions.list_aliases, **FUNCTION)
    record.replay("update_alias_1_2", functions.update_alias, **FUNCTION, **second)
    record.replay("get_alias_1_2_after_update", functions.get_alias, **FUNCTION, **second)
    record.replay("list_aliases_for_fnname_after_update_2", functions.list_aliases, **FUNCTION)
    record.replay("list_aliases_for_version", functions.list_aliases, **FUNCTION, FunctionVersion="1")
    record.replay("delete_alias_response", functions.delete_alias, **FUNCTION, **first)
    record.replay("list_aliases_for_fnname_afterdelete", functions.list_aliases, **FUNCTION)


def test_bad_aliases_are_refused(client, role):
    functions = client("lambda", parameter_validation=False)
    record = record_of("TestLambdaAlias::test_notfound_and_invalid_routingconfigs")
    record.check("create_response", create(functions, role, Handler="index.handler", Publish=True, **STAGING))
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    record.replay("publish_v1", functions.publish_version, **FUNCTION)
    functions.update_function_configuration(**FUNCTION, **PROD)
    updated(functions)
    record.replay("publish_v2", functions.publish_version, **FUNCTION)
    for step, version, weights in (
        ("routing_config_exc_toomany", "1", {"1": 0.8, "2": 0.2}),
        ("routing_config_exc_toohigh", "1", {"2": 2}),
        ("routing_config_exc_subzero", "1", {"2": -1}),
        ("routing_config_exc_sameversion", "1", {"1": 0.5}),
        ("target_version_doesnotexist", "10", {"2": 0.5}),
        ("routing_config_exc_version_doesnotexist", "1", {"10": 0.5}),
        ("target_version_exc_version_latest", "$LATEST", {"1": 0.5}),
        ("routing_config_exc_version_latest", "1", {"$LATEST": 0.5}),
    ):
        routing = {"AdditionalVersionWeights": weights}
        alias = {"Name": "custom", "FunctionVersion": version, "RoutingConfig": routing}
        record.replay(step, functions.create_alias, **FUNCTION, **alias)
    latest = {"Name": "custom-latest", "FunctionVersion": "$LATEST"}
    record.replay("create-alias-latest", functions.create_alias, **FUNCTION, **latest)
    alias = {
        "Name": "custom",
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}},
    }
    unknown = {"FunctionName": "function-unknown"}
    record.replay("routing_config_exc_fn_doesnotexist", functions.create_alias, **unknown, **alias)
    empty = {**alias, "Name": "custom-empty-routingconfig", "RoutingConfig": {"AdditionalVersionWeights": {}}}
    record.replay("create_alias_empty_routingconfig", functions.create_alias, **FUNCTION, **empty)
    record.replay("create_alias_response", functions.create_alias, **FUNCTION, **alias)
    record.replay("routing_config_exc_already_exist", functions.create_alias, **FUNCTION, **alias)
    record.replay("alias_does_not_exist_esc", functions.get_alias, **FUNCTION, Name="non-existent")


def test_names_of_aliases(functions, role):
    record = record_of("TestLambdaAlias::test_alias_naming")
    record.check("create_response", create(functions, role, Handler="index.handler", **STAGING))
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    record.replay("publish_v1", functions.publish_version, **FUNCTION)
    alias = {"FunctionVersion": "1", "Description": "custom-alias"}
    record.replay("create_alias_date", functions.create_alias, **FUNCTION, Name="2024-01-02", **alias)
    record.replay("get_alias_date", functions.get_alias, **FUNCTION, Name="2024-01-02")
    record.replay("create_alias_number_exception", functions.create_alias, **FUNCTION, Name="2024", **alias)


@pytest.mark.parametrize("change", ["delete", "update"])
def test_alias_that_is_not_there(functions, role, change):
    verb = {"delete": "deletion", "update": "update"}[change]
    record = record_of(f"TestLambdaAlias::test_non_existent_alias_{verb}")
    record.check("create_response", create(functions, role, Handler="index.handler", **STAGING))
    call = {"delete": functions.delete_alias, "update": functions.update_alias}[change]
    record.replay(f"{change}_alias_response", call, **FUNCTION, Name="non-existent")


def test_revisions_of_a_function(functions, role):
    record = record_of("TestLambdaRevisions::test_function_revisions_basic")
    common = {"Handler": "index.handler", "Timeout": 30, "Environment": {"Variables": {}}}
    record.check("create_function_response_rev1", create(functions, role, **common))
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    got = record.replay("get_function_response_rev2", functions.get_function, **FUNCTION)
    update, code = functions.update_function_code, {"ZipFile": CODE}
    record.replay("update_function_revision_exception", update, **FUNCTION, **code, RevisionId="wrong")
    revision = {"RevisionId": got["Configuration"]["RevisionId"]}
    record.replay("update_function_code_response_rev3", update, **FUNCTION, **code, **revision)
    updated(functions)
    got = record.replay("get_function_response_rev4", functions.get_function, **FUNCTION)
    update, runtime = functions.update_function_configuration, {"Runtime": "python3.8"}
    step = "update_function_configuration_revision_exception"
    record.replay(step, update, **FUNCTION, **runtime, RevisionId="wrong")
    revision = {"RevisionId": got["Configuration"]["RevisionId"]}
    record.replay("update_function_configuration_response_rev5", update, **FUNCTION, **runtime, **revision)
    updated(functions)
    record.replay("get_function_response_rev6", functions.get_function, **FUNCTION)


def test_revisions_of_versions_and_aliases(functions, role):
    record = record_of("TestLambdaRevisions::test_function_revisions_version_and_alias")
    common = {"Timeout": 30, "Environment": {"Variables": {}}}
    record.check("create_function_response_rev1", create(functions, role, **common))
    functions.get_waiter("function_active_v2").wait(**FUNCTION, WaiterConfig={"Delay": 0})
    get, publish = functions.get_function, functions.publish_version
    got = record.replay("get_function_active_rev2", get, **FUNCTION)
    record.replay("publish_version_revision_exception", publish, **FUNCTION, RevisionId="wrong")
    revision = {"RevisionId": got["Configuration"]["RevisionId"]}
    record.replay("publish_version_response_rev_v1", publish, **FUNCTION, **revision)
    record.replay("get_function_published_version_rev_v2", get, **FUNCTION, Qualifier="1")
    record.replay("get_function_latest_rev3", get, **FUNCTION)
    alias = {"Name": "revision_alias"}
    made = record.replay(
        "create_alias_response_rev_a1", functions.create_alias, **FUNCTION, **alias, FunctionVersion="1"
    )
    record.replay("get_function_latest_rev4", get, **FUNCTION)
    record.replay("get_function_published_version_rev_v3", get, **FUNCTION, Qualifier="1")
    update = functions.update_alias
    record.replay("update_alias_revision_exception", update, **FUNCTION, **alias, RevisionId="wrong")
    changed = {"Description": "something changed", "RevisionId": made["RevisionId"]}
    record.replay("update_alias_response_rev_a2", update, **FUNCTION, **alias, **changed)


def test_a_policy_has_revisions_of_its_own(functions, role):
    record = record_of("TestLambdaRevisions::test_function_revisions_permissions")
    make_function(functions, role)
    before = functions.get_function_configuration(**FUNCTION)["RevisionId"]
    statement = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    add = functions.add_permission
    record.replay("add_permission_revision_exception", add, **FUNCTION, **statement, RevisionId="wrong")
    add(**FUNCTION, **statement)
    assert functions.get_policy(**FUNCTION)["RevisionId"] != before
    assert functions.get_function_configuration(**FUNCTION)["RevisionId"] == before
