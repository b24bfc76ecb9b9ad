"""Tags, policies, asynchronous settings, concurrency, logging and recursion as AWS answered them."""

from __future__ import annotations

import pytest
from lambda_functions import active, create, make_role, updated, zip_of
from lambda_records import record_of

NAME = "asked"
FUNCTION = {"FunctionName": NAME}
EMPTY = {"Environment": {"Variables": {}}, "Timeout": 30}
"""What the recorded runs gave where they do not say it."""
QUICK = {**EMPTY, "Timeout": 5, "MemorySize": 256}
ECHO_NODE = zip_of(lambda_handler__js="exports.handler = async (event) => event")


def arn_of(account, name=NAME):
    return f"arn:aws:lambda:us-east-1:{account}:function:{name}"


def ready(functions, role, **more):
    create(functions, role, NAME, **EMPTY, **more)
    active(functions, NAME)


# --- tags


def test_tags_given_to_a_new_function(functions, role, account):
    record = record_of("TestLambdaTag::test_create_tag_on_fn_create", custom_tag="own")
    ready(functions, role, Tags={"testtag": "own"})
    record.replay("get_function_result", functions.get_function, **FUNCTION)
    record.replay("list_tags_result", functions.list_tags, Resource=arn_of(account))


@pytest.mark.parametrize("test", ["test_tag_lifecycle", "test_tag_lifecycle[lambda_function]"])
def test_tags_come_and_go(functions, role, account, test):
    record = record_of(f"TestLambdaTag::{test}")
    ready(functions, role)
    resource = {"Resource": arn_of(account)}

    def step(name, call, **what):
        record.replay(f"{name}_response", call, **resource, **what)
        record.replay(f"{name}_response_listtags", functions.list_tags, **resource)

    step("tag_single", functions.tag_resource, Tags={"A": "tag-a"})
    step("tag_multiple", functions.tag_resource, Tags={"B": "tag-b", "C": "tag-c"})
    step("tag_overlap", functions.tag_resource, Tags={"C": "tag-c-newsuffix", "D": "tag-d"})
    step("untag_single", functions.untag_resource, TagKeys=["A"])
    step("untag_multiple", functions.untag_resource, TagKeys=["B", "C"])
    step("untag_nonexisting", functions.untag_resource, TagKeys=["F"])
    step("untag_existing_and_nonexisting", functions.untag_resource, TagKeys=["D", "F"])


def test_tags_are_told_with_the_function(functions, role, account):
    record = record_of("TestLambdaTags::test_tag_lifecycle")
    ready(functions, role, Tags={"key_a": "value_a"})
    resource = {"Resource": arn_of(account)}

    def told(when):
        record.replay(f"list_tags_response_{when}", functions.list_tags, **resource)
        record.replay(f"get_fn_response_{when}", functions.get_function, **FUNCTION)

    told("postfncreate")
    more = {f"key_{letter}": f"value_{letter}" for letter in "bcde"}
    record.replay("tag_resource_response", functions.tag_resource, **resource, Tags=more)
    told("postaddtags")
    other = {"key_b": "value_b", "key_c": "value_x"}
    record.replay("tag_resource_overwrite", functions.tag_resource, **resource, Tags=other)
    told("overwrite")
    functions.untag_resource(**resource, TagKeys=["key_c", "key_d"])
    told("postuntag")
    functions.untag_resource(**resource, TagKeys=["key_a", "key_b", "key_e"])
    told("postuntagall")
    functions.delete_function(**FUNCTION)
    record.replay("list_tags_postdelete", functions.list_tags, **resource)


def test_tags_of_what_is_not_there(functions, role, account):
    record = record_of("TestLambdaTag::test_tag_nonexisting_resource")
    ready(functions, role)
    resource = {"Resource": arn_of(account)}
    record.replay("pre_delete_get_function", functions.get_function, FunctionName=arn_of(account))
    functions.delete_function(**FUNCTION)
    record.replay("not_found_exception_tag", functions.tag_resource, **resource, Tags={"A": "B"})
    record.replay("not_found_exception_untag", functions.untag_resource, **resource, TagKeys=["A"])
    record.replay("not_found_exception_list", functions.list_tags, **resource)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("function", "nobody"),
        ("event-source-mapping", "c3ae4c3b-5d1a-4a4b-8b4e-2f0c7a9a1d11"),
        ("capacity-provider", "nobody"),
    ],
)
def test_tags_of_kinds_of_resources(functions, account, kind, name):
    test = {"function": "lambda_function"}.get(kind, kind.replace("-", "_"))
    record = record_of(f"TestLambdaTag::test_tag_exceptions[{test}]", resource_name=name)
    resource = {"Resource": f"arn:aws:lambda:us-east-1:{account}:{kind}:{name}"}
    record.replay("not_found_exception_tag", functions.tag_resource, **resource, Tags={"A": "B"})
    record.replay("not_found_exception_untag", functions.untag_resource, **resource, TagKeys=["A"])
    record.replay("not_found_exception_list", functions.list_tags, **resource)


def test_versions_have_no_tags(functions, role, account):
    record = record_of("TestLambdaTags::test_tag_versions")
    ready(functions, role, Publish=True)
    for step, qualifier in (("tag_resource_exception", "1"), ("tag_resource_latest_exception", "$LATEST")):
        resource = {"Resource": f"{arn_of(account)}:{qualifier}"}
        record.replay(step, functions.tag_resource, **resource, Tags={"key_b": "value_b"})


# --- policies


def statement(sid="s3", principal="s3.amazonaws.com", **more):
    return {"StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal, **more}


FROM_BUCKET = statement(SourceArn="arn:aws:s3:::test-bucket")


def test_bad_statements_are_refused(functions, role, account):
    record = record_of("TestLambdaPermissions::test_permission_exceptions", function_name=NAME)
    ready(functions, role)
    add, get, remove = functions.add_permission, functions.get_policy, functions.remove_permission
    nobody = {"FunctionName": "doesnotexist"}
    record.replay("add_permission_invalid_statement_id", add, **FUNCTION, **statement("example.com"))
    mismatch = {"FunctionName": f"{NAME}:alias-not-42", "Qualifier": "42"}
    record.replay("add_permission_fn_qualifier_mismatch", add, **mismatch, **FROM_BUCKET)
    latest = {"FunctionName": f"{NAME}:$LATEST", "Qualifier": "$LATEST"}
    record.replay("add_permission_fn_qualifier_latest", add, **latest, **FROM_BUCKET)
    invalid = statement("lambda", "invalid.nonaws.com", SourceAccount=account)
    record.replay("add_permission_principal_invalid", add, **FUNCTION, **invalid)
    record.replay("get_policy_fn_doesnotexist", get, **nobody)
    record.replay("get_policy_fn_version_doesnotexist", get, **FUNCTION, Qualifier="77")
    record.replay("add_permission_fn_doesnotexist", add, **nobody, **FROM_BUCKET)
    record.replay("remove_permission_policy_doesnotexist", remove, **FUNCTION, StatementId="s3")
    alias = {"FunctionName": f"{NAME}:alias-doesnotexist"}
    record.replay("add_permission_fn_alias_doesnotexist", add, **alias, **FROM_BUCKET)
    for step, qualifier in (
        ("version_doesnotexist", "42"),
        ("qualifier_invalid", "invalid-qualifier-with-?-char"),
        ("qualifier_valid_doesnotexist", "valid-with-$-but-doesnotexist"),
    ):
        record.replay(f"add_permission_fn_{step}", add, **FUNCTION, **FROM_BUCKET, Qualifier=qualifier)
    add(**FUNCTION, **FROM_BUCKET)
    record.replay("add_permission_conflicting_statement_id", add, **FUNCTION, **FROM_BUCKET)
    record.replay("remove_permission_fn_doesnotexist", remove, **nobody, StatementId="s3")
    step = "remove_permission_fn_alias_doesnotexist"
    record.replay(step, remove, **FUNCTION, StatementId="s3", Qualifier="alias-doesnotexist")


def test_a_policy_with_one_statement(functions, role):
    record = record_of("TestLambdaPermissions::test_add_lambda_permission_aws")
    record.check("create_lambda", create(functions, role, NAME, **EMPTY))
    active(functions, NAME)
    record.replay("add_permission", functions.add_permission, **FUNCTION, **FROM_BUCKET)
    record.replay("get_policy", functions.get_policy, **FUNCTION)


def test_a_policy_with_two_statements(functions, role):
    record = record_of("TestLambdaPermissions::test_create_multiple_lambda_permissions")
    ready(functions, role)
    for number, service in enumerate(("logs", "kinesis"), 1):
        more = statement(service, f"{service}.amazonaws.com")
        record.replay(f"add_permission_response_{number}", functions.add_permission, **FUNCTION, **more)
    record.replay("policy_after_2_add", functions.get_policy, **FUNCTION)


def test_policies_of_versions_and_aliases(functions, role):
    record = record_of("TestLambdaPermissions::test_lambda_permission_fn_versioning")
    ready(functions, role)
    add, get = functions.add_permission, functions.get_policy
    record.replay("add_permission", add, **FUNCTION, **FROM_BUCKET)
    record.replay("get_policy", get, **FUNCTION)
    record.replay("publish_version_result", functions.publish_version, **FUNCTION)
    record.replay("get_function_result_after_publishing", functions.get_function, **FUNCTION)
    record.replay("get_policy_after_publishing_latest", get, **FUNCTION)
    record.replay("get_policy_after_publishing_new_version", get, **FUNCTION, Qualifier="1")
    add(FunctionName=f"{NAME}:1", Qualifier="1", **FROM_BUCKET)
    record.replay("get_policy_version", get, **FUNCTION, Qualifier="1")
    alias = {"Name": "permission-alias"}
    record.replay("create_alias_response", functions.create_alias, **FUNCTION, **alias, FunctionVersion="1")
    record.replay("get_alias", functions.get_alias, **FUNCTION, **alias)
    on_alias = {**FUNCTION, "Qualifier": "permission-alias"}
    record.replay(
        "add_permission_alias_revision_exception", add, **on_alias, **FROM_BUCKET, RevisionId="wrong"
    )
    add(**on_alias, **FROM_BUCKET)
    record.replay("get_policy_alias", get, **on_alias)
    got = record.replay("get_policy_after_adding_to_new_version", get, **FUNCTION)
    add(**FUNCTION, **{**FROM_BUCKET, "StatementId": "s3_2"}, RevisionId=got["RevisionId"])
    record.replay("get_policy_after_adding_2", get, **FUNCTION)


# --- asynchronous events


def test_settings_of_asynchronous_events(client, account):
    role = make_role(client("iam"), "runner", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    functions = client("lambda", parameter_validation=False)
    record = record_of("TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions")
    put, update = functions.put_function_event_invoke_config, functions.update_function_event_invoke_config
    get, delete = functions.get_function_event_invoke_config, functions.delete_function_event_invoke_config
    ready(functions, role)
    create(functions, role, "other", **EMPTY)
    active(functions, "other")
    record.replay("fn_version_result", functions.publish_version, **FUNCTION)
    alias = {"Name": "eventinvokealias", "FunctionVersion": "1"}
    record.replay("fn_alias_result", functions.create_alias, **FUNCTION, **alias)
    once, nobody = {"MaximumRetryAttempts": 1}, {"FunctionName": "doesnotexist"}
    record.replay("put_functionname_name_notfound", put, **nobody, **once)
    record.replay("put_functionname_arn_notfound", put, FunctionName=arn_of(account, "doesnotexist"), **once)
    record.replay("put_functionname_nootherargs", put, **nobody)

    def destined(step, on="OnSuccess", **destination):
        record.replay(f"put_destination_{step}", put, **FUNCTION, DestinationConfig={on: destination})

    destined("lambda_doesntexist", Destination=arn_of(account, "doesnotexist"))
    destined("recursive", Destination=arn_of(account))
    destined("other_lambda", Destination=arn_of(account, "other"))
    destined("invalid_service_arn", Destination=arn_of(account).replace(":lambda:", ":iam:"))
    destined("success_no_destination_arn")
    destined("failure_no_destination_arn", "OnFailure")
    malformed = arn_of(account).replace(":lambda:", ":_-/!lambda:")
    destined("invalid_arn_pattern", "OnFailure", Destination=malformed)

    record.replay("put_destination_latest", put, **FUNCTION, **once)
    record.replay("put_destination_latest_explicit_qualifier", put, **FUNCTION, Qualifier="$LATEST", **once)
    record.replay("put_destination_version", put, **FUNCTION, Qualifier="1", **once)
    by_arn, short = (
        {"FunctionName": f"{arn_of(account)}:eventinvokealias"},
        {"FunctionName": f"{NAME}:eventinvokealias"},
    )
    own, missing = {"Qualifier": "eventinvokealias"}, {"Qualifier": "eventinvokealiasdoesnotexist"}
    record.replay("put_alias_functionname_qualifier", put, **FUNCTION, **own, **once)
    record.replay("put_alias_doesnotexist", put, **FUNCTION, **missing, **once)
    for step, name, qualifier in (
        ("alias_qualifiedarn", by_arn, {}),
        ("alias_qualifiedarn_qualifier", by_arn, own),
        ("alias_qualifiedarn_qualifierconflict", by_arn, missing),
        ("alias_shorthand", short, {}),
        ("alias_shorthand_qualifier", short, own),
        ("alias_shorthand_qualifierconflict", short, missing),
        ("version_shorthand", {"FunctionName": f"{NAME}:1"}, {}),
        ("shorthand_qualifier_match", {"FunctionName": f"{NAME}:$LATEST"}, {"Qualifier": "$LATEST"}),
        ("shorthand_qualifier_mismatch_1", {"FunctionName": f"{NAME}:1"}, {"Qualifier": "$LATEST"}),
        ("shorthand_qualifier_mismatch_2", {"FunctionName": f"{NAME}:$LATEST"}, {"Qualifier": "1"}),
        ("shorthand_qualifier_mismatch_3", {"FunctionName": f"{NAME}:1"}, own),
    ):
        record.replay(f"put_{step}", put, **name, **qualifier, **once)

    most = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600}
    record.replay("put_maxevent_maxvalue_result", put, **FUNCTION, **most)
    both, never = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}, {"MaximumRetryAttempts": 0}
    record.replay("put_pre_overwrite", put, **FUNCTION, **both)
    record.replay("put_post_overwrite", put, **FUNCTION, **never)
    record.replay("second_overwrite_existing_response", put, **FUNCTION, **never)
    record.replay("get_post_overwrite", get, **FUNCTION)
    record.replay("pre_update_response", put, **FUNCTION, **both)
    record.replay("update_response", update, **FUNCTION, **never)
    record.replay("update_response_existing", update, **FUNCTION, **never)
    listed = functions.list_function_event_invoke_configs
    record.replay("list_configs", listed, **FUNCTION)
    assert len(listed(**FUNCTION, MaxItems=2)["FunctionEventInvokeConfigs"]) == 2
    record.replay("delete_latest", delete, **FUNCTION, Qualifier="$LATEST")
    record.replay("delete_version", delete, **FUNCTION, Qualifier="1")
    record.replay("delete_alias", delete, **FUNCTION, **own)
    record.replay("list_configs_postdelete", listed, **FUNCTION)
    record.replay("delete_function_not_found", delete, **FUNCTION)
    record.replay("delete_function_doesnotexist", delete, **nobody)
    record.replay("list_function_doesnotexist", listed, **nobody)
    record.replay("get_function_doesnotexist", get, **nobody)
    record.replay("get_qualifier_doesnotexist", get, **FUNCTION, Qualifier="doesnotexist")
    record.replay("update_eventinvokeconfig_function_doesnotexist", update, **nobody, **never)
    record.replay("get_eventinvokeconfig_doesnotexist", get, **by_arn)
    step = "update_eventinvokeconfig_config_doesnotexist"
    record.replay(f"{step}_with_qualifier", update, **by_arn, **never)
    record.replay(f"{step}_without_qualifier", update, FunctionName=arn_of(account), **never)


# --- concurrency


def test_bad_reserved_concurrency(functions, role, account):
    record = record_of("TestLambdaReservedConcurrency::test_function_concurrency_exceptions")
    put, step = functions.put_function_concurrency, "put_function_concurrency_with"
    nobody = {"FunctionName": "doesnotexist"}
    record.replay(f"{step}_function_name_doesnotexist", put, **nobody, ReservedConcurrentExecutions=1)
    whole = f"{step}_function_name_doesnotexist_and_invalid_concurrency"
    record.replay(whole, put, **nobody, ReservedConcurrentExecutions=0)
    ready(functions, role)
    latest = {"FunctionName": f"{arn_of(account)}:$LATEST"}
    record.replay(f"{step}_qualified_arn", put, **latest, ReservedConcurrentExecutions=0)


@pytest.mark.parametrize(
    ("step", "count"), [("account_limit_exceeded", 1001), ("below_unreserved_min_value", 1000)]
)
def test_reserved_concurrency_leaves_some_for_others(functions, role, step, count):
    record = record_of(
        "TestLambdaReservedConcurrency::test_function_concurrency_limits",
        min_unreserved_concurrency="100",
    )
    ready(functions, role)
    put = functions.put_function_concurrency
    record.replay(f"put_function_concurrency_{step}", put, **FUNCTION, ReservedConcurrentExecutions=count)


def test_settings_of_recursion(functions, role):
    ready(functions, role)
    default = record_of("TestLambdaRecursion::test_put_function_recursion_config_default_terminate")
    get, put = functions.get_function_recursion_config, functions.put_function_recursion_config
    default.replay("get_recursion_default_terminate_response", get, **FUNCTION)
    allowed = record_of("TestLambdaRecursion::test_put_function_recursion_config_allow")
    allowed.replay("put_recursion_config_response", put, **FUNCTION, RecursiveLoop="Allow")
    allowed.replay("get_recursion_config_response", get, **FUNCTION)
    invalid = record_of("TestLambdaRecursion::test_put_function_recursion_config_invalid_value")
    invalid.replay("put_recursion_invalid_value_error", put, **FUNCTION, RecursiveLoop="InvalidValue")


# --- logging


def test_structured_logs(functions, role):
    record = record_of("TestLoggingConfig::test_function_advanced_logging_configuration")
    made = create(functions, role, NAME, **QUICK, LoggingConfig={"LogFormat": "JSON"})
    record.check("create_response", made)
    _told(functions, record)
    update = functions.update_function_configuration
    record.replay("updated_config", update, **FUNCTION, LoggingConfig={"LogGroup": "cool_lambda"})
    updated(functions, NAME)
    record.replay("received_config", functions.get_function_configuration, **FUNCTION)


@pytest.mark.parametrize(
    ("index", "partial"),
    [
        (0, {"LogFormat": "JSON"}),
        (1, {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}),
        (2, {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}),
        (3, {"LogGroup": "cool_lambda"}),
    ],
)
def test_changed_logs(functions, role, index, partial):
    test = "TestLoggingConfig::test_function_partial_advanced_logging_configuration_update"
    record = record_of(f"{test}[partial_config{index}]")
    record.check("create_response", create(functions, role, NAME, **QUICK))
    _told(functions, record)
    record.replay(
        "updated_config", functions.update_function_configuration, **FUNCTION, LoggingConfig=partial
    )
    updated(functions, NAME)
    record.replay("received_config", functions.get_function_configuration, **FUNCTION)


def test_logs_change_their_form_and_back(functions, role):
    record = record_of("TestLoggingConfig::test_advanced_logging_configuration_format_switch")
    record.check("create_response", create(functions, role, NAME, **QUICK))
    _told(functions, record)
    update = functions.update_function_configuration
    record.replay("updated_config", update, **FUNCTION, LoggingConfig={"LogFormat": "JSON"})
    updated(functions, NAME)
    record.replay("received_config", functions.get_function_configuration, **FUNCTION)
    record.replay("updated_config_v2", update, **FUNCTION, LoggingConfig={"LogFormat": "Text"})
    updated(functions, NAME)
    record.replay("received_config_v2", functions.get_function_configuration, **FUNCTION)


def _told(functions, record):
    active(functions, NAME)
    record.replay("get_function_response", functions.get_function, **FUNCTION)
    record.replay("function_config", functions.get_function_configuration, **FUNCTION)
