"""Leases: one holder at a time, and a late writer is fenced off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from cloudlet.config import Config
from cloudlet.core.access import Principal
from cloudlet.core.lease import LeaseLost, Leases

T = TypeVar("T")
LEASES = Leases(("test-lease",), seconds=10)


@pytest.fixture(scope="module")
def server(server: Any) -> Iterator[Any]:
    """A server of its own, because these tests move the clock."""
    running = type(server)(Config(data=None, state="memory", port=0))
    yield running
    running.close()


@pytest.fixture
def within(server: Any, account: str) -> Callable[[Callable[[Any], T]], T]:
    """Runs a function in a transaction of the server."""
    call = server.app.cloud.call("iam", Principal.root(account), account, "us-east-1")
    return lambda work: server.run(call.transact(work))


def test_only_one_holds_a_lease(within: Any, account: str) -> None:
    lease = within(lambda call: LEASES.claim(call, "one", account))
    assert within(lambda call: LEASES.claim(call, "two", account)) is None
    assert within(lambda call: LEASES.claim(call, "one", account)).epoch == lease.epoch


def test_a_lease_that_ran_out_is_claimed_with_a_new_epoch_and_the_late_writer_fails(
    within: Any, account: str, server: Any
) -> None:
    old = within(lambda call: LEASES.claim(call, "one", account))
    server.run(_advanced(server, 11))
    new = within(lambda call: LEASES.claim(call, "two", account))
    assert new.epoch == old.epoch + 1
    with pytest.raises(LeaseLost):
        within(lambda call: LEASES.hold(call, old, account))
    within(lambda call: LEASES.release(call, old, account))
    within(lambda call: LEASES.hold(call, new, account))


def test_holding_renews_a_lease(within: Any, account: str, server: Any) -> None:
    lease = within(lambda call: LEASES.claim(call, "one", account))
    for _ in range(3):
        server.run(_advanced(server, 6))
        within(lambda call: LEASES.hold(call, lease, account))
    assert within(lambda call: LEASES.claim(call, "two", account)) is None


def test_a_released_lease_is_free_and_its_epoch_goes_on(within: Any, account: str) -> None:
    lease = within(lambda call: LEASES.claim(call, "one", account))
    within(lambda call: LEASES.release(call, lease, account))
    assert within(lambda call: LEASES.claim(call, "two", account)).epoch == lease.epoch + 1


async def _advanced(server: Any, seconds: float) -> None:
    server.clock.advance(seconds)
