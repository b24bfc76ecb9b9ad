"""What operations that use a key refuse before they use it: trials, and answers for enclaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.kms.errors import DryRunOperationException

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


def refuse_dry_run(request: Request) -> None:
    """Raises DryRunOperationException: everything was allowed and in order, and only that was asked."""
    if request.get("DryRun"):
        raise DryRunOperationException("The request would have succeeded, but the DryRun option is set.")


def refuse_recipient(request: Request) -> None:
    """Raises NotImplementedHere for an answer that only a Nitro enclave could read."""
    if request.get("Recipient"):
        raise NotImplementedHere("cloudlet has no Nitro enclaves: Recipient is not supported.")
