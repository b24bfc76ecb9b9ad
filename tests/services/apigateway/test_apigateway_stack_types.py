"""The CloudFormation types beside the API's own: made, changed in place, and removed."""

from __future__ import annotations

import json
from typing import Any

import pytest

CERTIFICATE = "arn:aws:acm:us-east-1:012345678910:certificate/fb1b9770-a305-495d-aefb-27e5e101ff3"
FUNCTION = "arn:aws:lambda:us-east-1:123412341234:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:012345678910:loadbalancer/net/a/1"
API = {"RestApiId": {"Ref": "Api"}}


def made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": properties}


def template(outputs: dict[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    """An API with a method, and some resources beside it."""
    mock = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": 200}],
    }
    everything = {
        "Api": made("RestApi", Name="a"),
        "Get": made(
            "Method",
            **API,
            ResourceId={"Fn::GetAtt": ["Api", "RootResourceId"]},
            HttpMethod="GET",
            AuthorizationType="NONE",
            MethodResponses=[{"StatusCode": 200}],
            Integration=mock,
        ),
        "Deployment": {**made("Deployment", **API), "DependsOn": "Get"},
        **resources,
    }
    shown = {"Api": {"Ref": "Api"}, **(outputs or {})}
    return {"Resources": everything, "Outputs": {name: {"Value": value} for name, value in shown.items()}}


def stage(**properties: Any) -> dict[str, Any]:
    return made("Stage", **API, DeploymentId={"Ref": "Deployment"}, StageName="dev", **properties)


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in (*names, "ResponseMetadata")}


def test_an_authorizer_is_made_changed_and_removed(stack, apigateway):
    def judge(**more: Any) -> dict[str, Any]:
        settings = {"Type": "TOKEN", "AuthorizerUri": URI, "IdentitySource": "method.request.header.Auth"}
        outputs = {"Id": {"Ref": "Judge"}, "Same": {"Fn::GetAtt": ["Judge", "AuthorizerId"]}}
        return template(outputs, Judge=made("Authorizer", **API, Name="judge", **{**settings, **more}))

    first = stack(judge(AuthorizerResultTtlInSeconds="60"))
    assert first["Id"] == first["Same"]
    named = {"restApiId": first["Api"], "authorizerId": first["Id"]}
    assert apigateway.get_authorizer(**named)["authorizerResultTtlInSeconds"] == 60
    second = stack(judge(IdentityValidationExpression="^x"), "update")
    assert second["Id"] == first["Id"]
    shown = apigateway.get_authorizer(**named)
    assert (shown["authorizerResultTtlInSeconds"], shown["identityValidationExpression"]) == (300, "^x")
    stack(template(), "update")
    assert apigateway.get_authorizers(restApiId=first["Api"])["items"] == []


def test_a_method_has_an_authorizer_and_scopes(stack, apigateway):
    pool = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_ABC123"
    settings = {
        "Type": "COGNITO_USER_POOLS",
        "ProviderARNs": [pool],
        "IdentitySource": "method.request.header.A",
    }
    method = template()["Resources"]["Get"]["Properties"]
    guarded = {
        **method,
        "HttpMethod": "POST",
        "AuthorizationType": "COGNITO_USER_POOLS",
        "AuthorizerId": {"Ref": "Pool"},
        "AuthorizationScopes": ["a/b"],
        "ApiKeyRequired": "true",
    }
    outputs = stack(
        template(Pool=made("Authorizer", **API, Name="p", **settings), Post=made("Method", **guarded))
    )
    root = apigateway.get_rest_api(restApiId=outputs["Api"])["rootResourceId"]
    shown = apigateway.get_method(restApiId=outputs["Api"], resourceId=root, httpMethod="POST")
    assert shown["authorizationScopes"] == ["a/b"]
    assert shown["apiKeyRequired"] is True


def test_keys_are_put_into_plans(stack, apigateway):
    def plan(**more: Any) -> dict[str, Any]:
        resources = {
            "Stage": stage(),
            "Key": made("ApiKey", Enabled="true", Value="x" * 20, Tags=[{"Key": "a", "Value": "b"}]),
            "Plan": {
                **made(
                    "UsagePlan",
                    ApiStages=[
                        {"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}, **more.pop("limits", {})}
                    ],
                    **more,
                ),
            },
            "PlanKey": made(
                "UsagePlanKey", KeyId={"Ref": "Key"}, KeyType="API_KEY", UsagePlanId={"Ref": "Plan"}
            ),
        }
        outputs = {each: {"Ref": each} for each in ("Key", "Plan", "PlanKey")}
        return template({**outputs, "Id": {"Fn::GetAtt": ["Key", "APIKeyId"]}}, **resources)

    first = stack(plan(Quota={"Limit": "10", "Period": "DAY"}, UsagePlanName="p"))
    assert first["Id"] == first["Key"]
    assert first["PlanKey"] == f"{first['Key']}:{first['Plan']}"
    named = {"usagePlanId": first["Plan"]}
    assert [each["id"] for each in apigateway.get_usage_plan_keys(**named)["items"]] == [first["Key"]]
    assert apigateway.get_usage_plan(**named)["quota"] == {"limit": 10, "offset": 0, "period": "DAY"}
    assert apigateway.get_api_key(apiKey=first["Key"])["tags"]["a"] == "b"
    limits = {"Throttle": {"/a/GET": {"RateLimit": "1", "BurstLimit": 2}}}
    changed = stack(plan(UsagePlanName="q", Throttle={"RateLimit": 5}, limits=limits), "update")
    assert changed["Plan"] == first["Plan"]
    shown = apigateway.get_usage_plan(**named)
    assert shown["name"] == "q"
    assert "quota" not in shown
    assert shown["throttle"]["rateLimit"] == 5.0
    assert shown["apiStages"][0]["throttle"] == {"/a/GET": {"burstLimit": 2, "rateLimit": 1.0}}
    stack.delete()
    assert apigateway.get_usage_plans()["items"] == []
    assert apigateway.get_api_keys()["items"] == []


def test_a_domain_name_shows_a_stage(stack, apigateway, account):
    name = f"s{account}.example.com"

    def named(path: str, stage_name: Any, certificate: str) -> dict[str, Any]:
        resources = {
            "Stage": stage(),
            "Domain": made(
                "DomainName",
                DomainName=name,
                RegionalCertificateArn=certificate,
                EndpointConfiguration={"Types": ["REGIONAL"]},
            ),
            "Mapping": made(
                "BasePathMapping", **API, DomainName={"Ref": "Domain"}, BasePath=path, Stage=stage_name
            ),
        }
        outputs = {
            "Regional": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
            "Zone": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]},
        }
        return template(outputs, **resources)

    first = stack(named("v1", {"Ref": "Stage"}, CERTIFICATE))
    assert first["Regional"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert first["Zone"] == "Z1UJRXOUMOOFQ8"
    rows = apigateway.get_base_path_mappings(domainName=name)["items"]
    assert rows == [{"basePath": "v1", "restApiId": first["Api"], "stage": "dev"}]
    second = stack(named("v2", {"Ref": "Stage"}, f"{CERTIFICATE}4"), "update")
    assert second["Regional"] == first["Regional"]
    assert apigateway.get_domain_name(domainName=name)["regionalCertificateArn"] == f"{CERTIFICATE}4"
    rows = apigateway.get_base_path_mappings(domainName=name)["items"]
    assert [row["basePath"] for row in rows] == ["v2"]
    stack.delete()
    assert apigateway.get_domain_names()["items"] == []


def test_links_certificates_and_documentation_are_made_and_changed(stack, apigateway):
    def others(text: str) -> dict[str, Any]:
        resources = {
            "Link": made("VpcLink", Name=text, TargetArns=[BALANCER]),
            "Certificate": made("ClientCertificate", Description=text),
            "Part": made(
                "DocumentationPart",
                **API,
                Location={"Type": "API"},
                Properties=json.dumps({"description": text}),
            ),
            "Version": {
                **made("DocumentationVersion", **API, DocumentationVersion="v1", Description=text),
                "DependsOn": "Part",
            },
        }
        return template({each: {"Ref": each} for each in resources}, **resources)

    first = stack(others("one"))
    assert stack(others("two"), "update") == first
    assert apigateway.get_vpc_link(vpcLinkId=first["Link"])["name"] == "two"
    certificate = apigateway.get_client_certificate(clientCertificateId=first["Certificate"])
    assert certificate["description"] == "two"
    named = {"restApiId": first["Api"]}
    part = apigateway.get_documentation_part(**named, documentationPartId=first["Part"])
    assert json.loads(part["properties"]) == {"description": "two"}
    assert first["Version"] == "v1"
    version = apigateway.get_documentation_version(**named, documentationVersion="v1")
    assert version["description"] == "two"
    stack.delete()
    assert apigateway.get_vpc_links()["items"] == []
    assert apigateway.get_client_certificates()["items"] == []


def test_all_of_a_stage_is_set_and_changed(stack, apigateway, client):
    role = client("iam").create_role(
        RoleName="logs",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    )["Role"]["Arn"]
    apigateway.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    group = "arn:aws:logs:us-east-1:123412341234:log-group:g"
    first = stack(
        template(
            Stage=stage(
                AccessLogSetting={"DestinationArn": f"{group}:*", "Format": "$context.requestId"},
                CacheClusterEnabled="true",
                CacheClusterSize="0.5",
                CanarySetting={"PercentTraffic": "10", "StageVariableOverrides": {"v": "c"}},
                Description="one",
                MethodSettings=[
                    {"ResourcePath": "/a", "HttpMethod": "GET", "CachingEnabled": True},
                    {
                        "ResourcePath": "/*",
                        "HttpMethod": "*",
                        "ThrottlingRateLimit": 7,
                        "LoggingLevel": "INFO",
                    },
                ],
                TracingEnabled=True,
                Variables={"v": "1"},
                Tags=[{"Key": "a", "Value": "b"}],
            )
        )
    )
    named = {"restApiId": first["Api"], "stageName": "dev"}
    shown = apigateway.get_stage(**named)
    assert shown["accessLogSettings"] == {"destinationArn": group, "format": "$context.requestId"}
    assert (shown["cacheClusterEnabled"], shown["cacheClusterSize"]) == (True, "0.5")
    assert without(shown["canarySettings"], "deploymentId") == {
        "percentTraffic": 10.0,
        "stageVariableOverrides": {"v": "c"},
        "useStageCache": False,
    }
    assert shown["methodSettings"]["*/*"]["throttlingRateLimit"] == 7.0
    assert shown["methodSettings"]["~1a/GET"]["cachingEnabled"] is True
    assert shown["methodSettings"]["~1a/GET"]["loggingLevel"] == "INFO"
    assert shown["tracingEnabled"] is True
    stack(template(Stage=stage(Description="two", Variables={"w": "2"})), "update")
    shown = without(apigateway.get_stage(**named), "createdDate", "lastUpdatedDate", "deploymentId", "tags")
    assert shown == {
        "stageName": "dev",
        "description": "two",
        "variables": {"w": "2"},
        "methodSettings": {},
        "cacheClusterEnabled": False,
        "cacheClusterSize": "0.5",
        "cacheClusterStatus": "NOT_AVAILABLE",
        "tracingEnabled": False,
    }


def test_a_deployment_describes_its_stage(stack, apigateway):
    deployment = {
        **made(
            "Deployment",
            **API,
            StageName="own",
            StageDescription={"ThrottlingRateLimit": 3, "TracingEnabled": "true", "MethodSettings": []},
        ),
        "DependsOn": "Get",
    }
    outputs = stack(template(Deployment=deployment))
    shown = apigateway.get_stage(restApiId=outputs["Api"], stageName="own")
    assert shown["methodSettings"]["*/*"]["throttlingRateLimit"] == 3.0
    assert shown["tracingEnabled"] is True


def document(path: str) -> dict[str, Any]:
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": mock}
    return {
        "openapi": "3.0.1",
        "info": {"title": "titled", "version": "1"},
        "paths": {path: {"get": operation}},
    }


def paths(apigateway: Any, api_id: str) -> set[str]:
    return {row["path"] for row in apigateway.get_resources(restApiId=api_id)["items"]}


def test_an_api_is_made_of_a_document_and_changed_by_one(stack, apigateway):
    def of(body: Any, **more: Any) -> dict[str, Any]:
        api = made("RestApi", Body=body, **more)
        return {"Resources": {"Api": api}, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}}

    first = stack(of(document("/a")))
    assert paths(apigateway, first["Api"]) == {"/", "/a"}
    assert apigateway.get_rest_api(restApiId=first["Api"])["name"] == "titled"
    changed = stack(of(document("/b"), Name="named", Parameters={"basepath": "ignore"}), "update")
    assert changed == first
    assert paths(apigateway, first["Api"]) == {"/", "/b"}
    assert apigateway.get_rest_api(restApiId=first["Api"])["name"] == "named"
    stack(of(document("/c"), Name="named", Mode="merge", FailOnWarnings="true"), "update")
    assert paths(apigateway, first["Api"]) == {"/", "/b", "/c"}


def test_a_document_is_taken_from_s3(stack, apigateway, client, account):
    s3, bucket = client("s3"), f"documents-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="api.json", Body=json.dumps(document("/stored")))
    api = made("RestApi", BodyS3Location={"Bucket": bucket, "Key": "api.json"})
    outputs = stack({"Resources": {"Api": api}, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}})
    assert paths(apigateway, outputs["Api"]) == {"/", "/stored"}


@pytest.mark.parametrize("change", [{"Policy": {"Version": "2012-10-17", "Statement": []}}, {}])
def test_a_policy_is_set_and_taken_away(stack, apigateway, change):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]}
    first = stack(template(Api=made("RestApi", Name="a", Policy=policy)))
    assert "Deny" in apigateway.get_rest_api(restApiId=first["Api"])["policy"]
    stack(template(Api=made("RestApi", Name="a", **change)), "update")
    assert ("policy" in apigateway.get_rest_api(restApiId=first["Api"])) is bool(change)
