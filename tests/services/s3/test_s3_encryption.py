"""Objects that are encrypted with a key of KMS, or with one that the client sends."""

from __future__ import annotations

import base64
import hashlib
import json
import os

import pytest

from iam_fixtures import as_user, iam

__all__ = ["as_user", "iam"]

SMALL = b"a small secret body"
LARGE = os.urandom(1024) * 40
PART = os.urandom(1024) * 5 * 1024
BODIES = pytest.mark.parametrize("body", [40, 40 * 1024], ids=["small", "large"], indirect=True)


@pytest.fixture
def body(request):
    """Bytes that nobody else has stored."""
    return os.urandom(request.param)


@pytest.fixture
def kms(client):
    return client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def stored(server, account):
    """Everything that is stored of an object: its row's bytes, and its blobs'."""

    def read(bucket, name):
        def find(transaction):
            rows = transaction.range(("s3",), ("s3.",), limit=10**6)
            return [value for key, value in rows if bucket in key and name in key]

        rows = server.run(server.app.cloud.store.transact(find))
        files = server.app._data.glob("blobs/??/??/*")
        return b"".join(rows), b"".join(file.read_bytes() for file in files)

    return read


def by_kms(key):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["Arn"]}


def customers(key=b"k" * 32):
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


@BODIES
def test_an_object_is_stored_encrypted_and_read_in_the_clear(s3, bucket, key, stored, body):
    where = {"Bucket": bucket, "Key": "secret"}
    put = s3.put_object(**where, Body=body, **by_kms(key))
    got = s3.get_object(**where)

    for answer in (put, got, s3.head_object(**where)):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
        assert "BucketKeyEnabled" not in answer
    assert got["Body"].read() == body
    assert got["ContentLength"] == len(body)
    assert put["ETag"] != f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    rows, blobs = stored(bucket, "secret")
    assert rows
    assert body[:64] not in rows
    assert body[:64] not in blobs


@BODIES
@pytest.mark.parametrize("wanted", ["bytes=3-9", "bytes=5-", "bytes=-7", "bytes=16-31", "bytes=0-0"])
def test_ranges_of_an_encrypted_object_are_read(s3, bucket, key, body, wanted):
    where = {"Bucket": bucket, "Key": "secret"}
    s3.put_object(**where, Body=body, **by_kms(key))
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    expected = body[-int(last) :] if not first else body[int(first) : int(last) + 1 if last else None]
    assert s3.get_object(**where, Range=wanted)["Body"].read() == expected[: len(body)]


def test_parts_are_encrypted_and_read_as_one(s3, bucket, key, stored):
    where = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**where, **by_kms(key))
    assert (upload["ServerSideEncryption"], upload["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    named = {**where, "UploadId": upload["UploadId"]}
    parts = []
    for number, body in enumerate((PART, SMALL), start=1):
        part = s3.upload_part(**named, PartNumber=number, Body=body)
        assert part["SSEKMSKeyId"] == key["Arn"]
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})

    assert s3.get_object(**where)["Body"].read() == PART + SMALL
    border = f"bytes={len(PART) - 5}-{len(PART) + 4}"
    assert s3.get_object(**where, Range=border)["Body"].read() == PART[-5:] + SMALL[:5]
    assert s3.get_object(**where, PartNumber=2)["Body"].read() == SMALL
    assert PART[:64] not in stored(bucket, "parts")[1]


def test_a_bucket_encrypts_what_says_nothing_of_it(s3, bucket, key):
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]},
        "BucketKeyEnabled": True,
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert told == [rule]

    put = s3.put_object(Bucket=bucket, Key="secret", Body=SMALL)
    assert (put["ServerSideEncryption"], put["BucketKeyEnabled"]) == ("aws:kms", True)
    assert s3.get_object(Bucket=bucket, Key="secret")["Body"].read() == SMALL
    other = s3.put_object(Bucket=bucket, Key="other", Body=SMALL, ServerSideEncryption="AES256")
    assert other["ServerSideEncryption"] == "AES256"

    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="plain", Body=SMALL)["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="secret")["Body"].read() == SMALL


def test_without_a_key_it_is_s3s_aws_managed_one(s3, kms, bucket):
    put = s3.put_object(Bucket=bucket, Key="secret", Body=SMALL, ServerSideEncryption="aws:kms")
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert put["SSEKMSKeyId"] == managed["Arn"]
    assert s3.get_object(Bucket=bucket, Key="secret")["Body"].read() == SMALL


def test_a_copy_is_encrypted_as_its_own_request_says(s3, kms, bucket, key):
    other = kms.create_key()["KeyMetadata"]
    s3.put_object(Bucket=bucket, Key="one", Body=LARGE, **by_kms(key))
    source = f"{bucket}/one"

    copied = s3.copy_object(Bucket=bucket, Key="two", CopySource=source, **by_kms(other))
    plain = s3.copy_object(Bucket=bucket, Key="three", CopySource=source)

    assert (copied["SSEKMSKeyId"], plain["ServerSideEncryption"]) == (other["Arn"], "AES256")
    for name in ("two", "three"):
        assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == LARGE


def test_whoever_may_not_use_the_key_neither_reads_nor_writes(s3, bucket, key, as_user, account, refused):
    where = {"Bucket": bucket, "Key": "secret"}
    s3.put_object(**where, Body=SMALL, **by_kms(key))
    user = as_user("ann", "s3:*")("s3")

    refusal = refused(user.get_object, **where)
    assert (refusal["Code"], refusal["Status"]) == ("AccessDenied", 403)
    assert refusal["Message"] == (
        f"User: arn:aws:iam::{account}:user/ann is not authorized to perform: kms:Decrypt on resource: "
        f"{key['Arn']} because no identity-based policy allows the kms:Decrypt action"
    )
    assert "kms:GenerateDataKey" in refused(user.put_object, **where, Body=b"x", **by_kms(key))["Message"]
    assert s3.get_object(**where)["Body"].read() == SMALL


def test_conditions_of_the_key_see_service_and_object(s3, bucket, key, as_user, refused):
    condition = {
        "StringEquals": {
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}/mine",
            "kms:EncryptionContext:team": "one",
        }
    }
    user = as_user("ann", "s3:*", "kms:*", Condition={})("s3")
    limited = as_user("bob", "kms:GenerateDataKey", "kms:Decrypt", Condition=condition)
    assert user.put_object(Bucket=bucket, Key="any", Body=b"x", **by_kms(key))
    context = base64.b64encode(json.dumps({"team": "one"}).encode()).decode()
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{key['AWSAccountId']}:user/bob"},
                        "Action": "s3:*",
                        "Resource": f"arn:aws:s3:::{bucket}/*",
                    }
                ],
            }
        ),
    )
    own = limited("s3")
    request = {"Bucket": bucket, "Body": SMALL, "SSEKMSEncryptionContext": context, **by_kms(key)}
    own.put_object(**request, Key="mine")
    assert own.get_object(Bucket=bucket, Key="mine")["Body"].read() == SMALL
    assert refused(own.put_object, **request, Key="other")["Code"] == "AccessDenied"


def test_a_key_that_is_not_usable_is_told(s3, kms, bucket, key, account, refused):
    where = {"Bucket": bucket, "Key": "secret"}
    s3.put_object(**where, Body=SMALL, **by_kms(key))

    def told(operation, **request):
        refusal = refused(operation, **where, **request)
        return refusal["Code"], refusal["Message"], refusal["Status"]

    kms.disable_key(KeyId=key["KeyId"])
    assert told(s3.get_object) == ("KMS.DisabledException", f"{key['Arn']} is disabled.", 400)
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert told(s3.get_object) == ("KMS.KMSInvalidStateException", f"{key['Arn']} is pending deletion.", 400)
    wrong = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "aws/s3"}
    assert told(s3.put_object, **wrong) == ("KMS.NotFoundException", "Invalid keyId 'aws/s3'", 400)


@BODIES
def test_an_object_under_the_clients_key_needs_it_each_time(s3, bucket, stored, refused, body):
    where = {"Bucket": bucket, "Key": "secret"}
    digest = base64.b64encode(hashlib.md5(b"k" * 32, usedforsecurity=False).digest()).decode()
    put = s3.put_object(**where, Body=body, **customers())
    got = s3.get_object(**where, **customers())

    for answer in (put, got, s3.head_object(**where, **customers())):
        assert (answer["SSECustomerAlgorithm"], answer["SSECustomerKeyMD5"]) == ("AES256", digest)
        assert "ServerSideEncryption" not in answer
    assert got["Body"].read() == body
    ranged = s3.get_object(**where, **customers(), Range="bytes=7-11")
    assert ranged["Body"].read() == body[7:12]
    rows, blobs = stored(bucket, "secret")
    assert not any(part in rows + blobs for part in (body[:64], b"k" * 32))
    missing = refused(s3.get_object, **where)
    assert (missing["Code"], missing["Message"], missing["Status"]) == (
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. "
        "The correct parameters must be provided to retrieve the object.",
        400,
    )
    assert refused(s3.head_object, **where)["Status"] == 400
    wrong = refused(s3.get_object, **where, **customers(b"w" * 32))
    assert (wrong["Code"], wrong["Status"]) == ("AccessDenied", 403)


def test_a_clients_key_where_none_is_needed_is_refused(s3, bucket, refused):
    where = {"Bucket": bucket, "Key": "plain"}
    s3.put_object(**where, Body=SMALL)
    refusal = refused(s3.get_object, **where, **customers())
    assert (refusal["Code"], refusal["Message"]) == (
        "InvalidRequest",
        "The encryption parameters are not applicable to this object.",
    )
    wrong = {"SSECustomerAlgorithm": "aws:kms", "SSECustomerKey": b"k" * 32}
    refusal = refused(s3.get_object, **where, **wrong)
    assert (refusal["Code"], refusal["Message"]) == (
        "InvalidEncryptionAlgorithmError",
        "The Encryption request you specified is not valid. Supported value: AES256.",
    )


@pytest.mark.unverified("the texts are remembered from the S3 API, not found in a recording")
def test_a_clients_key_must_be_one(s3, bucket, refused):
    where = {"Bucket": bucket, "Key": "secret"}
    short = refused(s3.put_object, **where, Body=SMALL, **customers(b"short"))
    assert (short["Code"], short["Message"]) == (
        "InvalidArgument",
        "The secret key was invalid for the specified algorithm.",
    )
    encoded = base64.b64encode(b"k" * 32).decode()  # boto3 leaves it alone beside a digest
    digest = refused(s3.put_object, **where, Body=SMALL, **customers(encoded), SSECustomerKeyMD5="AAAA")
    assert digest["Message"] == (
        "The calculated MD5 hash of the key did not match the hash that was provided."
    )


def test_parts_and_copies_take_the_clients_keys(s3, bucket, refused):
    where = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**where, **customers())
    named = {**where, "UploadId": upload["UploadId"], "PartNumber": 1}
    assert refused(s3.upload_part, **named, Body=SMALL)["Code"] == "InvalidRequest"
    part = s3.upload_part(**named, Body=SMALL, **customers())
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload["UploadId"], MultipartUpload=parts)
    assert s3.get_object(**where, **customers())["Body"].read() == SMALL

    source = {f"CopySource{name}": value for name, value in customers().items()}
    copied = {"Bucket": bucket, "Key": "copy"}
    s3.copy_object(**copied, CopySource=f"{bucket}/parts", **source, **customers(b"n" * 32))
    assert s3.get_object(**copied, **customers(b"n" * 32))["Body"].read() == SMALL


def test_a_key_without_the_method_is_refused(s3, bucket, key, refused):
    refusal = refused(s3.put_object, Bucket=bucket, Key="secret", Body=SMALL, SSEKMSKeyId=key["Arn"])
    assert refusal["Code"] == "InvalidArgument"


def test_a_template_encrypts_its_bucket(client, s3, account, key):
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}
    rules = [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    properties = {
        "BucketName": f"stack-{account}",
        "BucketEncryption": {"ServerSideEncryptionConfiguration": rules},
    }
    resources = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.05})
    assert s3.put_object(Bucket=f"stack-{account}", Key="a", Body=b"x")["SSEKMSKeyId"] == key["Arn"]
