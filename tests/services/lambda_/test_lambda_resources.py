"""Lambda's CloudFormation types, asked as the deploy engine asks them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from lambda_functions import invoke, make_role

from cloudlet.core.access import Principal
from cloudlet.core.resource import ResourceContext
from cloudlet.services.lambda_.manifest import SERVICE

TYPES = {resource.type_name: resource for resource in SERVICE.resources}
SOURCE = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def functions(client):
    return client("lambda")


@pytest.fixture
def role(client):
    return make_role(client("iam"))


@pytest.fixture
def stack(server, account):
    """Creates, updates and deletes as the engine does."""
    return Stack(server, account)


class Stack:
    def __init__(self, server, account):
        self._server = server
        self._call = server.app.cloud.call("lambda", Principal.root(account), account, "us-east-1")

    def create(self, kind, logical_id="Logical", *, rerun=False, **properties):
        return self._run(TYPES[kind].create(self._call, context(logical_id, rerun=rerun), properties))

    def update(self, kind, physical_id, before, after):
        return self._run(TYPES[kind].update(self._call, context(), physical_id, before, after))

    def delete(self, kind, physical_id, **properties):
        return self._run(TYPES[kind].delete(self._call, context(), physical_id, properties))

    def _run(self, coroutine):
        return self._server.run(coroutine)


def context(logical_id="Logical", *, rerun=False):
    return ResourceContext(
        "stack",
        "arn:aws:cloudformation:us-east-1:1:stack/stack/1",
        logical_id,
        f"token of {logical_id}",
        {"aws:cloudformation:stack-name": "stack"},
        rerun=rerun,
    )


def function_properties(role, **more):
    return {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": role,
        "Code": {"ZipFile": SOURCE},
        **more,
    }


def test_function_of_a_template_runs_its_inline_code(functions, stack, role, account):
    properties = function_properties(role, Timeout="5", Environment={"Variables": {"ONE": 1, "YES": True}})
    made = stack.create("AWS::Lambda::Function", **properties)
    assert made.physical_id.startswith("stack-Logical-")
    assert made.attributes["Arn"] == f"arn:aws:lambda:us-east-1:{account}:function:{made.physical_id}"
    assert invoke(functions, made.physical_id) == 1
    configuration = functions.get_function_configuration(FunctionName=made.physical_id)
    assert configuration["State"] == "Active"
    assert configuration["Timeout"] == 5
    assert configuration["Environment"]["Variables"] == {"ONE": "1", "YES": "true"}
    tags = functions.list_tags(Resource=made.attributes["Arn"])["Tags"]
    assert tags["aws:cloudformation:logical-id"] == "Logical"


def test_function_made_before_a_crash_is_found_again(stack, role, functions):
    properties = function_properties(role)
    first = stack.create("AWS::Lambda::Function", **properties)
    again = stack.create("AWS::Lambda::Function", rerun=True, **properties)
    assert again == first
    assert len(functions.list_functions()["Functions"]) == 1


def test_function_of_somebody_else_is_not_taken_over(stack, role, functions):
    properties = function_properties(role, FunctionName="taken")
    stack.create("AWS::Lambda::Function", **properties)
    with pytest.raises(Exception, match="Function already exist: taken"):
        stack.create("AWS::Lambda::Function", logical_id="Other", rerun=True, **properties)


def test_function_is_changed_in_place(functions, stack, role):
    before = function_properties(
        role, Description="old", Tags=[{"Key": "a", "Value": "1"}], ReservedConcurrentExecutions=5
    )
    made = stack.create("AWS::Lambda::Function", **before)
    name = made.physical_id
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 5
    after = function_properties(
        role,
        MemorySize=256,
        Code={"ZipFile": SOURCE.replace("1", "2")},
        Tags=[{"Key": "b", "Value": "2"}],
    )
    stack.update("AWS::Lambda::Function", name, before, after)
    configuration = functions.get_function_configuration(FunctionName=name)
    assert (configuration["Description"], configuration["MemorySize"]) == ("", 256)
    assert invoke(functions, name) == 2
    tags = functions.list_tags(Resource=made.attributes["Arn"])["Tags"]
    assert {key: value for key, value in tags.items() if not key.startswith("aws:")} == {"b": "2"}
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)


def test_deleting_twice_is_no_error(functions, stack, role):
    made = stack.create("AWS::Lambda::Function", **function_properties(role))
    stack.delete("AWS::Lambda::Function", made.physical_id)
    stack.delete("AWS::Lambda::Function", made.physical_id)
    with pytest.raises(ClientError):
        functions.get_function(FunctionName=made.physical_id)


def test_permission_is_a_statement(functions, stack, role):
    name = stack.create("AWS::Lambda::Function", **function_properties(role)).physical_id
    properties = {
        "FunctionName": name,
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:us-east-1:123456789012:api/*",
    }
    made = stack.create("AWS::Lambda::Permission", logical_id="Permission", **properties)
    assert stack.create("AWS::Lambda::Permission", logical_id="Permission", **properties) == made
    statements = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert [each["Sid"] for each in statements] == [made.physical_id]
    stack.delete("AWS::Lambda::Permission", made.physical_id, **properties)
    stack.delete("AWS::Lambda::Permission", made.physical_id, **properties)


def test_version_and_alias(functions, stack, role):
    function = stack.create("AWS::Lambda::Function", **function_properties(role))
    name = function.physical_id
    version = stack.create("AWS::Lambda::Version", logical_id="Version", FunctionName=name)
    assert version.physical_id == f"{function.attributes['Arn']}:1"
    assert version.attributes["Version"] == "1"
    before = {"FunctionName": name, "FunctionVersion": "1", "Name": "live"}
    alias = stack.create("AWS::Lambda::Alias", logical_id="Alias", **before)
    assert alias.physical_id == f"{function.attributes['Arn']}:live"
    assert stack.create("AWS::Lambda::Alias", logical_id="Alias", **before) == alias
    stack.update("AWS::Lambda::Alias", alias.physical_id, before, {**before, "Description": "new"})
    assert functions.get_alias(FunctionName=name, Name="live")["Description"] == "new"
    stack.delete("AWS::Lambda::Alias", alias.physical_id, **before)
    stack.delete("AWS::Lambda::Version", version.physical_id, FunctionName=name)
    assert len(functions.list_versions_by_function(FunctionName=name)["Versions"]) == 1


def test_function_answers_a_custom_resource(functions, stack, role, server):
    source = (
        "import cfnresponse\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        cfnresponse.send(event, context, cfnresponse.SUCCESS, {'a': 'b'})\n"
        "    except Exception as error:\n"
        "        return str(error)\n"
    )
    made = stack.create("AWS::Lambda::Function", **function_properties(role, Code={"ZipFile": source}))
    event = {
        "ResponseURL": "http://127.0.0.1:4566/_lambda/packages/nothing",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "l",
    }
    assert invoke(functions, made.physical_id, event) == "HTTP Error 404: Not Found"


def test_node_function_of_a_template(functions, stack, role):
    source = "exports.handler = async (event) => ({ got: event, node: process.version.split('.')[0] });\n"
    properties = function_properties(role, Runtime="nodejs22.x", Code={"ZipFile": source})
    made = stack.create("AWS::Lambda::Function", **properties)
    answer = invoke(functions, made.physical_id, {"a": 1})
    assert answer["got"] == {"a": 1}
