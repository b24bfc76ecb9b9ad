"""An API under construction, and plain HTTP to its stages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cloud_functions import allow, policy


class ApiUnderTest:
    """Builds an API through boto3 and calls it over HTTP."""

    def __init__(self, apigateway: Any, endpoint: str, http: httpx.Client, **settings: Any) -> None:
        self.boto = apigateway
        self.http = http
        self.endpoint = endpoint
        made = apigateway.create_rest_api(name="test", **settings)
        self.id = made["id"]
        self.root = made["rootResourceId"]
        self._paths = {"/": self.root}

    def resource(self, path: str) -> str:
        """The id of the resource at a path; makes what is missing."""
        if path not in self._paths:
            parent, _, part = path.rpartition("/")
            made = self.boto.create_resource(
                restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part
            )
            self._paths[path] = made["id"]
        return self._paths[path]

    def method(self, verb: str, path: str, integration: dict[str, Any], **settings: Any) -> dict[str, str]:
        """A method with an integration; what names it."""
        named = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.boto.put_method(**named, **{"authorizationType": "NONE", **settings})
        self.boto.put_integration(**named, **integration)
        return named

    def respond(self, named: dict[str, str], status: str = "200", **response: Any) -> None:
        """What a method answers, and how the integration's answer becomes that."""
        parameters = dict.fromkeys(response.get("responseParameters", {}), False)
        self.boto.put_method_response(**named, statusCode=status, responseParameters=parameters)
        self.boto.put_integration_response(**named, statusCode=status, **response)

    def mock(
        self, verb: str, path: str, template: str = '{"statusCode": 200}', **response: Any
    ) -> dict[str, str]:
        """A MOCK method that answers 200."""
        named = self.method(verb, path, {"type": "MOCK", "requestTemplates": {"application/json": template}})
        self.respond(named, **response)
        return named

    def says(self, verb: str, path: str, text: str) -> dict[str, str]:
        """A MOCK method that answers a text as JSON."""
        return self.mock(verb, path, responseTemplates={"application/json": json.dumps({"says": text})})

    def deploy(self, stage: str = "dev", **settings: Any) -> str:
        """Deploys to a stage; the deployment's id."""
        return self.boto.create_deployment(restApiId=self.id, stageName=stage, **settings)["id"]

    def call(self, path: str, verb: str = "GET", stage: str = "dev", **request: Any) -> httpx.Response:
        """A request by the URL with the path form."""
        url = f"{self.endpoint}/restapis/{self.id}/{stage}/_user_request_{path}"
        return self.http.request(verb, url, **request)


@pytest.fixture(scope="session")
def http(server) -> Iterator[httpx.Client]:
    with httpx.Client(timeout=40) as made:
        yield made


@pytest.fixture
def apigateway(client):
    return client("apigateway")


@pytest.fixture
def make_api(apigateway, server, http):
    def make(**settings: Any) -> ApiUnderTest:
        return ApiUnderTest(apigateway, server.endpoint, http, **settings)

    return make


@pytest.fixture
def api(make_api) -> ApiUnderTest:
    return make_api()


@pytest.fixture
def gateway_role(client) -> Callable[..., str]:
    """Makes a role that API Gateway may take and that may do what is said; its ARN."""
    iam = client("iam")

    def make(*actions: str) -> str:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = iam.create_role(RoleName="for-gateway", AssumeRolePolicyDocument=document)
        iam.put_role_policy(
            RoleName="for-gateway", PolicyName="own", PolicyDocument=policy(allow([*actions]))
        )
        return made["Role"]["Arn"]

    return make


@pytest.fixture
def stack(client):
    """Creates, updates and deletes a stack; its outputs."""
    cloudformation = client("cloudformation")

    def rest(name: str) -> dict[str, Any]:
        while True:
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                return found

    def deploy(template: Any, action: str = "create") -> dict[str, str]:
        body = template if isinstance(template, str) else json.dumps(template)
        call = cloudformation.create_stack if action == "create" else cloudformation.update_stack
        made = call(StackName="apis", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        found = rest(made["StackId"])
        events = cloudformation.describe_stack_events(StackName=made["StackId"])["StackEvents"]
        reasons = [event["ResourceStatusReason"] for event in events if "ResourceStatusReason" in event]
        assert found["StackStatus"] == f"{action.upper()}_COMPLETE", reasons
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}

    def delete() -> None:
        stack_id = cloudformation.describe_stacks(StackName="apis")["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName="apis")
        assert rest(stack_id)["StackStatus"] == "DELETE_COMPLETE"

    deploy.delete = delete
    return deploy
