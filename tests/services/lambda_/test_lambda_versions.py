"""Versions and aliases, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import OTHER_CODE, active, create, zip_of
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


def test_publishing_another_revision_is_refused(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_publish_with_wrong_revisionid")
    create(functions, role)
    active(functions)
    publish, function = functions.publish_version, {"FunctionName": "function"}
    record.replay("publish_wrong_revisionid_exc", publish, **function, RevisionId="wrong")
    revision = functions.get_function_configuration(**function)["RevisionId"]
    assert publish(**function, RevisionId=revision)["Version"] == "1"


def test_publishing_other_code_is_refused(functions, role):
    record = Record("test_lambda_api", "TestLambdaVersions::test_publish_with_wrong_sha256")
    publish, function = functions.publish_version, {"FunctionName": "function"}
    made = create(functions, role, Handler="index.handler", Code={"ZipFile": INDEX})
    record.check("create_response", made)
    active(functions)
    record.replay("get_fn_response", functions.get_function, **function)
    record.replay("publish_wrong_sha256_exc", publish, **function, CodeSha256="somenonexistentsha256")
    record.replay("publish_result", publish, **function, CodeSha256=made["CodeSha256"])


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
