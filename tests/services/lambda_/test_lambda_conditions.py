"""What IAM is told of requests to Lambda, so that policies can depend on it.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from __future__ import annotations

import json

import pytest
from lambda_functions import create, make_function, make_role

from cloud_functions import zipped

FUNCTION = {"FunctionName": "function"}
PASS = {"Effect": "Allow", "Action": ["iam:PassRole", "lambda:GetLayerVersion"], "Resource": "*"}


@pytest.fixture
def bound(client):
    """A client of a user who may do one thing under one condition."""

    def make(action, operator, **condition):
        iam = client("iam")
        iam.create_user(UserName="bound")
        conditions = {operator: {key.replace("__", ":"): value for key, value in condition.items()}}
        statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": conditions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement, PASS]})
        iam.put_user_policy(UserName="bound", PolicyName="own", PolicyDocument=document)
        made = iam.create_access_key(UserName="bound")["AccessKey"]
        return client("lambda", key=made["AccessKeyId"], secret=made["SecretAccessKey"])

    return make


def refused(call, **request):
    with pytest.raises(Exception, match="not authorized to perform"):
        call(**request)


def test_functions_by_their_tags(bound, role):
    functions = bound("lambda:CreateFunction", "StringEquals", **{"aws__RequestTag/team": "a"})
    refused(create, functions=functions, role=role, Tags={"team": "b"})
    refused(create, functions=functions, role=role)
    create(functions, role, Tags={"team": "a"})


def test_functions_by_their_layers_and_networks(client, bound, role):
    content = {"ZipFile": zipped({"a": "b"})}
    arns = [
        client("lambda").publish_layer_version(LayerName=name, Content=content)["LayerVersionArn"]
        for name in ("good", "bad")
    ]
    functions = bound("lambda:CreateFunction", "ForAllValues:StringLike", lambda__Layer="*:layer:good:*")
    refused(create, functions=functions, role=role, Layers=arns[1:])
    create(functions, role, Layers=arns[:1])


def test_policies_by_whom_they_let_in(functions, bound, role):
    make_function(functions, role)
    own = bound("lambda:AddPermission", "StringEquals", lambda__Principal="s3.amazonaws.com")
    common = {**FUNCTION, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    refused(own.add_permission, **common, Principal="*")
    own.add_permission(**common, Principal="s3.amazonaws.com")


def test_urls_by_their_authentication(functions, bound, role):
    make_function(functions, role)
    own = bound("lambda:CreateFunctionUrlConfig", "StringEquals", lambda__FunctionUrlAuthType="AWS_IAM")
    refused(own.create_function_url_config, **FUNCTION, AuthType="NONE")
    own.create_function_url_config(**FUNCTION, AuthType="AWS_IAM")


def test_tags_by_their_keys_and_the_tags_that_are_there(client, functions, bound, account):
    make_function(functions, make_role(client("iam")), Tags={"team": "a"})
    arn = f"arn:aws:lambda:us-east-1:{account}:function:function"
    own = bound("lambda:TagResource", "StringEquals", **{"aws__ResourceTag/team": "a"})
    own.tag_resource(Resource=arn, Tags={"team": "b"})
    refused(own.tag_resource, Resource=arn, Tags={"team": "c"})
