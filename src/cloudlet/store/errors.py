"""What can go wrong with an engine as a whole.

    StoreError
    +-- StoreInUse          another program, or this one, has it open
    +-- EngineMissing       the library it needs is not installed
    +-- StoreFailed         a write or a sync failed: the store takes no more
    +-- StoreClosed         used after close()

Not the place for errors that reach a client of the cloud.
"""

from __future__ import annotations


class StoreError(Exception):
    """An engine cannot do its work."""


class StoreInUse(StoreError):
    """Raised when the store is open elsewhere: one process owns it."""


class EngineMissing(StoreError):
    """Raised when the engine's library is not installed; which to take instead is the caller's choice."""


class StoreFailed(StoreError):
    """Raised, once a write or a sync has failed, for all that waits for the disk and all that comes after."""


class StoreClosed(StoreError):
    """Raised for a use of a store after its close."""
