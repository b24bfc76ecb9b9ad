"""A bucket for each test, and refusals as values."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3, account):
    name = f"test-{account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def refused():
    def call(operation, **request):
        with pytest.raises(ClientError) as caught:
            operation(**request)
        response = caught.value.response
        return {
            **response["Error"],
            "Status": response["ResponseMetadata"]["HTTPStatusCode"],
            "Headers": response["ResponseMetadata"]["HTTPHeaders"],
        }

    return call
