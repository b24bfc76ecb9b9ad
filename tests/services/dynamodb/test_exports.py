from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from datetime import timedelta

import pytest

from iam_fixtures import as_user, iam
from services.dynamodb.conftest import HASH_TABLE
from services.dynamodb.waiting import eventually

__all__ = ["as_user", "iam"]

BINARY = b"\x00\xff"


@pytest.fixture
def bucket(client, account):
    name = f"exported-{account}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def arn(dynamodb, hash_table):
    dynamodb.update_continuous_backups(
        TableName=hash_table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return dynamodb.describe_table(TableName=hash_table)["Table"]["TableArn"]


def ended(dynamodb, export):
    """The export once nothing more is done for it."""
    deadline = time.monotonic() + 20
    while True:
        described = dynamodb.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]
        if described["ExportStatus"] != "IN_PROGRESS":
            return described
        assert time.monotonic() < deadline


def exported(client, described):
    """The items of an export, found by its manifests."""
    s3 = client("s3")

    def read(key):
        return s3.get_object(Bucket=described["S3Bucket"], Key=key)["Body"].read()

    summary = read(described["ExportManifest"])
    checksum = base64.b64encode(hashlib.md5(summary).digest())
    assert read(described["ExportManifest"].replace(".json", ".md5")) == checksum
    files = read(json.loads(summary)["manifestFilesS3Key"]).splitlines()
    items = []
    for each in map(json.loads, files):
        data = read(each["dataFileS3Key"])
        assert base64.b64encode(hashlib.md5(data).digest()).decode() == each["md5Checksum"]
        found = [json.loads(line)["Item"] for line in gzip.decompress(data).splitlines()]
        assert len(found) == each["itemCount"]
        items += found
    return json.loads(summary), items


def test_a_table_is_exported_with_its_manifests(dynamodb, client, arn, bucket):
    dynamodb.put_item(TableName="hash", Item={"a": {"S": "x"}, "b": {"B": BINARY}, "n": {"N": "1"}})
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="some")
    export = export["ExportDescription"]
    assert export["ExportStatus"] == "IN_PROGRESS"
    assert "ItemCount" not in export
    dynamodb.put_item(TableName="hash", Item={"a": {"S": "later"}})
    described = ended(dynamodb, export)
    assert (described["ExportStatus"], described["ItemCount"]) == ("COMPLETED", 1)
    assert (described["ExportFormat"], described["S3SseAlgorithm"]) == ("DYNAMODB_JSON", "AES256")
    export_id = described["ExportArn"].rpartition("/")[2]
    assert described["ExportManifest"] == f"some/AWSDynamoDB/{export_id}/manifest-summary.json"
    summary, items = exported(client, described)
    assert items == [{"a": {"S": "x"}, "b": {"B": base64.b64encode(BINARY).decode()}, "n": {"N": "1"}}]
    assert summary["exportArn"] == described["ExportArn"]
    assert summary["itemCount"] == 1
    listed = dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
    assert [each["ExportArn"] for each in listed] == [described["ExportArn"]]


def test_a_table_is_exported_as_ion_that_is_imported_again(dynamodb, client, arn, bucket):
    item = {
        "a": {"S": "x"},
        "binary": {"B": BINARY},
        "bools": {"L": [{"BOOL": True}, {"BOOL": False}, {"NULL": True}]},
        'it\'s "1"': {"M": {"$ion_1": {"N": "1"}, "null": {"N": "600"}}},
        "numbers": {"NS": ["0", "-1.5", "0.0000001", "12345678901234567890123456789012345678"]},
        "sets": {"SS": ['"\n\u00e9\U0001f600']},
        "two": {"BS": [b"\0"]},
    }
    dynamodb.put_item(TableName="hash", Item=item)
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, ExportFormat="ION")
    described = ended(dynamodb, export["ExportDescription"])
    assert (described["ExportStatus"], described["ExportFormat"]) == ("COMPLETED", "ION")
    s3 = client("s3")
    (data,) = [
        each["Key"]
        for each in s3.list_objects_v2(Bucket=bucket)["Contents"]
        if each["Key"].endswith(".ion.gz")
    ]
    imported = dynamodb.import_table(
        InputFormat="ION",
        InputCompressionType="GZIP",
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": data},
        TableCreationParameters={"TableName": "again", **HASH_TABLE},
    )["ImportTableDescription"]
    eventually(lambda: status(dynamodb, imported) == "COMPLETED")
    read = {"Key": {"a": {"S": "x"}}, "ConsistentRead": True}
    again, first = (dynamodb.get_item(TableName=name, **read)["Item"] for name in ("again", "hash"))
    assert again == first


def status(dynamodb, import_):
    described = dynamodb.describe_import(ImportArn=import_["ImportArn"])
    return described["ImportTableDescription"]["ImportStatus"]


@pytest.mark.parametrize("named", [True, False])
def test_an_export_is_encrypted_with_kms(dynamodb, client, arn, bucket, named):
    key = client("kms").create_key()["KeyMetadata"]["Arn"] if named else None
    more = {"S3SseKmsKeyId": key} if named else {}
    dynamodb.put_item(TableName="hash", Item={"a": {"S": "x"}})
    export = dynamodb.export_table_to_point_in_time(
        TableArn=arn, S3Bucket=bucket, S3SseAlgorithm="KMS", **more
    )
    described = ended(dynamodb, export["ExportDescription"])
    assert (described["S3SseAlgorithm"], described.get("S3SseKmsKeyId")) == ("KMS", key)
    summary, items = exported(client, described)
    assert (summary["s3SseAlgorithm"], summary["s3SseKmsKeyId"]) == ("KMS", key)
    assert items == [{"a": {"S": "x"}}]
    for each in client("s3").list_objects_v2(Bucket=bucket)["Contents"]:
        head = client("s3").head_object(Bucket=bucket, Key=each["Key"])
        assert head["ServerSideEncryption"] == "aws:kms"
        assert not named or head["SSEKMSKeyId"] == key


def test_an_export_is_of_the_moment_that_is_asked_for(dynamodb, client, arn, bucket, advance):
    advance(60)
    dynamodb.put_item(TableName="hash", Item={"a": {"S": "x"}})
    advance(60)
    dynamodb.delete_item(TableName="hash", Key={"a": {"S": "x"}})
    advance(600)
    backups = dynamodb.describe_continuous_backups(TableName="hash")["ContinuousBackupsDescription"]
    start = backups["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"]
    request = {"TableArn": arn, "S3Bucket": bucket}
    counts = []
    for seconds in (30, 90, 200):
        when = start + timedelta(seconds=seconds)
        export = dynamodb.export_table_to_point_in_time(**request, ExportTime=when)["ExportDescription"]
        counts.append(ended(dynamodb, export)["ItemCount"])
    assert counts == [0, 1, 0]


def test_the_same_token_is_the_same_export(dynamodb, refused, arn, bucket):
    request = {"TableArn": arn, "S3Bucket": bucket, "ClientToken": "one"}
    first = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    again = dynamodb.export_table_to_point_in_time(**request)["ExportDescription"]
    assert again["ExportArn"] == first["ExportArn"]
    assert refused(dynamodb.export_table_to_point_in_time, **request, S3Prefix="other") == (
        "ExportConflictException",
        "Export conflict: Duplicate request detected with conflicting parameters",
    )
    ended(dynamodb, first)


def test_what_cannot_be_exported_is_refused(dynamodb, refused, invalid, hash_table, bucket, account):
    export = dynamodb.export_table_to_point_in_time
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/hash"
    assert refused(export, TableArn=arn, S3Bucket=bucket) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'hash'",
    )
    assert refused(export, TableArn=f"{arn}_", S3Bucket=bucket) == (
        "TableNotFoundException",
        f"Table not found: {arn}_",
    )
    assert invalid(export, TableArn="hash", S3Bucket=bucket) == (
        "One or more parameter values were invalid: tableArn is not a valid ARN"
    )
    assert invalid(dynamodb.describe_export, ExportArn=arn) == "Invalid Export ARN"


def test_an_export_fails_with_the_bucket(dynamodb, refused, as_user, client, arn, bucket):
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="nowhere")
    described = ended(dynamodb, export["ExportDescription"])
    assert (described["ExportStatus"], described["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    exporter = as_user("exporter", "dynamodb:*")("dynamodb")
    export = exporter.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"]
    described = ended(dynamodb, export)
    assert (described["ExportStatus"], described["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert "s3:PutObject" in described["FailureMessage"]
    assert "Contents" not in client("s3").list_objects_v2(Bucket=bucket)
