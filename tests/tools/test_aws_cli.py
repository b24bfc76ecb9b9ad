"""A tour of the services with the unmodified aws command."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request

import pytest

from cloud_functions import TRUST, WRITE_LOGS, allow, policy, zipped

TEMPLATE = """
Parameters:
  Word: {Type: String, Default: first}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: code
      Environment: {Variables: {WORD: !Ref Word}}
Outputs:
  Function: {Value: !Ref Function}
"""
HANDLER = "import os\ndef handler(event, context):\n    return os.environ['WORD']\n"


def test_objects_are_copied_synchronized_listed_presigned_and_removed(aws, account, tmp_path):
    bucket = f"s3://tour-{account}"
    big = os.urandom(9 * 1024 * 1024)
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "big.bin").write_bytes(big)
    (tmp_path / "tree" / "deep" / "small ü.txt").write_text("small")

    for path in ("tree/big.bin", "tree/deep/small ü.txt"):
        os.utime(tmp_path / path, (0, 10**9))
    aws("s3", "mb", bucket)
    synchronized = aws("s3", "sync", "tree", f"{bucket}/tree")
    assert synchronized.count("upload:") == 2
    assert aws("s3", "sync", "tree", f"{bucket}/tree") == ""
    assert [line.split()[2:] for line in aws("s3", "ls", "--recursive", bucket).splitlines()] == [
        [str(len(big)), "tree/big.bin"],
        ["5", "tree/deep/small", "ü.txt"],
    ]
    aws("s3", "cp", f"{bucket}/tree/big.bin", f"{bucket}/copy.bin")
    aws("s3", "cp", f"{bucket}/copy.bin", "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == big
    url = aws("s3", "presign", f"{bucket}/tree/deep/small ü.txt").strip()
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"small"
    aws("s3", "mv", f"{bucket}/copy.bin", f"{bucket}/moved.bin")
    assert "BucketNotEmpty" in aws.refusal("s3", "rb", bucket)
    assert aws("s3", "rm", "--recursive", bucket).count("delete:") == 3
    aws("s3", "rb", bucket)
    assert aws("s3", "ls") == ""
    assert "NoSuchBucket" in aws.refusal("s3", "ls", bucket)


def test_items_are_put_and_queried_page_by_page(aws, tmp_path):
    aws(
        "dynamodb", "create-table", "--table-name", "tour", "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=page,AttributeType=S", "AttributeName=at,AttributeType=N",
        "--key-schema", "AttributeName=page,KeyType=HASH", "AttributeName=at,KeyType=RANGE",
    )  # fmt: skip
    aws("dynamodb", "wait", "table-exists", "--table-name", "tour")
    puts = [{"PutRequest": {"Item": {"page": {"S": "a"}, "at": {"N": str(at)}}}} for at in range(25)]
    (tmp_path / "puts.json").write_text(json.dumps({"tour": puts}))
    aws("dynamodb", "batch-write-item", "--request-items", "file://puts.json")
    item = {"page": {"S": "a"}, "at": {"N": "100"}, "text": {"S": "ü"}}
    aws("dynamodb", "put-item", "--table-name", "tour", "--item", json.dumps(item))

    query = [
        "dynamodb", "query", "--table-name", "tour", "--key-condition-expression", "page = :page",
        "--expression-attribute-values", '{":page": {"S": "a"}}',
    ]  # fmt: skip
    whole = aws.json(*query, "--page-size", "4")
    assert [int(each["at"]["N"]) for each in whole["Items"]] == [*range(25), 100]
    first = aws.json(*query, "--max-items", "3")
    rest = aws.json(*query, "--starting-token", first["NextToken"])
    assert len(first["Items"]) == 3
    assert len(rest["Items"]) == 23
    assert rest["Items"][-1] == item
    assert "ConditionalCheckFailedException" in aws.refusal(
        "dynamodb", "put-item", "--table-name", "tour", "--item", json.dumps(item),
        "--condition-expression", "attribute_not_exists(page)",
    )  # fmt: skip
    aws("dynamodb", "delete-table", "--table-name", "tour")
    aws("dynamodb", "wait", "table-not-exists", "--table-name", "tour")


def test_function_is_created_invoked_updated_and_its_log_read(aws, tmp_path):
    (tmp_path / "one.zip").write_bytes(
        zipped({"index.py": "def handler(event, context):\n    print('heard', event)\n    return 1\n"})
    )
    (tmp_path / "two.zip").write_bytes(zipped({"index.py": "def handler(event, context):\n    return 2\n"}))
    role = aws.json(
        "iam", "create-role", "--role-name", "tour", "--assume-role-policy-document", json.dumps(TRUST)
    )["Role"]
    aws(
        "iam", "put-role-policy", "--role-name", "tour", "--policy-name", "logs",
        "--policy-document", policy(WRITE_LOGS),
    )  # fmt: skip
    name = ["--function-name", "tour"]
    aws(
        "lambda", "create-function", *name, "--runtime", "python3.12", "--handler", "index.handler",
        "--role", role["Arn"], "--zip-file", "fileb://one.zip",
    )  # fmt: skip
    aws("lambda", "wait", "function-active", *name)
    (tmp_path / "event.json").write_text('{"a": "ü"}')
    answer = aws.json("lambda", "invoke", *name, "--payload", "file://event.json", "out.json")
    assert (answer["StatusCode"], (tmp_path / "out.json").read_text()) == (200, "1")
    aws("lambda", "update-function-code", *name, "--zip-file", "fileb://two.zip")
    aws("lambda", "wait", "function-updated", *name)
    aws("lambda", "invoke", *name, "out.json")
    assert (tmp_path / "out.json").read_text() == "2"

    group = "/aws/lambda/tour"
    search = ("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "heard")
    assert _until(lambda: [event["message"] for event in aws.json(*search)["events"]]) == [
        "heard {'a': 'ü'}\n"
    ]
    stream = aws.json(*search)["events"][0]["logStreamName"]
    named = ("--log-group-name", group, "--log-stream-name", stream)
    lines = [event["message"] for event in aws.json("logs", "get-log-events", *named)["events"]]
    # Where the machine has no Python 3.12, a line says what stands in for it.
    said = [line.split()[0] for line in lines if not line.startswith("cloudlet: ")]
    assert said[:5] == ["INIT_START", "START", "heard", "END", "REPORT"]
    aws("lambda", "delete-function", *name)
    assert "ResourceNotFoundException" in aws.refusal("lambda", "get-function", *name)


def test_access_key_of_a_user_and_session_of_a_role_are_used(aws, account):
    aws("iam", "create-user", "--user-name", "ada")
    key = aws.json("iam", "create-access-key", "--user-name", "ada")["AccessKey"]
    ada = aws.signing_with(key)
    arn = f"arn:aws:iam::{account}:user/ada"
    assert ada.json("sts", "get-caller-identity")["Arn"] == arn
    assert ada.refusal("iam", "list-users").endswith(
        f"(AccessDenied) when calling the ListUsers operation: User: {arn} is not authorized to perform: "
        f"iam:ListUsers on resource: arn:aws:iam::{account}:user/ because no identity-based policy allows "
        "the iam:ListUsers action"
    )
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": arn}}]}
    role = aws.json(
        "iam", "create-role", "--role-name", "lister", "--assume-role-policy-document", json.dumps(trust)
    )["Role"]["Arn"]
    aws(
        "iam", "put-role-policy", "--role-name", "lister", "--policy-name", "list",
        "--policy-document", policy(allow("iam:ListUsers")),
    )  # fmt: skip
    assume = ("sts", "assume-role", "--role-arn", role, "--role-session-name", "tour")
    session = ada.signing_with(ada.json(*assume)["Credentials"])
    assert [user["UserName"] for user in session.json("iam", "list-users")["Users"]] == ["ada"]
    assert "AccessDenied" in session.refusal("iam", "list-roles")
    forged = aws.signing_with({**key, "SecretAccessKey": "wrong"})
    assert "SignatureDoesNotMatch" in forged.refusal("sts", "get-caller-identity")


def test_stack_is_packaged_deployed_by_change_sets_and_deleted(aws, account, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text(HANDLER)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    bucket = f"package-{account}"
    aws("s3", "mb", f"s3://{bucket}")
    aws(
        "cloudformation", "package", "--template-file", "template.yaml", "--s3-bucket", bucket,
        "--output-template-file", "packaged.yaml",
    )  # fmt: skip
    stack = ["--stack-name", "tour"]
    deploy = [
        "cloudformation", "deploy", *stack, "--template-file", "packaged.yaml",
        "--capabilities", "CAPABILITY_IAM",
    ]  # fmt: skip
    aws(*deploy)
    outputs = aws.json("cloudformation", "describe-stacks", *stack)["Stacks"][0]["Outputs"]
    function = outputs[0]["OutputValue"]
    aws("lambda", "invoke", "--function-name", function, "out.json")
    assert (tmp_path / "out.json").read_text() == '"first"'

    prepared = aws(*deploy, "--no-execute-changeset", "--parameter-overrides", "Word=second")
    change_set = prepared.split("--change-set-name ")[1].split()[0]
    described = aws.json("cloudformation", "describe-change-set", "--change-set-name", change_set)
    changes = [change["ResourceChange"] for change in described["Changes"]]
    assert [(each["LogicalResourceId"], each["Action"], each["Replacement"]) for each in changes] == [
        ("Function", "Modify", "False")
    ]
    aws("lambda", "invoke", "--function-name", function, "out.json")
    assert (tmp_path / "out.json").read_text() == '"first"'
    aws("cloudformation", "execute-change-set", "--change-set-name", change_set)
    aws("cloudformation", "wait", "stack-update-complete", *stack)
    aws("lambda", "invoke", "--function-name", function, "out.json")
    assert (tmp_path / "out.json").read_text() == '"second"'

    aws("cloudformation", "delete-stack", *stack)
    aws("cloudformation", "wait", "stack-delete-complete", *stack)
    assert "does not exist" in aws.refusal("cloudformation", "describe-stacks", *stack)
    assert "ResourceNotFoundException" in aws.refusal("lambda", "get-function", "--function-name", function)


def test_rest_api_is_built_method_by_method_and_served(aws):
    api = aws.json("apigateway", "create-rest-api", "--name", "tour")["id"]
    root = aws.json("apigateway", "get-resources", "--rest-api-id", api)["items"][0]["id"]
    of_api = ["--rest-api-id", api]
    resource = aws.json(
        "apigateway", "create-resource", *of_api, "--parent-id", root, "--path-part", "hello"
    )["id"]
    method = [*of_api, "--resource-id", resource, "--http-method", "GET"]
    aws("apigateway", "put-method", *method, "--authorization-type", "NONE")
    aws("apigateway", "put-method-response", *method, "--status-code", "200")
    aws(
        "apigateway", "put-integration", *method, "--type", "MOCK",
        "--request-templates", '{"application/json": "{\\"statusCode\\": 200}"}',
    )  # fmt: skip
    template = json.dumps({"application/json": '{"hello": "$input.params("name")"}'})
    aws(
        "apigateway", "put-integration-response", *method, "--status-code", "200",
        "--response-templates", template,
    )  # fmt: skip
    aws("apigateway", "create-deployment", *of_api, "--stage-name", "live")
    url = f"{aws.endpoint}/restapis/{api}/live/_user_request_/hello?name=ada"
    with urllib.request.urlopen(url) as answer:
        assert json.load(answer) == {"hello": "ada"}
    aws("apigateway", "delete-rest-api", *of_api)
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(url)
    assert gone.value.code == 403


def test_operation_that_is_not_there_is_refused_by_its_name(aws):
    refused = aws.refusal("s3api", "list-bucket-inventory-configurations", "--bucket", "any")
    assert "NotImplemented" in refused
    assert "ListBucketInventoryConfigurations" in refused


def _until(find):
    """What `find` finds once it finds something; logs are delivered in their own time."""
    deadline = time.monotonic() + 15
    while not (found := find()):
        assert time.monotonic() < deadline
    return found
