"""The fixtures of IAM and STS."""

from iam_fixtures import as_user, iam, refusal, with_session

__all__ = ["as_user", "iam", "refusal", "with_session"]
