"""What a function's answer says of the items of its batch.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import msgspec


class WholeBatchFailed(Exception):
    """Raised for an answer that AWS takes for the failure of all items."""


def failed_items(payload: bytes, known: Container[str]) -> frozenset[str]:
    """The items that the function reports as failed. Raises WholeBatchFailed."""
    try:
        answer = msgspec.json.decode(payload) if payload else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WholeBatchFailed from error
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return frozenset()
    if not isinstance(failures, list):
        raise WholeBatchFailed
    return frozenset(_identifier(failure, known) for failure in failures)


def _identifier(failure: Any, known: Container[str]) -> str:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or identifier not in known:
        raise WholeBatchFailed
    return identifier
