from __future__ import annotations

import base64
import gzip
import json
import time

import pytest
import zstandard

from iam_fixtures import as_user, iam
from services.dynamodb.conftest import HASH_TABLE
from services.dynamodb.waiting import eventually

__all__ = ["as_user", "iam"]

COUNTS = ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")
UNREAD = "AWS tells in its log why an item was not read; its words could not be looked up"
RANGE_KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "c", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "p", "KeyType": "HASH"},
        {"AttributeName": "c", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def bucket(client, account):
    name = f"imported-{account}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def put(client, bucket):
    """Puts an object into the bucket."""

    def put(key, body):
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    return put


@pytest.fixture
def start(dynamodb, bucket):
    """Begins to import everything in the bucket into a table named `new`."""

    def start(table=HASH_TABLE, name="new", source=None, kind="DYNAMODB_JSON", **more):
        request = {
            "S3BucketSource": {"S3Bucket": bucket, **(source or {})},
            "InputFormat": kind,
            "TableCreationParameters": {"TableName": name, **table},
            **more,
        }
        return dynamodb.import_table(**request)["ImportTableDescription"]

    return start


@pytest.fixture
def imported(dynamodb, start):
    """Imports, and waits until that has ended; its description."""

    def imported(*args, **more):
        return ended(dynamodb, start(*args, **more))

    return imported


def ended(dynamodb, import_):
    """The import once nothing more is done for it."""
    deadline = time.monotonic() + 20
    while True:
        described = dynamodb.describe_import(ImportArn=import_["ImportArn"])["ImportTableDescription"]
        if described["ImportStatus"] != "IN_PROGRESS":
            return described
        assert [described[name] for name in COUNTS] == [0, 0, 0]
        assert time.monotonic() < deadline


def counts(described):
    return tuple(described[name] for name in COUNTS)


def lines(*items):
    return b"".join(json.dumps({"Item": item}).encode() + b"\n" for item in items)


def scanned(dynamodb, **more):
    return sorted(dynamodb.scan(TableName="new", **more)["Items"], key=str)


def faults(client, described):
    """The messages of an import's error log, with where they point."""
    events = client("logs").get_log_events(
        logGroupName="/aws-dynamodb/imports",
        logStreamName=described["ImportArn"].rpartition("/")[2] + "/error",
    )["events"]
    return [json.loads(event["message"]) for event in events]


def test_items_of_every_datatype_are_imported(dynamodb, imported, put):
    item = {
        "a": {"S": "x"},
        "b": {"B": base64.b64encode(b"\x00\xff").decode()},
        "n": {"N": "1.50"},
        "l": {"L": [{"BOOL": True}, {"NULL": True}, {"M": {"k": {"S": ""}}}]},
        "s": {"BS": [base64.b64encode(b"\x00").decode()]},
        "t": {"SS": ["x", "y"]},
    }
    put("data.json", lines(item))
    put("empty.json", b"")
    put("of no name", lines({"a": {"S": "y"}}).replace(b"\n", b"") + lines({"a": {"S": "z"}}) + b"\n   \n")
    described = imported()
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (3, 3, 0))
    stored = dynamodb.get_item(TableName="new", Key={"a": {"S": "x"}})["Item"]
    assert stored == {
        **item,
        "b": {"B": b"\x00\xff"},
        "n": {"N": "1.5"},
        "s": {"BS": [b"\x00"]},
    }
    assert dynamodb.scan(TableName="new", Select="COUNT")["Count"] == 3
    table = dynamodb.describe_table(TableName="new")["Table"]
    assert (table["TableStatus"], table["TableId"]) == ("ACTIVE", described["TableId"])
    assert "RestoreSummary" not in table


def test_an_import_is_described_as_it_was_asked_for(dynamodb, start, put, bucket, account):
    put("some/data", lines({"a": {"S": "x"}}))
    put("other/data", lines({"a": {"S": "y"}}))
    begun = start(source={"S3KeyPrefix": "some/"})
    assert begun["ImportStatus"] == "IN_PROGRESS"
    assert not {"EndTime", "ProcessedSizeBytes", "FailureCode", "FailureMessage"} & set(begun)
    assert begun["TableArn"] == f"arn:aws:dynamodb:us-east-1:{account}:table/new"
    assert begun["ImportArn"].startswith(f"{begun['TableArn']}/import/")
    described = ended(dynamodb, begun)
    assert described["EndTime"] >= described["StartTime"]
    assert described["ProcessedSizeBytes"] == len(lines({"a": {"S": "x"}}))
    source = {"S3BucketOwner": account, "S3Bucket": bucket, "S3KeyPrefix": "some/"}
    assert described["S3BucketSource"] == source
    assert described["TableCreationParameters"] == {"TableName": "new", **HASH_TABLE}
    assert described["InputCompressionType"] == "NONE"
    assert described["CloudWatchLogGroupArn"] == (
        f"arn:aws:logs:us-east-1:{account}:log-group:/aws-dynamodb/imports:*"
    )
    for name in ("ImportArn", "TableId", "ClientToken", "StartTime", "InputFormat"):
        assert described[name] == begun[name]
    assert scanned(dynamodb) == [{"a": {"S": "x"}}]


@pytest.mark.parametrize(
    ("compression", "compress"),
    [
        ("GZIP", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
        ("ZSTD", lambda data: zstandard.compress(data[:5]) + zstandard.compress(data[5:])),
    ],
)
def test_compressed_objects_count_uncompressed(dynamodb, imported, put, compression, compress):
    data = lines(*({"a": {"S": f"{number:04}"}} for number in range(250)))
    put("data", compress(data))
    described = imported(InputCompressionType=compression)
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (250, 250, 0))
    assert described["ProcessedSizeBytes"] == len(data)
    assert dynamodb.scan(TableName="new", Select="COUNT")["Count"] == 250


@pytest.mark.parametrize("compression", ["GZIP", "ZSTD"])
def test_an_object_that_is_not_compressed_so_is_one_error(imported, put, compression):
    put("data", lines({"a": {"S": "x"}}, {"a": {"S": "y"}}))
    described = imported(InputCompressionType=compression)
    assert (described["FailureCode"], counts(described)) == ("ItemValidationError", (1, 0, 1))


def test_csv_columns_of_keys_have_their_types_and_others_are_strings(dynamodb, imported, put):
    put("data.csv", 'p,c,"q ""x"" q",e\r\nk,1,"a, ""b""",\r\nk,2.0,é,\r\n')
    described = imported(RANGE_KEYS, kind="CSV")
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (2, 2, 0))
    name = 'q "x" q'
    assert scanned(dynamodb) == [
        {"p": {"S": "k"}, "c": {"N": "1"}, name: {"S": 'a, "b"'}, "e": {"S": ""}},
        {"p": {"S": "k"}, "c": {"N": "2"}, name: {"S": "é"}, "e": {"S": ""}},
    ]


def test_csv_with_a_header_list_has_values_in_its_first_line(dynamodb, imported, put):
    put("data.csv", "k;1\n")
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["p", "c"]}}
    described = imported(RANGE_KEYS, kind="CSV", InputFormatOptions=options)
    assert described["InputFormatOptions"] == options
    assert scanned(dynamodb) == [{"p": {"S": "k"}, "c": {"N": "1"}}]


@pytest.mark.unverified(UNREAD)
def test_a_csv_line_that_is_none_ends_its_file(client, dynamodb, imported, put):
    put("1.csv", 'p,c\nk,1\nk,2 "3"\nk,4\n')
    put("2.csv", "p,c\nk,5\nk,6,7\n")
    described = imported(RANGE_KEYS, kind="CSV")
    assert (described["ImportStatus"], counts(described)) == ("FAILED", (4, 2, 2))
    assert [fault["errorMessages"] for fault in faults(client, described)] == [
        ["A double quote in a CSV file must be escaped by another one"],
        ["The line has 3 columns, while there are names for 2"],
    ]


def test_ion_is_imported(dynamodb, imported, put):
    pytest.importorskip("amazon.ion")
    put(
        "data.ion",
        '$ion_1_0 {Item:{a:"x",n:103.,e:6d2,t:true,z:null,b:{{AP8=}},m:{k:[1.5,"y"]},'
        's:$dynamodb_SS::["p","q"],u:$dynamodb_NS::[2.,1.],v:$dynamodb_BS::[{{AA==}}]}}\n',
    )
    described = imported(kind="ION")
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (1, 1, 0))
    assert scanned(dynamodb) == [
        {
            "a": {"S": "x"},
            "n": {"N": "103"},
            "e": {"N": "600"},
            "t": {"BOOL": True},
            "z": {"NULL": True},
            "b": {"B": b"\x00\xff"},
            "m": {"M": {"k": {"L": [{"N": "1.5"}, {"S": "y"}]}}},
            "s": {"SS": ["p", "q"]},
            "u": {"NS": ["1", "2"]},
            "v": {"BS": [b"\x00"]},
        }
    ]


@pytest.mark.unverified(UNREAD)
@pytest.mark.parametrize("line", ["$ion_1_0 {Item:", "$ion_1_0 {a:1}", "{Item:{a:sym}}", "{Item:{a:1e0}}"])
def test_what_is_no_item_in_ion_is_an_error(imported, put, line):
    pytest.importorskip("amazon.ion")
    put("data.ion", line)
    assert counts(imported(kind="ION")) == (1, 0, 1)


def test_items_that_share_a_key_each_count(dynamodb, imported, put):
    put("data", lines(*({"a": {"S": "x"}, "n": {"N": str(number)}} for number in range(3))))
    assert counts(imported()) == (3, 3, 0)
    assert len(scanned(dynamodb)) == 1


def test_indexes_are_filled_and_follow_items_that_come_again(dynamodb, imported, put):
    put("data", lines({"a": {"S": "x"}, "g": {"S": "1"}}, {"a": {"S": "x"}, "g": {"S": "2"}}))
    index = {
        "IndexName": "by-g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    definitions = [*HASH_TABLE["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}]
    imported({**HASH_TABLE, "AttributeDefinitions": definitions, "GlobalSecondaryIndexes": [index]})
    assert scanned(dynamodb, IndexName="by-g") == [{"a": {"S": "x"}, "g": {"S": "2"}}]


def test_items_that_do_not_fit_are_skipped_and_logged(client, dynamodb, imported, put, bucket):
    good = {"p": {"S": "good"}, "c": {"N": "1"}}
    put("1", lines({"c": {"N": "1"}}, good, {"p": {"S": "x"}}, {"p": {"S": "x"}, "c": {"S": "1"}}))
    described = imported(RANGE_KEYS)
    assert (described["ImportStatus"], counts(described)) == ("FAILED", (4, 1, 3))
    assert (described["FailureCode"], described["FailureMessage"]) == (
        "ItemValidationError",
        "Some of the items failed validation checks and were not imported. "
        "Please check CloudWatch error logs for more details.",
    )
    assert scanned(dynamodb) == [good]
    invalid = "One or more parameter values were invalid: "
    assert faults(client, described) == [
        {
            "itemS3Pointer": {"bucket": bucket, "key": "1", "itemIndex": index},
            "importArn": described["ImportArn"],
            "errorMessages": [invalid + message],
        }
        for index, message in (
            (0, "Missing the key p in the item"),
            (2, "Missing the key c in the item"),
            (3, "Type mismatch for key c expected: N actual: S"),
        )
    ]


def test_a_line_that_is_no_item_ends_its_object(dynamodb, imported, put):
    put("1", lines({"a": {"S": "x"}}) + b'{"NotAnItem": {}}\n' + lines({"a": {"S": "lost"}}))
    put("2", b'{"Item": \n')
    put("3", b'{"Item": {"a": {"S": "y"}, "": {"S": "v"}}}')
    put("4", lines({"a": {"S": "z"}}))
    described = imported()
    assert (described["ImportStatus"], counts(described)) == ("FAILED", (5, 2, 3))
    assert scanned(dynamodb) == [{"a": {"S": "x"}}, {"a": {"S": "z"}}]


def test_without_a_bucket_there_is_no_table(dynamodb, imported, refused):
    described = imported(source={"S3Bucket": "nowhere-at-all"})
    assert (described["ImportStatus"], described["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert "The specified bucket does not exist" in described["FailureMessage"]
    assert counts(described) == (0, 0, 0)
    assert refused(dynamodb.describe_table, TableName="new")[0] == "ResourceNotFoundException"


def test_a_prefix_without_objects_makes_an_empty_table(dynamodb, imported):
    described = imported(source={"S3KeyPrefix": "nothing"})
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (0, 0, 0))
    assert described["ProcessedSizeBytes"] == 0
    assert scanned(dynamodb) == []


def test_the_source_and_the_log_are_used_as_the_caller(
    as_user, dynamodb, client, put, start, bucket, account
):
    put("data", lines({"a": {"S": "x"}}))

    def failure(name, *actions):
        importer = as_user(name, *actions)("dynamodb")
        request = {
            "S3BucketSource": {"S3Bucket": bucket},
            "InputFormat": "DYNAMODB_JSON",
            "TableCreationParameters": {"TableName": name, **HASH_TABLE},
        }
        described = ended(dynamodb, importer.import_table(**request)["ImportTableDescription"])
        return described["ImportStatus"], described.get("FailureCode"), described.get("FailureMessage", "")

    assert failure("none", "dynamodb:*")[:2] == ("FAILED", "S3AccessDenied")
    status, _, message = failure("deaf", "dynamodb:*", "s3:*", "logs:CreateLogGroup")
    assert status == "FAILED"
    assert (
        f"is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:{account}:"
        in (message)
    )
    assert failure("able", "dynamodb:ImportTable", "s3:*", "logs:*")[0] == "COMPLETED"


def test_importing_is_a_permission_of_its_own(as_user, refused, bucket, account):
    importer = as_user("importer", "dynamodb:CreateTable", "s3:*", "logs:*")("dynamodb")
    code, message = refused(
        importer.import_table,
        S3BucketSource={"S3Bucket": bucket},
        InputFormat="CSV",
        TableCreationParameters={"TableName": "new", **HASH_TABLE},
    )
    assert code == "AccessDeniedException"
    arn = f"arn:aws:dynamodb:us-east-1:{account}:table/new"
    assert f"dynamodb:ImportTable on resource: {arn}" in message


def test_the_same_token_is_the_same_import_until_its_table_is_there(dynamodb, refused, put, start):
    put("data", lines({"a": {"S": "x"}}))
    first = start(source={"S3Bucket": "nowhere-at-all"}, ClientToken="one")
    again = start(source={"S3KeyPrefix": "other"}, ClientToken="one", InputCompressionType="GZIP")
    assert again["ImportArn"] == first["ImportArn"]
    assert again["InputCompressionType"] == "NONE"
    assert refused(start, name="another", ClientToken="one") == (
        "ImportConflictException",
        "Import conflict: Duplicate request detected with conflicting parameters",
    )
    ended(dynamodb, first)
    ended(dynamodb, start(ClientToken="two"))
    assert refused(start, ClientToken="two") == (
        "ResourceInUseException",
        "Table already exists: new",
    )


def test_of_several_imports_into_a_table_one_makes_it(dynamodb, start, put):
    put("data", lines({"a": {"S": "x"}}))
    outcomes = [ended(dynamodb, begun) for begun in [start() for _ in range(3)]]
    codes = sorted(each.get("FailureCode", "") for each in outcomes)
    assert codes == ["", "TableAlreadyExists", "TableAlreadyExists"]
    assert scanned(dynamodb) == [{"a": {"S": "x"}}]


def test_an_export_is_imported(dynamodb, client, imported, bucket, hash_table):
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="hash", PointInTimeRecoverySpecification=recovery)
    item = {"a": {"S": "x"}, "b": {"B": b"\x00\xff"}, "s": {"NS": ["1", "2"]}}
    dynamodb.put_item(TableName="hash", Item=item)
    arn = dynamodb.describe_table(TableName="hash")["Table"]["TableArn"]
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"]
    eventually(lambda: exported(dynamodb, export)["ExportStatus"] == "COMPLETED")
    prefix = exported(dynamodb, export)["ExportManifest"].rpartition("/")[0]
    described = imported(source={"S3KeyPrefix": f"{prefix}/data/"}, InputCompressionType="GZIP")
    assert (described["ImportStatus"], counts(described)) == ("COMPLETED", (1, 1, 0))
    assert scanned(dynamodb) == [item]


def exported(dynamodb, export):
    return dynamodb.describe_export(ExportArn=export["ExportArn"])["ExportDescription"]


def test_an_import_is_refused_as_a_table_would_be(invalid, refused, start, dynamodb, hash_table):
    assert refused(start, name=hash_table) == ("ResourceInUseException", "Table already exists: hash")
    assert invalid(start, table={**HASH_TABLE, "BillingMode": "PROVISIONED"}) == (
        "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be "
        "specified when BillingMode is PROVISIONED"
    )
    assert invalid(start, InputFormatOptions={"Csv": {"Delimiter": ","}}) == (
        "Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON."
    )
    assert "clientToken" in invalid(start, ClientToken="a$b")


def test_an_imported_table_has_the_key_that_it_is_given(dynamodb, client, imported, put, refused, start):
    put("items.json", lines({"a": {"S": "x"}}))
    key = client("kms").create_key()["KeyMetadata"]
    encrypted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key["KeyId"]}
    described = imported({**HASH_TABLE, "SSESpecification": encrypted})
    assert described["TableCreationParameters"]["SSESpecification"] == encrypted
    told = dynamodb.describe_table(TableName="new")["Table"]["SSEDescription"]
    assert told == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key["Arn"]}
    client("kms").disable_key(KeyId=key["KeyId"])
    code, message = refused(lambda: start({**HASH_TABLE, "SSESpecification": encrypted}, name="other"))
    assert (code, "KMS key disabled error" in message) == ("ValidationException", True)


def test_imports_are_listed_the_latest_first(dynamodb, imported, refused, invalid, account):
    arns = [
        imported(name=f"table-{number}", source={"S3KeyPrefix": "none"})["ImportArn"] for number in range(3)
    ]
    first = dynamodb.list_imports(PageSize=2)
    second = dynamodb.list_imports(PageSize=2, NextToken=first["NextToken"])
    listed = [each["ImportArn"] for each in first["ImportSummaryList"] + second["ImportSummaryList"]]
    assert sorted(listed) == sorted(arns)
    assert "NextToken" not in second
    assert set(first["ImportSummaryList"][0]) == {
        "ImportArn",
        "ImportStatus",
        "TableArn",
        "S3BucketSource",
        "InputFormat",
        "StartTime",
        "EndTime",
        "CloudWatchLogGroupArn",
    }
    of_one = dynamodb.list_imports(TableArn=arns[0].partition("/import/")[0])["ImportSummaryList"]
    assert [each["ImportArn"] for each in of_one] == [arns[0]]
    assert invalid(dynamodb.list_imports, NextToken="0" * 112) == "Invalid NextToken"
    table_arn = arns[0].partition("/import/")[0]
    assert refused(dynamodb.describe_import, ImportArn=f"{table_arn}/import/01658528578619-c4d4e311")[0] == (
        "ImportNotFoundException"
    )
    foreign = arns[0].replace(account, "222222222222")
    assert refused(dynamodb.describe_import, ImportArn=foreign)[0] == "AccessDeniedException"
    short = f"{table_arn.rpartition('/')[0]}/x/import/01658528578619-c4d4e311"
    assert invalid(dynamodb.describe_import, ImportArn=short) == "Invalid Import ARN"
