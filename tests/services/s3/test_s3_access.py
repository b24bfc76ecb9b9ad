"""Who may do what: identity policies, bucket policies, other accounts, nobody at all."""

from __future__ import annotations

import json

import pytest
from botocore import UNSIGNED

BIG = 100_000


@pytest.fixture
def user(client):
    """Makes a user with one inline policy; the user's S3 client."""

    def make(*statements):
        iam = client("iam")
        iam.create_user(UserName="u")
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        return client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    return make


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def set_policy(s3, bucket, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)


def test_a_user_without_permission_is_refused_in_awss_words(user, bucket, account, refused):
    error = refused(user().put_object, Bucket=bucket, Key="k", Body=b"x" * BIG)
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert error["Message"] == (
        f"User: arn:aws:iam::{account}:user/u is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{bucket}/k" because no identity-based policy allows the s3:PutObject action'
    )


def test_objects_below_a_prefix_may_be_written(user, bucket, refused):
    s3 = user(allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/mine/*"))
    s3.put_object(Bucket=bucket, Key="mine/k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="mine/k")["Body"].read() == b"x"
    assert refused(s3.put_object, Bucket=bucket, Key="yours/k", Body=b"x")["Code"] == "AccessDenied"


def test_a_missing_key_is_told_only_to_those_who_may_list(user, bucket, client, refused):
    s3 = user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    error = refused(s3.get_object, Bucket=bucket, Key="none")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert "s3:ListBucket" in error["Message"]
    assert refused(s3.head_object, Bucket=bucket, Key="none")["Status"] == 403
    iam = client("iam")
    both = [allow("s3:*", f"arn:aws:s3:::{bucket}/*"), allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
    document = json.dumps({"Version": "2012-10-17", "Statement": both})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    assert refused(s3.get_object, Bucket=bucket, Key="none")["Code"] == "NoSuchKey"


def test_listing_is_allowed_by_prefix(user, bucket, refused):
    condition = {"StringEquals": {"s3:prefix": "home/"}}
    s3 = user(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))
    s3.list_objects_v2(Bucket=bucket, Prefix="home/")
    assert refused(s3.list_objects_v2, Bucket=bucket, Prefix="")["Code"] == "AccessDenied"


def test_versions_are_read_by_an_action_of_their_own(user, s3, versioned, refused):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    reader = user(allow("s3:GetObject", f"arn:aws:s3:::{versioned}/*"))
    reader.get_object(Bucket=versioned, Key="k")
    error = refused(reader.get_object, Bucket=versioned, Key="k", VersionId=version)
    assert "s3:GetObjectVersion" in error["Message"]


def test_each_of_many_deletions_is_judged_by_itself(user, s3, bucket):
    for key in ("mine/1", "yours/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    deleter = user(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/mine/*"))
    answer = deleter.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "mine/1"}, {"Key": "yours/1"}]}
    )
    assert answer["Deleted"] == [{"Key": "mine/1"}]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("yours/1", "AccessDenied")]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["yours/1"]


def test_a_denial_in_a_bucket_policy_hits_the_root_too_but_not_its_hand_on_the_policy(s3, bucket, refused):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    set_policy(s3, bucket, {**deny, "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]})
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    assert refused(s3.list_objects_v2, Bucket=bucket)["Code"] == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_another_account_needs_the_bucket_policy(client, s3, bucket, refused):
    other = client("s3", key="123456789012")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    error = refused(other.get_object, Bucket=bucket, Key="k")
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    set_policy(s3, bucket, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal=principal))
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refused(other.put_object, Bucket=bucket, Key="k", Body=b"y")["Code"] == "AccessDenied"


def test_nobody_reads_a_bucket_that_is_not_public(client, s3, bucket, refused):
    nobody = client("s3", signature_version=UNSIGNED)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    error = refused(nobody.get_object, Bucket=bucket, Key="k")
    assert (error["Code"], error["Message"], error["Status"]) == ("AccessDenied", "Access Denied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    set_policy(s3, bucket, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refused(nobody.get_object, Bucket=bucket, Key="none")["Code"] == "AccessDenied"
    assert refused(nobody.list_objects_v2, Bucket=bucket)["Code"] == "AccessDenied"


def test_restricting_public_buckets_shuts_out_other_accounts(client, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket=bucket)
    set_policy(s3, bucket, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    block = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    nobody = client("s3", signature_version=UNSIGNED)
    assert refused(nobody.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_copy_needs_to_read_its_source(user, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x")
    writer = user(allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    error = refused(writer.copy_object, Bucket=bucket, Key="k", CopySource=f"{bucket}/secret")
    assert "s3:GetObject" in error["Message"]


def test_a_bucket_must_belong_to_whom_the_caller_expects(s3, bucket, refused):
    error = refused(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="123456789012")
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")
