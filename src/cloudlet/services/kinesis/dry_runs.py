"""Dry runs: a call does all that it would do, is refused in its last step, and so leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.services.kinesis.errors import DryRunOperationException

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


def end_dry_run(request: Request) -> None:
    """Undoes the open transaction, by DryRunOperationException, where it was only to be tried."""
    if request.get("DryRun"):
        raise DryRunOperationException("The request was rejected because the DryRun parameter was specified.")
