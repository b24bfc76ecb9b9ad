"""The fixtures of KMS."""

from __future__ import annotations

from typing import Any

import pytest

from iam_fixtures import as_user, iam, refusal, with_session

__all__ = ["as_user", "iam", "refusal", "with_session"]


@pytest.fixture
def kms(client: Any) -> Any:
    return client("kms")


@pytest.fixture
def key(kms: Any) -> dict[str, Any]:
    """A symmetric key that its account's IAM rules."""
    return kms.create_key(Description="test key")["KeyMetadata"]
