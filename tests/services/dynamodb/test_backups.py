from __future__ import annotations

from datetime import timedelta

from cloudlet.core.access import Principal
from cloudlet.core.store import LAST
from services.dynamodb.conftest import HASH_TABLE, RANGE_TABLE
from services.dynamodb.waiting import eventually


def put(dynamodb, name, **attributes):
    dynamodb.put_item(TableName="hash", Item={"a": {"S": name}, **attributes})


def items(dynamodb, table):
    found = dynamodb.scan(TableName=table)["Items"]
    return {item["a"]["S"]: {key: value for key, value in item.items() if key != "a"} for item in found}


def backed_up(dynamodb, name="one", table="hash"):
    """The ARN of a new backup that is ready."""
    details = dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]
    assert details["BackupStatus"] == "CREATING"
    arn = details["BackupArn"]
    eventually(lambda: status_of(dynamodb, arn) == "AVAILABLE")
    return arn


def status_of(dynamodb, arn):
    return dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]


def wait_until_active(dynamodb, table):
    eventually(lambda: dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")


def test_a_backup_is_described_and_listed(dynamodb, hash_table, account):
    arn = backed_up(dynamodb)
    assert arn.startswith(f"arn:aws:dynamodb:us-east-1:{account}:table/hash/backup/0")
    described = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
    table = dynamodb.describe_table(TableName="hash")["Table"]
    details = described["BackupDetails"]
    assert details["BackupName"] == "one"
    assert details["BackupType"] == "USER"
    assert "BackupExpiryDateTime" not in details
    assert described["SourceTableFeatureDetails"] == {}
    assert described["SourceTableDetails"] == {
        "TableName": "hash",
        "TableId": table["TableId"],
        "TableArn": table["TableArn"],
        "TableSizeBytes": 0,
        "KeySchema": table["KeySchema"],
        "TableCreationDateTime": table["CreationDateTime"],
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "ItemCount": 0,
        "BillingMode": "PAY_PER_REQUEST",
    }
    assert dynamodb.list_backups(TableName="hash")["BackupSummaries"] == [
        {"TableName": "hash", "TableId": table["TableId"], "TableArn": table["TableArn"], **details}
    ]
    assert dynamodb.list_backups(TableName="other")["BackupSummaries"] == []


def test_backups_are_listed_page_by_page_and_by_time(dynamodb, hash_table, invalid, advance):
    arns = []
    for _ in range(3):
        arns.append(backed_up(dynamodb))
        advance(1)
    first = dynamodb.list_backups(Limit=2)
    assert [each["BackupArn"] for each in first["BackupSummaries"]] == arns[:2]
    second = dynamodb.list_backups(Limit=2, ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"])
    assert [each["BackupArn"] for each in second["BackupSummaries"]] == arns[2:]
    assert "LastEvaluatedBackupArn" not in second
    middle = first["BackupSummaries"][1]["BackupCreationDateTime"]
    since = dynamodb.list_backups(TimeRangeLowerBound=middle)["BackupSummaries"]
    assert [each["BackupArn"] for each in since] == arns[1:]
    until = dynamodb.list_backups(TimeRangeUpperBound=middle)["BackupSummaries"]
    assert [each["BackupArn"] for each in until] == arns[:1]
    assert (
        invalid(
            dynamodb.list_backups,
            TimeRangeLowerBound=middle,
            TimeRangeUpperBound=middle - timedelta(seconds=1),
        )
        == "Time range lower bound must be less than or equal to upper bound"
    )


def test_a_deleted_backup_is_gone_at_once(dynamodb, hash_table, refused):
    arn = backed_up(dynamodb)
    deleted = dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    for operation in (dynamodb.describe_backup, dynamodb.delete_backup):
        assert refused(operation, BackupArn=arn) == ("BackupNotFoundException", f"Backup not found: {arn}")
    assert dynamodb.list_backups()["BackupSummaries"] == []


def test_what_is_no_backup_is_refused(dynamodb, hash_table, invalid, refused, account):
    table = dynamodb.describe_table(TableName="hash")["Table"]["TableArn"]
    assert invalid(dynamodb.describe_backup, BackupArn=table) == "Invalid Backup ARN"
    foreign = f"{table}/backup/01791504762511-2779fadd".replace(account, "123456789012")
    assert refused(dynamodb.describe_backup, BackupArn=foreign) == (
        "AccessDeniedException",
        "Access is denied",
    )
    assert refused(dynamodb.create_backup, TableName="none", BackupName="one") == (
        "TableNotFoundException",
        "Table not found: none",
    )


def test_a_restored_table_has_what_the_backup_has(dynamodb, refused):
    dynamodb.create_table(TableName="range", **RANGE_TABLE)
    for number in range(5):
        key = {"a": {"S": "x"}, "b": {"S": str(number)}, "c": {"S": "c"}, "d": {"S": "d"}}
        dynamodb.put_item(TableName="range", Item=key)
    arn = backed_up(dynamodb, table="range")
    dynamodb.delete_item(TableName="range", Key={"a": {"S": "x"}, "b": {"S": "0"}})
    answer = dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)["TableDescription"]
    assert answer["TableStatus"] == "CREATING"
    summary = answer["RestoreSummary"]
    assert (summary["SourceBackupArn"], summary["RestoreInProgress"]) == (arn, True)
    wait_until_active(dynamodb, "again")
    described = dynamodb.describe_table(TableName="again")["Table"]
    assert "RestoreSummary" not in described
    assert dynamodb.scan(TableName="again")["Count"] == 5
    assert dynamodb.scan(TableName="again", IndexName="all")["Count"] == 5
    assert dynamodb.scan(TableName="range")["Count"] == 4
    assert refused(dynamodb.restore_table_from_backup, TargetTableName="again", BackupArn=arn) == (
        "TableAlreadyExistsException",
        "Table already exists: again",
    )
    dynamodb.delete_backup(BackupArn=arn)
    assert dynamodb.scan(TableName="again")["Count"] == 5


def test_a_backup_outlives_its_table(dynamodb, hash_table):
    put(dynamodb, "x")
    arn = dynamodb.create_backup(TableName="hash", BackupName="one")["BackupDetails"]["BackupArn"]
    dynamodb.delete_table(TableName="hash")
    dynamodb.create_table(TableName="hash", **HASH_TABLE)
    eventually(lambda: status_of(dynamodb, arn) == "AVAILABLE")
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    wait_until_active(dynamodb, "again")
    assert items(dynamodb, "again") == {"x": {}}


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(dynamodb, hash_table):
    for number in range(400):
        put(dynamodb, f"{number}", n={"N": "1"})
    arn = dynamodb.create_backup(TableName="hash", BackupName="one")["BackupDetails"]["BackupArn"]
    for number in range(0, 400, 7):
        put(dynamodb, f"{number}", n={"N": "2"})
        put(dynamodb, f"new{number}", n={"N": "2"})
        dynamodb.delete_item(TableName="hash", Key={"a": {"S": f"{number + 1}"}})
    eventually(lambda: status_of(dynamodb, arn) == "AVAILABLE")
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    wait_until_active(dynamodb, "again")
    assert items(dynamodb, "again") == {f"{number}": {"n": {"N": "1"}} for number in range(400)}


def test_overrides_change_what_is_restored(dynamodb, invalid):
    dynamodb.create_table(TableName="range", **RANGE_TABLE)
    arn = backed_up(dynamodb, table="range")
    restore = dynamodb.restore_table_from_backup
    target = {"TargetTableName": "again", "BackupArn": arn}
    units = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    assert invalid(restore, **target, ProvisionedThroughputOverride=units) == (
        "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"
    )
    assert invalid(restore, **target, BillingModeOverride="PROVISIONED") == (
        "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED"
    )
    other = {**RANGE_TABLE["GlobalSecondaryIndexes"][0], "IndexName": "other"}
    assert invalid(restore, **target, GlobalSecondaryIndexOverride=[other]) == (
        "Index other does not match a secondary index that existed in the source table "
        "and cannot be created during the restore operation"
    )
    restore(
        **target,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=units,
        GlobalSecondaryIndexOverride=[],
        LocalSecondaryIndexOverride=[],
    )
    wait_until_active(dynamodb, "again")
    table = dynamodb.describe_table(TableName="again")["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    assert "GlobalSecondaryIndexes" not in table
    assert "LocalSecondaryIndexes" not in table
    assert [each["AttributeName"] for each in table["AttributeDefinitions"]] == ["a", "b"]


def test_a_table_can_be_recovered_to_any_moment(dynamodb, hash_table, advance):
    put(dynamodb, "before", n={"N": "0"})
    put(dynamodb, "deleted", n={"N": "0"})
    enable(dynamodb)
    advance(60)
    put(dynamodb, "before", n={"N": "1"})
    put(dynamodb, "new", n={"N": "1"})
    dynamodb.delete_item(TableName="hash", Key={"a": {"S": "deleted"}})
    advance(60)
    put(dynamodb, "before", n={"N": "2"})
    put(dynamodb, "deleted", n={"N": "2"})
    dynamodb.delete_item(TableName="hash", Key={"a": {"S": "new"}})
    advance(600)
    earliest = recovery(dynamodb)["EarliestRestorableDateTime"]
    for target, seconds, expected in (
        ("first", 30, {"before": "0", "deleted": "0"}),
        ("second", 90, {"before": "1", "new": "1"}),
        ("third", 200, {"before": "2", "deleted": "2"}),
    ):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName="hash",
            TargetTableName=target,
            RestoreDateTime=earliest + timedelta(seconds=seconds),
        )
        wait_until_active(dynamodb, target)
        assert items(dynamodb, target) == {key: {"n": {"N": value}} for key, value in expected.items()}


def test_recovery_says_from_when_to_when(dynamodb, hash_table, advance, invalid, refused):
    assert recovery(dynamodb) == {"PointInTimeRecoveryStatus": "DISABLED"}
    described = enable(dynamodb)
    assert described["PointInTimeRecoveryStatus"] == "ENABLED"
    assert described["RecoveryPeriodInDays"] == 35
    assert described["EarliestRestorableDateTime"] == described["LatestRestorableDateTime"]
    advance(1000)
    later = recovery(dynamodb)
    assert later["EarliestRestorableDateTime"] == described["EarliestRestorableDateTime"]
    lag = later["LatestRestorableDateTime"] - later["EarliestRestorableDateTime"]
    assert 699 <= lag.total_seconds() <= 705
    assert enable(dynamodb, RecoveryPeriodInDays=7)["RecoveryPeriodInDays"] == 7
    off = {"PointInTimeRecoveryEnabled": False}
    assert (
        invalid(
            dynamodb.update_continuous_backups,
            TableName="hash",
            PointInTimeRecoverySpecification={**off, "RecoveryPeriodInDays": 7},
        )
        == "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."
    )
    dynamodb.update_continuous_backups(TableName="hash", PointInTimeRecoverySpecification=off)
    assert recovery(dynamodb) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert refused(
        dynamodb.update_continuous_backups,
        TableName="none",
        PointInTimeRecoverySpecification=off,
    ) == ("TableNotFoundException", "Table not found: none")


def test_recovery_goes_back_no_further_than_its_days(dynamodb, hash_table, advance):
    enabled = enable(dynamodb, RecoveryPeriodInDays=1)["EarliestRestorableDateTime"]
    advance(3 * 86400)
    earliest = recovery(dynamodb)["EarliestRestorableDateTime"]
    assert timedelta(days=2) <= earliest - enabled < timedelta(days=2, minutes=1)


def test_moments_that_cannot_be_recovered_are_refused(dynamodb, hash_table, invalid, refused, advance):
    restore = dynamodb.restore_table_to_point_in_time
    names = {"SourceTableName": "hash", "TargetTableName": "again"}
    assert refused(restore, **names, UseLatestRestorableTime=True) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'hash'",
    )
    assert invalid(restore, **names) == (
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, "
        "but not both"
    )
    assert refused(restore, **{**names, "SourceTableName": "none"}, UseLatestRestorableTime=True) == (
        "TableNotFoundException",
        "Table not found: none",
    )
    enabled = enable(dynamodb)["EarliestRestorableDateTime"]
    early = enabled - timedelta(hours=1)
    seconds = "%Y-%m-%dT%H:%M:%SZ"
    assert refused(restore, **names, RestoreDateTime=early) == (
        "InvalidRestoreTimeException",
        f"RestoreDateTime '{early:{seconds}}' must be within EarliestRestorableDateTime "
        f"'{enabled:{seconds}}' and LatestRestorableDateTime '{enabled:{seconds}}'",
    )
    assert refused(restore, SourceTableName="hash", TargetTableName="hash", UseLatestRestorableTime=True) == (
        "TableAlreadyExistsException",
        "Table already exists: hash",
    )
    restore(**names, UseLatestRestorableTime=True)
    wait_until_active(dynamodb, "again")


def test_a_deleted_table_with_recovery_leaves_a_backup(dynamodb, hash_table, invalid, advance):
    put(dynamodb, "x")
    enable(dynamodb)
    dynamodb.delete_table(TableName="hash")
    assert dynamodb.list_backups(TableName="hash")["BackupSummaries"] == []
    (summary,) = dynamodb.list_backups(TableName="hash", BackupType="SYSTEM")["BackupSummaries"]
    assert summary["BackupName"] == "hash$DeletedTableBackup"
    assert summary["BackupArn"].endswith("-00000000")
    assert summary["BackupExpiryDateTime"] - summary["BackupCreationDateTime"] == timedelta(days=35)
    assert invalid(dynamodb.delete_backup, BackupArn=summary["BackupArn"]).startswith(
        f"User is not allowed to delete the system backup with arn {summary['BackupArn']}. "
        "It will automatically expire on "
    )
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=summary["BackupArn"])
    wait_until_active(dynamodb, "again")
    assert items(dynamodb, "again") == {"x": {}}


def enable(dynamodb, **more):
    specification = {"PointInTimeRecoveryEnabled": True, **more}
    answer = dynamodb.update_continuous_backups(
        TableName="hash", PointInTimeRecoverySpecification=specification
    )
    return answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def recovery(dynamodb):
    described = dynamodb.describe_continuous_backups(TableName="hash")["ContinuousBackupsDescription"]
    assert described["ContinuousBackupsStatus"] == "ENABLED"
    return described["PointInTimeRecoveryDescription"]


def test_a_recovery_ends_although_its_table_is_deleted_meanwhile(
    dynamodb, hash_table, advance, server, account
):
    enable(dynamodb)
    for number in range(300):
        put(dynamodb, f"{number}", n={"N": "1"})
    advance(600)
    for number in range(300):
        put(dynamodb, f"{number}", n={"N": "2"})
    source = {"SourceTableName": "hash", "TargetTableName": "again"}
    dynamodb.restore_table_to_point_in_time(**source, UseLatestRestorableTime=True)
    dynamodb.delete_table(TableName="hash")
    wait_until_active(dynamodb, "again")
    assert items(dynamodb, "again") == {f"{number}": {"n": {"N": "1"}} for number in range(300)}
    (kept,) = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    dynamodb.restore_table_from_backup(TargetTableName="kept", BackupArn=kept["BackupArn"])
    wait_until_active(dynamodb, "kept")
    assert items(dynamodb, "kept") == {f"{number}": {"n": {"N": "2"}} for number in range(300)}
    assert left_over(server, account, "journal") == left_over(server, account, "absent") == []


def left_over(server, account, kind):
    """The rows of a kind that finished work should have taken with it."""
    call = server.app.cloud.call("dynamodb", Principal.root(account), account, "us-east-1")
    prefix = ("dynamodb", account, "us-east-1", kind)

    def rows(inner):
        return [key for key, _ in inner.transaction.range(prefix, (*prefix, LAST), limit=10)]

    return server.run(call.transact(rows, read_only=True))
