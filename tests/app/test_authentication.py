"""Who a signature makes one, in each mode: enforce, strict and audit."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError

from cloudlet.config import Config
from running_server import Client, RunningServer

EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(
        Config(data=tmp_path_factory.mktemp("strict"), port=0, auth="strict", state="memory")
    )
    yield running
    running.close()


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(
        Config(data=tmp_path_factory.mktemp("audit"), port=0, auth="audit", state="memory")
    )
    yield running
    running.close()


def client_of(server: RunningServer, session: Any, service: str, key: str, secret: str) -> Any:
    return session.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=ClientConfig(retries={"max_attempts": 0, "mode": "standard"}),
    )


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


def arn_of(client: Any) -> str:
    arn: str = client.get_caller_identity()["Arn"]
    return arn


def user_key(iam: Any, name: str) -> tuple[str, str]:
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def session_of(client: Client, account: str) -> dict[str, Any]:
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}}
    document = json.dumps({"Version": "2012-10-17", **trust})
    role = client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]
    answer = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session", DurationSeconds=900)
    credentials: dict[str, Any] = answer["Credentials"]
    return credentials


def test_an_unknown_key_is_the_root_of_the_default_account(client: Client) -> None:
    assert arn_of(client("sts", key="anything", secret="at all")) == "arn:aws:iam::000000000000:root"


def test_a_key_of_twelve_digits_names_its_account(client: Client) -> None:
    assert arn_of(client("sts", key="123456789012")) == "arn:aws:iam::123456789012:root"


def test_a_known_key_is_its_user(client: Client, account: str) -> None:
    key, secret = user_key(client("iam"), "ann")
    assert arn_of(client("sts", key=key, secret=secret)) == f"arn:aws:iam::{account}:user/ann"


def test_a_known_key_with_a_wrong_secret_is_refused(client: Client) -> None:
    key, _ = user_key(client("iam"), "ann")
    assert code_of(client("sts", key=key, secret="wrong").get_caller_identity) == "SignatureDoesNotMatch"
    assert code_of(client("dynamodb", key=key, secret="wrong").list_tables) == "InvalidSignatureException"


def test_a_user_may_do_only_what_policies_allow(client: Client) -> None:
    key, secret = user_key(client("iam"), "ann")
    assert code_of(client("dynamodb", key=key, secret=secret).list_tables) == "AccessDeniedException"
    client("iam").put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    assert client("dynamodb", key=key, secret=secret).list_tables()["TableNames"] == []


def test_a_retired_key_is_refused(client: Client) -> None:
    key, secret = user_key(client("iam"), "ann")
    client("iam").update_access_key(UserName="ann", AccessKeyId=key, Status="Inactive")
    assert code_of(client("sts", key=key, secret=secret).get_caller_identity) == "InvalidClientTokenId"


def test_a_session_with_a_changed_token_is_refused(client: Client, account: str) -> None:
    credentials = session_of(client, account)
    key, secret, token = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    assert arn_of(client("sts", key=key, secret=secret, token=token)).endswith(":assumed-role/worker/session")
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    for other in (changed, token[:-8]):
        refused = client("sts", key=key, secret=secret, token=other)
        assert code_of(refused.get_caller_identity) == "InvalidClientTokenId"


def test_a_session_without_its_token_is_refused(client: Client, account: str) -> None:
    credentials = session_of(client, account)
    bare = client("sts", key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"])
    assert code_of(bare.get_caller_identity) == "InvalidClientTokenId"


def test_a_session_ends_at_its_time(tmp_path: Any, aws_session: Any) -> None:
    own = RunningServer(Config(data=tmp_path, port=0, state="memory"))

    def client(service: str, key: str = "000000000000", secret: str = "s", token: str | None = None) -> Any:
        return aws_session.client(
            service,
            endpoint_url=own.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    try:
        made = session_of(client, "000000000000")
        session = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        own.advance(890)
        assert arn_of(client("sts", *session)).endswith(":assumed-role/worker/session")
        own.advance(20)
        assert code_of(client("sts", *session).get_caller_identity) == "ExpiredToken"
    finally:
        own.close()


@pytest.mark.parametrize("key", ["test", "123456789012", "AKIAIOSFODNN7EXAMPLE"])
def test_strict_refuses_keys_that_nobody_has(strict: RunningServer, aws_session: Any, key: str) -> None:
    for service, call, code in (
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ):
        assert code_of(getattr(client_of(strict, aws_session, service, key, "secret"), call)) == code


def test_strict_knows_the_roots_key_and_users_of_its_making(strict: RunningServer, aws_session: Any) -> None:
    root = strict.run(strict.app.root_key())
    assert root == strict.run(strict.app.root_key())
    assert arn_of(client_of(strict, aws_session, "sts", *root)) == "arn:aws:iam::000000000000:root"
    key = user_key(client_of(strict, aws_session, "iam", *root), "ann")
    assert arn_of(client_of(strict, aws_session, "sts", *key)) == "arn:aws:iam::000000000000:user/ann"


def test_audit_lets_pass_and_writes_what_would_be_refused(
    audit: RunningServer, aws_session: Any, caplog: pytest.LogCaptureFixture
) -> None:
    key = user_key(client_of(audit, aws_session, "iam", "test", "test"), "ann")
    with caplog.at_level(logging.INFO):
        assert client_of(audit, aws_session, "dynamodb", *key).list_tables()["TableNames"] == []
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "arn:aws:iam::000000000000:user/ann" in said
    assert "dynamodb:ListTables" in said


def test_audit_says_which_policy_would_just_do(audit: RunningServer, aws_session: Any) -> None:
    key = user_key(client_of(audit, aws_session, "iam", "test", "test"), "eve")
    dynamodb = client_of(audit, aws_session, "dynamodb", *key)
    for name in ("one", "two"):
        with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.describe_table(TableName=name)
    with urllib.request.urlopen(f"{audit.endpoint}/_cloudlet/least-privilege") as response:
        seen = json.load(response)
    assert seen["complete"] is True
    policy = json.loads(seen["policies"]["arn:aws:iam::000000000000:user/eve"])
    tables = [f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}" for name in ("one", "two")]
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": ["dynamodb:DescribeTable"], "Resource": tables}
    ]


def test_only_audit_says_which_policy_would_do(server: RunningServer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="409"):
        urllib.request.urlopen(f"{server.endpoint}/_cloudlet/least-privilege")


def test_audit_still_checks_signatures(audit: RunningServer, aws_session: Any) -> None:
    key, _ = user_key(client_of(audit, aws_session, "iam", "test", "test"), "bob")
    wrong = client_of(audit, aws_session, "sts", key, "wrong")
    assert code_of(wrong.get_caller_identity) == "SignatureDoesNotMatch"
