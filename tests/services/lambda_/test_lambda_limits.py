"""What functions cannot have: limits, and what is not done here, each refused with its own words."""

from __future__ import annotations

import json

import pytest
from lambda_functions import CODE, active, create, make_function, refusal, updated
from lambda_records import Record

FUNCTION = {"FunctionName": "function"}
INVALID = "InvalidParameterValueException"


def test_networks_are_recorded_and_reported(functions, role):
    record = Record("test_lambda_api", "TestLambdaFunction::test_vpc_config", {"vpc_id": ""})
    own = {"MemorySize": 256, "Timeout": 5, "Environment": {"Variables": {}}}
    first = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    record.check("create_response", create(functions, role, VpcConfig=first, **own))
    active(functions)
    record.replay("get_function_response", functions.get_function, **FUNCTION)
    update = functions.update_function_configuration
    second = {"SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-2"]}
    record.replay("update_vpcconfig_update_response", update, **FUNCTION, VpcConfig=second)
    updated(functions)
    record.replay("update_vpcconfig_get_function_response", functions.get_function, **FUNCTION)
    none = {"SubnetIds": [], "SecurityGroupIds": []}
    record.replay("delete_vpcconfig_update_response", update, **FUNCTION, VpcConfig=none)
    updated(functions)
    record.replay("delete_vpcconfig_get_function_response", functions.get_function, **FUNCTION)


@pytest.mark.parametrize(
    ("test", "step", "known", "member"),
    [
        ("subnet", "create-response-invalid-format-subnet-id", "subnet_id_2", "SubnetIds"),
        (
            "security_group",
            "create-response-invalid-format-security-group",
            "security_group_id_2",
            "SecurityGroupIds",
        ),
    ],
)
def test_names_of_networks(functions, role, test, step, known, member):
    record = Record(
        "test_lambda_api", f"TestLambdaFunction::test_invalid_vpc_config_{test}", {known: "bad-1"}
    )
    config = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], member: ["bad-1"]}
    record.check(step, refusal(create, functions=functions, role=role, VpcConfig=config))


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("ImageConfig", {"Command": ["a"]}, "container images"),
        ("DurableConfig", {"ExecutionTimeout": 60}, "durable functions"),
        (
            "FileSystemConfigs",
            [
                {
                    "Arn": f"arn:aws:elasticfilesystem:us-east-1:{'1' * 12}:access-point/fsap-{'0' * 17}",
                    "LocalMountPath": "/mnt/files",
                }
            ],
            "file systems",
        ),
    ],
)
def test_what_is_not_done_is_refused_by_name(functions, role, member, value, words):
    error = refusal(create, functions=functions, role=role, **{member: value})["Error"]
    assert (error["Code"], words in error["Message"]) == (INVALID, True)


def test_images_are_refused_with_a_clear_word(functions, role):
    image = {"ImageUri": "111111111111.dkr.ecr.us-east-1.amazonaws.com/image:latest"}
    request = {"FunctionName": "function", "Role": role, "PackageType": "Image", "Code": image}
    error = refusal(functions.create_function, **request)["Error"]
    assert error["Code"] == INVALID
    assert "container images" in error["Message"]


def test_ways_of_publishing_that_are_not_done_are_refused(functions, role):
    make_function(functions, role)
    latest = {"PublishTo": "LATEST_PUBLISHED"}
    for call, more in (
        (functions.publish_version, {}),
        (functions.update_function_code, {"ZipFile": CODE}),
    ):
        assert refusal(call, **FUNCTION, **more, **latest)["Error"]["Code"] == INVALID


def test_policies_have_a_length(functions, role):
    make_function(functions, role)
    source = "arn:aws:s3:::" + "b" * 1000
    with pytest.raises(functions.exceptions.PolicyLengthExceededException) as caught:
        for number in range(20):
            functions.add_permission(
                **FUNCTION,
                StatementId=f"s{number}",
                Action="lambda:InvokeFunction",
                Principal="s3.amazonaws.com",
                SourceArn=source,
            )
    assert "is bigger than the limit (20480)." in caught.value.response["Error"]["Message"]


def test_the_kind_of_a_url_is_for_urls_only(functions, role):
    make_function(functions, role)
    error = refusal(
        functions.add_permission,
        **FUNCTION,
        StatementId="url",
        Action="lambda:InvokeFunction",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )["Error"]
    assert error == {
        "Code": INVALID,
        "Message": "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
    }


@pytest.mark.unverified("these operations are younger than what can be looked up of them but the model")
def test_a_policy_as_one_document(functions, role, account):
    make_function(functions, role)
    resource = {"ResourceArn": f"arn:aws:lambda:us-east-1:{account}:function:function"}
    put, get = functions.put_resource_policy, functions.get_resource_policy
    assert refusal(get, **resource)["Error"]["Code"] == "ResourceNotFoundException"
    statement = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": resource["ResourceArn"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = put(**resource, Policy=document)
    assert json.loads(made["Policy"])["Statement"] == [statement]
    assert refusal(put, **resource, Policy="{}")["Error"]["Code"] == INVALID
    wrong = refusal(put, **resource, Policy=document, RevisionId=f"{made['RevisionId'][:-4]}0000")["Error"][
        "Code"
    ]
    assert wrong == "PreconditionFailedException"
    functions.remove_permission(**FUNCTION, StatementId="one")
    put(**resource, Policy=document)
    assert get(**resource)["RevisionId"] != made["RevisionId"]
    functions.delete_resource_policy(**resource)
    assert refusal(functions.get_policy, **FUNCTION)["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.unverified("the text for a role that is not there was not seen in a recorded answer")
def test_policies_let_in_only_roles_that_are_there(functions, role, account):
    make_function(functions, role)
    statement = {**FUNCTION, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    nobody = f"arn:aws:iam::{account}:role/nobody"
    assert refusal(functions.add_permission, **statement, Principal=nobody)["Error"]["Code"] == INVALID
    functions.add_permission(**statement, Principal=role)
    elsewhere = nobody.replace(account, "123456789012")
    functions.add_permission(**{**statement, "StatementId": "two"}, Principal=elsewhere)
