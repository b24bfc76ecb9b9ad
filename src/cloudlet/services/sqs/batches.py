"""Batches: their entries' rules, and answers that say for each entry how it went.

Knows no operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cloudlet.core.errors import ServiceError
from cloudlet.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    KmsRefusal,
    TooManyEntriesInBatchRequest,
)

_MOST_ENTRIES: Final = 10
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")


def batch_entries(request: Mapping[str, Any], entry_name: str) -> list[Mapping[str, Any]]:
    """The entries of a batch. Raises EmptyBatchRequest and others that refuse it as a whole."""
    entries = request.get("Entries") or []
    if not entries:
        raise EmptyBatchRequest(f"There should be at least one {entry_name} in the request.")
    if len(entries) > _MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {_MOST_ENTRIES}. You have sent {len(entries)}."
        )
    seen: set[str] = set()
    for entry in entries:
        identifier = entry.get("Id") or ""
        if not _ID.fullmatch(identifier):
            raise InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can "
                "be at most 80 letters long."
            )
        if identifier in seen:
            raise BatchEntryIdsNotDistinct(f"Id {identifier} repeated.")
        seen.add(identifier)
    return list(entries)


def run_batch(
    entries: list[Mapping[str, Any]], work: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """What became of every entry. `work` must have changed nothing when it raises."""
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **work(entry)})
        except KmsRefusal:
            raise
        except ServiceError as error:
            failed.append(
                {
                    "Id": entry["Id"],
                    "SenderFault": error.status < 500,
                    "Code": error.query_code or error.code,
                    "Message": error.message,
                }
            )
    answer = {"Successful": successful, "Failed": failed}
    return {name: results for name, results in answer.items() if results}
