from __future__ import annotations

import threading

import pytest

from refusals import refusal

SHARD = "shardId-000000000000"


@pytest.fixture
def arn(account):
    return f"arn:aws:kinesis:us-east-1:{account}:stream/orders"


@pytest.fixture
def consumer(server, kinesis, stream, arn):
    """Makes a stream with a consumer that is active; the consumer's ARN."""

    def make(name="app", **more):
        if "orders" not in kinesis.list_streams()["StreamNames"]:
            stream("orders", **more)
        made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)["Consumer"]
        server.advance(1)
        while True:
            described = kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])
            if described["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE":
                return made["ConsumerARN"]

    return make


@pytest.fixture
def subscribe(kinesis):
    def begin(consumer_arn, kind="TRIM_HORIZON", shard_id=SHARD, **more):
        answer = kinesis.subscribe_to_shard(
            ConsumerARN=consumer_arn, ShardId=shard_id, StartingPosition={"Type": kind, **more}
        )
        return iter(answer["EventStream"])

    return begin


def event(events):
    return next(events)["SubscribeToShardEvent"]


def records(events, count):
    """The data of the next records, and the last event."""
    found = []
    while len(found) < count:
        last = event(events)
        found += [record["Data"] for record in last["Records"]]
    return found, last


def test_a_consumer_is_registered_described_listed_and_removed(server, kinesis, consumer, arn):
    consumer_arn = consumer()
    described = kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName="app")["ConsumerDescription"]
    created_at = described.pop("ConsumerCreationTimestamp")
    assert consumer_arn == f"{arn}/consumer/app:{int(created_at.timestamp())}"
    assert described == {
        "ConsumerName": "app",
        "ConsumerARN": consumer_arn,
        "ConsumerStatus": "ACTIVE",
        "StreamARN": arn,
    }
    listed = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    assert [set(each) for each in listed] == [
        {"ConsumerName", "ConsumerARN", "ConsumerStatus", "ConsumerCreationTimestamp"}
    ]
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 1
    kinesis.deregister_stream_consumer(ConsumerARN=consumer_arn)
    server.advance(1)
    while kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]:
        pass


def test_consumers_are_listed_page_by_page(kinesis, consumer, arn):
    for name in "abc":
        consumer(name)
    first = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2)
    second = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2, NextToken=first["NextToken"])
    assert [each["ConsumerName"] for each in first["Consumers"] + second["Consumers"]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_a_consumer_that_is_not_there_is_refused(kinesis, stream, arn, account):
    stream("orders")
    assert refusal(kinesis.describe_stream_consumer, StreamARN=arn, ConsumerName="none") == (
        "ResourceNotFoundException",
        f"Consumer none, account {account} not found.",
    )


@pytest.mark.unverified("AWS's text for a name that is taken could not be looked up")
def test_a_consumers_name_is_taken_once(kinesis, consumer, arn, account):
    consumer()
    assert refusal(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="app") == (
        "ResourceInUseException",
        f"Consumer app under stream orders already exists for account {account}.",
    )


def test_a_stream_with_consumers_is_deleted_only_by_force(server, kinesis, consumer, account):
    consumer()
    assert refusal(kinesis.delete_stream, StreamName="orders") == (
        "ResourceInUseException",
        f"DeleteStream can't delete {account}:orders because there are consumers associated with this data "
        "stream. To delete orders anyway, set the EnforceConsumerDeletion parameter to true to force the "
        "deletion of all the consumers that are associated with it.",
    )
    kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    server.advance(1)
    while kinesis.list_streams()["StreamNames"]:
        pass


def test_records_are_pushed_as_they_come(kinesis, consumer, subscribe):
    events = subscribe(consumer())
    first = event(events)
    assert (first["Records"], first["MillisBehindLatest"]) == ([], 0)
    put = [
        kinesis.put_record(StreamName="orders", Data=f"{n}", PartitionKey="k")["SequenceNumber"]
        for n in range(5)
    ]
    found, last = records(events, 5)
    assert found == [b"0", b"1", b"2", b"3", b"4"]
    assert last["ContinuationSequenceNumber"] == put[-1]
    assert set(last) == {"Records", "ContinuationSequenceNumber", "MillisBehindLatest"}
    assert set(last["Records"][0]) == {
        "SequenceNumber",
        "ApproximateArrivalTimestamp",
        "Data",
        "PartitionKey",
    }


def test_a_subscription_begins_where_it_says(server, kinesis, consumer, subscribe):
    consumer_arn = consumer()
    put = [
        kinesis.put_record(StreamName="orders", Data=f"{n}", PartitionKey="k")["SequenceNumber"]
        for n in range(3)
    ]
    for kind, count, more in (
        ("TRIM_HORIZON", 3, {}),
        ("AT_SEQUENCE_NUMBER", 2, {"SequenceNumber": put[1]}),
        ("AFTER_SEQUENCE_NUMBER", 1, {"SequenceNumber": put[1]}),
        ("AT_TIMESTAMP", 3, {"Timestamp": 0}),
    ):
        assert len(event(subscribe(consumer_arn, kind, **more))["Records"]) == count
        server.advance(5)
    latest = subscribe(consumer_arn, "LATEST")
    assert event(latest)["Records"] == []


def test_an_idle_subscription_shows_that_it_lives_every_five_seconds(server, consumer, subscribe):
    events = subscribe(consumer())
    first = event(events)
    server.advance(5)
    second = event(events)
    assert first["Records"] == second["Records"] == []
    assert len(second["ContinuationSequenceNumber"]) == 56


def test_who_goes_on_at_the_continuation_number_misses_nothing(server, kinesis, consumer, subscribe):
    consumer_arn = consumer()
    reached = event(subscribe(consumer_arn))["ContinuationSequenceNumber"]
    kinesis.put_record(StreamName="orders", Data="next", PartitionKey="k")
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        server.advance(5)
        found, _ = records(subscribe(consumer_arn, kind, SequenceNumber=reached), 1)
        assert found == [b"next"]


def test_a_subscription_ends_after_five_minutes(server, consumer, subscribe):
    events = subscribe(consumer())
    event(events)
    server.advance(300)
    assert all(each["SubscribeToShardEvent"]["Records"] == [] for each in events)


def test_a_second_reader_has_to_wait_for_five_seconds_and_then_takes_over(
    server, kinesis, consumer, subscribe, account
):
    consumer_arn = consumer()
    first = subscribe(consumer_arn)
    event(first)
    text = f"Another active subscription exists for this consumer: {account}:orders:{SHARD}:app"
    assert refusal(
        kinesis.subscribe_to_shard,
        ConsumerARN=consumer_arn,
        ShardId=SHARD,
        StartingPosition={"Type": "LATEST"},
    ) == ("ResourceInUseException", text)
    server.advance(5)
    second = subscribe(consumer_arn)
    event(second)
    with pytest.raises(Exception, match="ResourceInUseException") as refused:
        for _ in first:
            pass
    assert text in str(refused.value)
    kinesis.put_record(StreamName="orders", Data="x", PartitionKey="k")
    assert records(second, 1)[0] == [b"x"]


def test_two_consumers_read_one_shard_each_for_itself(kinesis, consumer, subscribe):
    one, other = subscribe(consumer("one")), subscribe(consumer("other"))
    kinesis.put_record(StreamName="orders", Data="x", PartitionKey="k")
    assert records(one, 1)[0] == records(other, 1)[0] == [b"x"]


def test_the_end_of_a_shard_tells_its_children_and_ends_the_subscription(
    kinesis, consumer, subscribe, settle
):
    events = subscribe(consumer())
    kinesis.put_record(StreamName="orders", Data="x", PartitionKey="k")
    kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey="9")
    found = []
    reader = threading.Thread(target=lambda: found.extend(events))
    reader.start()
    settle("orders")
    reader.join(20)
    last = found[-1]["SubscribeToShardEvent"]
    assert "ContinuationSequenceNumber" not in last
    assert [child["ShardId"] for child in last["ChildShards"]] == [
        "shardId-000000000001",
        "shardId-000000000002",
    ]


def test_a_consumer_that_goes_ends_its_subscriptions(server, kinesis, consumer, subscribe):
    consumer_arn = consumer()
    events = subscribe(consumer_arn)
    event(events)
    kinesis.deregister_stream_consumer(ConsumerARN=consumer_arn)
    server.advance(1)
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        for _ in events:
            pass


def test_a_consumer_that_is_not_active_yet_cannot_subscribe(server, kinesis, stream, arn, account):
    stream("orders")

    async def register_and_subscribe():
        from cloudlet.core.access import Principal

        call = server.app.cloud.call("kinesis", Principal.root(account), account, "us-east-1")
        made = await call.ask("kinesis", "RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "app"})
        await call.ask(
            "kinesis",
            "SubscribeToShard",
            {
                "ConsumerARN": made["Consumer"]["ConsumerARN"],
                "ShardId": SHARD,
                "StartingPosition": {"Type": "LATEST"},
            },
        )

    with pytest.raises(Exception, match="with creation timestamp") as refused:
        server.run(register_and_subscribe())
    assert f" under stream: orders , account {account} is not in ACTIVE status." in str(refused.value)
