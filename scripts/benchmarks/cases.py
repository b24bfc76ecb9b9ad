"""The cases: each makes what it needs, measures, and says what was promised."""

from __future__ import annotations

import io
import json
import subprocess
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.benchmarks.cloud import BenchmarkCloud
from scripts.benchmarks.load import once, request_bytes, run

ROOT: Final = Path(__file__).resolve().parents[2]
HANDLER: Final = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
BOTO3_HANDLER: Final = "import boto3\nclient = boto3.client('dynamodb')\n" + HANDLER


@dataclass(frozen=True)
class Figure:
    """One number, its promise, and what it is compared with."""

    name: str
    value: float
    unit: str
    promise: float | None
    """None for what is only there to compare with."""
    against: str = ""
    """The reference: writes, alone_ms or per_second."""

    def line(self, width: int, **references: float) -> str:
        """As it is printed."""
        rate = self.unit == "/s"
        if self.promise is None:
            return f"{self.name:<{width}}{self.value:>10,.{0 if rate else 3}f}{self.unit:<3}"
        kept = self.value >= self.promise if rate else self.value <= self.promise
        digits = 0 if rate else 3 if self.unit in ("ms", "s") and self.promise < 2 else 1
        ratio = f"   {self.value / references[self.against]:.2f}" if self.against else "   "
        promise = f"{'>=' if rate else '<='} {self.promise:,g}{self.unit}"
        missed = "" if kept else "   MISSED"
        return f"{self.name:<{width}}{self.value:>10,.{digits}f}{self.unit:<3}{promise:>13}{ratio}{missed}"


def starting(cloud: BenchmarkCloud) -> list[Figure]:
    """Start and idle memory."""
    cloud.start()
    cloud.stop()
    starts = []
    for _ in range(3):
        starts.append(cloud.start())
        time.sleep(1)
        memory = cloud.resident_bytes()
        cloud.stop()
    cloud.start()
    cloud.become_user()
    return [
        Figure("start to first answered request", min(starts), "s", 0.25),
        Figure("idle memory", memory / 1e6, "MB", 60),
    ]


def _user(cloud: BenchmarkCloud) -> None:
    if cloud.credentials == ("test", "test"):
        cloud.start()
        cloud.become_user()


def _figures(
    name: str, url: str, requests: list[bytes], p50_ms: float | None, per_second: float
) -> list[Figure]:
    many = run(url, requests, connections=16)
    figures = [Figure(f"{name}, 16 connections", many.per_second, "/s", per_second, "per_second")]
    if p50_ms is not None:
        alone = run(url, requests, connections=1)
        figures.insert(0, Figure(f"{name}, alone, p50", alone.p50_ms, "ms", p50_ms, "alone_ms"))
    return figures


def items(cloud: BenchmarkCloud) -> list[Figure]:
    """DynamoDB, signed, judged, durable."""
    _user(cloud)
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="bench",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="bench")

    def request(operation: str, parameters: Mapping[str, Any]) -> bytes:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }
        body = json.dumps({"TableName": "bench", **parameters}).encode()
        url = cloud.endpoint + "/"
        return request_bytes(url, body, headers=headers, credentials=cloud.credentials, service="dynamodb")

    keys = [{"pk": {"S": f"key-{number}"}} for number in range(2000)]
    puts = [request("PutItem", {"Item": {**key, "text": {"S": "x" * 1000}}}) for key in keys]
    gets = [request("GetItem", {"Key": key}) for key in keys]
    return [
        *_figures("PutItem of 1 KiB, durable", cloud.endpoint, puts, 1.0, 6000),
        *_figures("GetItem of 1 KiB", cloud.endpoint, gets, None, 9000),
    ]


def zipped(files: Mapping[str, str], *, mode: int = 0o644) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def make_function(cloud: BenchmarkCloud, name: str, text: str) -> str:
    """A Python function; its ARN."""
    saved, cloud.credentials = cloud.credentials, ("test", "test")
    client = cloud.client("lambda")
    role = cloud.find_or_make_role()
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="main.handler",
        MemorySize=1769,
        Code={"ZipFile": zipped({"main.py": text})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    cloud.credentials = saved
    return str(made["FunctionArn"])


def _invoke_request(cloud: BenchmarkCloud, name: str) -> bytes:
    url = f"{cloud.endpoint}/2015-03-31/functions/{name}/invocations"
    headers = {"Content-Type": "application/json"}
    return request_bytes(url, b"{}", headers=headers, credentials=cloud.credentials, service="lambda")


def functions(cloud: BenchmarkCloud) -> list[Figure]:
    """Lambda: warm, cold, and after new code."""
    _user(cloud)
    make_function(cloud, "warm", HANDLER)
    request = _invoke_request(cloud, "warm")
    run(cloud.endpoint, [request], connections=16, seconds=0.5)
    warm = _figures("warm Invoke, Python", cloud.endpoint, [request], 0.6, 3000)
    colds, updates = [], []
    make_function(cloud, "cold", BOTO3_HANDLER)
    client = cloud.client("lambda")
    for number in range(5):
        code = zipped({"main.py": f"{BOTO3_HANDLER}# {number}\n"})
        began = time.perf_counter()
        client.update_function_code(FunctionName="cold", ZipFile=code)
        colds.append(once(cloud.endpoint, _invoke_request(cloud, "cold")))
        updates.append((time.perf_counter() - began) * 1000)
    return [
        *warm,
        Figure("cold start, Python with boto3 and a client, whole call", min(colds), "ms", 25),
        Figure("UpdateFunctionCode and the first call after it", min(updates), "ms", 100),
    ]


def gateway(cloud: BenchmarkCloud) -> list[Figure]:
    """API Gateway: MOCK and the proxy to a function."""
    _user(cloud)
    saved, cloud.credentials = cloud.credentials, ("test", "test")
    make_function(cloud, "behind", HANDLER)
    url = _make_api(cloud, "behind")
    cloud.credentials = saved
    proxy, mock = (request_bytes(f"{url}/{path}", method="GET") for path in ("proxy", "mock"))
    run(cloud.endpoint, [proxy], connections=16, seconds=0.5)
    return [
        *_figures("API Gateway proxy to a function", cloud.endpoint, [proxy], 1.0, 2500),
        *_figures("API Gateway MOCK", cloud.endpoint, [mock], None, 8000),
    ]


def _make_api(cloud: BenchmarkCloud, function: str) -> str:
    gateway, client = cloud.client("apigateway"), cloud.client("lambda")
    api = gateway.create_rest_api(name="bench")
    arn = client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    client.add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    invocation = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    integrations: dict[str, dict[str, Any]] = {
        "proxy": {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": invocation},
        "mock": {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
    }
    for path, integration in integrations.items():
        resource = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=path)
        where = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
        gateway.put_method(**where, authorizationType="NONE")
        gateway.put_integration(**where, **integration)
        gateway.put_method_response(**where, statusCode="200")
        if path == "mock":
            gateway.put_integration_response(
                **where, statusCode="200", responseTemplates={"application/json": "{}"}
            )
    gateway.create_deployment(restApiId=api["id"], stageName="bench")
    return f"{cloud.endpoint}/restapis/{api['id']}/bench/_user_request_"


def deploying(cloud: BenchmarkCloud) -> list[Figure]:
    """CloudFormation: examples/hello from create-stack to CREATE_COMPLETE."""
    _user(cloud)
    cloud.credentials = ("test", "test")
    environment = {
        **cloud.environment,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    cloud.client("s3").create_bucket(Bucket="bench-artifacts")
    packaged = cloud.home / "packaged.yaml"
    command = [
        "aws",
        "cloudformation",
        "package",
        "--template-file",
        str(ROOT / "examples/hello/template.yaml"),
    ]
    command += ["--s3-bucket", "bench-artifacts", "--output-template-file", str(packaged)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    cloudformation = cloud.client("cloudformation")
    began = time.perf_counter()
    cloudformation.create_stack(
        StackName="hello", TemplateBody=packaged.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    while (
        status := cloudformation.describe_stacks(StackName="hello")["Stacks"][0]["StackStatus"]
    ) == "CREATE_IN_PROGRESS":
        time.sleep(0.005)
    took = time.perf_counter() - began
    if status != "CREATE_COMPLETE":
        raise RuntimeError(f"the stack ended as {status}")
    return [Figure("deploy of examples/hello to CREATE_COMPLETE", took, "s", 1.0)]


CASES: Final[Mapping[str, Callable[[BenchmarkCloud], list[Figure]]]] = {
    "starting": starting,
    "items": items,
    "functions": functions,
    "gateway": gateway,
    "deploying": deploying,
}
