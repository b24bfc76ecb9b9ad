"""API Gateway's CloudFormation types, and the example as its author wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "dynamodb-proxy" / "template.yaml"


def test_the_example_of_the_article(stack, server, http, apigateway):
    outputs = stack(EXAMPLE.read_text())
    url = f"{server.endpoint}/restapis/{outputs['ApiId']}/prod/_user_request_/comments"
    comment = {
        "pageId": "breaking-news",
        "userName": "Just Saying",
        "message": "I really enjoyed this story!!",
    }
    posted = http.post(url, json=comment)
    assert (posted.status_code, posted.text) == (200, "{}")
    (shown,) = http.get(f"{url}/breaking-news").json()["comments"]
    assert shown == {
        "commentId": posted.headers["x-amzn-requestid"],
        "userName": "Just Saying",
        "message": "I really enjoyed this story!!",
    }
    stack.delete()
    assert apigateway.get_rest_apis()["items"] == []
    assert http.get(f"{url}/breaking-news").status_code == 403


def template(text: str, deployment: str, **stage: Any) -> dict[str, Any]:
    api = {"RestApiId": {"Ref": "Api"}}
    answers = {"application/json": json.dumps({"says": text, "v": "$stageVariables.v"})}
    return {
        "Resources": {
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {"Name": "a", "Description": text, "BinaryMediaTypes": ["image/png"]},
            },
            "Part": {
                "Type": "AWS::ApiGateway::Resource",
                "Properties": {**api, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": "a"},
            },
            "Get": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    **api,
                    "ResourceId": {"Ref": "Part"},
                    "HttpMethod": "GET",
                    "AuthorizationType": "NONE",
                    "RequestParameters": {"method.request.querystring.q": "true"},
                    "RequestValidatorId": {"Ref": "Validator"},
                    "MethodResponses": [{"StatusCode": 200}],
                    "Integration": {
                        "Type": "MOCK",
                        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
                        "IntegrationResponses": [{"StatusCode": 200, "ResponseTemplates": answers}],
                    },
                },
            },
            "Validator": {
                "Type": "AWS::ApiGateway::RequestValidator",
                "Properties": {**api, "ValidateRequestParameters": "true"},
            },
            "Shape": {"Type": "AWS::ApiGateway::Model", "Properties": {**api, "Schema": {"type": "object"}}},
            "Refusal": {
                "Type": "AWS::ApiGateway::GatewayResponse",
                "Properties": {**api, "ResponseType": "BAD_REQUEST_PARAMETERS", "StatusCode": 422},
            },
            deployment: {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": ["Get", "Refusal"],
                "Properties": api,
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {**api, "StageName": "dev", "DeploymentId": {"Ref": deployment}, **stage},
            },
        },
        "Outputs": {"Id": {"Value": {"Ref": "Api"}}, "Model": {"Value": {"Ref": "Shape"}}},
    }


def test_an_update_serves_the_new_deployment_and_keeps_the_api(stack, server, http, apigateway):
    api_id = stack(template("old", "D1", Variables={"v": "1"}))["Id"]
    url = f"{server.endpoint}/restapis/{api_id}/dev/_user_request_/a"
    assert http.get(f"{url}?q=1").json() == {"says": "old", "v": "1"}
    assert http.get(url).status_code == 422
    changed = stack(template("new", "D2", Variables={"v": "2"}), "update")
    assert changed["Id"] == api_id
    assert http.get(f"{url}?q=1").json() == {"says": "new", "v": "2"}
    assert len(apigateway.get_deployments(restApiId=api_id)["items"]) == 1
    assert apigateway.get_rest_api(restApiId=api_id)["description"] == "new"


def test_a_method_that_changes_without_a_deployment_is_not_served(stack, server, http):
    api_id = stack(template("old", "D1"))["Id"]
    url = f"{server.endpoint}/restapis/{api_id}/dev/_user_request_/a?q=1"
    stack(template("new", "D1"), "update")
    assert http.get(url).json()["says"] == "old"


def test_a_deployment_makes_and_removes_its_own_stage(stack, server, http, apigateway):
    made = template("hi", "D1")
    del made["Resources"]["Stage"]
    made["Resources"]["D1"]["Properties"] = {
        "RestApiId": {"Ref": "Api"},
        "StageName": "own",
        "StageDescription": {"Variables": {"v": "3"}, "Description": "mine"},
    }
    api_id = stack(made)["Id"]
    url = f"{server.endpoint}/restapis/{api_id}/own/_user_request_/a?q=1"
    assert http.get(url).json() == {"says": "hi", "v": "3"}
    assert apigateway.get_stage(restApiId=api_id, stageName="own")["description"] == "mine"
    stack.delete()
    assert apigateway.get_rest_apis()["items"] == []
