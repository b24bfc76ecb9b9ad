"""API Gateway's data plane: every integration, with and without what stages add, and many resources."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from scripts.benchmarks.cases import HANDLER, Figure, make_function
from scripts.benchmarks.cloud import BenchmarkCloud
from scripts.benchmarks.load import Load, request_bytes, run
from scripts.benchmarks.reference import serve_fixed

AUTHORIZER: Final = (
    "def handler(event, context):\n"
    "    statement = {'Effect': 'Allow', 'Action': 'execute-api:Invoke', 'Resource': '*'}\n"
    "    policy = {'Version': '2012-10-17', 'Statement': [statement]}\n"
    "    return {'principalId': 'bench', 'policyDocument': policy}\n"
)
LOOP: Final = (
    "#set($root = $input.path('$'))[#foreach($item in $root.items)"
    '{"id": "$item.id", "name": "$item.name"}#if($foreach.hasNext),#end#end]'
)
SECONDS: Final = 1.5


class _Api:
    """An API under construction."""

    def __init__(self, cloud: BenchmarkCloud, name: str) -> None:
        self.boto = cloud.client("apigateway")
        made = self.boto.create_rest_api(name=name)
        self.id, self.root = made["id"], made["rootResourceId"]
        self.url = f"{cloud.endpoint}/restapis/{self.id}/bench/_user_request_"

    def method(self, path: str, integration: dict[str, Any], verb: str = "GET", **settings: Any) -> None:
        """A method with an integration that answers 200."""
        resource = self.boto.create_resource(restApiId=self.id, parentId=self.root, pathPart=path)["id"]
        where = {"restApiId": self.id, "resourceId": resource, "httpMethod": verb}
        self.boto.put_method(**where, **{"authorizationType": "NONE", **settings})
        templates = integration.pop("responseTemplates", {})
        self.boto.put_integration(**where, **integration)
        self.boto.put_method_response(**where, statusCode="200")
        if not integration["type"].endswith("_PROXY"):
            self.boto.put_integration_response(**where, statusCode="200", responseTemplates=templates)

    def mock(self, path: str, **settings: Any) -> None:
        """A method that answers by itself."""
        template = {"application/json": '{"statusCode": 200}'}
        answer = {"application/json": '{"said": "so"}'}
        self.method(
            path, {"type": "MOCK", "requestTemplates": template, "responseTemplates": answer}, **settings
        )

    def deploy(self, *patches: tuple[str, str]) -> None:
        """Serves it."""
        self.boto.create_deployment(restApiId=self.id, stageName="bench")
        operations = [{"op": "replace", "path": path, "value": value} for path, value in patches]
        if operations:
            self.boto.update_stage(restApiId=self.id, stageName="bench", patchOperations=operations)


def gateways(cloud: BenchmarkCloud) -> list[Figure]:
    """All of it; the server's own health page and the function itself are what it is compared with."""
    cloud.start_once()
    saved, cloud.credentials = cloud.credentials, ("test", "test")
    try:
        with _backend() as port:
            return _measure(cloud, port)
    finally:
        cloud.credentials = saved


def _measure(cloud: BenchmarkCloud, port: int) -> list[Figure]:
    api = _Api(cloud, "gateways")
    arn = make_function(cloud, "proxied", HANDLER)
    api.mock("mock")
    api.method(
        "http", {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"http://127.0.0.1:{port}/"}
    )
    api.method("proxy", {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": _uri(arn)})
    _dynamodb(cloud, api)
    _guarded(cloud, api)
    template = {"application/json": '{"statusCode": 200}'}
    api.method(
        "template",
        {"type": "MOCK", "requestTemplates": template, "responseTemplates": {"application/json": _loop()}},
    )
    api.deploy()
    bare = _load(f"{cloud.endpoint}/_cloudlet/health", 1)
    direct = _direct(cloud)
    figures = [
        Figure("the server's own answer, p50", bare.p50_ms, "ms", 0.3, "alone_ms"),
        Figure("the function itself, p50", direct.p50_ms, "ms", 0.8, "alone_ms"),
    ]
    for path, p50_ms, per_second in (
        ("mock", 0.4, 6000),
        ("guarded", 0.5, 5000),
        ("http", 0.9, 2000),
        ("proxy", 1.2, 2500),
        ("items", 0.8, 2500),
        ("template", 0.6, 3000),
    ):
        one, many = _load(f"{api.url}/{path}", 1), _load(f"{api.url}/{path}", 32)
        figures.append(Figure(f"{path}, alone, p50", one.p50_ms, "ms", p50_ms, "alone_ms"))
        figures.append(Figure(f"{path}, alone, p99", one.p99_ms, "ms", p50_ms * 4, "alone_ms"))
        figures.append(Figure(f"{path}, 32 connections", many.per_second, "/s", per_second, "per_second"))
        if path == "proxy":
            overhead = one.p50_ms - direct.p50_ms
            figures.append(Figure("the gateway's own part of a proxied call, p50", overhead, "ms", 0.4))
    return [*figures, *_cached(cloud, arn), *_many_resources(cloud)]


def _cached(cloud: BenchmarkCloud, arn: str) -> list[Figure]:
    api = _Api(cloud, "cached")
    api.method("proxy", {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": _uri(arn)})
    api.deploy(
        ("/cacheClusterEnabled", "true"), ("/cacheClusterSize", "0.5"), ("/*/*/caching/enabled", "true")
    )
    one = _load(f"{api.url}/proxy", 1)
    return [Figure("proxy from the stage's cache, alone, p50", one.p50_ms, "ms", 0.4, "alone_ms")]


def _many_resources(cloud: BenchmarkCloud) -> list[Figure]:
    found = {}
    for count in (10, 1000):
        api = _Api(cloud, f"of {count}")
        for number in range(count):
            api.boto.create_resource(restApiId=api.id, parentId=api.root, pathPart=f"r{number}")
        api.mock("mock")
        api.deploy()
        found[count] = _load(f"{api.url}/mock", 1).p50_ms
    return [Figure("MOCK of 1,000 resources against 10, p50", found[1000] - found[10], "ms", 0.05)]


def _dynamodb(cloud: BenchmarkCloud, api: _Api) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="gateways",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="gateways")
    dynamodb.put_item(TableName="gateways", Item={"pk": {"S": "a"}, "text": {"S": "x" * 100}})
    role = cloud.find_or_make_role()
    allow = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    cloud.client("iam").put_role_policy(RoleName="bench", PolicyName="read", PolicyDocument=document)
    request = '{"TableName": "gateways", "Key": {"pk": {"S": "$util.escapeJavaScript(\'a\')"}}}'
    answer = '#set($i = $input.path(\'$.Item\')){"pk": "$i.pk.S", "text": "$i.text.S"}'
    integration = {
        "type": "AWS",
        "integrationHttpMethod": "POST",
        "uri": "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem",
        "credentials": role,
        "requestTemplates": {"application/json": request},
        "responseTemplates": {"application/json": answer},
    }
    api.method("items", integration)


def _guarded(cloud: BenchmarkCloud, api: _Api) -> None:
    arn = make_function(cloud, "authorizing", AUTHORIZER)
    made = api.boto.create_authorizer(
        restApiId=api.id,
        name="bench",
        type="TOKEN",
        authorizerUri=_uri(arn),
        identitySource="method.request.header.Host",
    )
    for function in ("authorizing", "proxied"):
        cloud.client("lambda").add_permission(
            FunctionName=function,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
    api.mock("guarded", authorizationType="CUSTOM", authorizerId=made["id"])


def _loop() -> str:
    items = [{"id": number, "name": f"name {number}"} for number in range(50)]
    given = json.dumps({"items": items}).replace("'", "")
    return f"#set($text = '{given}')" + LOOP.replace("$input.path('$')", "$util.parseJson($text)")


def _uri(arn: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def _direct(cloud: BenchmarkCloud) -> Load:
    url = f"{cloud.endpoint}/2015-03-31/functions/proxied/invocations"
    headers = {"Content-Type": "application/json"}
    request = request_bytes(url, b"{}", headers=headers, credentials=cloud.credentials, service="lambda")
    run(url, [request], connections=1, seconds=0.5)
    return run(url, [request], connections=1, seconds=SECONDS)


def _load(url: str, connections: int) -> Load:
    request = request_bytes(url, method="GET")
    run(url, [request], connections=connections, seconds=0.3)
    return run(url, [request], connections=connections, seconds=SECONDS)


@contextmanager
def _backend() -> Iterator[int]:
    """A server behind the gateway that does nothing."""
    port: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve_fixed, args=(port,), daemon=True)
    process.start()
    try:
        found = port.get(timeout=10)
        time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.join()
