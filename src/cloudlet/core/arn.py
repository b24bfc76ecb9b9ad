"""Amazon Resource Names."""

from __future__ import annotations

from msgspec import Struct


class Arn(Struct, frozen=True):
    """arn:partition:service:region:account:resource"""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Takes an ARN apart. Raises ValueError for what is none."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {text}")
        return cls(*parts[1:])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def queue_url(arn: Arn) -> str:
    """The URL by which SQS knows the queue of an ARN, for calls in the queue's region."""
    return f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"


def find_arn(text: str) -> Arn | None:
    """The parsed ARN, or None for what is none."""
    try:
        return Arn.parse(text)
    except ValueError:
        return None
