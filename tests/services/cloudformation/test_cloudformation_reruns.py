"""What create does twice after a crash, and what it leaves behind when it fails half-way: nothing."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from cloudlet.core.access import Principal
from cloudlet.core.errors import ServiceError
from cloudlet.core.resource import Provisioned, ResourceContext
from cloudlet.core.store import LAST

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TAGS = {"aws:cloudformation:stack-name": "stack"}
IN_ONE_STEP = ("AWS::IAM::Policy", "AWS::ApiGateway::Stage")
NO_POLICY = "arn:aws:iam::aws:policy/IsNotThere"


class World:
    """What the resources of the cases stand on, and clients to count them with."""

    def __init__(self, client: Callable[..., Any], account: str) -> None:
        self.client = client
        self.account = account
        self.name = f"given-{account}"

    def role(self) -> str:
        document = json.dumps(TRUST)
        made = self.client("iam").create_role(RoleName="stands", AssumeRolePolicyDocument=document)
        return str(made["Role"]["Arn"])

    def user(self) -> str:
        self.client("iam").create_user(UserName="stands")
        return "stands"

    def group(self) -> str:
        self.client("iam").create_group(GroupName="stands")
        return "stands"

    def log_group(self) -> str:
        self.client("logs").create_log_group(logGroupName="stands")
        return "stands"

    def bucket(self) -> str:
        self.client("s3").create_bucket(Bucket=f"stands-{self.account}")
        return f"stands-{self.account}"

    def function(self) -> str:
        functions = self.client("lambda")
        functions.create_function(
            FunctionName="stands", Role=self.role(), Code={"ZipFile": code()}, **RUNTIME
        )
        functions.get_waiter("function_active_v2").wait(
            FunctionName="stands", WaiterConfig={"Delay": 0, "MaxAttempts": 10**6}
        )
        return "stands"

    def version(self) -> str:
        name = self.function()
        self.client("lambda").publish_version(FunctionName=name)
        return name

    def layer_content(self) -> dict[str, str]:
        bucket = self.bucket()
        self.client("s3").put_object(Bucket=bucket, Key="layer.zip", Body=code())
        return {"S3Bucket": bucket, "S3Key": "layer.zip"}

    def layer_version(self) -> str:
        made = self.client("lambda").publish_layer_version(LayerName="stands", Content={"ZipFile": code()})
        return str(made["LayerVersionArn"])

    def api(self) -> tuple[str, str]:
        made = self.client("apigateway").create_rest_api(name="stands")
        return made["id"], made["rootResourceId"]

    def api_with_method(self) -> str:
        gateway, (api_id, root) = self.client("apigateway"), self.api()
        named = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**named, authorizationType="NONE")
        gateway.put_integration(**named, type="MOCK")
        return api_id

    def deployment(self) -> tuple[str, str]:
        api_id = self.api_with_method()
        return api_id, self.client("apigateway").create_deployment(restApiId=api_id)["id"]


RUNTIME = {"Runtime": "python3.12", "Handler": "index.handler"}


def code() -> bytes:
    """A package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 1\n")
    return buffer.getvalue()


@dataclass(frozen=True)
class Case:
    """A type, how to make one by a name of one's own, and how to count them."""

    type_name: str
    properties: Callable[[World], dict[str, Any]]
    count: Callable[[World, dict[str, Any]], int]
    exclusive: bool = True
    """Whether another resource that wants just the same is refused."""


def _iam(operation: str, key: str, **request: str) -> Callable[[World, dict[str, Any]], int]:
    return lambda world, _: len(getattr(world.client("iam"), operation)(**request)[key])


def _statements(world: World, properties: dict[str, Any]) -> int:
    policy = world.client("lambda").get_policy(FunctionName=properties["FunctionName"])["Policy"]
    return len(json.loads(policy)["Statement"])


def _layer_statements(world: World, properties: dict[str, Any]) -> int:
    policy = world.client("lambda").get_layer_version_policy(LayerName="stands", VersionNumber=1)["Policy"]
    return len(json.loads(policy)["Statement"])


def _api(operation: str, *, besides: int = 0) -> Callable[[World, dict[str, Any]], int]:
    def count(world: World, properties: dict[str, Any]) -> int:
        found = getattr(world.client("apigateway"), operation)(restApiId=properties["RestApiId"])
        return len(found["item" if "item" in found else "items"]) - besides

    return count


CASES = (
    Case(
        "AWS::IAM::Role",
        lambda world: {
            "RoleName": world.name,
            "AssumeRolePolicyDocument": TRUST,
            "MaxSessionDuration": "3600",
        },
        _iam("list_roles", "Roles"),
    ),
    Case("AWS::IAM::User", lambda world: {"UserName": world.name}, _iam("list_users", "Users")),
    Case("AWS::IAM::Group", lambda world: {"GroupName": world.name}, _iam("list_groups", "Groups")),
    Case(
        "AWS::IAM::ManagedPolicy",
        lambda world: {"ManagedPolicyName": world.name, "PolicyDocument": POLICY},
        _iam("list_policies", "Policies", Scope="Local"),
    ),
    Case(
        "AWS::IAM::InstanceProfile",
        lambda world: {"InstanceProfileName": world.name, "Roles": [world.role().rpartition("/")[2]]},
        _iam("list_instance_profiles", "InstanceProfiles"),
    ),
    Case(
        "AWS::IAM::AccessKey",
        lambda world: {"UserName": world.user(), "Status": "Inactive"},
        _iam("list_access_keys", "AccessKeyMetadata", UserName="stands"),
        exclusive=False,
    ),
    Case(
        "AWS::IAM::Policy",
        lambda world: {"PolicyName": "own", "PolicyDocument": POLICY, "Users": [world.user()]},
        _iam("list_user_policies", "PolicyNames", UserName="stands"),
        exclusive=False,
    ),
    Case(
        "AWS::IAM::UserToGroupAddition",
        lambda world: {"GroupName": world.group(), "Users": [world.user()]},
        _iam("get_group", "Users", GroupName="stands"),
        exclusive=False,
    ),
    Case(
        "AWS::IAM::ServiceLinkedRole",
        lambda world: {"AWSServiceName": "elasticloadbalancing.amazonaws.com"},
        _iam("list_roles", "Roles"),
    ),
    Case(
        "AWS::Logs::LogGroup",
        lambda world: {"LogGroupName": world.name},
        lambda world, _: len(world.client("logs").describe_log_groups()["logGroups"]),
    ),
    Case(
        "AWS::Logs::LogStream",
        lambda world: {"LogGroupName": world.log_group(), "LogStreamName": "given"},
        lambda world, _: len(world.client("logs").describe_log_streams(logGroupName="stands")["logStreams"]),
    ),
    Case(
        "AWS::S3::Bucket",
        lambda world: {"BucketName": world.name},
        lambda world, _: len(world.client("s3").list_buckets()["Buckets"]),
    ),
    Case(
        "AWS::S3::BucketPolicy",
        lambda world: _bucket_policy(world.bucket(), world.account),
        lambda world, properties: len(
            json.loads(world.client("s3").get_bucket_policy(Bucket=properties["Bucket"])["Policy"])[
                "Statement"
            ]
        ),
    ),
    Case(
        "AWS::DynamoDB::Table",
        lambda world: {
            "TableName": world.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
        lambda world, _: len(world.client("dynamodb").list_tables()["TableNames"]),
    ),
    Case(
        "AWS::DynamoDB::GlobalTable",
        lambda world: {
            "TableName": world.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "Replicas": [{"Region": "us-east-1"}, {"Region": "eu-west-1"}],
            "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        },
        lambda world, _: len(world.client("dynamodb").list_tables()["TableNames"]),
    ),
    Case(
        "AWS::Lambda::Function",
        lambda world: {
            "FunctionName": "given",
            "Role": world.role(),
            "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
            **RUNTIME,
        },
        lambda world, _: len(world.client("lambda").list_functions()["Functions"]),
    ),
    Case(
        "AWS::Lambda::Permission",
        lambda world: {
            "FunctionName": world.function(),
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
        },
        _statements,
        exclusive=False,
    ),
    Case(
        "AWS::Lambda::Version",
        lambda world: {"FunctionName": world.function()},
        lambda world, _: (
            len(world.client("lambda").list_versions_by_function(FunctionName="stands")["Versions"]) - 1
        ),
    ),
    Case(
        "AWS::Lambda::Alias",
        lambda world: {"FunctionName": world.version(), "FunctionVersion": "1", "Name": "given"},
        lambda world, _: len(world.client("lambda").list_aliases(FunctionName="stands")["Aliases"]),
    ),
    Case(
        "AWS::Lambda::EventInvokeConfig",
        lambda world: {
            "FunctionName": world.function(),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": "1",
        },
        lambda world, _: len(
            world.client("lambda").list_function_event_invoke_configs(FunctionName="stands")[
                "FunctionEventInvokeConfigs"
            ]
        ),
        exclusive=False,
    ),
    Case(
        "AWS::Lambda::LayerVersion",
        lambda world: {"LayerName": "given", "Content": world.layer_content()},
        lambda world, _: len(world.client("lambda").list_layer_versions(LayerName="given")["LayerVersions"]),
        exclusive=False,
    ),
    Case(
        "AWS::Lambda::LayerVersionPermission",
        lambda world: {
            "Action": "lambda:GetLayerVersion",
            "LayerVersionArn": world.layer_version(),
            "Principal": "*",
        },
        _layer_statements,
        exclusive=False,
    ),
    Case(
        "AWS::ApiGateway::RestApi",
        lambda world: {"Name": "given"},
        lambda world, _: len(world.client("apigateway").get_rest_apis()["items"]),
        exclusive=False,
    ),
    Case(
        "AWS::ApiGateway::Resource",
        lambda world: dict(zip(("RestApiId", "ParentId"), world.api(), strict=True)) | {"PathPart": "given"},
        _api("get_resources", besides=1),
    ),
    Case(
        "AWS::ApiGateway::Method",
        lambda world: (
            dict(zip(("RestApiId", "ResourceId"), world.api(), strict=True)) | {"HttpMethod": "GET"}
        ),
        lambda world, properties: len(
            world.client("apigateway").get_resource(
                restApiId=properties["RestApiId"], resourceId=properties["ResourceId"]
            )["resourceMethods"]
        ),
    ),
    Case(
        "AWS::ApiGateway::Model",
        lambda world: {"RestApiId": world.api()[0], "Name": "given", "ContentType": "application/json"},
        _api("get_models", besides=2),
    ),
    Case(
        "AWS::ApiGateway::RequestValidator",
        lambda world: {"RestApiId": world.api()[0], "Name": "given"},
        _api("get_request_validators"),
        exclusive=False,
    ),
    Case(
        "AWS::ApiGateway::Deployment",
        lambda world: {"RestApiId": world.api_with_method()},
        _api("get_deployments"),
        exclusive=False,
    ),
    Case(
        "AWS::ApiGateway::Stage",
        lambda world: (
            dict(zip(("RestApiId", "DeploymentId"), world.deployment(), strict=True)) | {"StageName": "given"}
        ),
        _api("get_stages"),
    ),
)


def _bucket_policy(bucket: str, account: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return {"Bucket": bucket, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


@dataclass
class Handler:
    """A type's create, asked as the engine asks it."""

    server: Any
    account: str

    def create(
        self, type_name: str, properties: dict[str, Any], *, token: str = "first", rerun: bool = False
    ) -> Provisioned:
        cloud = self.server.app.cloud
        service = cloud.services.of_type(type_name)
        resource = next(each for each in service.resources if each.type_name == type_name)
        call = cloud.call(service.name, Principal.root(self.account), self.account, "us-east-1")
        call = replace(call.on_behalf("cloudformation.amazonaws.com"), lenient=True)
        context = ResourceContext("stack", f"stack/{self.account}", "Thing", token, TAGS, rerun=rerun)
        made: Provisioned = self.server.run(resource.create(call, context, properties))
        return made


@pytest.fixture
def handler(server: Any, account: str) -> Handler:
    return Handler(server, account)


@pytest.fixture
def world(client: Callable[..., Any], account: str) -> World:
    return World(client, account)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type_name)
def test_create_run_again_after_a_crash_finds_what_it_made(
    case: Case, handler: Handler, world: World
) -> None:
    properties = case.properties(world)
    made = handler.create(case.type_name, properties)
    assert handler.create(case.type_name, properties, rerun=True) == made
    assert case.count(world, properties) == 1


EXCLUSIVE = [case for case in CASES if case.exclusive]


@pytest.mark.parametrize("case", EXCLUSIVE, ids=lambda case: case.type_name)
def test_create_takes_nothing_that_it_did_not_make(case: Case, handler: Handler, world: World) -> None:
    properties = case.properties(world)
    handler.create(case.type_name, properties)
    for rerun in (False, True):
        with pytest.raises(ServiceError):
            handler.create(case.type_name, properties, token="second", rerun=rerun)
    assert case.count(world, properties) == 1


def test_an_access_key_run_again_has_the_same_secret(handler: Handler, world: World) -> None:
    properties = {"UserName": world.user()}
    first = handler.create("AWS::IAM::AccessKey", properties)
    again = handler.create("AWS::IAM::AccessKey", properties, rerun=True)
    assert again.attributes["SecretAccessKey"] == first.attributes["SecretAccessKey"]


def _half_way() -> list[Any]:
    nobody = {"Event": "s3:ObjectCreated:*", "Queue": "arn:aws:sqs:us-east-1:123456789012:is-not-there"}
    failing: dict[str, dict[str, Any]] = {
        "AWS::IAM::Role": {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [NO_POLICY]},
        "AWS::IAM::User": {"Groups": ["is-not-there"]},
        "AWS::IAM::Group": {"ManagedPolicyArns": [NO_POLICY]},
        "AWS::IAM::ManagedPolicy": {"PolicyDocument": POLICY, "Users": ["is-not-there"]},
        "AWS::IAM::InstanceProfile": {"Roles": ["is-not-there"]},
        "AWS::IAM::Policy": {
            "PolicyName": "own",
            "PolicyDocument": POLICY,
            "Groups": ["stands"],
            "Users": ["is-not-there"],
        },
        "AWS::IAM::AccessKey": {"UserName": "stands", "Status": "Asleep"},
        "AWS::Logs::LogGroup": {"RetentionInDays": 2},
        "AWS::S3::Bucket": {"NotificationConfiguration": {"QueueConfigurations": [nobody]}},
        "AWS::DynamoDB::Table": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "", "Enabled": True},
        },
        "AWS::Lambda::Function": {
            "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
            "ReservedConcurrentExecutions": 5000,
            **RUNTIME,
        },
        "AWS::ApiGateway::Stage": {
            "StageName": "given",
            "MethodSettings": [{"LoggingLevel": "LOUD"}],
        },
    }
    return [pytest.param(name, properties, id=name) for name, properties in failing.items()]


@pytest.mark.parametrize(("type_name", "properties"), _half_way())
def test_create_that_fails_half_way_leaves_nothing_behind(
    type_name: str, properties: dict[str, Any], deployer: Any, world: World
) -> None:
    world.user()
    world.group()
    role = world.role()
    if type_name == "AWS::Lambda::Function":
        properties = {**properties, "Role": role}
    if type_name == "AWS::ApiGateway::Stage":
        api_id, deployment_id = world.deployment()
        properties = {**properties, "RestApiId": api_id, "DeploymentId": deployment_id}
    before = inventory(world)
    template = {"Resources": {"Thing": {"Type": type_name, "Properties": properties}}}
    stack = deployer.create(f"failing-{world.account}", template, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    removed = ("Thing", "DELETE_COMPLETE", "") in deployer.events(f"failing-{world.account}")
    assert removed == (type_name not in IN_ONE_STEP)
    assert inventory(world) == before


def test_a_step_that_has_ended_leaves_no_note(deployer: Any, server: Any, world: World) -> None:
    name = f"noted-{world.account}"
    resources: dict[str, Any] = {"Thing": {"Type": "AWS::IAM::User"}, "Other": {"Type": "AWS::S3::Bucket"}}
    made = deployer.create(name, {"Resources": resources}, Capabilities=["CAPABILITY_IAM"])
    assert made["StackStatus"] == "CREATE_COMPLETE"
    resources["Third"] = {"Type": "AWS::IAM::User", "Properties": {"Groups": ["is-not-there"]}}
    changed = deployer.update(name, {"Resources": resources}, Capabilities=["CAPABILITY_IAM"])
    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(world.client("iam").list_users()["Users"]) == 1
    prefix = ("cloudformation", "note", world.account)
    store = server.app.cloud.store
    read = store.transact(lambda inner: list(inner.range(prefix, (*prefix, LAST), limit=9)), read_only=True)
    assert server.run(read) == []


def inventory(world: World) -> dict[str, Any]:
    """The names of all that an account has."""
    iam, gateway = world.client("iam"), world.client("apigateway")
    apis = [api["id"] for api in gateway.get_rest_apis()["items"]]
    return {
        "roles": [role["RoleName"] for role in iam.list_roles()["Roles"]],
        "users": [user["UserName"] for user in iam.list_users()["Users"]],
        "groups": [group["GroupName"] for group in iam.list_groups()["Groups"]],
        "group policies": iam.list_group_policies(GroupName="stands")["PolicyNames"],
        "policies": [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]],
        "profiles": [each["Arn"] for each in iam.list_instance_profiles()["InstanceProfiles"]],
        "keys": iam.list_access_keys(UserName="stands")["AccessKeyMetadata"],
        "logs": world.client("logs").describe_log_groups()["logGroups"],
        "buckets": world.client("s3").list_buckets()["Buckets"],
        "tables": world.client("dynamodb").list_tables()["TableNames"],
        "functions": world.client("lambda").list_functions()["Functions"],
        "stages": [gateway.get_stages(restApiId=api_id)["item"] for api_id in apis],
    }
