from __future__ import annotations


def test_insights_are_off_until_they_are_turned_on(dynamodb, hash_table):
    describe = dynamodb.describe_contributor_insights
    described = describe(TableName="hash")
    del described["ResponseMetadata"]
    assert described == {"TableName": "hash", "ContributorInsightsStatus": "DISABLED"}
    assert dynamodb.list_contributor_insights()["ContributorInsightsSummaries"] == []
    assert turn(dynamodb, "DISABLE") == "DISABLED"
    assert turn(dynamodb, "ENABLE") == "ENABLING"
    assert turn(dynamodb, "ENABLE") == "ENABLED"
    assert describe(TableName="hash")["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"
    assert turn(dynamodb, "ENABLE", ContributorInsightsMode="THROTTLED_KEYS") == "ENABLING"
    assert dynamodb.list_contributor_insights()["ContributorInsightsSummaries"] == [
        {
            "TableName": "hash",
            "ContributorInsightsStatus": "ENABLED",
            "ContributorInsightsMode": "THROTTLED_KEYS",
        }
    ]
    assert turn(dynamodb, "ENABLE") == "ENABLING"
    assert describe(TableName="hash")["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"
    assert turn(dynamodb, "ENABLE", ContributorInsightsMode="THROTTLED_KEYS") == "ENABLING"
    assert turn(dynamodb, "DISABLE") == "DISABLING"
    described = describe(TableName="hash")
    assert described["ContributorInsightsStatus"] == "DISABLED"
    assert described["ContributorInsightsMode"] == "THROTTLED_KEYS"
    assert "LastUpdateDateTime" in described
    assert dynamodb.list_contributor_insights()["ContributorInsightsSummaries"] == []


def test_every_global_index_has_insights_of_its_own(dynamodb, hash_table, range_table, refused):
    turn(dynamodb, "ENABLE")
    for index in ("all", "some"):
        turn(dynamodb, "ENABLE", TableName="range", IndexName=index)
    first = dynamodb.list_contributor_insights(MaxResults=2)
    named = [(each["TableName"], each.get("IndexName")) for each in first["ContributorInsightsSummaries"]]
    assert named == [("hash", None), ("range", "all")]
    second = dynamodb.list_contributor_insights(MaxResults=2, NextToken=first["NextToken"])
    assert [each["IndexName"] for each in second["ContributorInsightsSummaries"]] == ["some"]
    assert "NextToken" not in second
    for index in ("local", "ghost"):
        assert refused(dynamodb.describe_contributor_insights, TableName="range", IndexName=index) == (
            "ResourceNotFoundException",
            f"Requested resource not found: Index: {index} not found for table: range",
        )


def turn(dynamodb, action, **more):
    request = {"TableName": "hash", "ContributorInsightsAction": action, **more}
    return dynamodb.update_contributor_insights(**request)["ContributorInsightsStatus"]
