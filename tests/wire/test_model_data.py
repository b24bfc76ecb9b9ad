"""Models are read when first asked for, keep what a server needs, and bring no botocore into the server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cloudlet.core.http import HttpRequest
from cloudlet.wire.model import DATA, Models, UnknownService
from cloudlet.wire.protocols import Protocols

FIRST = {"sts", "iam", "s3", "dynamodb", "lambda", "logs", "apigateway", "cloudformation"}
MODELS = Models()


def test_first_services_have_models():
    assert set(MODELS.names) >= FIRST


def test_model_is_read_once():
    models = Models()
    assert models.service("sts") is models.service("sts")


def test_unknown_service_is_said_to_be_unknown():
    with pytest.raises(UnknownService):
        MODELS.service("../sts")


def test_models_say_where_they_come_from():
    notice = (DATA / "NOTICE").read_text()
    assert "botocore" in notice
    assert "Apache License, Version 2.0" in notice


@pytest.mark.parametrize(
    ("service", "signing_name", "endpoint_prefix", "target_prefix", "protocols"),
    [
        ("dynamodbstreams", "dynamodb", "streams.dynamodb", "DynamoDBStreams_20120810", ("json",)),
        ("logs", "logs", "logs", "Logs_20140328", ("json",)),
        ("lambda", "lambda", "lambda", None, ("rest-json",)),
        ("s3", "s3", "s3", None, ("rest-xml",)),
        ("iam", "iam", "iam", None, ("query",)),
    ],
)
def test_model_knows_how_a_service_is_spoken_to(
    service, signing_name, endpoint_prefix, target_prefix, protocols
):
    model = MODELS.service(service)
    assert model.signing_name == signing_name
    assert model.endpoint_prefix == endpoint_prefix
    assert model.target_prefix == target_prefix
    assert model.protocols == protocols


def test_model_knows_status_code_and_fault_of_errors():
    errors = MODELS.service("iam").errors
    assert errors["NoSuchEntityException"] is errors["NoSuchEntity"]
    assert (errors["NoSuchEntity"].status, errors["NoSuchEntity"].sender_fault) == (404, True)
    assert (errors["ServiceFailureException"].status, errors["ServiceFailureException"].sender_fault) == (
        500,
        False,
    )


def test_models_hold_no_prose():
    for path in DATA.glob("*.json"):
        content = path.read_bytes()
        assert b'"documentation"' not in content.replace(b'"documentation":{"shape"', b"")


def test_server_side_does_not_import_botocore():
    program = (
        "import sys, cloudlet.wire.protocols, cloudlet.wire.validate; sys.exit('botocore' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(DATA.parents[2])}, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("service", "headers", "query", "chosen"),
    [
        ("sqs", {"X-Amz-Target": "AmazonSQS.SendMessage"}, "", "JsonProtocol"),
        ("sqs", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, "", "SqsQueryProtocol"),
        ("sqs", {}, "Action=ListQueues", "SqsQueryProtocol"),
        ("sqs", {}, "", "JsonProtocol"),
        ("s3", {"Content-Type": "application/x-www-form-urlencoded"}, "", "S3Protocol"),
        ("ec2", {}, "", "Ec2Protocol"),
        ("dynamodb", {"smithy-protocol": "rpc-v2-cbor"}, "", "JsonProtocol"),
    ],
)
def test_protocol_is_the_one_the_client_chose(service, headers, query, chosen):
    request = HttpRequest("POST", "/", query, list(headers.items()))
    assert type(Protocols(MODELS).choose(service, request)).__name__ == chosen


@pytest.mark.parametrize("service", MODELS.names)
def test_metadata_is_known_without_reading_the_model(service):
    assert Models().metadata(service) == MODELS.service(service).metadata
