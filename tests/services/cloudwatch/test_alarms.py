"""Alarms: how they are made and told, what moves them, and what they do."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from cloud_functions import Deployment
from refusals import refusal
from services.dynamodb.waiting import eventually
from sns_fixtures import Queues


@pytest.fixture
def make_alarm(cloudwatch):
    """Makes an alarm on the sum of a metric; returns what describes it."""

    def make(name="alarm", **settings):
        minimal = {
            "MetricName": "metric",
            "Namespace": "ns",
            "Period": 60,
            "Statistic": "Sum",
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 30,
        }
        cloudwatch.put_metric_alarm(AlarmName=name, **{**minimal, **settings})
        return lambda: described(cloudwatch, name)

    return make


@pytest.fixture
def queues(client):
    return Queues(client("sqs"))


@pytest.fixture
def topic(client, queues):
    """A topic, and the URL of a queue that gets what is published to it."""
    sns, url = client("sns"), queues.make("inbox")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queues.arn(url))
    return arn, url


def described(cloudwatch, name, kind="MetricAlarm"):
    return cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[kind])[f"{kind}s"][0]


def history(cloudwatch, name="alarm", **more):
    return cloudwatch.describe_alarm_history(AlarmName=name, **more)["AlarmHistoryItems"]


def put(cloudwatch, value, **datum):
    data = [{"MetricName": "metric", "Value": value, **datum}]
    cloudwatch.put_metric_data(Namespace="ns", MetricData=data)


def test_a_minimal_alarm_is_described(make_alarm, account):
    alarm = make_alarm()()
    for moment in (
        "AlarmConfigurationUpdatedTimestamp",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
    ):
        del alarm[moment]
    assert alarm == {
        "ActionsEnabled": True,
        "AlarmActions": [],
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{account}:alarm:alarm",
        "AlarmName": "alarm",
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [],
        "EvaluationPeriods": 1,
        "InsufficientDataActions": [],
        "MetricName": "metric",
        "Namespace": "ns",
        "OKActions": [],
        "Period": 60,
        "StateReason": "Unchecked: Initial alarm creation",
        "StateValue": "INSUFFICIENT_DATA",
        "Statistic": "Sum",
        "Threshold": 30.0,
    }


def test_a_breaching_metric_brings_an_alarm_and_its_message(
    server, cloudwatch, make_alarm, topic, queues, account, now
):
    arn, url = topic
    dimensions = [{"Name": "InstanceId", "Value": "abc"}]
    make_alarm(
        AlarmDescription="testing",
        Statistic="Average",
        Unit="Seconds",
        Dimensions=dimensions,
        Threshold=2,
        AlarmActions=[arn],
        TreatMissingData="ignore",
    )
    for value in (21, 22):
        put(cloudwatch, value, Unit="Seconds", Dimensions=dimensions, Timestamp=now)
    server.advance(60)
    envelope = queues.next_body(url)
    assert envelope["Subject"] == 'ALARM: "alarm" in US East (N. Virginia)'
    message = json.loads(envelope["Message"])
    assert message.pop("StateChangeTime") > message.pop("AlarmConfigurationUpdatedTimestamp")
    reason = (
        f"Threshold Crossed: 1 datapoint [21.5 ({now:%d/%m/%y %H:%M:%S})] "
        "was greater than the threshold (2.0)."
    )
    assert message == {
        "AlarmName": "alarm",
        "AlarmDescription": "testing",
        "AWSAccountId": account,
        "NewStateValue": "ALARM",
        "NewStateReason": reason,
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{account}:alarm:alarm",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [],
        "AlarmActions": [arn],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "metric",
            "Namespace": "ns",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": "Seconds",
            "Dimensions": [{"value": "abc", "name": "InstanceId"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 2.0,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    alarm = described(cloudwatch, "alarm")
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", reason)
    assert json.loads(alarm["StateReasonData"])["evaluatedDatapoints"] == [
        {"timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.000+0000", "sampleCount": 2.0, "value": 21.5}
    ]
    [item] = history(cloudwatch, HistoryItemType="StateUpdate")
    assert item["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    data = json.loads(item["HistoryData"])
    assert data["oldState"] == {
        "stateValue": "INSUFFICIENT_DATA",
        "stateReason": "Unchecked: Initial alarm creation",
    }
    assert data["newState"]["stateReasonData"] == json.loads(alarm["StateReasonData"])


def test_an_alarm_follows_an_expression(server, cloudwatch, make_alarm, now):
    def query(query_id, name):
        stat = {"Metric": {"Namespace": "ns", "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return {"Id": query_id, "MetricStat": stat, "ReturnData": False}

    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Metrics=[
            {"Id": "e1", "Expression": "errors / calls * 100", "Label": "rate"},
            query("errors", "errors"),
            query("calls", "calls"),
        ],
    )
    put(cloudwatch, 1, MetricName="errors", Timestamp=now)
    put(cloudwatch, 10, MetricName="calls", Timestamp=now)
    server.advance(60)
    eventually(lambda: described(cloudwatch, "alarm")["StateValue"] == "ALARM")
    assert "[10.0 (" in described(cloudwatch, "alarm")["StateReason"]
    assert "Dimensions" not in described(cloudwatch, "alarm")


def test_missing_data_breaches_if_it_shall(server, cloudwatch, make_alarm):
    alarm = make_alarm(EvaluationPeriods=2, TreatMissingData="breaching")
    server.advance(60)
    eventually(lambda: alarm()["StateValue"] == "ALARM")
    assert alarm()["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
        "were treated as [Breaching]."
    )


def test_a_state_that_was_set_lasts_until_the_next_evaluation(server, cloudwatch, make_alarm):
    alarm = make_alarm(TreatMissingData="notBreaching")
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing alarm")
    assert (alarm()["StateValue"], alarm()["StateReason"]) == ("ALARM", "testing alarm")
    assert "StateReasonData" not in alarm()
    server.advance(60)
    eventually(lambda: alarm()["StateValue"] == "OK")


def test_disabled_actions_are_not_done(cloudwatch, make_alarm, topic, queues):
    arn, url = topic
    alarm = make_alarm(AlarmActions=[arn], OKActions=[arn])
    cloudwatch.disable_alarm_actions(AlarmNames=["alarm"])
    assert alarm()["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="OK", StateReason="unheard")
    cloudwatch.enable_alarm_actions(AlarmNames=["alarm"])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="heard")
    assert json.loads(queues.next_text(url))["NewStateReason"] == "heard"
    eventually(lambda: history(cloudwatch, HistoryItemType="Action"))
    [done] = history(cloudwatch, HistoryItemType="Action")
    assert done["HistorySummary"] == f"Successfully executed action {arn}"


def test_an_action_that_fails_stands_in_the_history(cloudwatch, make_alarm, account):
    arn = f"arn:aws:sns:us-east-1:{account}:none"
    make_alarm(AlarmActions=[arn, "arn:aws:automate:us-east-1:ec2:stop"])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing")
    eventually(lambda: len(history(cloudwatch, HistoryItemType="Action")) == 2)
    for item in history(cloudwatch, HistoryItemType="Action"):
        assert item["HistorySummary"].startswith("Failed to execute action arn:aws:")
        assert json.loads(item["HistoryData"])["actionState"] == "Failed"


def test_a_topic_that_does_not_let_alarms_publish_gets_nothing(client, cloudwatch, make_alarm, topic):
    arn, _ = topic
    nobody = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "SNS:Publish",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    make_alarm(AlarmActions=[arn])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing")
    eventually(lambda: history(cloudwatch, HistoryItemType="Action"))
    assert history(cloudwatch, HistoryItemType="Action")[0]["HistorySummary"].startswith(
        "Failed to execute action"
    )


TELLING = "import json\ndef handler(event, context):\n    print('TOLD', json.dumps(event))\n"


def test_a_function_that_lets_alarms_call_it_gets_the_event(client, cloudwatch, make_alarm, account):
    Deployment.by(client).python("listener", TELLING)
    logs = client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/listener")
    client("lambda").add_permission(
        FunctionName="listener",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceAccount=account,
        SourceArn=f"arn:aws:cloudwatch:us-east-1:{account}:alarm:alarm",
    )
    make_alarm(
        AlarmDescription="tells", AlarmActions=[f"arn:aws:lambda:us-east-1:{account}:function:listener"]
    )
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="testing alarm")

    def told():
        events = logs.filter_log_events(logGroupName="/aws/lambda/listener")["events"]
        lines = [each["message"] for each in events if each["message"].startswith("TOLD ")]
        return [json.loads(line.removeprefix("TOLD ")) for line in lines]

    eventually(lambda: told())
    [event] = told()
    data = event.pop("alarmData")
    assert event.pop("time") == data["state"].pop("timestamp")
    assert event == {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:us-east-1:{account}:alarm:alarm",
        "accountId": account,
        "region": "us-east-1",
    }
    del data["previousState"]["timestamp"], data["configuration"]["metrics"][0]["id"]
    assert data == {
        "alarmName": "alarm",
        "state": {"value": "ALARM", "reason": "testing alarm"},
        "previousState": {"value": "INSUFFICIENT_DATA", "reason": "Unchecked: Initial alarm creation"},
        "configuration": {
            "description": "tells",
            "metrics": [
                {
                    "metricStat": {
                        "metric": {"namespace": "ns", "name": "metric", "dimensions": {}},
                        "period": 60,
                        "stat": "Sum",
                    },
                    "returnData": True,
                }
            ],
        },
    }


def test_a_composite_alarm_follows_its_children(cloudwatch, make_alarm, topic, queues, account):
    arn, url = topic
    make_alarm("a")
    make_alarm("b")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND ALARM(b)', AlarmActions=[arn])
    both = partial(described, cloudwatch, "both", "CompositeAlarm")
    own = f"arn:aws:cloudwatch:us-east-1:{account}:alarm"
    assert (both()["StateValue"], both()["StateReason"]) == (
        "OK",
        f"{own}:both was created and its alarm rule evaluates to OK",
    )
    for child in ("a", "b"):
        cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="testing")
    assert both()["StateValue"] == "ALARM"
    assert both()["StateReason"].startswith(f"{own}:b transitioned to ALARM at ")
    [triggering] = json.loads(both()["StateReasonData"])["triggeringAlarms"]
    assert triggering["arn"] == f"{own}:b"
    message = json.loads(queues.next_text(url))
    assert (message["AlarmName"], message["AlarmRule"]) == ("both", 'ALARM("a") AND ALARM(b)')
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="both")["MetricAlarms"]
    assert [(each["AlarmName"], each["StateValue"]) for each in children] == [("a", "ALARM"), ("b", "ALARM")]
    [parent] = cloudwatch.describe_alarms(ParentsOfAlarmName="a")["CompositeAlarms"]
    assert parent == {"AlarmName": "both", "AlarmArn": f"{own}:both"}
    for names, them in ((["a"], "it"), (["a", "b"], "them")):
        assert refusal(cloudwatch.delete_alarms, AlarmNames=names) == (
            "ValidationError",
            f"Cannot delete {','.join(names)} as there are composite alarm(s) depending on {them}.",
        )
    cloudwatch.delete_alarms(AlarmNames=["both"])
    cloudwatch.delete_alarms(AlarmNames=["a", "b"])
    assert cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["MetricAlarms"] == []


def test_alarms_are_found_by_prefix_state_action_and_metric(cloudwatch, make_alarm, account):
    action = f"arn:aws:sns:us-east-1:{account}:topic"
    make_alarm("one-a", AlarmActions=[action])
    make_alarm("one-b", Dimensions=[{"Name": "d", "Value": "1"}])
    make_alarm("two")
    cloudwatch.set_alarm_state(AlarmName="two", StateValue="OK", StateReason="testing")

    def names(**filters):
        return [each["AlarmName"] for each in cloudwatch.describe_alarms(**filters)["MetricAlarms"]]

    assert names() == ["one-a", "one-b", "two"]
    assert names(AlarmNamePrefix="one") == ["one-a", "one-b"]
    assert names(StateValue="OK") == ["two"]
    assert names(ActionPrefix="arn:aws:sns") == ["one-a"]
    assert names(MaxRecords=2) == ["one-a", "one-b"]
    metric = {"Namespace": "ns", "MetricName": "metric"}
    on_metric = cloudwatch.describe_alarms_for_metric(**metric, Dimensions=[{"Name": "d", "Value": "1"}])
    assert [each["AlarmName"] for each in on_metric["MetricAlarms"]] == ["one-b"]
    assert len(cloudwatch.describe_alarms_for_metric(**metric)["MetricAlarms"]) == 2


def test_the_history_tells_of_changes_the_newest_first(cloudwatch, make_alarm):
    make_alarm()
    make_alarm(Threshold=50)
    cloudwatch.delete_alarms(AlarmNames=["alarm"])
    items = history(cloudwatch)
    assert [each["HistorySummary"] for each in items] == [
        'Alarm "alarm" deleted',
        'Alarm "alarm" updated',
        'Alarm "alarm" created',
    ]
    created = json.loads(items[-1]["HistoryData"])
    assert (created["type"], created["createdAlarm"]["threshold"]) == ("Create", 30.0)
    oldest = history(cloudwatch, ScanBy="TimestampAscending", MaxRecords=1)
    assert oldest == [items[-1]]


def test_what_is_not_there_cannot_be_set(cloudwatch, make_alarm):
    make_alarm()
    assert refusal(
        cloudwatch.set_alarm_state, AlarmName="alarm", StateValue="INVALID", StateReason="test"
    ) == (
        "ValidationError",
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
    )
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound) as refused:
        cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="test")
    assert refused.value.response["Error"].get("Message", "") == ""
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        (
            {"EvaluationPeriods": 1441},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (
            {"TreatMissingData": "never"},
            "The value never is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing].",
        ),
        (
            {"EvaluateLowSampleCountPercentile": "guess"},
            "Option guess is not supported. "
            "Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.",
        ),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(cloudwatch, make_alarm, settings, message):
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        make_alarm(**settings)
    assert refused.value.response["Error"]["Message"] == message
    assert refused.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.unverified("which periods there are is documented, the words of the refusal are not")
def test_an_alarm_of_a_period_that_is_none_is_refused(make_alarm):
    assert refusal(make_alarm, Period=45) == (
        "ValidationError",
        "Period must be 10, 20, 30 or a multiple of 60",
    )


@pytest.mark.unverified("told by those who wrote AWS's resource type of alarms, not by its documentation")
def test_alarms_that_are_not_there_are_deleted_without_error(cloudwatch, make_alarm):
    make_alarm()
    cloudwatch.delete_alarms(AlarmNames=["none", "alarm"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_what_alarms_do_not_do_is_refused_by_name(cloudwatch, make_alarm):
    with pytest.raises(cloudwatch.exceptions.ClientError, match="ThresholdMetricId"):
        make_alarm(ThresholdMetricId="ad1")
    make_alarm("child")
    with pytest.raises(cloudwatch.exceptions.ClientError, match="ActionsSuppressor"):
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(child)", ActionsSuppressor="child")


def test_exactly_one_query_of_an_alarm_returns_data(cloudwatch):
    stat = {"Metric": {"Namespace": "ns", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "m1", "MetricStat": stat}, {"Id": "e1", "Expression": "m1 * 2"}]
    asked = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    assert refusal(cloudwatch.put_metric_alarm, AlarmName="a", Metrics=queries, **asked) == (
        "ValidationError",
        "Exactly one element of the metrics list should return data.",
    )


def test_history_is_kept_for_a_month(server, cloudwatch, make_alarm):
    make_alarm()
    server.advance(timedelta(days=31).total_seconds())
    assert history(cloudwatch, HistoryItemType="ConfigurationUpdate") == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "ALARM(one) OR OK(two)",
            "Could not save the composite alarm as alarms [one, two] in the alarm rule do not exist",
        ),
        ("()", "Error in AlarmRule [Unsupported token ')' at char 1]"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(cloudwatch, rule, message):
    assert refusal(cloudwatch.put_composite_alarm, AlarmName="c", AlarmRule=rule) == (
        "ValidationError",
        message,
    )


def test_metrics_stand_alone(cloudwatch, make_alarm):
    metrics = [{"Id": "m1", "Expression": "TIME_SERIES(1)"}]
    assert refusal(make_alarm, Metrics=metrics) == (
        "ValidationError",
        "MetricName should not be set if list of Metrics is set.",
    )
