"""CloudWatch Logs as boto3 sees it."""

from __future__ import annotations

import pytest

from refusals import refusal


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def stream(logs):
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    return {"logGroupName": "/app", "logStreamName": "one"}


@pytest.fixture
def now(server):
    """The cloud's time in milliseconds; other tests may have moved it."""
    return int(server.clock.time() * 1000)


def put(logs, stream, *messages, start):
    events = [{"timestamp": start + place, "message": text} for place, text in enumerate(messages)]
    return logs.put_log_events(**stream, logEvents=events)


def test_a_group_is_described_with_its_arns(logs, account):
    logs.create_log_group(logGroupName="/app", tags={"team": "x"})
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/a")["logGroups"]
    assert group["arn"] == f"arn:aws:logs:us-east-1:{account}:log-group:/app:*"
    assert group["logGroupArn"] == f"arn:aws:logs:us-east-1:{account}:log-group:/app"
    assert group["logGroupClass"] == "STANDARD"
    assert "retentionInDays" not in group
    assert logs.list_tags_log_group(logGroupName="/app")["tags"] == {"team": "x"}


def test_a_second_group_of_a_name_is_refused(logs, stream):
    assert refusal(logs.create_log_group, logGroupName="/app") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )


def test_what_is_not_there_is_refused(logs, stream):
    assert refusal(logs.describe_log_streams, logGroupName="/nope") == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    assert refusal(logs.get_log_events, logGroupName="/app", logStreamName="nope") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )


def test_events_come_back_in_order_with_tokens_for_both_directions(logs, stream, now):
    put(logs, stream, "a", "b", "c", start=now)
    page = logs.get_log_events(**stream, startFromHead=True, limit=2)
    assert [event["message"] for event in page["events"]] == ["a", "b"]
    following = logs.get_log_events(**stream, nextToken=page["nextForwardToken"])
    assert [event["message"] for event in following["events"]] == ["c"]
    end = logs.get_log_events(**stream, nextToken=following["nextForwardToken"])
    assert end["events"] == []
    assert end["nextForwardToken"] == following["nextForwardToken"]


def test_without_start_from_head_the_latest_events_come(logs, stream, now):
    put(logs, stream, "a", "b", "c", start=now)
    page = logs.get_log_events(**stream, limit=2)
    assert [event["message"] for event in page["events"]] == ["b", "c"]
    earlier = logs.get_log_events(**stream, nextToken=page["nextBackwardToken"], limit=2)
    assert [event["message"] for event in earlier["events"]] == ["a"]


def test_events_out_of_order_are_refused(logs, stream, now):
    events = [{"timestamp": now, "message": "b"}, {"timestamp": now - 5000, "message": "a"}]
    assert refusal(logs.put_log_events, **stream, logEvents=events) == (
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
    )


def test_events_too_old_and_too_new_are_named(logs, stream, now):
    too_old = logs.put_log_events(**stream, logEvents=[{"timestamp": now - 15 * 86_400_000, "message": "x"}])
    assert too_old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    too_new = logs.put_log_events(**stream, logEvents=[{"timestamp": now + 3 * 3_600_000, "message": "x"}])
    assert too_new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    assert logs.get_log_events(**stream)["events"] == []


def test_filter_merges_streams_by_time(logs, stream, now):
    logs.create_log_stream(logGroupName="/app", logStreamName="two")
    start = now
    put(logs, stream, "one 1", start=start)
    put(logs, {"logGroupName": "/app", "logStreamName": "two"}, "two 1", start=start + 1)
    put(logs, stream, "one 2", start=start + 2)
    found = logs.filter_log_events(logGroupName="/app")["events"]
    assert [(event["logStreamName"], event["message"]) for event in found] == [
        ("one", "one 1"),
        ("two", "two 1"),
        ("one", "one 2"),
    ]
    assert len({event["eventId"] for event in found}) == 3


def test_filter_pages_without_losing_events_of_the_same_time(logs, stream, now):
    start = now
    for text in ("a", "b", "c"):
        put(logs, stream, text, start=start)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/app", PaginationConfig={"PageSize": 1}
    )
    assert [event["message"] for page in pages for event in page["events"]] == ["a", "b", "c"]


def test_retention_hides_and_then_removes_events(logs, stream, server, now):
    put(logs, stream, "old", start=now)
    logs.put_retention_policy(logGroupName="/app", retentionInDays=1)
    server.advance(2 * 86_400)
    assert logs.get_log_events(**stream, startFromHead=True)["events"] == []
    logs.delete_retention_policy(logGroupName="/app")


def test_a_deleted_group_takes_its_events_along(logs, stream, now):
    put(logs, stream, "a", start=now)
    logs.delete_log_group(logGroupName="/app")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    assert logs.get_log_events(**stream)["events"] == []


def test_streams_are_listed_by_their_last_event(logs, stream, now):
    logs.create_log_stream(logGroupName="/app", logStreamName="two")
    put(logs, {"logGroupName": "/app", "logStreamName": "two"}, "x", start=now - 1000)
    put(logs, stream, "y", start=now)
    streams = logs.describe_log_streams(logGroupName="/app", orderBy="LastEventTime", descending=True)
    assert [each["logStreamName"] for each in streams["logStreams"]] == ["one", "two"]
