"""Who may run now: the account's concurrency, and what functions have reserved or provisioned of it.

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
    from cloudlet.services.lambda_.invoke.provisioned import Provisioned
    from cloudlet.services.lambda_.invoke.router import Target

ACCOUNT_LIMIT: Final = 1000


class Concurrency:
    """How many invocations of each function and account run."""

    def __init__(self, cloud: Cloud) -> None:
        self._reserved: Counter[str] = Counter()
        self._unreserved: Counter[tuple[str, str]] = Counter()
        self._provisioned: Counter[str] = Counter()

    async def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def slot(self, target: Target, provisioned: Provisioned) -> Iterator[None]:
        """Room for one invocation. Raises TooManyRequestsException.

        What is provisioned is a part of what its function has reserved, or else of the account, kept for one
        version or alias: others find so much less.
        """
        reserved = target.reserved_concurrency
        reference = target.reference
        serving = provisioned.serving(target)
        if serving and self._provisioned[serving] < (granted := provisioned.granted(serving)):
            with self._counted(self._provisioned, serving, granted, ""):
                yield
        elif reserved is not None:
            limit = reserved - provisioned.of_function(reference.unqualified_arn)
            with self._counted(self._reserved, reference.unqualified_arn, limit, "ReservedFunction"):
                yield
        else:
            account = (reference.account, reference.region)
            limit = target.unreserved_limit - provisioned.of_account(*account)
            with self._counted(self._unreserved, account, limit, ""):
                yield

    def of_provisioned(self, arn: str) -> int:
        """How many calls run now in the room that is provisioned for a version or alias."""
        return self._provisioned[arn]

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
