"""Which services cloudlet offers. A new service is one line here."""

from __future__ import annotations

from typing import Final

from cloudlet.core.services import Offer
from cloudlet.services.apigateway.execute.door import DATA_PLANE as EXECUTE_API
from cloudlet.services.cloudformation.doors import RESPONSES
from cloudlet.services.lambda_.downloads import DATA_PLANE as PACKAGES
from cloudlet.services.lambda_.function_urls.addresses import DATA_PLANE as FUNCTION_URLS
from cloudlet.services.sns.door import DATA_PLANE as SNS_LINKS

OFFERS: Final[tuple[Offer, ...]] = (
    Offer("apigateway", "cloudlet.services.apigateway", ("AWS::ApiGateway",), (EXECUTE_API,)),
    Offer(
        "cloudformation",
        "cloudlet.services.cloudformation",
        ("AWS::CDK", "AWS::CloudFormation"),
        (RESPONSES,),
    ),
    Offer("cloudwatch", "cloudlet.services.cloudwatch", ("AWS::CloudWatch",)),
    Offer("dynamodb", "cloudlet.services.dynamodb", ("AWS::DynamoDB",)),
    Offer("dynamodbstreams", "cloudlet.services.dynamodb.streams"),
    Offer("events", "cloudlet.services.events", ("AWS::Events",)),
    Offer("iam", "cloudlet.services.iam", ("AWS::IAM",)),
    Offer("kinesis", "cloudlet.services.kinesis", ("AWS::Kinesis",)),
    Offer("kms", "cloudlet.services.kms", ("AWS::KMS",)),
    Offer("lambda", "cloudlet.services.lambda_", ("AWS::Lambda",), (PACKAGES, FUNCTION_URLS)),
    Offer("logs", "cloudlet.services.logs", ("AWS::Logs",)),
    Offer("s3", "cloudlet.services.s3", ("AWS::S3",)),
    Offer("sns", "cloudlet.services.sns", ("AWS::SNS",), (SNS_LINKS,)),
    Offer("sqs", "cloudlet.services.sqs", ("AWS::SQS",)),
    Offer("sts", "cloudlet.services.sts"),
)
