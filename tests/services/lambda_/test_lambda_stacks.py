"""Templates with Lambda's types, made, changed in place and deleted by CloudFormation."""

from __future__ import annotations

import copy
import json

import pytest
from lambda_functions import invoke, make_role, refusal

from cloud_functions import allow

SOURCE = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def deploy(client):
    """Creates, changes or deletes the stack, and waits for it."""
    cloudformation = client("cloudformation")

    def run(verb, template=None):
        body = {"TemplateBody": json.dumps(template)} if template else {}
        call = getattr(cloudformation, f"{verb}_stack")
        call(StackName="stack", Capabilities=["CAPABILITY_IAM"], **body) if template else call(
            StackName="stack"
        )
        waiter = cloudformation.get_waiter(f"stack_{verb}_complete")
        waiter.wait(StackName="stack", WaiterConfig={"Delay": 0, "MaxAttempts": 2000})
        if verb == "delete":
            return {}
        outputs = cloudformation.describe_stacks(StackName="stack")["Stacks"][0].get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}

    return run


def function(role, **more):
    code = {"Code": {"ZipFile": SOURCE}, "Runtime": "python3.12", "Handler": "index.handler", "Role": role}
    return {"Type": "AWS::Lambda::Function", "Properties": {**code, "FunctionName": "made", **more}}


def output(**values):
    return {name: {"Value": value} for name, value in values.items()}


def test_settings_of_functions_change_in_place(client, functions, deploy, account):
    role = make_role(client("iam"), "all", allow("*"))
    functions_queue = f"arn:aws:sqs:us-east-1:{account}:dead"
    own = {
        "DeadLetterConfig": {"TargetArn": functions_queue},
        "RecursiveLoop": "Allow",
        "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "CodeSigningConfigArn": {"Ref": "Signing"},
    }
    signing = {
        "Type": "AWS::Lambda::CodeSigningConfig",
        "Properties": {
            "AllowedPublishers": {
                "SigningProfileVersionArns": [f"arn:aws:signer:us-east-1:{account}:/signing-profiles/test"]
            },
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    }
    template = {
        "Resources": {"Function": function(role, **own), "Signing": signing},
        "Outputs": output(Id={"Fn::GetAtt": ["Signing", "CodeSigningConfigId"]}),
    }
    made = deploy("create", template)
    told = functions.get_function_configuration(FunctionName="made")
    assert told["DeadLetterConfig"] == {"TargetArn": functions_queue}
    assert told["VpcConfig"]["SubnetIds"] == ["subnet-1"]
    assert functions.get_function_recursion_config(FunctionName="made")["RecursiveLoop"] == "Allow"
    assert functions.get_runtime_management_config(FunctionName="made")["UpdateRuntimeOn"] == "FunctionUpdate"
    arn = functions.get_function_code_signing_config(FunctionName="made")["CodeSigningConfigArn"]
    assert arn.endswith(made["Id"])

    changed = copy.deepcopy(template)
    changed["Resources"]["Function"] = function(role)
    changed["Resources"]["Signing"]["Properties"]["Description"] = "other"
    changed["Resources"]["Signing"]["Properties"]["Tags"] = [{"Key": "b", "Value": "2"}]
    assert deploy("update", changed) == made
    told = functions.get_function_configuration(FunctionName="made")
    assert "DeadLetterConfig" not in told
    assert told["VpcConfig"]["SubnetIds"] == []
    assert functions.get_function_recursion_config(FunctionName="made")["RecursiveLoop"] == "Terminate"
    assert functions.get_runtime_management_config(FunctionName="made")["UpdateRuntimeOn"] == "Auto"
    assert "CodeSigningConfigArn" not in functions.get_function_code_signing_config(FunctionName="made")
    config = functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert config["Description"] == "other"
    tags = functions.list_tags(Resource=arn)["Tags"]
    assert {key: value for key, value in tags.items() if not key.startswith("aws:")} == {"b": "2"}
    deploy("delete")
    assert functions.list_code_signing_configs()["CodeSigningConfigs"] == []


def test_urls_and_ready_environments_change_in_place(functions, role, deploy):
    kind = "import os\nkind = os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    kind += "def handler(event, context):\n    return kind\n"
    named = {"FunctionName": {"Ref": "Function"}}
    alias = {
        **named,
        "Name": "live",
        "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
    }
    url = {
        "TargetFunctionArn": {"Ref": "Function"},
        "Qualifier": "live",
        "AuthType": "AWS_IAM",
        "Cors": {"AllowOrigins": ["*"], "AllowCredentials": "true", "MaxAge": "60"},
    }
    permission = {
        "FunctionName": {"Ref": "Alias"},
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
        "InvokedViaFunctionUrl": True,
    }
    template = {
        "Resources": {
            "Function": function(role, Code={"ZipFile": kind}),
            "Version": {"Type": "AWS::Lambda::Version", "Properties": named},
            "Alias": {"Type": "AWS::Lambda::Alias", "Properties": alias},
            "Url": {"Type": "AWS::Lambda::Url", "DependsOn": "Alias", "Properties": url},
            "Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
        },
        "Outputs": output(
            Url={"Fn::GetAtt": ["Url", "FunctionUrl"]}, Arn={"Fn::GetAtt": ["Url", "FunctionArn"]}
        ),
    }
    made = deploy("create", template)
    live = {"FunctionName": "made", "Qualifier": "live"}
    told = functions.get_function_url_config(**live)
    assert (told["FunctionUrl"], told["FunctionArn"]) == (made["Url"], made["Arn"])
    assert told["Cors"] == {"AllowOrigins": ["*"], "AllowCredentials": True, "MaxAge": 60}
    assert functions.get_provisioned_concurrency_config(**live)["Status"] == "READY"
    assert invoke(functions, "made", Qualifier="live") == "provisioned-concurrency"
    statement = json.loads(functions.get_policy(**live)["Policy"])["Statement"][0]
    assert statement["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}

    del alias["ProvisionedConcurrencyConfig"], url["Cors"]
    url["AuthType"] = "NONE"
    assert deploy("update", template) == made
    told = functions.get_function_url_config(**live)
    assert told["AuthType"] == "NONE"
    assert "Cors" not in told
    gone = refusal(functions.get_provisioned_concurrency_config, **live)["Error"]["Code"]
    assert gone == "ProvisionedConcurrencyConfigNotFoundException"
    deploy("delete")
    assert functions.list_functions()["Functions"] == []
