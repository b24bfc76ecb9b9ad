"""Reads a stream: tells another queue what came."""

import base64
import json
import os

import boto3

sqs = boto3.client("sqs")


def handler(event, context):
    for record in event["Records"]:
        told = json.dumps({"from": record["eventSource"], "what": what(record)})
        sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=told)


def what(record):
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["NewImage"]
