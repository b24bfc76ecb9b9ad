"""Patches of any kind are done or refused in words; none is a fault of cloudlet's own."""

from __future__ import annotations

import random

import pytest
from botocore.exceptions import ClientError

CERTIFICATE = "arn:aws:acm:us-east-1:012345678910:certificate/fb1b9770-a305-495d-aefb-27e5e101ff3"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:012345678910:loadbalancer/net/a/1"
FUNCTION = "arn:aws:lambda:us-east-1:123412341234:function:judge"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
WORDS = [
    *("name", "description", "enabled", "quota", "limit", "offset", "period", "throttle", "burstLimit"),
    *(
        "rateLimit",
        "apiStages",
        "a:b",
        "~1a",
        "GET",
        "*",
        "variables",
        "v",
        "canarySettings",
        "percentTraffic",
    ),
    *("deploymentId", "stageVariableOverrides", "accessLogSettings", "format", "caching", "ttlInSeconds"),
    *("binaryMediaTypes", "endpointConfiguration", "types", "EDGE", "policy", "minimumCompressionSize"),
    *("requestParameters", "requestTemplates", "timeoutInMillis", "tlsConfig", "cacheKeyParameters", "uri"),
    *("authorizerId", "authorizationScopes", "requestModels", "responseParameters", "responseTemplates"),
    *(
        "providerARNs",
        "identitySource",
        "authorizerResultTtlInSeconds",
        "type",
        "stages",
        "labels",
        "features",
    ),
    *(
        "cloudwatchRoleArn",
        "properties",
        "schema",
        "basePath",
        "restapiId",
        "stage",
        "remaining",
        "httpMethod",
    ),
    *("cacheClusterSize", "cacheClusterEnabled", "clientCertificateId", "statusCode", "parentId", "pathPart"),
    "",
]
VALUES = [None, "", "true", "x", "5", "-1", "1e9", "nan", "{", "[]", "a:b", "REGIONAL", "ä" * 10, "~0~1"]
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


@pytest.fixture
def targets(apigateway, api, account):
    """Every update, with what names something to be updated."""
    named = api.says("GET", "/a", "hi")
    api.deploy()
    one = {"restApiId": api.id}
    response = {**named, "statusCode": "200"}
    domain = f"p{account}.example.com"
    apigateway.create_domain_name(domainName=domain, certificateArn=CERTIFICATE)
    apigateway.create_base_path_mapping(domainName=domain, restApiId=api.id, stage="dev")
    stages = [{"apiId": api.id, "stage": "dev"}]
    quota = {"limit": 5, "period": "DAY"}
    plan = apigateway.create_usage_plan(name="p", quota=quota, apiStages=stages)["id"]
    key = apigateway.create_api_key(name="k")["id"]
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    authorizer = apigateway.create_authorizer(**one, name="j", type="TOKEN", authorizerUri=URI)["id"]
    part = apigateway.create_documentation_part(**one, location={"type": "API"}, properties="{}")["id"]
    apigateway.create_documentation_version(**one, documentationVersion="v")
    link = apigateway.create_vpc_link(name="l", targetArns=[BALANCER])["id"]
    validator = apigateway.create_request_validator(**one, name="v")["id"]
    deployment = apigateway.get_deployments(**one)["items"][0]["id"]
    return [
        (apigateway.update_rest_api, one),
        (apigateway.update_resource, {**one, "resourceId": named["resourceId"]}),
        (apigateway.update_method, named),
        (apigateway.update_method_response, response),
        (apigateway.update_integration, named),
        (apigateway.update_integration_response, response),
        (apigateway.update_stage, {**one, "stageName": "dev"}),
        (apigateway.update_deployment, {**one, "deploymentId": deployment}),
        (apigateway.update_model, {**one, "modelName": "Empty"}),
        (apigateway.update_request_validator, {**one, "requestValidatorId": validator}),
        (apigateway.update_gateway_response, {**one, "responseType": "THROTTLED"}),
        (apigateway.update_authorizer, {**one, "authorizerId": authorizer}),
        (apigateway.update_documentation_part, {**one, "documentationPartId": part}),
        (apigateway.update_documentation_version, {**one, "documentationVersion": "v"}),
        (apigateway.update_account, {}),
        (apigateway.update_api_key, {"apiKey": key}),
        (apigateway.update_usage_plan, {"usagePlanId": plan}),
        (apigateway.update_usage, {"usagePlanId": plan, "keyId": key}),
        (apigateway.update_domain_name, {"domainName": domain}),
        (apigateway.update_base_path_mapping, {"domainName": domain, "basePath": "(none)"}),
        (apigateway.update_vpc_link, {"vpcLinkId": link}),
    ]


def _patch(chance: random.Random) -> dict[str, str]:
    words = chance.choices(WORDS, k=chance.randint(0, 5))
    made = {"op": chance.choice(OPERATIONS), "path": "".join(f"/{word}" for word in words)}
    value = chance.choice(VALUES)
    if value is not None:
        made["value"] = value
    if chance.random() < 0.2:
        made["from"] = f"/{chance.choice(WORDS)}"
    return made


def test_any_patch_is_done_or_refused_in_words(targets):
    chance = random.Random(7)
    for update, named in targets:
        own = {"op": "replace", "path": "/description", "value": "x"}
        for steps in [[_patch(chance)] for _ in range(40)] + [[own, _patch(chance)], [{"op": "replace"}], []]:
            try:
                update(**named, patchOperations=steps)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                assert code != "InternalFailure", (update.__name__, steps)
