"""The unmodified aws CLI deploys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = """
Parameters:
  Size: {Type: Number, Default: 1}
Resources:
  Thing:
    Type: Test::Things::Thing
    Properties: {Size: !Ref Size}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
Outputs:
  Role: {Value: !GetAtt Role.Arn}
"""

FUNCTION = """
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
      {Runtime: python3.11, Handler: app.handler, Role: !GetAtt Role.Arn, Code: code, MemorySize: "256"}
Outputs:
  Function: {Value: !Ref Function}
"""


@pytest.fixture
def aws(server: Any, account: str, tmp_path: Path) -> Any:
    """Runs `aws cloudformation ...` in the test's account."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = "import sys; from awscli.clidriver import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", program, "cloudformation", *words],
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": account,
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_ENDPOINT_URL": server.endpoint,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_CONFIG_FILE": str(tmp_path / "none"),
                "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            },
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            check=False,
        )

    return run


def test_deploy_creates_then_updates_then_says_there_is_nothing_to_do(aws, deployer, tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    deploy = ["deploy", "--template-file", "template.yaml", "--stack-name", "app"]

    refused = aws(*deploy)
    assert refused.returncode != 0
    assert "Requires capabilities : [CAPABILITY_IAM]" in refused.stderr

    created = aws(*deploy, "--capabilities", "CAPABILITY_IAM")
    assert created.returncode == 0, created.stderr
    assert "Successfully created/updated stack - app" in created.stdout
    assert deployer.outputs("app")["Role"].startswith("arn:aws:iam::")

    changed = aws(*deploy, "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", "Size=2")
    assert changed.returncode == 0, changed.stderr
    assert [thing.size for thing in deployer.things().values()] == ["2"]

    same = aws(*deploy, "--capabilities", "CAPABILITY_IAM")
    assert "No changes to deploy. Stack app is up to date" in same.stdout + same.stderr


def test_create_wait_and_describe(aws, tmp_path):
    body = json.dumps({"Resources": {"A": {"Type": "Test::Things::Thing", "Properties": {"Size": 1}}}})
    assert aws("create-stack", "--stack-name", "app", "--template-body", body).returncode == 0
    assert aws("wait", "stack-create-complete", "--stack-name", "app").returncode == 0
    shown = aws("describe-stacks", "--stack-name", "app", "--output", "json")
    assert json.loads(shown.stdout)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_package_uploads_code_and_deploy_takes_the_template_from_s3(aws, client, deployer, account, tmp_path):
    bucket = f"packages-{account}"
    client("s3").create_bucket(Bucket=bucket)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 'ran'\n")
    (tmp_path / "template.yaml").write_text(FUNCTION)

    packaged = aws(
        "package",
        "--template-file",
        "template.yaml",
        "--s3-bucket",
        bucket,
        "--output-template-file",
        "out.yaml",
    )
    assert packaged.returncode == 0, packaged.stderr
    deployed = aws(
        *("deploy", "--template-file", "out.yaml", "--stack-name", "app", "--s3-bucket", bucket),
        *("--capabilities", "CAPABILITY_IAM"),
    )
    assert deployed.returncode == 0, deployed.stderr
    answer = client("lambda").invoke(FunctionName=deployer.outputs("app")["Function"])
    assert json.load(answer["Payload"]) == "ran"
