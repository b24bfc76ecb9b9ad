"""What remains of AWS's recorded answers of stages: mocks, validators, routes, canaries, traces, tables."""

from __future__ import annotations

import json

import pytest
from recorded_answers import recording

NETWORK = r"Via|X-Amz-Cf-.*|X-Cache|Connection"
"""What AWS's edge adds, which is not here; an open connection needs no header."""
JSON = "application/json"


def lower_headers(answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("passthrough", ["WHEN_NO_MATCH", "NEVER", "WHEN_NO_TEMPLATES"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_mocks_answer_by_path_and_by_host(api, http, passthrough, method):
    mock = {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}}
    named = api.method(method, "/", {**mock, "passthroughBehavior": passthrough})
    api.respond(named, responseTemplates={JSON: '{"statusCode": 200, "id": 42}'})
    api.deploy()
    host = {"Host": f"{api.id}.execute-api.us-east-1.amazonaws.com"}
    answers = {
        "PATH_BASED": api.call("/", method),
        "HOST_BASED": http.request(method, f"{api.endpoint}/dev/", headers=host),
    }
    for way, answer in answers.items():
        test = f"test_mock_integration_response[{passthrough}-UrlType.{way}-{method}]"
        recording("basic", test).expect("mock-response", answer.json())


def test_a_mock_echoes_what_its_template_reads(api):
    echo = '{"echo": "$input.params(\'echo\')", "response": "mocked"}'
    api.mock("GET", "/", responseTemplates={JSON: echo})
    api.deploy()
    aws = recording("basic", "test_api_gateway_mock_integration")
    aws.expect("mocked-response", api.call("/?echo=foobar").json())


def test_the_path_of_a_mock_reaches_its_response(api):
    aws = recording("integrations", "test_integration_mock_with_request_overrides_in_response_template")
    request = '#set($context.requestOverride.path.reply = $input.params("reply")){"statusCode": 200}'
    response = (
        "#set($reply = $context.requestOverride.path.reply)"
        '#if($reply == "path1"){"response": "path was path one"}'
        '#elseif($reply == "path2"){"response": "path was path two"}'
        '#else{"response": "this is the else clause"}#end'
    )
    api.mock("GET", "/{reply}", request, responseTemplates={JSON: response})
    api.deploy()
    for path, key in (("path1", "path1"), ("path2", "path2"), ("other", "path-else")):
        aws.expect(f"invoke-{key}", api.call(f"/{path}").json())


@pytest.mark.parametrize("has_template", [True, False])
def test_a_request_template_chooses_the_status(api, has_template):
    aws = recording(
        "integrations", f"test_integration_mock_with_response_override_in_request_template[{has_template}]"
    )
    request = (
        '#set($context.responseOverride.status = "444")'
        '#set($context.responseOverride.header.foo = "bar")'
        '#set($context.responseOverride.custom = "is also passed around"){"statusCode": 200}'
    )
    response = json.dumps(
        {
            "statusOverride": "$context.responseOverride.status",
            "fooHeader": "$context.responseOverride.header.foo",
            "custom": "$context.responseOverride.custom",
        }
    )
    api.mock("GET", "/", request, responseTemplates={JSON: response} if has_template else {})
    api.deploy()
    answer = api.call("/")
    body = answer.json() if has_template else repr(answer.content)
    aws.expect("response", {"body": body, "status_code": answer.status_code})
    assert answer.headers["foo"] == "bar"


def test_maps_of_templates_are_assigned_and_put(api):
    aws = recording("integrations", "test_integration_mock_with_vtl_map_assignation")
    request = (
        '#set($paramMap = {})#set($paramMap.foo = "bar")#set($_ = $paramMap.put("foo2", "putBar"))'
        '#set($paramMap.nested = {})#set($paramMap.nested.foo = "nestedFoo")'
        "#set($context.requestOverride.header.value = $paramMap.foo)"
        "#set($context.requestOverride.header.value2 = $paramMap.get('foo2'))"
        '#set($context.requestOverride.header.value3 = $paramMap["nested"].foo){"statusCode": 200}'
    )
    response = {name: f"$context.requestOverride.header.{name}" for name in ("value", "value2", "value3")}
    api.mock("GET", "/", request, responseTemplates={JSON: json.dumps(response)})
    api.deploy()
    answer = api.call("/")
    aws.expect("response", {"body": answer.json(), "status_code": answer.status_code})


def test_the_path_of_an_integration_is_shown(api, apigateway):
    aws = recording("integrations", "test_integration_mock_with_path_param")
    named = {"restApiId": api.id, "resourceId": api.resource("/{testPath}"), "httpMethod": "GET"}
    path = "method.request.path.testPath"
    apigateway.put_method(**named, authorizationType="NONE", requestParameters={path: True})
    made = apigateway.put_integration(
        **named,
        type="MOCK",
        requestParameters={"integration.request.path.integrationPath": path},
        requestTemplates={JSON: "{statusCode: 200}"},
    )
    aws.expect("integration", made)


def test_what_is_not_there_looks_unauthenticated(api):
    aws = recording("common", "test_routing_not_found")
    api.mock("GET", "/existing", responseTemplates={JSON: '{"statusCode": 200, "message": "exists"}'})
    api.deploy()
    aws.expect("working-route", api.call("/existing").json())
    for key, answer in (("not-found", api.call("/random")), ("wrong-method", api.call("/existing", "POST"))):
        told = {"content": answer.json(), "errorType": answer.headers["x-amzn-ErrorType"]}
        assert answer.status_code == 403
        aws.expect(key, told)


def test_a_mock_tells_no_trace(api):
    aws = recording("common", "test_invocation_trace_id").without(NETWORK)
    api.says("GET", "/", "hi")
    api.deploy()
    for key, headers in (
        ("normal", {}),
        ("trace-id", {"x-amzn-trace-id": "Root=1-3152b799-8954dae64eda91bc9a23a7e8"}),
    ):
        told = lower_headers(api.call("/", headers=headers))
        aws.expect(f"{key}-req-headers-MOCK", {**told, "content-length": "content-length", "date": "date"})


def test_a_canary_has_its_own_deployment_and_variables(api, apigateway):
    aws = recording("canary", "test_invoking_canary_deployment")

    def template(message):
        return json.dumps(
            {
                "statusCode": 200,
                "message": f"{message} deployment",
                "variable": "$stageVariables.testVar",
                "nonExistingDefault": "$stageVariables.noStageVar",
                "nonOverridden": "$stageVariables.defaultVar",
                "isCanary": "$context.isCanaryRequest",
            }
        )

    named = api.mock("GET", "/", responseTemplates={JSON: template("default")})
    first = apigateway.create_deployment(restApiId=api.id)
    aws.expect("create-deployment-1", first)
    path = "/responseTemplates/application~1json"
    changed = [{"op": "replace", "path": path, "value": template("canary")}]
    apigateway.update_integration_response(**named, statusCode="200", patchOperations=changed)
    second = apigateway.create_deployment(restApiId=api.id)
    aws.expect("create-deployment-2", second)
    apigateway.create_stage(
        restApiId=api.id,
        stageName="dev",
        deploymentId=first["id"],
        variables={"testVar": "default", "defaultVar": "default"},
        canarySettings={
            "deploymentId": second["id"],
            "percentTraffic": 0,
            "stageVariableOverrides": {"testVar": "canary", "noStageVar": "canary"},
        },
    )
    aws.expect("response-deployment-1", api.call("/").json())
    all_of_it = [{"op": "replace", "path": "/canarySettings/percentTraffic", "value": "100.0"}]
    patched = apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=all_of_it)
    aws.expect("update-stage", patched)
    aws.expect("response-canary-deployment", api.call("/").json())


@pytest.fixture
def to_table(api, client, gateway_role):
    """An API that asks a table with three items."""
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="items",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for each in ("test", "test2", "test 3"):
        dynamodb.put_item(TableName="items", Item={"id": {"S": each}})

    def make(action, **request):
        integration = {
            "type": "AWS",
            "integrationHttpMethod": "POST",
            "uri": f"arn:aws:apigateway:us-east-1:dynamodb:action/{action}",
            "credentials": gateway_role("dynamodb:*"),
            "requestTemplates": {JSON: json.dumps({"TableName": "items", **request})},
        }
        api.respond(api.method("POST", "/test", integration), responseTemplates={JSON: "$input.json('$')"})
        api.deploy()

        def ask(item_id):
            answer = api.call(f"/test?id={item_id}", "POST")
            headers = {**lower_headers(answer), "date": "date", "content-length": "content-length"}
            content = answer.json()
            if "Items" in content:
                content["Items"].sort(key=lambda item: item["id"]["S"])
            return {
                "content": content,
                "headers": {**headers, "x-amz-apigw-id": "x-amz-apigw-id"},
                "status_code": answer.status_code,
            }

        return ask

    return make


ASKED = {"S": "$input.params('id')"}


def test_items_are_put_queried_and_scanned(to_table, client):
    test = "test_rest_api_to_dynamodb_integration"
    aws = recording("dynamodb", f"{test}[PutItem]").without(NETWORK)
    aws.expect("result-put-item", to_table("PutItem", Item={"id": ASKED})("test-new"))
    scanned = client("dynamodb").scan(TableName="items")
    scanned["Items"].sort(key=lambda item: item["id"]["S"])
    aws.expect("result-scan", scanned)


def test_a_query_finds_what_its_template_asks_for(to_table):
    aws = recording("dynamodb", "test_rest_api_to_dynamodb_integration[Query]").without(NETWORK)
    ask = to_table("Query", KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": ASKED})
    for key, item_id in (("test", "test"), ("test2", "test2"), ("test 3", "test%203"), ("invalid", "none")):
        aws.expect(f"result-{key}", ask(item_id))


def test_a_scan_finds_everything(to_table):
    aws = recording("dynamodb", "test_rest_api_to_dynamodb_integration[Scan]").without(NETWORK)
    aws.expect("result-scan", to_table("Scan")("None"))


def test_a_proxy_asks_functions_only(api, apigateway):
    named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "POST"}
    apigateway.put_method(**named, authorizationType="NONE")
    put = {"type": "AWS_PROXY", "integrationHttpMethod": "POST"}
    aws = recording("dynamodb", "test_error_aws_proxy_not_supported")
    uri = "arn:aws:apigateway:us-east-1:dynamodb:action/Query"
    aws.refuses("create-integration-error", apigateway.put_integration, **named, **put, uri=uri)
    aws = recording("lambda", "test_put_integration_aws_proxy_uri")
    function = "arn:aws:lambda:us-east-1:000000000000:function:test"
    for key, uri in (
        ("lambda-uri", function),
        ("wrong-arn", f"lambda:path/2015-03-31/functions/{function}/invocations"),
        ("wrong-type", f"arn:aws:apigateway:us-east-1:firehose:{function}"),
        ("wrong-firehose", "arn:aws:apigateway:us-east-1:firehose:path/my-stream"),
        ("bad-lambda-arn", "arn:aws:apigateway:us-east-1:lambda:path/random/value/arn"),
    ):
        aws.refuses(f"put-integration-{key}", apigateway.put_integration, **named, **put, uri=uri)


def test_objects_are_put_by_paths_of_their_own(api, client, account, gateway_role):
    aws = recording("s3", "test_apigateway_s3_method_mapping")
    bucket = f"mapped-{account}"
    client("s3").create_bucket(Bucket=bucket)
    role = gateway_role("s3:*")
    more = {
        "PUT": {
            "requestParameters": {"integration.request.header.Content-Type": f"'{JSON}'"},
            "requestTemplates": {JSON: '{"message": "great success!"}'},
        }
    }
    for verb in ("GET", "PUT", "DELETE"):
        integration = {
            "type": "AWS",
            "integrationHttpMethod": verb,
            "uri": f"arn:aws:apigateway:us-east-1:s3:path/{bucket}/test.json",
            "credentials": role,
            **more.get(verb, {}),
        }
        api.respond(api.method("GET", f"/{verb.lower()}", integration))
    api.deploy()
    assert api.call("/put").status_code == 200
    aws.expect("get-object", api.call("/get").json())
    assert api.call("/delete").status_code == 200
    told = api.call("/get")
    assert told.status_code == 200
    for name, value in aws.content["get-deleted-object"]["Error"].items():
        assert f"<{name}>" in told.text
        assert value.startswith("<") or f"<{name}>{value}</{name}>" in told.text


def test_responses_of_integrations_live(api, apigateway):
    aws = recording("integrations", "test_put_integration_responses")
    for verb, response in (
        ("GET", {"responseTemplates": {}}),
        ("PUT", {"contentHandling": "CONVERT_TO_BINARY"}),
    ):
        key = verb.lower()
        named = {"restApiId": api.id, "resourceId": api.root, "httpMethod": verb}
        aws.expect(f"put-method-{key}", apigateway.put_method(**named, authorizationType="NONE"))
        method_response = apigateway.put_method_response(**named, statusCode="200")
        aws.expect(f"put-method-response-{key}", method_response)
        integration = {"type": "HTTP", "uri": "http://example.com/post", "integrationHttpMethod": "POST"}
        aws.expect(f"put-integration-{key}", apigateway.put_integration(**named, **integration))
        named_response = {**named, "statusCode": "200"}
        put = apigateway.put_integration_response(**named_response, selectionPattern="2\\d{2}", **response)
        aws.expect(f"put-integration-response-{key}", put)
        found = apigateway.get_integration_response(**named_response)
        aws.expect(f"get-integration-response-{key}", found)
        if verb == "GET":
            aws.expect("get-method-get", apigateway.get_method(**named))
            aws.expect("deploy", apigateway.create_deployment(restApiId=api.id, stageName="local"))
            gone = apigateway.delete_integration_response(**named_response)
            aws.expect("delete-integration-response-get", gone)
            aws.expect("get-method-get-after-int-resp-delete", apigateway.get_method(**named))


def test_templates_of_responses_are_shown(api, apigateway):
    aws = recording("integrations", "test_put_integration_response_with_response_template")
    named = api.mock("GET", "/", selectionPattern="foobar", responseTemplates={JSON: '{"data": "test"}'})
    shown = apigateway.get_integration_response(**named, statusCode="200")
    aws.expect("get-integration-response", shown)
