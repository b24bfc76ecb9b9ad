"""Streams with a KMS key: who needs which right on it, and what lies in the store."""

from __future__ import annotations

from typing import Any

import pytest

from stored_rows import stored

SECRET = b"what nobody may read on the disk"


@pytest.fixture
def key(client) -> str:
    return client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def sealed(kinesis, stream, settle):
    """Makes a stream that seals its records."""

    def make(key_id: str, name: str = "orders") -> str:
        stream(name)
        kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key_id)
        settle(name)
        return name

    return make


def put(kinesis: Any, data: bytes = SECRET) -> Any:
    return kinesis.put_record(StreamName="orders", Data=data, PartitionKey="k")


def get(kinesis: Any) -> list[bytes]:
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def test_records_are_sealed_in_the_store_and_open_for_who_may_decrypt(
    kinesis, sealed, key, settle, server
) -> None:
    sealed(key)
    put(kinesis)
    kinesis.stop_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
    settle("orders")
    assert SECRET not in stored(server, "kinesis")
    put(kinesis, b"open")
    assert get(kinesis) == [SECRET, b"open"]


def test_the_key_that_aws_manages_is_for_all_who_may_use_the_stream(kinesis, sealed, as_user) -> None:
    sealed("alias/aws/kinesis")
    put(as_user("writer", "kinesis:PutRecord")("kinesis"))
    assert get(as_user("reader", "kinesis:Get*")("kinesis")) == [SECRET]


def test_who_writes_needs_data_keys(sealed, as_user, key, account, refusal) -> None:
    sealed(key)
    writer = as_user("writer", "kinesis:PutRecord")("kinesis")
    assert refusal(writer.put_record, StreamName="orders", Data=b"x", PartitionKey="k") == (
        "KMSAccessDeniedException",
        f"User: arn:aws:iam::{account}:user/writer is not authorized to perform: kms:GenerateDataKey on "
        f"resource: {key} because no identity-based policy allows the kms:GenerateDataKey action",
    )
    put(as_user("able", "kinesis:PutRecord", "kms:GenerateDataKey")("kinesis"))


@pytest.mark.unverified("AWS was seen to say this; what stands for the user and the stream was blacked out")
def test_who_reads_needs_to_decrypt(kinesis, sealed, as_user, key, account, refusal, client) -> None:
    sealed(key)
    put(kinesis)
    reader = as_user("reader", "kinesis:Get*")("kinesis")
    user_id = client("iam").get_user(UserName="reader")["User"]["UserId"]
    iterator = reader.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    created = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamCreationTimestamp"]
    assert refusal(reader.get_records, ShardIterator=iterator) == (
        "KMSAccessDeniedException",
        f"User {user_id} is not authorized to decrypt records in stream "
        f"{account}:orders:{int(created.timestamp())}",
    )
    assert get(as_user("able", "kinesis:Get*", "kms:Decrypt")("kinesis")) == [SECRET]


def test_a_disabled_key_stops_the_stream_once_its_data_keys_have_ended(
    kinesis, sealed, key, client, server, refusal
) -> None:
    sealed(key)
    put(kinesis)
    client("kms").disable_key(KeyId=key)
    put(kinesis)
    server.advance(301)
    assert refusal(kinesis.put_record, StreamName="orders", Data=b"x", PartitionKey="k") == (
        "KMSDisabledException",
        f"{key} is disabled.",
    )


def test_a_key_that_is_not_there_or_not_usable_seals_no_stream(kinesis, stream, key, client, refusal) -> None:
    stream()
    request = {"StreamName": "orders", "EncryptionType": "KMS"}
    code, _ = refusal(kinesis.start_stream_encryption, KeyId="alias/nobody", **request)
    assert code == "KMSNotFoundException"
    client("kms").schedule_key_deletion(KeyId=key)
    code, _ = refusal(kinesis.start_stream_encryption, KeyId=key, **request)
    assert code == "KMSInvalidStateException"
