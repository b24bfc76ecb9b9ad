"""How datapoints make an alarm's state, after the tables of the user guide."""

from __future__ import annotations

import json

import pytest

from cloudlet.services.cloudwatch.alarms.evaluation import Point, evaluate
from cloudlet.services.cloudwatch.alarms.model import ALARM, INSUFFICIENT_DATA, OK
from cloudlet.services.cloudwatch.alarms.rules import RuleError, parse_rule

KEPT = None
VALUES = {"0": 1.0, "X": 5.0, "-": None}


def settings(to_alarm=None, periods=3, **more):
    told = {
        "EvaluationPeriods": periods,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 2.0,
        "Period": 60,
        "Statistic": "Average",
        **more,
    }
    return told | ({"DatapointsToAlarm": to_alarm} if to_alarm else {})


def verdict(points, **told):
    values = [
        Point(60 * place, VALUES[mark], None if mark == "-" else 1.0) for place, mark in enumerate(points)
    ]
    return evaluate(settings(**told), values, 600.0)


@pytest.mark.parametrize(
    ("points", "to_alarm", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0-X-X", 3, OK, OK, OK, OK),
        ("0----", 3, OK, OK, OK, OK),
        ("-----", 3, INSUFFICIENT_DATA, KEPT, ALARM, OK),
        ("0XX-X", 3, ALARM, ALARM, ALARM, ALARM),
        ("----X", 3, INSUFFICIENT_DATA, KEPT, ALARM, OK),
        ("X----", 3, ALARM, KEPT, ALARM, OK),
        ("0-X-X", 2, ALARM, ALARM, ALARM, ALARM),
        ("00X0X", 2, ALARM, ALARM, ALARM, ALARM),
        ("0-X--", 2, OK, OK, ALARM, OK),
        ("----0", 2, OK, OK, ALARM, OK),
        ("----X", 2, INSUFFICIENT_DATA, KEPT, ALARM, OK),
    ],
)
def test_missing_data_is_treated_as_documented(points, to_alarm, missing, ignore, breaching, not_breaching):
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {}
    for treatment in expected:
        told = verdict(points, to_alarm=to_alarm, TreatMissingData=treatment)
        found[treatment] = told.value if told else KEPT
    assert found == expected


@pytest.mark.parametrize(
    ("points", "told", "reason"),
    [
        ("X", {"periods": 1}, "1 datapoint [5.0 (01/01/70 00:00:00)] was greater than the threshold (2.0)."),
        (
            "XX",
            {"periods": 2},
            "2 datapoints [5.0 (01/01/70 00:01:00), 5.0 (01/01/70 00:00:00)] were greater than the threshold "
            "(2.0).",
        ),
        (
            "X",
            {"periods": 1, "to_alarm": 1},
            "1 out of the last 1 datapoints [5.0 (01/01/70 00:00:00)] was greater than the threshold (2.0) "
            "(minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            "X00",
            {"to_alarm": 3},
            "2 out of the last 3 datapoints [1.0 (01/01/70 00:02:00), 1.0 (01/01/70 00:01:00)] were not "
            "greater than the threshold (2.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            "--",
            {"periods": 2, "TreatMissingData": "breaching"},
            "no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            "-",
            {"periods": 1, "TreatMissingData": "notBreaching"},
            "no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
        ),
        (
            "--0",
            {"to_alarm": 2, "TreatMissingData": "breaching"},
            "1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            "-------X",
            {"periods": 8, "to_alarm": 1, "TreatMissingData": "notBreaching"},
            "1 out of the last 8 datapoints [5.0 (01/01/70 00:07:00)] was greater than the threshold (2.0) "
            "and 7 missing datapoints were treated as [NonBreaching] "
            "(minimum 1 datapoint for OK -> ALARM transition).",
        ),
    ],
)
def test_the_reason_is_worded_as_cloudwatch_words_it(points, told, reason):
    assert verdict(points, **told).reason == f"Threshold Crossed: {reason}"


def test_unknown_datapoints_are_counted():
    assert verdict("-", periods=1).reason == "Insufficient Data: 1 datapoint was unknown."
    assert verdict("---").reason == "Insufficient Data: 3 datapoints were unknown."


def test_the_reason_has_its_data():
    assert json.loads(verdict("X", periods=1, Unit="Seconds").reason_data) == {
        "version": "1.0",
        "queryDate": "1970-01-01T00:10:00.000+0000",
        "startDate": "1970-01-01T00:00:00.000+0000",
        "unit": "Seconds",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [5.0],
        "threshold": 2.0,
        "evaluatedDatapoints": [
            {"timestamp": "1970-01-01T00:00:00.000+0000", "sampleCount": 1.0, "value": 5.0}
        ],
    }
    assert json.loads(verdict("--", periods=2, TreatMissingData="breaching").reason_data) == {
        "version": "1.0",
        "queryDate": "1970-01-01T00:10:00.000+0000",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [],
        "threshold": 2.0,
        "evaluatedDatapoints": [
            {"timestamp": "1970-01-01T00:01:00.000+0000"},
            {"timestamp": "1970-01-01T00:00:00.000+0000"},
        ],
    }


@pytest.mark.parametrize(("samples", "told"), [(999, KEPT), (1000, ALARM)])
def test_a_percentile_of_few_samples_is_ignored_if_asked(samples, told):
    percentile = settings(periods=1, ExtendedStatistic="p99", EvaluateLowSampleCountPercentile="ignore")
    found = evaluate(percentile, [Point(0, 5.0, float(samples))], 60.0)
    assert (found.value if found else KEPT) == told


STATES = {"a": ALARM, "b": OK, "c d": INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ("ALARM(a)", True),
        ('ALARM("a") AND OK(b)', True),
        ("ALARM(b) OR INSUFFICIENT_DATA('c d')", True),
        ("NOT ALARM(a)", False),
        ("(ALARM(a) OR ALARM(b)) AND NOT OK(b)", False),
        ("TRUE AND NOT FALSE", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", True),
    ],
)
def test_a_rule_is_met_by_the_states_of_alarms(rule, met):
    assert parse_rule(rule).is_met(lambda name: STATES[name]) is met


@pytest.mark.parametrize(
    "rule", ["", "ALARM", "ALARM(a", "ALARM(a) ALARM(b)", "AND", "(TRUE", "ALARM(a) XOR OK(b)", "(" * 9000]
)
def test_a_malformed_rule_is_refused(rule):
    with pytest.raises(RuleError):
        parse_rule(rule)
