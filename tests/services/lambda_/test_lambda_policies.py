"""Resource policies of functions and layers, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import create, refusal, zip_of
from lambda_records import Record

INDEX = zip_of(index__py="def handler(event, context):\n    return event\n")


def test_policies(client, functions, role, account):
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
    user = client("iam").create_user(UserName="somebody")["User"]["Arn"]
    of_user = {"StatementId": "user-arn", "Principal": user, "SourceAccount": account}
    record.check("add_permission_principal_arn", functions.add_permission(**common, **of_user))
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


def test_policies_of_layers(functions):
    record = Record("test_lambda_api", "TestLambdaLayer::test_layer_policy_lifecycle")
    what = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}
    publish = functions.publish_layer_version
    record.replay("publish_result", publish, LayerName="layer", Content={"ZipFile": INDEX}, **what)
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
