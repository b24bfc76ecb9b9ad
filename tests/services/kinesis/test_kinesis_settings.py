from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from refusals import refusal

VALID = "Unicode letters, digits, white space, _ . / = + - % @ :."


def summary(kinesis, name="orders"):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def test_retention_grows_and_shrinks(kinesis, stream):
    stream()
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=8760)
    assert summary(kinesis)["RetentionPeriodHours"] == 8760
    kinesis.decrease_stream_retention_period(StreamName="orders", RetentionPeriodHours=25)
    assert summary(kinesis)["RetentionPeriodHours"] == 25


@pytest.mark.parametrize(
    "operation", ["increase_stream_retention_period", "decrease_stream_retention_period"]
)
@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (
            23,
            "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too "
            "short.",
        ),
        (
            8761,
            "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too "
            "long.",
        ),
    ],
)
def test_retention_has_its_bounds(kinesis, stream, operation, hours, text):
    stream()
    assert refusal(getattr(kinesis, operation), StreamName="orders", RetentionPeriodHours=hours) == (
        "InvalidArgumentException",
        text,
    )


def test_retention_changes_only_into_the_direction_that_was_asked_for(kinesis, stream):
    stream()
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=30)
    assert refusal(kinesis.increase_stream_retention_period, StreamName="orders", RetentionPeriodHours=25)[
        1
    ] == (
        "Requested retention period (25 hours) for stream orders can not be shorter than existing retention "
        "period (30 hours). Use DecreaseRetentionPeriod API."
    )
    assert refusal(kinesis.decrease_stream_retention_period, StreamName="orders", RetentionPeriodHours=31)[
        1
    ] == (
        "Requested retention period (31 hours) for stream orders can not be longer than existing retention "
        "period (30 hours). Use IncreaseRetentionPeriod API."
    )


def test_an_encrypted_stream_says_so_with_every_record(kinesis, stream, settle):
    stream()
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    described = settle("orders")
    assert (described["EncryptionType"], described["KeyId"]) == ("KMS", "alias/aws/kinesis")
    assert kinesis.put_record(StreamName="orders", Data="a", PartitionKey="k")["EncryptionType"] == "KMS"
    records = [{"Data": "b", "PartitionKey": "k"}]
    assert kinesis.put_records(StreamName="orders", Records=records)["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert "KeyId" not in settle("orders")
    assert "EncryptionType" not in kinesis.put_record(StreamName="orders", Data="c", PartitionKey="k")
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-0", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert [record.get("EncryptionType") for record in found] == ["KMS", "KMS", None]


def test_monitoring_tells_what_is_and_what_will_be(kinesis, stream):
    stream()
    request = {"StreamName": "orders", "ShardLevelMetrics": ["OutgoingBytes", "IncomingBytes"]}
    answer = kinesis.enable_enhanced_monitoring(**request)
    assert answer["CurrentShardLevelMetrics"] == []
    assert answer["DesiredShardLevelMetrics"] == ["IncomingBytes", "OutgoingBytes"]
    everything = kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["ALL"])
    assert len(everything["DesiredShardLevelMetrics"]) == 7
    less = kinesis.disable_enhanced_monitoring(**request)
    assert len(less["DesiredShardLevelMetrics"]) == 5
    assert summary(kinesis)["EnhancedMonitoring"][0]["ShardLevelMetrics"] == less["DesiredShardLevelMetrics"]


def test_a_streams_mode_changes_and_its_shards_stay(kinesis, stream, settle, account):
    stream(shards=2)
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    described = settle("orders")
    assert described["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert len(described["Shards"]) == 2
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    settle("orders")


@pytest.mark.unverified("AWS documents the quota, but its text could not be looked up")
def test_a_streams_mode_changes_twice_a_day(kinesis, stream, settle, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    for mode in ("ON_DEMAND", "PROVISIONED"):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})
        settle("orders")
    code, _ = refusal(
        kinesis.update_stream_mode, StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"}
    )
    assert code == "LimitExceededException"


def test_a_record_may_be_as_large_as_its_stream_allows(kinesis, stream, settle, account):
    stream()
    large = b"x" * (1024 * 1024)
    with pytest.raises(ClientError):
        kinesis.put_record(StreamName="orders", Data=large, PartitionKey="k")
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=2048)
    settle("orders")
    assert summary(kinesis)["MaxRecordSizeInKiB"] == 2048
    kinesis.put_record(StreamName="orders", Data=large, PartitionKey="k")


@pytest.mark.unverified("AWS's text for a record that is too large could not be looked up")
def test_a_record_that_is_too_large_is_named(kinesis, stream):
    stream()
    records = [{"Data": b"", "PartitionKey": "k"}, {"Data": b"x" * (1024 * 1024), "PartitionKey": "k"}]
    assert refusal(kinesis.put_records, StreamName="orders", Records=records) == (
        "ValidationException",
        "1 validation error detected: Value at 'records.2.member.data' failed to satisfy constraint: "
        "Member must have length less than or equal to 1048576.",
    )


def test_warm_throughput_needs_a_commitment(kinesis, settle):
    kinesis.create_stream(StreamName="free")
    settle("free")
    assert (
        refusal(kinesis.update_stream_warm_throughput, StreamName="free", WarmThroughputMiBps=10)[0]
        == "ValidationException"
    )
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    answer = kinesis.update_stream_warm_throughput(StreamName="free", WarmThroughputMiBps=10)
    assert answer["WarmThroughput"] == {"TargetMiBps": 10, "CurrentMiBps": 0}
    settle("free")
    assert summary(kinesis, "free")["WarmThroughput"] == {"TargetMiBps": 10, "CurrentMiBps": 10}


def test_a_commitment_lasts_for_a_day_at_least(server, kinesis):
    def status():
        return kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"]

    assert status() == "DISABLED"
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    assert status() == "ENABLED"
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "DISABLED"})
    assert status() == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    server.advance(86400)
    assert status() == "DISABLED"


def test_an_on_demand_stream_may_distribute_its_records_itself(kinesis, settle):
    kinesis.create_stream(StreamName="free", RecordDistributionStrategy="AUTO")
    settle("free")
    assert summary(kinesis, "free")["RecordDistributionStrategy"] == "AUTO"
    shards = {kinesis.put_record(StreamName="free", Data="x")["ShardId"] for _ in range(40)}
    assert len(shards) > 1


def test_a_record_needs_a_partition_key_elsewhere(kinesis, stream):
    stream()
    assert refusal(kinesis.put_record, StreamName="orders", Data="x") == (
        "ValidationException",
        "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_limits_tell_what_is_used(kinesis, stream, settle):
    stream(shards=3)
    kinesis.create_stream(StreamName="free")
    settle("free")
    limits = kinesis.describe_limits()
    del limits["ResponseMetadata"]
    assert limits == {
        "ShardLimit": 20000,
        "OpenShardCount": 3,
        "OnDemandStreamCount": 1,
        "OnDemandStreamCountLimit": 50,
    }


def test_tags_are_added_listed_and_removed(kinesis, stream):
    stream(Tags={"born": "with"})
    kinesis.add_tags_to_stream(StreamName="orders", Tags={"a": "a", "ü0 _.": "a", "/=+-@:": "a"})
    listed = kinesis.list_tags_for_stream(StreamName="orders")
    assert {"Key": "born", "Value": "with"} in listed["Tags"]
    assert (len(listed["Tags"]), listed["HasMoreTags"]) == (4, False)
    kinesis.remove_tags_from_stream(StreamName="orders", TagKeys=["ü0 _.", "/=+-@:", "b"])
    page = kinesis.list_tags_for_stream(StreamName="orders", Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "a", "Value": "a"}], True)
    rest = kinesis.list_tags_for_stream(StreamName="orders", ExclusiveStartTagKey="a")
    assert rest["Tags"] == [{"Key": "born", "Value": "with"}]


@pytest.mark.parametrize("key", ["abc;def", "abc\tdef", "abc\ndef", "abc,def"])
def test_tags_have_their_characters(kinesis, stream, key):
    stream()
    refused = ("InvalidArgumentException", f"Some tags contain invalid characters. Valid characters: {VALID}")
    assert refusal(kinesis.remove_tags_from_stream, StreamName="orders", TagKeys=[key]) == refused
    assert refusal(kinesis.add_tags_to_stream, StreamName="orders", Tags={key: "v"}) == refused


def test_a_percent_sign_in_a_tag_is_refused_in_words_of_its_own(kinesis, stream, account):
    stream()
    assert refusal(kinesis.remove_tags_from_stream, StreamName="orders", TagKeys=["abc%def"]) == (
        "InvalidArgumentException",
        f"Failed to remove tags from stream orders under account {account} because some tags contained "
        "illegal characters. The allowed characters are Unicode letters, white-spaces, "
        "'_',',','/','=','+','-','@',':'.",
    )


def test_streams_and_consumers_are_tagged_by_their_arns(kinesis, stream, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    registered = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app", Tags={"a": "1"})
    for tagged in (arn, registered["Consumer"]["ConsumerARN"]):
        kinesis.tag_resource(ResourceARN=tagged, Tags={"a": "2", "b": "3"})
        kinesis.untag_resource(ResourceARN=tagged, TagKeys=["b"])
        assert kinesis.list_tags_for_resource(ResourceARN=tagged)["Tags"] == [{"Key": "a", "Value": "2"}]


def test_a_resource_policy_lets_another_account_in(client, kinesis, stream, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    other = client("kinesis", key="210987654321")
    refused = refusal(other.put_record, StreamARN=arn, Data="x", PartitionKey="k")
    assert refused[0] == "AccessDeniedException"
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "210987654321"},
                    "Action": ["kinesis:PutRecord", "kinesis:GetRecords", "kinesis:GetShardIterator"],
                    "Resource": arn,
                }
            ],
        }
    )
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    other.put_record(StreamARN=arn, Data="x", PartitionKey="k")
    iterator = other.get_shard_iterator(StreamARN=arn, ShardId="shardId-0", ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    assert other.get_records(ShardIterator=iterator)["Records"][0]["Data"] == b"x"
    kinesis.delete_resource_policy(ResourceARN=arn)
    assert refusal(other.put_record, StreamARN=arn, Data="x", PartitionKey="k")[0] == "AccessDeniedException"


def test_a_policy_that_is_none_is_refused(kinesis, stream, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    assert refusal(kinesis.put_resource_policy, ResourceARN=arn, Policy="{")[0] == "InvalidArgumentException"


def test_a_users_policy_names_the_stream(iam, as_user, stream, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    user = as_user("writer", "kinesis:PutRecord", resource=arn)("kinesis")
    user.put_record(StreamName="orders", Data="x", PartitionKey="k")
    code, message = refusal(user.describe_stream, StreamName="orders")
    assert code == "AccessDeniedException"
    assert message == (
        f"User: arn:aws:iam::{account}:user/writer is not authorized to perform: kinesis:DescribeStream on "
        f"resource: {arn} because no identity-based policy allows the kinesis:DescribeStream action"
    )
