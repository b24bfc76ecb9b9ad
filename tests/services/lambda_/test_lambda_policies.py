"""Resource policies of functions and layers, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import create, refusal, zip_of
from lambda_records import Record

INDEX = zip_of(index__py="def handler(event, context):\n    return event\n")


def test_policies(functions, role, account):
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


def test_policies_of_layers(functions):
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
