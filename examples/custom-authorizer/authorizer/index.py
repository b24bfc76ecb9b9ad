"""Verifies a JWT (HS256) with a key that KMS decrypts, and answers with a policy for the bearer."""

import base64
import hashlib
import hmac
import json
import os
import time
from functools import cache
from typing import Any

import boto3


def handler(event: dict[str, str], context: object) -> dict[str, Any]:
    print("Method ARN:", event["methodArn"])
    claims = verified(event["authorizationToken"], signing_key())
    if claims is None:
        raise Exception("Unauthorized")  # API Gateway knows this very word
    methods = ["*"] if "admins" in claims["scope"] else ["GET/*", f"POST/users/{claims['sub']}"]
    api, stage, *_ = event["methodArn"].split("/")
    allow = {
        "Effect": "Allow",
        "Action": ["execute-api:Invoke"],
        "Resource": [f"{api}/{stage}/{method}" for method in methods],
    }
    return {
        "principalId": claims["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [allow]},
        "context": {"scope": claims["scope"], "expires": claims["exp"]},
    }


@cache
def signing_key() -> bytes:
    encrypted = base64.b64decode(os.environ["ENCRYPTED_TOKEN_KEY"])
    return boto3.client("kms").decrypt(CiphertextBlob=encrypted)["Plaintext"]


def verified(token: str, key: bytes) -> dict[str, Any] | None:
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(hmac.digest(key, signed.encode(), hashlib.sha256), decoded(signature)):
        return None
    claims = json.loads(decoded(signed.partition(".")[2]))
    return claims if claims["exp"] > time.time() else None


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
