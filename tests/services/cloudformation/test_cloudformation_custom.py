"""Custom resources: a function, made by the same stack, makes them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

CODE = """
import json, urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    answer = {
        "Status": properties.get("Status", "SUCCESS"),
        "Reason": "as the template wished",
        "PhysicalResourceId": "made-" + properties["Name"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Saw": json.dumps([event["RequestType"], event["ResourceType"], properties["Count"]])},
    }
    if event["RequestType"] == "Delete":
        answer["Status"] = "SUCCESS"
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).close()
"""


def template(**properties):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    function = {
        "Runtime": "python3.11",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": CODE},
        "Timeout": 20,
    }
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Made": {
                "Type": "Custom::Thing",
                "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Count": 3, **properties},
            },
        },
        "Outputs": {"Ref": {"Value": {"Ref": "Made"}}, "Saw": {"Value": {"Fn::GetAtt": ["Made", "Saw"]}}},
    }


@pytest.fixture
def deploys(deployer, server):
    """Deploys functions; skips where this machine runs none."""
    if "lambda" not in server.app.cloud.services:
        pytest.skip("this cloud has no Lambda")
    return deployer


def test_a_function_makes_changes_and_removes_a_custom_resource(deploys):
    capabilities = {"Capabilities": ["CAPABILITY_IAM"]}
    stack = deploys.create("app", template(Name="a"), **capabilities)
    assert stack["StackStatus"] == "CREATE_COMPLETE", deploys.events("app")
    assert deploys.outputs("app") == {"Ref": "made-a", "Saw": '["Create", "Custom::Thing", "3"]'}

    deploys.update("app", template(Name="b"), **capabilities)
    assert deploys.outputs("app") == {"Ref": "made-b", "Saw": '["Update", "Custom::Thing", "3"]'}
    assert ("Made", "DELETE_COMPLETE", "") in deploys.events("app")

    assert deploys.delete("app")["StackStatus"] == "DELETE_COMPLETE"


def test_a_function_that_says_failed_fails_the_stack(deploys):
    stack = deploys.create("app", template(Name="a", Status="FAILED"), Capabilities=["CAPABILITY_IAM"])
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(event[2] for event in deploys.events("app") if event[1] == "CREATE_FAILED")
    assert reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: as the template wished"
    )


def test_a_function_that_never_answers_is_not_waited_for_beyond_its_time(deploys):
    silent = template(Name="a", ServiceTimeout=5)
    silent["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] = "def handler(event, context): pass\n"
    silent["Resources"]["Made"]["DeletionPolicy"] = "Retain"
    deploys.cfn.create_stack(
        StackName="app", TemplateBody=json.dumps(silent), Capabilities=["CAPABILITY_IAM"]
    )
    assert deploys.rest("app", advancing=1)["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = next(event[2] for event in deploys.events("app") if event[1] == "CREATE_FAILED")
    assert reason.startswith("CloudFormation did not receive a response from your Custom Resource.")


@pytest.mark.parametrize("path", ["", "1/2/3", "123456789012/us-east-1/unknown/secret"])
def test_nobody_answers_for_a_function_without_the_secret(server, path):
    url = f"{server.endpoint}/_cloudformation/responses/{path}"
    request = urllib.request.Request(url, b'{"Status":"SUCCESS"}', method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403
    caught.value.close()
