"""Every folder of examples/ does what its README says, by the commands that stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aws_command import AwsCommand, environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OF_THE_READER = ("cloudlet start", 'eval "$(cloudlet env')
"""The commands by which a reader gets the cloud that a test already has."""

Answer = tuple[int, Any]


@pytest.fixture
def follow(server: Any, account: str, tmp_path: Path) -> Callable[[str], tuple[list[str], dict[str, str]]]:
    """Runs the commands of an example's README; what each curl printed, and the shell's variables."""

    def follow(name: str) -> tuple[list[str], dict[str, str]]:
        folder = tmp_path / name
        shutil.copytree(EXAMPLES / name, folder)
        script = "\n".join(_commands(folder / "README.md"))
        script = re.sub(r"(?m)^curl ", "answer curl -sS ", script)
        script = f"""
            set -euo pipefail
            : >answers
            answer() {{ "$@" >>answers; printf '\\0' >>answers; }}
            {script}
            printf 'api=%s\\nurl=%s\\nfunction=%s\\n' "${{api-}}" "${{url-}}" "${{function-}}" >variables
        """
        done = subprocess.run(
            ["bash", "-c", script],
            env=environment(server.endpoint, tmp_path, account, "secret"),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        variables = dict(line.split("=", 1) for line in (folder / "variables").read_text().splitlines())
        return (folder / "answers").read_text().split("\0")[:-1], variables

    return follow


@pytest.fixture
def aws(server: Any, account: str, tmp_path: Path) -> AwsCommand:
    return AwsCommand(server.endpoint, tmp_path, account)


def test_every_example_is_tested():
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == {
        "api-versions",
        "compresstest",
        "custom-authorizer",
        "dynamodb-proxy",
        "event-source-mappings",
        "hello",
        "stage-variables",
        "tinysite",
    }


def test_comments_are_posted_and_read_through_the_gateway(follow, client):
    answers, variables = follow("dynamodb-proxy")
    assert json.loads(answers[0]) == {}
    (comment,) = json.loads(answers[1])["comments"]
    (item,) = client("dynamodb").scan(TableName="Comments")["Items"]
    assert comment == {
        "commentId": item["commentId"]["S"],
        "userName": "Just Saying Thank You",
        "message": "I really enjoyed this story!!",
    }
    url = variables["url"]
    assert _post(url, {"pageId": "other", "userName": "Ada", "message": "Ünïcode"}) == (200, {})
    status, page = _get(f"{url}/other")
    assert (status, [each["message"] for each in page["comments"]]) == (200, ["Ünïcode"])
    assert _get(f"{url}/nobody-wrote-here") == (200, {"comments": []})


def test_a_trial_shows_what_dynamodb_was_asked_and_what_it_answered(follow, client):
    answers, variables = follow("dynamodb-proxy")
    apigateway = client("apigateway")
    (resource,) = (
        each["id"]
        for each in apigateway.get_resources(restApiId=variables["api"])["items"]
        if each["path"] == "/comments/{pageId}"
    )
    named = {"restApiId": variables["api"], "resourceId": resource, "httpMethod": "GET"}
    trial = apigateway.test_invoke_method(**named, pathWithQueryString="/comments/breaking-news")
    assert trial["status"] == 200
    assert json.loads(trial["body"]) == json.loads(answers[1])
    told = [line.partition(" : ")[2] for line in trial["log"].splitlines()]
    assert "Method request path: {pageId=breaking-news}" in told
    asked = "".join(line for line in told if line.startswith("Endpoint request body"))
    assert asked.startswith("Endpoint request body after transformations: {")
    assert any(line.startswith("Received response. Status: 200, Integration latency: ") for line in told)
    assert told[-1] == "Method completed with status: 200"


def test_role_of_the_gateway_is_all_that_it_may_do(follow, client):
    """What the README promises of a policy without dynamodb:Query."""
    _, variables = follow("dynamodb-proxy")
    iam = client("iam")
    (role,) = iam.list_roles()["Roles"]
    named = {"RoleName": role["RoleName"], "PolicyName": "comments"}
    document = iam.get_role_policy(**named)["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Action"] != "dynamodb:Query"]
    iam.put_role_policy(**named, PolicyDocument=json.dumps(document))
    assert _get(f"{variables['url']}/breaking-news") == (200, {"comments": []})
    posted = _post(variables["url"], {"pageId": "a", "userName": "b", "message": "c"})
    assert posted == (200, {})


@pytest.mark.skipif(
    "CLOUDLET_RUNTIMES" not in os.environ, reason="CLOUDLET_RUNTIMES names no folder of Node packages"
)
def test_functions_count_and_keep_notes_and_are_refused_the_rest(follow, client, aws):
    answers, variables = follow("hello")
    assert json.loads(answers[0]) == {"greeting": "Hello, ada!", "visits": 1}
    assert json.loads(answers[1]) == {"key": "notes/shopping.txt"}
    refused = json.loads(answers[2])
    assert refused["error"] == "AccessDenied"
    assert "is not authorized to perform: s3:PutObject" in refused["message"]
    assert "/secret/x.txt" in refused["message"]
    assert refused["message"].endswith("because no identity-based policy allows the s3:PutObject action")

    url = variables["url"]
    assert _get(f"{url}/count/ada") == (200, {"greeting": "Hello, ada!", "visits": 2})
    assert _post(f"{url}/notes", {"name": "secret/y", "text": "no"})[0] == 403
    outputs = client("cloudformation").describe_stacks(StackName="hello")["Stacks"][0]["Outputs"]
    bucket = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "Bucket")
    assert [each["Key"] for each in client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == [
        "notes/shopping.txt"
    ]
    assert aws("s3", "cp", f"s3://{bucket}/notes/shopping.txt", "-") == "milk"
    read_log = ("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{variables['function']}")
    deadline = time.monotonic() + 15
    while "ada came for visit 2" not in aws(*read_log, "--query", "events[].message", "--output", "text"):
        assert time.monotonic() < deadline


_COMPILED = pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go compiler (golang-go)")


@_COMPILED
def test_page_travels_deflated_and_without_a_type(follow, client):
    answers, variables = follow("tinysite")
    assert answers[0].startswith("<!DOCTYPE html><title>tiny</title>")
    with urllib.request.urlopen(f"{variables['url']}/") as answer:
        packed, headers = answer.read(), answer.headers
    assert zlib.decompress(packed, wbits=-15).decode() == answers[0]
    assert headers["Content-Encoding"] == "deflate"
    assert not headers["Content-Type"]
    told = client("lambda").invoke(FunctionName=variables["function"])
    assert json.loads(told["Payload"].read())["isBase64Encoded"] is True


@_COMPILED
def test_sizes_of_an_uploaded_file_are_told(follow):
    answers, variables = follow("compresstest")
    sizes = json.loads(answers[0])
    assert sizes["none"] == (EXAMPLES / "compresstest/main.go").stat().st_size
    assert set(sizes) == {"none", "deflate", "gzip", "lzw", "zlib"}
    assert sizes["deflate"] < sizes["zlib"] < sizes["gzip"] < sizes["none"]
    assert answers[1] == "Could not read request body"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(f"{variables['url']}/", b"no form"))
    assert caught.value.code == 403
    assert caught.value.headers["Access-Control-Allow-Origin"] == "*"


needs_node = pytest.mark.skipif(
    "CLOUDLET_RUNTIMES" not in os.environ, reason="CLOUDLET_RUNTIMES names no folder of Node packages"
)
TOO_MANY = "Too many results, try your request with a shorter duration"


@needs_node
def test_clients_of_the_first_version_do_not_notice_the_second(follow):
    answers = [json.loads(answer) for answer in follow("api-versions")[0]]
    first, too_long, second, page, cloned, kept, kept_error = answers
    assert (_days(first), too_long["errorMessage"]) == (["order-0", "order-1", "order-2"], TOO_MANY)
    assert _days(second["orders"]) == ["order-0", "order-1", "order-2"]
    assert second.keys() == {"orders"}
    assert page["nextToken"] == "MjAxNS0xMC0wNlQwMDowMDowMC4wMDBa"
    assert _days(page["orders"]) == [f"order-{number}" for number in range(5)]
    assert cloned.keys() == page.keys()
    assert _days(kept) == ["order-0", "order-1", "order-2"]
    assert kept_error == {"errorMessage": TOO_MANY}


@needs_node
def test_each_stage_has_the_function_that_its_variable_names(follow):
    refused, *answers = [json.loads(answer) for answer in follow("stage-variables")[0]]
    assert refused == {"message": "Internal server error"}
    assert [answer["Hello"] for answer in answers] == ["World", "Ed", "No-Name", "World", "Lima"]


def test_a_token_lets_its_bearer_do_what_the_policy_says(follow):
    *refused, confused, read, written, denied, deleted = [
        json.loads(answer) for answer in follow("custom-authorizer")[0]
    ]
    assert refused == [{"message": "Unauthorized"}] * 3
    assert confused == {"message": None}
    assert read == {"caller": "ada", "scope": "users", "did": "GET", "to": "grace"}
    assert (written["did"], written["to"]) == ("POST", "ada")
    assert denied == {"Message": "User is not authorized to access this resource"}
    assert deleted == {"caller": "grace", "scope": "admins", "did": "DELETE", "to": "ada"}


def _days(orders: list[dict[str, Any]]) -> list[str]:
    """The orders' ids, once it is clear that they are of one day after the other."""
    assert [order["orderTs"] for order in orders] == [
        f"2015-10-{day:02}T00:00:00.000Z" for day in range(1, len(orders) + 1)
    ]
    assert all(0 <= order["orderAmount"] <= 100 for order in orders)
    return [order["orderId"] for order in orders]


def test_three_sources_call_functions_and_their_mappings_change_in_place(follow, client, aws, server):
    follow("event-source-mappings")
    stack = client("cloudformation").describe_stacks(StackName="tik")["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    mapping = aws.json("lambda", "get-event-source-mapping", "--uuid", outputs["Mapping"])
    assert (mapping["BatchSize"], mapping["State"]) == (5, "Enabled")

    # The README's commands received what was told; it comes again once its visibility timeout is over.
    server.advance(31)
    told = []
    read = ["--endpoint-url", server.endpoint, "sqs", "receive-message", "--queue-url", outputs["Told"]]
    read += ["--max-number-of-messages", "10", "--wait-time-seconds", "20", "--visibility-timeout", "600"]
    while len(told) < 2:
        told += [json.loads(each["Body"]) for each in aws.json(*read)["Messages"]]
    assert sorted(told, key=lambda each: each["from"]) == [
        {"from": "aws:dynamodb", "what": {"id": {"S": "hello table"}}},
        # The first version of the command sends what stands there, the second what it means in base 64.
        {"from": "aws:kinesis", "what": "aGVsbG8gc3RyZWFt"},
    ]
    read_log = ("logs", "filter-log-events", "--log-group-name", "/aws/lambda/tikjs")
    deadline = time.monotonic() + 15
    while "aws:sqs said" not in aws(*read_log, "--query", "events[].message", "--output", "text"):
        assert time.monotonic() < deadline
    twice = ("lambda", "create-event-source-mapping", "--function-name", "clicks", "--event-source-arn")
    said = aws.refusal(*twice, outputs["StreamArn"], "--starting-position", "LATEST")
    assert f'The event source arn (" {outputs["StreamArn"]} ") and function (" clicks ") provided' in said
    assert "mapping already exists. Please update or delete the existing mapping with UUID" in said


def _commands(readme: Path) -> list[str]:
    """The README's commands, but for those that bring the cloud itself."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", readme.read_text())
    assert blocks, f"{readme} shows no commands"
    lines = "".join(blocks).splitlines()
    kept = [line for line in lines if not line.startswith(OF_THE_READER)]
    assert len(kept) == len(lines) - len(OF_THE_READER), f"{readme} starts the cloud in another way"
    return kept


def _get(url: str) -> Answer:
    return _send(urllib.request.Request(url))


def _post(url: str, document: Any) -> Answer:
    headers = {"Content-Type": "application/json"}
    return _send(urllib.request.Request(url, json.dumps(document).encode(), headers))


def _send(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
