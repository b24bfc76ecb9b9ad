"""Event notifications: documents, filters, destinations and their policies, loops that end."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from cloud_functions import Deployment, allow
from event_inbox import Inbox
from sns_fixtures import Queues

_TELL = """
import boto3, json, os
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(event))
"""


def _open_to(bucket: str, action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": action,
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def queues(client: Any) -> Queues:
    return Queues(client("sqs"))


@pytest.fixture
def inbox(queues: Queues, bucket: str) -> str:
    """The URL of a queue that the bucket may send to."""
    return queues.make("inbox", _open_to(bucket, "sqs:SendMessage"))


@pytest.fixture
def notify(s3: Any, bucket: str, queues: Queues, inbox: str) -> Any:
    """Makes the queue a destination; the test event is taken out of it."""

    def configure(*events: str, **more: Any) -> None:
        told = {"Id": "own", "QueueArn": queues.arn(inbox), "Events": list(events), **more}
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [told]}
        )
        assert queues.next_body(inbox)["Event"] == "s3:TestEvent"

    return configure


@pytest.fixture
def next_record(queues: Queues, inbox: str) -> Any:
    """The next event's record."""

    def read() -> dict[str, Any]:
        [record] = queues.next_body(inbox)["Records"]
        return dict(record)

    return read


def test_a_destination_gets_a_test_event(s3: Any, bucket: str, queues: Queues, inbox: str) -> None:
    configuration = {
        "QueueConfigurations": [{"QueueArn": queues.arn(inbox), "Events": ["s3:ObjectCreated:*"]}]
    }
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    event = queues.next_body(inbox)
    assert list(event) == ["Service", "Event", "Time", "Bucket", "RequestId", "HostId"]
    assert (event["Service"], event["Event"], event["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)


def test_an_event_is_aws_s_document(s3: Any, bucket: str, notify: Any, next_record: Any) -> None:
    notify("s3:ObjectCreated:*")
    put = s3.put_object(Bucket=bucket, Key="dir/a@b c.txt", Body=b"something")
    record = next_record()
    assert list(record) == [
        "eventVersion",
        "eventSource",
        "awsRegion",
        "eventTime",
        "eventName",
        "userIdentity",
        "requestParameters",
        "responseElements",
        "s3",
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("eventTime"))
    headers = put["ResponseMetadata"]["HTTPHeaders"]
    assert record.pop("responseElements") == {
        "x-amz-request-id": headers["x-amz-request-id"],
        "x-amz-id-2": headers["x-amz-id-2"],
    }
    told = record.pop("s3")
    owner = told["bucket"]["ownerIdentity"]["principalId"]
    assert re.fullmatch(r"A[A-Z0-9]{13}", owner)
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": owner},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    }
    assert re.fullmatch(r"[0-9A-F]{18}", told["object"].pop("sequencer"))
    assert told == {
        "s3SchemaVersion": "1.0",
        "configurationId": "own",
        "bucket": {"name": bucket, "ownerIdentity": {"principalId": owner}, "arn": f"arn:aws:s3:::{bucket}"},
        "object": {"key": "dir/a%40b+c.txt", "size": 9, "eTag": put["ETag"].strip('"')},
    }


def test_every_way_of_writing_and_deleting_is_told(
    s3: Any, bucket: str, notify: Any, next_record: Any
) -> None:
    notify("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="c", UploadId=upload, MultipartUpload=parts)
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}]})
    found = [next_record() for _ in range(7)]
    assert [record["eventName"] for record in found] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectRemoved:Delete",
        "ObjectRemoved:Delete",
    ]
    assert found[3]["eventVersion"] == "2.3"
    assert set(found[3]["s3"]["object"]) == {"key", "eTag"}
    assert set(found[5]["s3"]["object"]) == {"key", "sequencer"}
    assert found[5]["s3"]["object"]["sequencer"] > found[0]["s3"]["object"]["sequencer"]


def test_versions_are_named(s3: Any, versioned: str, notify: Any, next_record: Any) -> None:
    notify("s3:ObjectCreated:Put", "s3:ObjectRemoved:DeleteMarkerCreated")
    put = s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    assert next_record()["s3"]["object"]["versionId"] == put["VersionId"]
    s3.delete_object(Bucket=versioned, Key="a", VersionId=put["VersionId"])
    marker = s3.delete_object(Bucket=versioned, Key="a")
    record = next_record()
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert record["s3"]["object"]["versionId"] == marker["VersionId"]


def test_filters_choose_keys(s3: Any, bucket: str, notify: Any, next_record: Any) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "SUFFIX", "Value": ".txt"}]
    notify("s3:ObjectCreated:*", Filter={"Key": {"FilterRules": rules}})
    for key in ("in/a.png", "out/a.txt", "in/b.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert next_record()["s3"]["object"]["key"] == "in/b.txt"
    [told] = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert told["Filter"]["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "in/"},
        {"Name": "Suffix", "Value": ".txt"},
    ]


def test_an_empty_configuration_ends_notifications(
    s3: Any, bucket: str, notify: Any, queues: Queues, inbox: str
) -> None:
    notify("s3:ObjectCreated:*")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert set(s3.get_bucket_notification_configuration(Bucket=bucket)) == {"ResponseMetadata"}
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    notify("s3:ObjectCreated:*")
    s3.put_object(Bucket=bucket, Key="b", Body=b"1")
    assert queues.next_body(inbox)["Records"][0]["s3"]["object"]["key"] == "b"


def test_a_topic_is_told(s3: Any, client: Any, bucket: str, queues: Queues) -> None:
    sns, heard = client("sns"), queues.make("heard")
    policy = _open_to(bucket, "sns:Publish")
    topic = sns.create_topic(Name="events", Attributes={"Policy": policy})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn(heard))
    configuration = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    assert json.loads(queues.next_text(heard))["Event"] == "s3:TestEvent"
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    notification = queues.next_body(heard)
    assert notification["Subject"] == "Amazon S3 Notification"
    assert json.loads(notification["Message"])["Records"][0]["eventName"] == "ObjectCreated:Put"


def test_a_function_is_invoked(s3: Any, client: Any, bucket: str, account: str, queues: Queues) -> None:
    told, functions = queues.make("told"), Deployment.by(client)
    functions.python("reader", _TELL, allow("sqs:SendMessage"), Environment={"Variables": {"URL": told}})
    arn = f"arn:aws:lambda:us-east-1:{account}:function:reader"
    configuration = {
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    }
    functions.functions.add_permission(
        FunctionName="reader",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=account,
    )
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert queues.next_body(told)["Records"][0]["s3"]["object"]["key"] == "a"


def test_the_trace_header_goes_on_to_the_queue(
    s3: Any, bucket: str, notify: Any, queues: Queues, inbox: str
) -> None:
    notify("s3:ObjectCreated:*")
    header = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = header

    s3.meta.events.register("before-send.s3.PutObject", add)
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert queues.next_message(inbox)["Attributes"]["AWSTraceHeader"] == header


def test_a_loop_through_a_bucket_is_stopped(s3: Any, client: Any, bucket: str, account: str) -> None:
    """The SDK in a function hands the trace on, the bucket keeps it, and the invocation brings it back."""
    source = (
        "import boto3, urllib.parse\n"
        "client = boto3.client('s3')\n"
        "def handler(event, context):\n"
        "    told = event['Records'][0]['s3']\n"
        "    count = int(told['object']['key'])\n"
        "    client.put_object(Bucket=told['bucket']['name'], Key=str(count + 1), Body=b'')\n"
    )
    functions = Deployment.by(client)
    functions.python("looper", source, allow("s3:PutObject"))
    functions.functions.add_permission(
        FunctionName="looper",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
    )
    arn = f"arn:aws:lambda:us-east-1:{account}:function:looper"
    configuration = {
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    }
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="1", Body=b"")

    def keys() -> set[str]:
        return {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}

    until = time.monotonic() + 40
    while "17" not in keys():
        assert time.monotonic() < until, keys()
    functions.call("looper", {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": "100"}}}]})
    assert "18" not in keys()


# --- refusals


def _configured(refused: Any, s3: Any, bucket: str, kind: str, **told: Any) -> dict[str, Any]:
    configuration = {kind: [{"Events": ["s3:ObjectCreated:*"], **told}]}
    return dict(
        refused(
            s3.put_bucket_notification_configuration,
            Bucket=bucket,
            NotificationConfiguration=configuration,
        )
    )


@pytest.mark.parametrize(
    ("kind", "member", "name"),
    [
        ("QueueConfigurations", "QueueArn", "Queue"),
        ("TopicConfigurations", "TopicArn", "Topic"),
        ("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction"),
    ],
)
def test_what_is_no_arn_is_refused(
    s3: Any, bucket: str, refused: Any, kind: str, member: str, name: str
) -> None:
    error = _configured(refused, s3, bucket, kind, **{member: "invalid"})
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "The ARN could not be parsed")
    assert (error["ArgumentName"], error["ArgumentValue"]) == (name, "invalid")


def test_destinations_that_are_not_there_are_refused_together(
    s3: Any, bucket: str, refused: Any, account: str
) -> None:
    arns = [f"arn:aws:sqs:us-east-1:{account}:{name}" for name in ("one", "two")]
    told = [
        {"QueueArn": arns[0], "Events": ["s3:ObjectCreated:*"]},
        {"QueueArn": arns[1], "Events": ["s3:ObjectRemoved:*"]},
    ]
    error = refused(
        s3.put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": told},
    )
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert (error["ArgumentName1"], error["ArgumentName2"]) == tuple(arns)
    assert error["ArgumentValue1"] == "The destination queue does not exist"
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_a_function_that_does_not_admit_the_bucket_is_refused(
    s3: Any, bucket: str, refused: Any, account: str
) -> None:
    arn = f"arn:aws:lambda:us-east-1:{account}:function:none"
    error = _configured(refused, s3, bucket, "LambdaFunctionConfigurations", LambdaFunctionArn=arn)
    assert error["ArgumentName1"] == f"{arn}, null"
    assert error["ArgumentValue1"] == f"Not authorized to invoke function [{arn}]"


def test_a_queue_that_does_not_admit_the_bucket_is_refused(
    s3: Any, bucket: str, refused: Any, queues: Queues
) -> None:
    closed = queues.arn(queues.make("closed", policy=""))
    error = _configured(refused, s3, bucket, "QueueConfigurations", QueueArn=closed)
    assert error["ArgumentValue1"] == (
        "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    )


def test_validation_may_be_left_out(s3: Any, bucket: str, account: str) -> None:
    arn = f"arn:aws:sqs:us-east-1:{account}:later"
    told = {"Id": "id123", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [told]},
        SkipDestinationValidation=True,
    )
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == [told]


def test_a_rule_of_another_name_is_refused(
    s3: Any, bucket: str, refused: Any, queues: Queues, inbox: str
) -> None:
    rules = {"Key": {"FilterRules": [{"Name": "INVALID", "Value": "x"}]}}
    arn = queues.arn(inbox)
    error = _configured(refused, s3, bucket, "QueueConfigurations", QueueArn=arn, Filter=rules)
    assert error["Message"] == "filter rule name must be either prefix or suffix"
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("FilterRule.Name", "INVALID")


def test_a_rule_that_no_key_can_meet_is_refused(
    s3: Any, bucket: str, refused: Any, queues: Queues, inbox: str
) -> None:
    rules = {"Key": {"FilterRules": [{"Name": "suffix", "Value": "x" * 1025}]}}
    arn = queues.arn(inbox)
    error = _configured(refused, s3, bucket, "QueueConfigurations", QueueArn=arn, Filter=rules)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "FilterRule.Value")


def test_a_notification_of_no_event_is_refused(
    s3: Any, bucket: str, refused: Any, queues: Queues, inbox: str
) -> None:
    arn = queues.arn(inbox)
    error = _configured(refused, s3, bucket, "QueueConfigurations", QueueArn=arn, Events=[])
    assert error["Code"] == "MalformedXML"


def test_two_notifications_of_one_event_are_refused(
    s3: Any, bucket: str, refused: Any, queues: Queues, inbox: str
) -> None:
    arn = queues.arn(inbox)
    both = [{"QueueArn": arn, "Events": [f"s3:ObjectCreated:{how}"]} for how in ("*", "Put")]
    error = refused(
        s3.put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": both},
    )
    assert error["Message"] == (
        "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    )


def test_the_default_event_bus_is_told_of_objects(client: Any, s3: Any, bucket: str, account: str) -> None:
    events, inbox = client("events"), Inbox(client("sqs"), "told")
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name="objects", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="objects", Targets=[{"Id": "told", "Arn": inbox.arn}])
    s3.put_object(Bucket=bucket, Key="unheard", Body=b"x")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert told["EventBridgeConfiguration"] == {}
    put = s3.put_object(Bucket=bucket, Key="a key", Body=b"test")
    event = inbox.next_event()
    assert (event["detail-type"], event["source"]) == ("Object Created", "aws.s3")
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    detail = event["detail"]
    assert detail["object"].pop("sequencer")
    assert detail == {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": "a key", "size": 4, "etag": put["ETag"].strip('"')},
        "request-id": put["ResponseMetadata"]["RequestId"],
        "requester": account,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    s3.put_object_tagging(Bucket=bucket, Key="a key", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert inbox.next_event()["detail-type"] == "Object Tags Added"
    s3.delete_object(Bucket=bucket, Key="a key")
    event = inbox.next_event()
    assert (event["detail-type"], event["detail"]["reason"], event["detail"]["deletion-type"]) == (
        "Object Deleted",
        "DeleteObject",
        "Permanently Deleted",
    )
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_a_stack_s_bucket_tells_a_queue(client: Any, s3: Any, account: str, queues: Queues) -> None:
    name = f"told-{account}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    rules = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}
    told = {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": "Queue.Arn"}, "Filter": rules}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": "Policy",
            "Properties": {
                "BucketName": name,
                "NotificationConfiguration": {"QueueConfigurations": [told]},
            },
        },
    }
    template = {"Resources": resources, "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
    stacks = client("cloudformation")
    stacks.create_stack(StackName="told", TemplateBody=json.dumps(template))
    waiter = stacks.get_waiter("stack_create_complete")
    waiter.wait(StackName="told", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    [output] = stacks.describe_stacks(StackName="told")["Stacks"][0]["Outputs"]
    assert queues.next_body(output["OutputValue"])["Event"] == "s3:TestEvent"
    s3.put_object(Bucket=name, Key="in/a", Body=b"1")
    assert queues.next_body(output["OutputValue"])["Records"][0]["s3"]["object"]["key"] == "in/a"
