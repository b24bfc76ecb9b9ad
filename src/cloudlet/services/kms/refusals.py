"""What operations that use a key refuse before they use it: trials, missing data, answers for enclaves.

Whether the key itself lets it be used is model.py's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.kms.errors import DryRunOperationException, ValidationException

if TYPE_CHECKING:
    from cloudlet.core.operation import Request


def refuse_dry_run(request: Request) -> None:
    """Raises DryRunOperationException: everything was allowed and in order, and only that was asked."""
    if request.get("DryRun"):
        raise DryRunOperationException("The request would have succeeded, but the DryRun option is set.")


def ciphertext_blob(request: Request) -> bytes:
    """What is to be decrypted. Raises ValidationException where a request has nothing."""
    if request.get("DryRunModifiers"):
        raise NotImplementedHere("cloudlet does not know DryRunModifiers (yet).")
    blob: bytes | None = request.get("CiphertextBlob")
    if blob is None:
        raise ValidationException("CiphertextBlob is required.")
    return blob


def refuse_recipient(request: Request) -> None:
    """Raises NotImplementedHere for an answer that only a Nitro enclave could read."""
    if request.get("Recipient"):
        raise NotImplementedHere("cloudlet has no Nitro enclaves: Recipient is not supported.")
