"""Log groups whose events are sealed with a KMS key."""

from __future__ import annotations

import json

import pytest

from refusals import refusal

GROUP = "/app/one"
SERVICE = "logs.us-east-1.amazonaws.com"
ACTIONS = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def kms(client):
    return client("kms")


@pytest.fixture
def make_key(kms, account):
    """Makes a key that CloudWatch Logs may use for a group of some name, as AWS's guide has it."""

    def make(pattern="*", service=SERVICE):
        root = {"AWS": f"arn:aws:iam::{account}:root"}
        condition = {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": (
                    f"arn:aws:logs:us-east-1:{account}:log-group:{pattern}"
                )
            }
        }
        statements = [
            {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"},
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": ACTIONS,
                "Resource": "*",
                "Condition": condition,
            },
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return kms.create_key(Policy=policy)["KeyMetadata"]

    return make


@pytest.fixture
def put(server, logs):
    """Puts a message into the group's stream."""

    def add(message):
        now = int(server.clock.time() * 1000)
        events = [{"timestamp": now, "message": message}]
        logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)

    return add


def messages(logs):
    read = logs.get_log_events(logGroupName=GROUP, logStreamName="s", startFromHead=True)["events"]
    return [event["message"] for event in read]


def stored(server, account):
    def rows(transaction):
        found = transaction.range(("logs", "event"), ("logs", "eventt"), limit=10**6)
        return b"".join(value for key, value in found if account in key)

    return server.run(server.app.cloud.store.transact(rows))


def test_events_of_a_group_with_a_key_are_stored_sealed(server, logs, make_key, put, account):
    key = make_key()
    logs.create_log_group(logGroupName=GROUP, kmsKeyId=key["Arn"])
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    put("a secret line")

    [group] = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["kmsKeyId"] == key["Arn"]
    assert messages(logs) == ["a secret line"]
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern="secret")["events"]
    assert [event["message"] for event in found] == ["a secret line"]
    assert stored(server, account)
    assert b"secret" not in stored(server, account)


def test_a_key_is_given_and_taken_away_while_what_is_there_stays(server, logs, make_key, put, account):
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    put("open one")
    logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=make_key()["Arn"])
    put("sealed two")
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:{GROUP}"
    logs.disassociate_kms_key(resourceIdentifier=arn)
    put("open three")

    assert messages(logs) == ["open one", "sealed two", "open three"]
    rows = stored(server, account)
    assert [text in rows for text in (b"open one", b"sealed two", b"open three")] == [True, False, True]
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]


@pytest.mark.parametrize("wrong", [{"pattern": "/other/*"}, {"service": "logs.eu-west-1.amazonaws.com"}])
def test_a_key_whose_policy_does_not_let_the_service_is_refused(logs, make_key, account, wrong):
    told = (
        "AccessDeniedException",
        "The specified KMS key does not exist or is not allowed to be used with Arn "
        f"'arn:aws:logs:us-east-1:{account}:log-group:{GROUP}'",
    )
    key = make_key(**wrong)
    assert refusal(logs.create_log_group, logGroupName=GROUP, kmsKeyId=key["Arn"]) == told
    logs.create_log_group(logGroupName=GROUP)
    assert refusal(logs.associate_kms_key, logGroupName=GROUP, kmsKeyId=key["Arn"]) == told
    missing = f"arn:aws:kms:us-east-1:{account}:key/134f2428-cec1-4b25-a1ae-9048164dba47"
    assert refusal(logs.associate_kms_key, logGroupName=GROUP, kmsKeyId=missing) == told


@pytest.mark.unverified("AWS says that the data cannot be read then, but not with which error")
def test_what_is_sealed_needs_its_key(server, logs, kms, make_key, put):
    key = make_key()
    logs.create_log_group(logGroupName=GROUP, kmsKeyId=key["Arn"])
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    put("a secret line")
    kms.disable_key(KeyId=key["KeyId"])
    server.advance(301)

    read = {"logGroupName": GROUP, "logStreamName": "s"}
    assert refusal(logs.get_log_events, **read)[0] == "AccessDeniedException"
    kms.enable_key(KeyId=key["KeyId"])
    assert messages(logs) == ["a secret line"]


def test_a_template_gives_a_group_its_key(client, logs, make_key):
    cloudformation = client("cloudformation")
    key = make_key()

    def template(**properties):
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": GROUP, **properties}}
        return json.dumps({"Resources": {"Group": group}})

    def told():
        return logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0].get("kmsKeyId")

    cloudformation.create_stack(StackName="s", TemplateBody=template(KmsKeyId=key["Arn"]))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.05})
    assert told() == key["Arn"]
    cloudformation.update_stack(StackName="s", TemplateBody=template(RetentionInDays=7))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 0.05})
    assert told() is None
