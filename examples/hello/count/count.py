"""Counts the visits of each name in a DynamoDB table."""

import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    name = event["pathParameters"]["name"]
    answer = table.update_item(
        Key={"name": name},
        UpdateExpression="ADD visits :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    visits = int(answer["Attributes"]["visits"])
    print(f"{name} came for visit {visits}")
    body = {"greeting": f"{os.environ['GREETING']}, {name}!", "visits": visits}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
