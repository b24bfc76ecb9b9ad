"""API Gateway as a proxy for DynamoDB: the article's API, its two templates and its role's permissions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "dynamodb-proxy" / "template.yaml"
PUT = "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem"
QUERY = "arn:aws:apigateway:us-east-1:dynamodb:action/Query"


class Loader(yaml.SafeLoader):
    """Reads a template, its functions as their arguments."""


def plain(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    return loader.construct_sequence(node)


Loader.add_multi_constructor("!", plain)


def integrations() -> dict[str, Any]:
    resources = yaml.load(EXAMPLE.read_text(), Loader)["Resources"]
    return {
        name: each["Properties"]["Integration"]
        for name, each in resources.items()
        if "Method" in each["Type"]
    }


def templates(name: str) -> tuple[dict[str, str], dict[str, str]]:
    found = integrations()[name]
    return found["RequestTemplates"], found["IntegrationResponses"][0].get("ResponseTemplates", {})


@pytest.fixture
def table(client) -> Any:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="Comments",
        AttributeDefinitions=[
            {"AttributeName": "commentId", "AttributeType": "S"},
            {"AttributeName": "pageId", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "commentId", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "pageId-index",
                "KeySchema": [{"AttributeName": "pageId", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="Comments", WaiterConfig={"Delay": 1})
    return dynamodb


def make_role(client, account: str, actions: list[str], service: str = "apigateway.amazonaws.com") -> str:
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="gateway",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    table = f"arn:aws:dynamodb:us-east-1:{account}:table/Comments"
    allow = {"Effect": "Allow", "Action": actions, "Resource": [table, f"{table}/index/pageId-index"]}
    iam.put_role_policy(
        RoleName="gateway",
        PolicyName="comments",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    return role


def build(api, role: str) -> None:
    for verb, path, uri, name in (
        ("POST", "/comments", PUT, "PostComment"),
        ("GET", "/comments/{pageId}", QUERY, "GetComments"),
    ):
        request, response = templates(name)
        integration = {
            "type": "AWS",
            "integrationHttpMethod": "POST",
            "uri": uri,
            "credentials": role,
            "requestTemplates": request,
        }
        named = api.method(verb, path, integration)
        api.respond(named, responseTemplates=response)
    api.deploy()


COMMENT = {
    "pageId": "breaking-news-story-01-18-2016",
    "userName": "Just Saying Thank You",
    "message": "I really enjoyed this story!!",
}


def test_comments_are_posted_and_read_with_no_function_in_between(api, client, account, table):
    build(api, make_role(client, account, ["dynamodb:PutItem", "dynamodb:Query"]))
    posted = api.call("/comments", "POST", json=COMMENT)
    assert (posted.status_code, posted.text) == (200, "{}")
    (item,) = table.scan(TableName="Comments")["Items"]
    assert item["commentId"]["S"] == posted.headers["x-amzn-requestid"]
    answer = api.call("/comments/breaking-news-story-01-18-2016")
    assert answer.status_code == 200
    assert answer.json() == {
        "comments": [
            {
                "commentId": item["commentId"]["S"],
                "userName": "Just Saying Thank You",
                "message": "I really enjoyed this story!!",
            }
        ]
    }


def test_the_role_may_do_no_more_than_its_policy_says(api, client, account, table):
    build(api, make_role(client, account, ["dynamodb:PutItem"]))
    assert api.call("/comments", "POST", json=COMMENT).status_code == 200
    request, _ = templates("GetComments")
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": QUERY,
        "credentials": f"arn:aws:iam::{account}:role/gateway",
        "requestTemplates": request,
    }
    named = api.method("GET", "/plain/{pageId}", integration)
    api.respond(named)
    api.respond(named, "403", selectionPattern="4\\d\\d")
    api.deploy()
    answer = api.call("/plain/breaking-news-story-01-18-2016")
    assert answer.status_code == 403
    assert "AccessDeniedException" in answer.json()["__type"]
    assert "dynamodb:Query" in (answer.json().get("Message") or answer.json()["message"])


def test_a_role_that_does_not_trust_the_gateway_is_of_no_use(api, client, account, table):
    build(api, make_role(client, account, ["dynamodb:*"], service="lambda.amazonaws.com"))
    answer = api.call("/comments", "POST", json=COMMENT)
    assert (answer.status_code, answer.text) == (500, '{"message": "Internal server error"}')
    assert table.scan(TableName="Comments")["Items"] == []


def test_an_unknown_item_of_the_request_is_answered_as_the_service_answers_it(api, client, account, table):
    role = make_role(client, account, ["dynamodb:*"])
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": PUT,
        "credentials": role,
        "requestTemplates": {"application/json": '{"TableName": "Comments", "Item": {}}'},
    }
    named = api.method("POST", "/bad", integration)
    api.respond(named, selectionPattern="200")
    api.respond(named, "400", selectionPattern="400")
    api.deploy()
    answer = api.call("/bad", "POST", json={})
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("ValidationException")
