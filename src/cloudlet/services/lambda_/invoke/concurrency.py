"""Who may run now: the account's concurrency, and what functions have reserved of it.

It counts what runs on this server and knows no environments.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.lambda_.errors import TooManyRequestsException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Cloud
    from cloudlet.services.lambda_.invoke.router import Target

ACCOUNT_LIMIT: Final = 1000


class Concurrency:
    """How many invocations of each function and account run."""

    def __init__(self, cloud: Cloud) -> None:
        self._reserved: Counter[str] = Counter()
        self._unreserved: Counter[tuple[str, str]] = Counter()

    async def start(self) -> None:
        """Nothing runs yet."""

    async def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def slot(self, target: Target) -> Iterator[None]:
        """Room for one invocation. Raises TooManyRequestsException."""
        reserved = target.reserved_concurrency
        reference = target.reference
        if reserved is not None:
            with self._counted(self._reserved, reference.unqualified_arn, reserved, "ReservedFunction"):
                yield
        else:
            account = (reference.account, reference.region)
            with self._counted(self._unreserved, account, target.unreserved_limit, ""):
                yield

    @contextmanager
    def _counted(self, counter: Counter[Any], key: object, limit: int, scope: str) -> Iterator[None]:
        if counter[key] >= limit:
            raise throttled(f"{scope}ConcurrentInvocationLimitExceeded")
        counter[key] += 1
        try:
            yield
        finally:
            counter[key] -= 1
            if not counter[key]:
                del counter[key]


def throttled(reason: str) -> TooManyRequestsException:
    """AWS's word for one invocation too many."""
    return TooManyRequestsException("Rate Exceeded.", Reason=reason)
