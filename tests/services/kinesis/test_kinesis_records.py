from __future__ import annotations

import pytest

from refusals import refusal

SHARD = "shardId-000000000000"
HASHES = 2**128


def hexadecimal(digits: str) -> str:
    return str(int(digits, 16))


@pytest.fixture
def iterate(kinesis):
    def make(name, kind, shard_id=SHARD, **more):
        answer = kinesis.get_shard_iterator(StreamName=name, ShardId=shard_id, ShardIteratorType=kind, **more)
        return answer["ShardIterator"]

    return make


def data_of(answer):
    return [record["Data"] for record in answer["Records"]]


def test_records_come_back_in_their_order_with_growing_sequence_numbers(kinesis, stream, iterate):
    stream()
    put = [kinesis.put_record(StreamName="orders", Data=f"{n}", PartitionKey="k") for n in range(5)]
    got = kinesis.get_records(ShardIterator=iterate("orders", "TRIM_HORIZON"))
    assert data_of(got) == [b"0", b"1", b"2", b"3", b"4"]
    numbers = [answer["SequenceNumber"] for answer in put]
    assert [record["SequenceNumber"] for record in got["Records"]] == numbers == sorted(numbers)
    assert set(got["Records"][0]) == {
        "SequenceNumber",
        "ApproximateArrivalTimestamp",
        "Data",
        "PartitionKey",
    }
    assert got["MillisBehindLatest"] == 0
    assert {key for key in put[0] if key != "ResponseMetadata"} == {"ShardId", "SequenceNumber"}


def test_data_is_kept_byte_for_byte(kinesis, stream, iterate):
    stream()
    for content in (b"", bytes(range(256)), "ünicödé 统一码".encode()):
        kinesis.put_record(StreamName="orders", Data=content, PartitionKey="1")
    got = kinesis.get_records(ShardIterator=iterate("orders", "TRIM_HORIZON"))
    assert data_of(got) == [b"", bytes(range(256)), "ünicödé 统一码".encode()]


def test_put_records_answers_each_record_in_its_place(kinesis, stream):
    stream("two", 2)
    records = [{"Data": "x", "PartitionKey": "k", "ExplicitHashKey": key} for key in ("0", str(HASHES - 1))]
    answer = kinesis.put_records(StreamName="two", Records=records)
    assert answer["FailedRecordCount"] == 0
    assert [each["ShardId"] for each in answer["Records"]] == [SHARD, "shardId-000000000001"]
    assert all(set(each) == {"SequenceNumber", "ShardId"} for each in answer["Records"])


@pytest.mark.parametrize(
    ("key", "shard"),
    [
        (HASHES - 1, "shardId-000000000002"),
        (HASHES // 3 * 2 - 1, "shardId-000000000001"),
        (HASHES // 3 * 2, "shardId-000000000002"),
    ],
)
def test_an_explicit_hash_key_chooses_the_shard(kinesis, stream, key, shard):
    stream("three", 3)
    put = kinesis.put_record(StreamName="three", Data="", PartitionKey="a", ExplicitHashKey=str(key))
    assert put["ShardId"] == shard


def test_a_partition_key_falls_where_its_md5_says(kinesis, stream):
    stream("three", 3)
    shards = [
        kinesis.put_record(StreamName="three", Data="", PartitionKey=key)["ShardId"][-1] for key in "abc"
    ]
    assert shards == ["0", "1", "0"]  # md5: 0cc1..., 92eb..., 4a8a...


def test_a_hash_key_beyond_the_last_is_refused(kinesis, stream):
    stream()
    code, message = refusal(
        kinesis.put_record, StreamName="orders", Data="", PartitionKey="a", ExplicitHashKey=str(HASHES)
    )
    assert (code, message) == (
        "InvalidArgumentException",
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
        f"Specified value was {HASHES}",
    )


@pytest.mark.parametrize(
    "number",
    [
        "20000000000000000000000000000000000000000000000",
        "20000000000000000000000000000000000000000000004",
        "30000000000000000000000000000000000000000000001",
        "1ffffffffff7fffffffffffffff000000000007fffffff2",
        "20000000000800000000000000000000000000000000002",
        "20000000000000000000000000000000000000800000002",
        "13bb2cc3d80000000000000000000000",
        "200000000000000000000000000000ffffffff000000002",
    ],
)
def test_an_ordering_that_no_stream_gave_is_refused(kinesis, stream, account, number):
    stream()
    ordering = hexadecimal(number)
    assert refusal(
        kinesis.put_record,
        StreamName="orders",
        Data="",
        PartitionKey="a",
        SequenceNumberForOrdering=ordering,
    ) == (
        "InvalidArgumentException",
        f"ExclusiveMinimumSequenceNumber {ordering} used in PutRecord on stream orders under account "
        f"{account} is invalid.",
    )


@pytest.mark.parametrize(
    "number",
    [
        "2ffffffffff7fffffffffffffff000000000007fffffff2",
        "20000000000000000000000000000000000000000000002",
        "20000000000000000000000000000000000000000000001",
    ],
)
def test_an_ordering_of_the_past_is_taken(kinesis, stream, number):
    stream()
    first = kinesis.put_record(StreamName="orders", Data="", PartitionKey="a")
    ordering = hexadecimal(number)
    second = kinesis.put_record(
        StreamName="orders", Data="", PartitionKey="a", SequenceNumberForOrdering=ordering
    )
    assert second["SequenceNumber"] > first["SequenceNumber"]


def test_records_of_a_stream_that_is_not_there_are_refused(kinesis, account):
    text = f"Stream none under account {account} not found."
    assert refusal(kinesis.put_record, StreamName="none", Data="", PartitionKey="a") == (
        "ResourceNotFoundException",
        text,
    )
    records = [{"Data": "", "PartitionKey": "a"}]
    assert refusal(kinesis.put_records, StreamName="none", Records=records)[1] == text


def test_the_edge_lists_all_that_a_request_lacks(kinesis):
    code, message = refusal(kinesis.put_record, PartitionKey="", Data="")
    assert code == "ValidationException"
    assert "Value '' at 'partitionKey' failed to satisfy constraint: Member must have length" in message


def test_an_iterator_of_each_kind_begins_where_it_says(server, kinesis, stream, iterate):
    stream()
    first = kinesis.put_record(StreamName="orders", Data="a", PartitionKey="k")["SequenceNumber"]
    server.advance(10)
    middle = server.app.cloud.clock.time()
    server.advance(10)
    kinesis.put_record(StreamName="orders", Data="b", PartitionKey="k")
    latest = iterate("orders", "LATEST")
    kinesis.put_record(StreamName="orders", Data="c", PartitionKey="k")

    def found(iterator):
        return data_of(kinesis.get_records(ShardIterator=iterator))

    assert found(iterate("orders", "TRIM_HORIZON")) == [b"a", b"b", b"c"]
    assert found(latest) == [b"c"]
    assert found(iterate("orders", "AT_SEQUENCE_NUMBER", StartingSequenceNumber=first)) == [b"a", b"b", b"c"]
    assert found(iterate("orders", "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first)) == [b"b", b"c"]
    assert found(iterate("orders", "AT_TIMESTAMP", Timestamp=middle)) == [b"b", b"c"]
    assert found(iterate("orders", "AT_TIMESTAMP", Timestamp=0)) == [b"a", b"b", b"c"]


def test_a_shards_own_beginning_is_a_sequence_number_to_begin_at(kinesis, stream, iterate):
    stream()
    shard = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["Shards"][0]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    kinesis.put_record(StreamName="orders", Data="a", PartitionKey="k")
    iterator = iterate("orders", "AT_SEQUENCE_NUMBER", StartingSequenceNumber=start)
    assert data_of(kinesis.get_records(ShardIterator=iterator)) == [b"a"]


def test_the_next_iterator_goes_on_and_is_never_the_same(kinesis, stream, iterate):
    stream()
    iterator = iterate("orders", "TRIM_HORIZON")
    empty = kinesis.get_records(ShardIterator=iterator)
    again = kinesis.get_records(ShardIterator=empty["NextShardIterator"])
    assert len({iterator, empty["NextShardIterator"], again["NextShardIterator"]}) == 3
    for n in range(3):
        kinesis.put_record(StreamName="orders", Data=f"{n}", PartitionKey="k")
    two = kinesis.get_records(ShardIterator=again["NextShardIterator"], Limit=2)
    assert (data_of(two), two["MillisBehindLatest"] >= 0) == ([b"0", b"1"], True)
    assert data_of(kinesis.get_records(ShardIterator=two["NextShardIterator"])) == [b"2"]


def test_who_has_more_to_read_is_behind_by_the_age_of_what_was_read(server, kinesis, stream, iterate):
    stream()
    for n in range(2):
        kinesis.put_record(StreamName="orders", Data=f"{n}", PartitionKey="k")
    server.advance(100)
    got = kinesis.get_records(ShardIterator=iterate("orders", "TRIM_HORIZON"), Limit=1)
    assert 100_000 <= got["MillisBehindLatest"] < 160_000


def test_a_read_ends_after_ten_megabytes(kinesis, stream, iterate):
    stream()
    for _ in range(2):
        records = [{"Data": b"x" * 1_000_000, "PartitionKey": "k"}] * 6
        kinesis.put_records(StreamName="orders", Records=records)
    got = kinesis.get_records(ShardIterator=iterate("orders", "TRIM_HORIZON"))
    assert len(got["Records"]) == 10
    assert len(kinesis.get_records(ShardIterator=got["NextShardIterator"])["Records"]) == 2


def test_an_iterator_expires_after_five_minutes(server, kinesis, stream, iterate):
    stream()
    iterator = iterate("orders", "LATEST")
    server.advance(290)
    kinesis.get_records(ShardIterator=iterator)
    server.advance(10)
    code, message = refusal(kinesis.get_records, ShardIterator=iterator)
    assert code == "ExpiredIteratorException"
    assert message.startswith("Iterator expired. The iterator was created at time ")
    assert message.endswith(
        " which is further in the future than the tolerated delay of 300000 milliseconds."
    )


@pytest.mark.parametrize("text", ["nonsense", "AAAAAAAAAAE=", "AAAAAAAAAAEAAAAAAAAA" * 5])
def test_what_is_no_iterator_is_refused(kinesis, text):
    assert refusal(kinesis.get_records, ShardIterator=text) == (
        "InvalidArgumentException",
        "Invalid ShardIterator.",
    )


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        ("AT_SEQUENCE_NUMBER", None, "AT_SEQUENCE_NUMBER and no"),
        ("AFTER_SEQUENCE_NUMBER", None, "AFTER_SEQUENCE_NUMBER and no"),
        ("LATEST", "5", "LATEST and also a"),
        ("TRIM_HORIZON", "5", "TRIM_HORIZON and also a"),
    ],
)
def test_a_type_and_a_number_that_do_not_fit_are_refused(kinesis, stream, kind, number, text):
    stream()
    more = {} if number is None else {"StartingSequenceNumber": number}
    assert refusal(
        kinesis.get_shard_iterator, StreamName="orders", ShardId="shardId-0", ShardIteratorType=kind, **more
    ) == (
        "InvalidArgumentException",
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
        f"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {text} "
        "StartingSequenceNumber.",
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (
            "5",
            "Invalid StartingSequenceNumber. It encodes shardId-000000000005, while it was used in a call to "
            "a shard with shardId-000000000000",
        ),
        (
            "0",
            "StartingSequenceNumber 21267647932558653966460912964485513216 used in GetShardIterator on shard "
            "shardId-000000000000 in stream orders under account {} is invalid because it did not come from "
            "this stream.",
        ),
        (
            hexadecimal("13bb2cc3d80000000000000000000000"),
            "StartingSequenceNumber 26227199374822427428162556223570313216 used in GetShardIterator on shard "
            "shardId-000000000000 in stream orders under account {} is invalid.",
        ),
        (
            hexadecimal("20000000000800000000000000000000000000000000002"),
            f"StartingSequenceNumber {hexadecimal('20000000000800000000000000000000000000000000002')} used "
            "in GetShardIterator on shard shardId-000000000000 in stream orders under account {} is invalid.",
        ),
    ],
)
def test_a_number_that_is_not_this_shards_is_refused(kinesis, stream, account, number, text):
    stream()
    assert refusal(
        kinesis.get_shard_iterator,
        StreamName="orders",
        ShardId="shardId-0",
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=number,
    ) == ("InvalidArgumentException", text.format(account))


@pytest.mark.parametrize(
    ("shard_id", "text"),
    [
        ("2147483647", "Shard shardId-002147483647 in stream orders under account {} does not exist"),
        ("a-00000000005", "Shard shardId-000000000005 in stream orders under account {} does not exist"),
        ("2147483648", "Could not find shard 2147483648 in stream orders under account {}."),
        (
            "shardId-002147483648",
            "Could not find shard shardId-002147483648 in stream orders under account {}.",
        ),
        ("ABKLFD8", "Could not find shard ABKLFD8 in stream orders under account {}."),
        ("2.14E4", "Could not find shard 2.14E4 in stream orders under account {}."),
    ],
)
def test_a_shard_that_is_not_there_is_refused(kinesis, stream, account, shard_id, text):
    stream()
    assert refusal(
        kinesis.get_shard_iterator, StreamName="orders", ShardId=shard_id, ShardIteratorType="LATEST"
    ) == ("ResourceNotFoundException", text.format(account))


def test_a_time_that_has_not_come_is_refused(server, kinesis, stream):
    stream()
    later = server.app.cloud.clock.time() + 1000
    code, message = refusal(
        kinesis.get_shard_iterator,
        StreamName="orders",
        ShardId=SHARD,
        ShardIteratorType="AT_TIMESTAMP",
        Timestamp=later,
    )
    assert code == "InvalidArgumentException"
    assert message.startswith(
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
        f"timestampInMillis: {int(later * 1000)}, "
    )


def test_an_iterator_of_a_deleted_stream_leads_nowhere(server, kinesis, stream, iterate, account):
    stream()
    iterator = iterate("orders", "LATEST")
    kinesis.delete_stream(StreamName="orders")
    server.advance(1)
    while kinesis.list_streams()["StreamNames"]:
        pass
    assert refusal(kinesis.get_records, ShardIterator=iterator) == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000000 in stream orders under account {account} does not exist",
    )


def test_records_that_are_older_than_the_retention_are_not_read(server, kinesis, stream, iterate):
    stream()
    kinesis.put_record(StreamName="orders", Data="old", PartitionKey="k")
    server.advance(23 * 3600)
    kinesis.put_record(StreamName="orders", Data="new", PartitionKey="k")
    server.advance(2 * 3600)
    assert data_of(kinesis.get_records(ShardIterator=iterate("orders", "TRIM_HORIZON"))) == [b"new"]
