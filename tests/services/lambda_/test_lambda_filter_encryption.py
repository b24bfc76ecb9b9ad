"""Filter criteria under a KMS key: who may see them, what lies in the store, and that they filter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iam_fixtures import as_user, iam
from refusals import refusal
from stored_rows import stored

__all__ = ["as_user", "iam"]

PATTERN = '{"body":{"kind":["what nobody may read on the disk"]}}'
CRITERIA = {"Filters": [{"Pattern": PATTERN}]}
WANTED = json.dumps({"kind": "what nobody may read on the disk"})
READS = ("lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings")


@pytest.fixture
def key(client, account) -> str:
    """A key that Lambda may decrypt with."""
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*"},
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "kms:Decrypt"},
    ]
    policy = {"Version": "2012-10-17", "Statement": [{**each, "Resource": "*"} for each in statements]}
    return client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]


def test_sealed_filters_filter_and_are_shown_to_those_who_may_decrypt(bench, key, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    made = bench.functions.create_event_source_mapping(
        FunctionName="reader", EventSourceArn=arn, FilterCriteria=CRITERIA, KMSKeyArn=key
    )
    assert (made["FilterCriteria"], made["KMSKeyArn"]) == (CRITERIA, key)
    assert bench.settled(made["UUID"])["FilterCriteria"] == CRITERIA
    assert b"what nobody may read" not in stored(server, "lambda")
    for body in (json.dumps({"kind": "another"}), WANTED):
        bench.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert [each["body"] for each in heard.next()["Records"]] == [WANTED]
    [listed] = bench.mappings()
    assert "FilterCriteria" not in listed


def test_who_may_not_decrypt_is_told_why(bench, key, as_user) -> None:
    bench.function()
    _, arn = bench.queue("orders")
    uuid = bench.mapping(arn, FilterCriteria=CRITERIA, KMSKeyArn=key)
    told = as_user("reader-user", *READS)("lambda").get_event_source_mapping(UUID=uuid)
    assert "FilterCriteria" not in told
    assert told["FilterCriteriaError"]["ErrorCode"] == "AccessDeniedException"
    assert "kms:Decrypt" in told["FilterCriteriaError"]["Message"]


def test_filters_and_keys_are_changed_and_taken_away(bench, key, client, server) -> None:
    bench.function()
    _, arn = bench.queue("orders")
    uuid = bench.mapping(arn, FilterCriteria=CRITERIA, KMSKeyArn=key)

    def change(**request: Any) -> dict[str, Any]:
        bench.functions.update_event_source_mapping(UUID=uuid, **request)
        return bench.settled(uuid)

    assert change(BatchSize=5)["FilterCriteria"] == CRITERIA
    other = {"Filters": [{"Pattern": '{"body":["quite-another"]}'}]}
    assert change(FilterCriteria=other)["FilterCriteria"] == other
    assert b"quite-another" not in stored(server, "lambda")
    told = change(KMSKeyArn="")
    assert (told["FilterCriteria"], "KMSKeyArn" in told) == (other, False)
    assert change(KMSKeyArn=key)["FilterCriteria"] == other
    assert "FilterCriteria" not in change(FilterCriteria={"Filters": []})


def test_a_mapping_waits_until_lambda_may_decrypt_its_filters(bench, client, key, account, server) -> None:
    heard = bench.function()
    url, arn = bench.queue("orders")
    plain = client("kms").create_key()["KeyMetadata"]["Arn"]
    uuid = bench.mapping(arn, FilterCriteria=CRITERIA, KMSKeyArn=plain)
    bench.sqs.send_message(QueueUrl=url, MessageBody=WANTED)
    assert heard.is_silent()
    client("kms").put_key_policy(
        KeyId=plain, PolicyName="default", Policy=client("kms").get_key_policy(KeyId=key)["Policy"]
    )
    assert [each["body"] for each in heard.next_in_time(5)["Records"]] == [WANTED]
    assert bench.settled(uuid)["KMSKeyArn"] == plain


@pytest.mark.unverified("Lambda's text around the refusal of KMS could not be looked up")
def test_a_key_that_cannot_seal_is_refused(bench) -> None:
    bench.function()
    _, arn = bench.queue("orders")
    code, message = refusal(
        bench.functions.create_event_source_mapping,
        FunctionName="reader",
        EventSourceArn=arn,
        FilterCriteria=CRITERIA,
        KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
    )
    assert code in ("InvalidParameterValueException", "AccessDeniedException")
    assert "12345678-1234-1234-1234-123456789012" in message
