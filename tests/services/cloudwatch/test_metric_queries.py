"""GetMetricData: metrics, pages, labels; expressions have their own tests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refusals import refusal


def put(cloudwatch, *data, namespace="ns", metric="metric1"):
    cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": metric, **datum} for datum in data]
    )


def query(query_id="m1", *, metric="metric1", stat="Sum", period=60, dimensions=(), unit=None, **more):
    asked = {
        "Metric": {"Namespace": "ns", "MetricName": metric, "Dimensions": list(dimensions)},
        "Period": period,
        "Stat": stat,
    }
    return {"Id": query_id, "MetricStat": asked | ({"Unit": unit} if unit else {}), **more}


def data(cloudwatch, now, *queries, minutes=1, **more):
    return cloudwatch.get_metric_data(
        MetricDataQueries=list(queries), StartTime=now, EndTime=now + timedelta(minutes=minutes), **more
    )


def test_a_metric_is_told_with_its_name(cloudwatch, now):
    put(cloudwatch, {"Timestamp": now, "Value": 50, "Unit": "Seconds"})
    answer = data(cloudwatch, now, query())
    del answer["ResponseMetadata"]
    assert answer == {
        "MetricDataResults": [
            {"Id": "m1", "Label": "metric1", "Timestamps": [now], "Values": [50.0], "StatusCode": "Complete"}
        ],
        "Messages": [],
    }


def test_without_dimensions_only_the_metric_without_them_is_meant(cloudwatch, now):
    put(cloudwatch, {"Timestamp": now, "Value": 1, "Dimensions": [{"Name": "foo", "Value": "bar"}]})
    [found] = data(cloudwatch, now, query())["MetricDataResults"]
    assert found["Values"] == []
    [found] = data(cloudwatch, now, query(dimensions=[{"Name": "foo", "Value": "bar"}]))["MetricDataResults"]
    assert found["Values"] == [1.0]


@pytest.mark.parametrize(
    ("first", "second", "labels", "values"),
    [
        (
            ("Sum", 60, "Seconds"),
            ("Minimum", 30, "Seconds"),
            ["metric1 Sum 60", "metric1 Minimum 30"],
            [[109], [0]],
        ),
        (
            ("Sum", 60, "Seconds"),
            ("Minimum", 60, "Seconds"),
            ["metric1 Sum", "metric1 Minimum"],
            [[109], [0]],
        ),
        (("Sum", 60, "Seconds"), ("Sum", 30, "Seconds"), ["metric1 60", "metric1 30"], [[109], [109]]),
        (("Sum", 60, "Seconds"), ("Sum", 30, "Milliseconds"), ["metric1 60", "metric1 30"], [[109], []]),
        (("Sum", 60, "Seconds"), ("Sum", 60, "Milliseconds"), ["metric1", "metric1"], [[109], []]),
    ],
)
def test_labels_tell_what_differs(cloudwatch, now, first, second, labels, values):
    put(cloudwatch, *({"Timestamp": now, "Value": value, "Unit": "Seconds"} for value in (0, 2, 7, 100)))
    asked = [
        query(f"q{number}", stat=stat, period=period, unit=unit)
        for number, (stat, period, unit) in enumerate((first, second))
    ]
    found = data(cloudwatch, now, *asked)["MetricDataResults"]
    assert [each["Label"] for each in found] == labels
    assert [each["Values"] for each in found] == values


@pytest.mark.parametrize(
    ("units", "message", "value"),
    [
        (("Milliseconds", "Seconds"), "[Milliseconds, Seconds]", 60000.0),
        (("Milliseconds", "Seconds", "Count"), "[Count, Milliseconds, Seconds]", 5.0),
    ],
)
def test_of_several_units_one_is_told(cloudwatch, now, units, message, value):
    amounts = {"Milliseconds": 60000, "Seconds": 60, "Count": 5}
    put(cloudwatch, *({"Timestamp": now, "Value": amounts[unit], "Unit": unit} for unit in units))
    [found] = data(cloudwatch, now, query())["MetricDataResults"]
    assert found["Messages"] == [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '{message}'"}]
    assert found["Values"] == [value]


def test_the_newest_comes_first_unless_asked_otherwise(cloudwatch, now):
    start = now - timedelta(minutes=10)
    put(cloudwatch, *({"Timestamp": start + timedelta(minutes=each), "Value": each} for each in range(10)))
    [newest] = data(cloudwatch, start, query(), minutes=10)["MetricDataResults"]
    [oldest] = data(cloudwatch, start, query(), minutes=10, ScanBy="TimestampAscending")["MetricDataResults"]
    assert newest["Values"] == list(range(9, -1, -1))
    assert oldest["Values"] == list(range(10))
    assert oldest["Timestamps"] == newest["Timestamps"][::-1]


def test_results_come_in_pages_of_so_many_values(cloudwatch, now):
    start = now - timedelta(minutes=10)
    minutes = [start + timedelta(minutes=each) for each in range(10)]
    put(cloudwatch, *({"Timestamp": minute, "Value": 1} for minute in minutes))
    put(cloudwatch, *({"Timestamp": minute, "Value": 2} for minute in minutes), metric="metric2")
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query(), query("m2", metric="metric2")],
        StartTime=start,
        EndTime=now,
        PaginationConfig={"PageSize": 8},
    )
    told = [
        (each["Id"], len(each["Values"]), each["StatusCode"])
        for page in pages
        for each in page["MetricDataResults"]
    ]
    assert told == [
        ("m1", 8, "PartialData"),
        ("m1", 2, "Complete"),
        ("m2", 6, "PartialData"),
        ("m2", 4, "Complete"),
    ]


def test_the_start_is_rounded_down_to_the_minute(cloudwatch, now):
    put(cloudwatch, {"Timestamp": now - timedelta(minutes=1), "Value": 1})
    [found] = data(cloudwatch, now - timedelta(seconds=20), query())["MetricDataResults"]
    assert found["Values"] == [1.0]


@pytest.mark.unverified("AWS documents how it rounds the start, not whether it rounds the end")
def test_the_end_is_rounded_down_to_the_minute(cloudwatch, now):
    put(cloudwatch, {"Timestamp": now - timedelta(minutes=1), "Value": 1}, {"Timestamp": now, "Value": 2})
    [found] = cloudwatch.get_metric_data(
        MetricDataQueries=[query()],
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(seconds=40),
    )["MetricDataResults"]
    assert found["Values"] == [1.0]


@pytest.mark.unverified("AWS does not document what a default label has of dimensions")
def test_metrics_are_told_apart_by_the_values_of_their_dimensions(cloudwatch, now):
    asked = [query(each, dimensions=[{"Name": "Stage", "Value": each}]) for each in ("test", "live")]
    found = data(cloudwatch, now, *asked)["MetricDataResults"]
    assert [each["Label"] for each in found] == ["test", "live"]


@pytest.mark.unverified("which periods there are is documented, the words of the refusal are not")
def test_a_query_of_a_period_that_is_none_is_refused(cloudwatch, now):
    window = {"StartTime": now, "EndTime": now + timedelta(minutes=1)}
    assert refusal(cloudwatch.get_metric_data, MetricDataQueries=[query(period=45)], **window) == (
        "ValidationError",
        "The parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30, "
        "or a multiple of 60.",
    )


@pytest.mark.unverified("how CloudWatch writes numbers and times in labels is not documented")
def test_labels_have_what_their_variables_stand_for(cloudwatch, now):
    put(cloudwatch, {"Timestamp": now, "Value": 4}, {"Timestamp": now, "Value": 6})
    label = "${PROP('MetricName')} of ${PROP('Namespace')}: max ${MAX}, at ${LAST_TIME}, ${LABEL} ${NO_SUCH}"
    [found] = data(cloudwatch, now, query(Label=label))["MetricDataResults"]
    assert found["Label"] == f"metric1 of ns: max 10, at {now:%Y-%m-%d %H:%M:%S}, metric1 ${{NO_SUCH}}"
    [moved] = data(cloudwatch, now, query(Label="${LAST_TIME}"), LabelOptions={"Timezone": "+0100"})[
        "MetricDataResults"
    ]
    assert moved["Label"] == f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            query("M1"),
            "The value M1 for parameter MetricDataQueries.member.1.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$.",
        ),
        (
            query(stat="Median"),
            "The value for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.",
        ),
    ],
)
def test_a_query_that_cannot_be_is_refused(cloudwatch, now, asked, message):
    window = {"StartTime": now, "EndTime": now + timedelta(minutes=1)}
    assert refusal(cloudwatch.get_metric_data, MetricDataQueries=[asked], **window) == (
        "ValidationError",
        message,
    )


def test_more_than_500_queries_are_refused(cloudwatch, now):
    asked = [query(f"m{number}") for number in range(501)]
    window = {"StartTime": now, "EndTime": now + timedelta(minutes=1)}
    assert refusal(cloudwatch.get_metric_data, MetricDataQueries=asked, **window) == (
        "ValidationError",
        "The collection MetricDataQueries must not have a size greater than 500.",
    )
