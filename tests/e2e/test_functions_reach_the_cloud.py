"""Functions reach the cloud by every way that their SDKs and libraries know, with a trusted certificate."""

from __future__ import annotations

import os

import pytest

from cloud_functions import allow

needs_node_packages = pytest.mark.skipif(
    "CLOUDLET_RUNTIMES" not in os.environ, reason="CLOUDLET_RUNTIMES names no folder of Node packages"
)
TABLE = "arn:aws:dynamodb:us-east-1:{account}:table/things"

NODE_VERSION_2 = """
const AWS = require("aws-sdk");
exports.handler = async (event) => {
  const dynamodb = new AWS.DynamoDB();
  await dynamodb.putItem({TableName: "things", Item: {id: {S: "v2"}}}).promise();
  const found = await new AWS.DynamoDB.DocumentClient().get({TableName: "things", Key: {id: "v2"}}).promise();
  const identity = await new AWS.STS().getCallerIdentity({}).promise();
  return [dynamodb.endpoint.href, found.Item, identity.Arn];
};
"""
NODE_VERSION_3 = """
const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, GetCommand } = require("@aws-sdk/lib-dynamodb");
exports.handler = async (event) => {
  if (event.endpointless) delete process.env.AWS_ENDPOINT_URL;
  const client = new DynamoDBClient({});
  await client.send(new PutItemCommand({TableName: "things", Item: {id: {S: "v3"}}}));
  const found = await DynamoDBDocumentClient.from(client).send(
    new GetCommand({TableName: "things", Key: {id: "v3"}}));
  return found.Item;
};
"""
NODE_PLAIN = """
const https = require("https");
const crypto = require("crypto");
const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest();
const hash = (text) => crypto.createHash("sha256").update(text).digest("hex");
const HOST = "sts.us-east-1.amazonaws.com";
const BODY = "Action=GetCallerIdentity&Version=2011-06-15";

function signed() {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  const date = new Date().toISOString().replace(/[-:]|\\.\\d{3}/g, "");
  const scope = `${date.slice(0, 8)}/us-east-1/sts/aws4_request`;
  const headers = {"content-type": "application/x-www-form-urlencoded", host: HOST, "x-amz-date": date,
                   "x-amz-security-token": token};
  const names = Object.keys(headers).sort();
  const canonical = ["POST", "/", "", ...names.map((name) => `${name}:${headers[name]}`), "",
                     names.join(";"), hash(BODY)].join("\\n");
  const key = ["us-east-1", "sts", "aws4_request"].reduce(hmac, hmac("AWS4" + secret, date.slice(0, 8)));
  const text = ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\\n");
  const signature = hmac(key, text).toString("hex");
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return {...headers, authorization};
}

exports.handler = (event) => new Promise((resolve, reject) => {
  const headers = event.signed ? signed() : {"content-type": "application/x-www-form-urlencoded"};
  const request = https.request(`https://${HOST}/`, {method: "POST", headers}, (answer) => {
    const { authorized } = answer.socket;
    let text = "";
    answer.on("data", (chunk) => { text += chunk; });
    answer.on("end", () => resolve([answer.statusCode, authorized, text]));
  });
  request.on("error", reject);
  request.end(BODY);
});
"""
PYTHON_WITHOUT_ENDPOINT = """
import os
del os.environ["AWS_ENDPOINT_URL"]
import boto3

def handler(event, context):
    dynamodb = boto3.client("dynamodb")
    dynamodb.put_item(TableName="things", Item={"id": {"S": "boto3"}})
    found = dynamodb.get_item(TableName="things", Key={"id": {"S": "boto3"}})["Item"]
    return [dynamodb.meta.endpoint_url, found, boto3.client("sts").get_caller_identity()["Arn"]]
"""
PYTHON_PLAIN = """
import urllib.error, urllib.request

def handler(event, context):
    request = urllib.request.Request("https://sts.us-east-1.amazonaws.com/", event["body"].encode())
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
"""
PYTHON_S3 = """
import os
if event_endpoint := os.environ.get("WITHOUT_ENDPOINT"):
    del os.environ["AWS_ENDPOINT_URL"]
import boto3, urllib.request

def handler(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=event["bucket"], Key="a/b", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": event["bucket"], "Key": "a/b"})
    return [url.partition("?")[0], urllib.request.urlopen(url).read().decode()]
"""


@needs_node_packages
def test_the_old_node_sdk_reaches_the_cloud_without_any_endpoint_setting(deployment, make_table, account):
    make_table("things")
    may_use_table = allow(["dynamodb:PutItem", "dynamodb:GetItem"], TABLE.format(account=account))
    deployment.node("old", NODE_VERSION_2, may_use_table)
    assert deployment.call("old").value == [
        "https://dynamodb.us-east-1.amazonaws.com/",
        {"id": "v2"},
        f"arn:aws:sts::{account}:assumed-role/old/old",
    ]


@needs_node_packages
@pytest.mark.parametrize("endpointless", [False, True])
def test_the_new_node_sdk_reaches_the_cloud(server, deployment, make_table, account, endpointless):
    server.advance(3600)  # it signs by the time that answers tell, which is not the cloud's
    make_table("things")
    may_use_table = allow(["dynamodb:PutItem", "dynamodb:GetItem"], TABLE.format(account=account))
    deployment.node("new", NODE_VERSION_3, may_use_table)
    assert deployment.call("new", {"endpointless": endpointless}).value == {"id": "v3"}


def test_plain_https_of_node_is_answered_with_a_trusted_certificate(deployment, account):
    deployment.node("plain", NODE_PLAIN)
    answer = deployment.call("plain", {"signed": True})
    assert answer.error is None, answer.value
    status, authorized, text = answer.value
    assert (status, authorized) == (200, True)
    assert f"<Arn>arn:aws:sts::{account}:assumed-role/plain/plain</Arn>" in text
    status, authorized, text = deployment.call("plain", {"signed": False}).value
    assert (status, authorized) == (403, True)
    assert "<Code>MissingAuthenticationToken</Code>" in text
    assert "<Message>Request is missing Authentication Token</Message>" in text


def test_boto3_without_an_endpoint_reaches_the_cloud(deployment, make_table, account):
    make_table("things")
    may_use_table = allow(["dynamodb:PutItem", "dynamodb:GetItem"], TABLE.format(account=account))
    deployment.python("endpointless", PYTHON_WITHOUT_ENDPOINT, may_use_table)
    assert deployment.call("endpointless").value == [
        "https://dynamodb.us-east-1.amazonaws.com",
        {"id": {"S": "boto3"}},
        f"arn:aws:sts::{account}:assumed-role/endpointless/endpointless",
    ]


def test_pythons_own_https_trusts_the_cloud(deployment):
    deployment.python("plain", PYTHON_PLAIN)
    status, text = deployment.call("plain", {"body": "Action=GetCallerIdentity&Version=2011-06-15"}).value
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in text


def test_bucket_names_in_the_host_reach_the_cloud(deployment, client, account):
    bucket = f"hosted-{account}"
    client("s3").create_bucket(Bucket=bucket)
    objects = allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*")
    variables = {"Variables": {"WITHOUT_ENDPOINT": "1"}}
    deployment.python("hosted", PYTHON_S3, objects, Environment=variables)
    assert deployment.call("hosted", {"bucket": bucket}).value == [
        f"https://{bucket}.s3.amazonaws.com/a/b",
        "content",
    ]


def test_names_that_are_not_awss_do_not_resolve(deployment):
    source = (
        "import socket\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        return socket.getaddrinfo(event, 443)\n"
        "    except socket.gaierror as error:\n"
        "        return str(error)\n"
    )
    deployment.python("curious", source)
    assert "Name or service not known" in deployment.call("curious", "example.org").value
