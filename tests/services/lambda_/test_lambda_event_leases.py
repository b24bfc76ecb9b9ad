"""Leases of asynchronous events: one server at a time tries one, and one that is gone is soon replaced."""

from __future__ import annotations

import asyncio
import time

import pytest
from lambda_functions import make_function, make_role, messages, wait_for

from cloud_functions import WRITE_LOGS
from cloud_process import CloudProcess
from cloudlet.config import Config
from cloudlet.core.access import Principal
from cloudlet.core.lease import LeaseLost
from cloudlet.services.lambda_ import events, state
from cloudlet.services.lambda_.events import Claim
from cloudlet.services.lambda_.model import EventProgress, QueuedEvent
from cloudlet.services.lambda_.workers import EventWorker

SLOW = (
    "import time\n"
    "def handler(event, context):\n"
    "    print('began', flush=True)\n"
    "    time.sleep(event)\n"
    "    print('ended', flush=True)\n"
)


@pytest.fixture(scope="module")
def server(server):
    """A server of its own: these tests move its clock and claim whatever is due."""
    running = type(server)(Config(data=None, state="memory", port=0))
    yield running
    running.close()


@pytest.fixture
def within(server):
    """Runs a function in a transaction."""
    call = server.app.cloud.call("lambda", Principal.of_service("lambda.amazonaws.com"), "", "")
    return lambda work: server.run(call.transact(work))


@pytest.fixture
def event(within, server):
    """An event that is due in an hour by the server's clock, so that its own worker leaves it alone."""
    later = server.clock.time() + 3600
    event = QueuedEvent("event", "1" * 12, "us-east-1", "function", None, b"1", None, later)
    within(lambda call: state.add_event(call, event))
    yield event
    within(lambda call: state.delete_event(call, event.id, state.find_event_progress(call, event.id)))


def claimed_by_another(call, event):
    """What another server writes that claims the event, whenever it is due."""
    before = state.find_event_progress(call, event.id)
    after = before.claimed(before.due_at + 3600)
    state.save_event_progress(call, event.id, after, before)
    return Claim(event.id, after.epoch)


def test_only_the_newest_claim_may_write(within, event):
    old = within(lambda call: claimed_by_another(call, event))
    new = within(lambda call: claimed_by_another(call, event))
    for late in (
        lambda call: events.renew(call, old),
        lambda call: events.settle(call, old, None),
        lambda call: events.settle(call, old, EventProgress(0.0)),
    ):
        with pytest.raises(LeaseLost):
            within(late)
    within(lambda call: events.settle(call, new, EventProgress(event.accepted_at, epoch=new.epoch)))
    assert within(lambda call: state.find_event_progress(call, event.id)).due_at == event.accepted_at


def test_event_beyond_the_lease_is_run_once_though_two_servers_look_for_work(server, client):
    make_function(client("lambda"), make_role(client("iam"), "writer", WRITE_LOGS), SLOW, Timeout=30)

    async def begin():
        return asyncio.ensure_future(EventWorker(server.app.cloud).run())

    other = server.run(begin())
    client("lambda").invoke(FunctionName="function", InvocationType="Event", Payload=b"2")
    wait_for(lambda: "began\n" in messages(client))
    for _ in range(12):
        server.advance(events.LEASE_SECONDS / 3)
        assert "ended\n" not in messages(client)
    wait_for(lambda: [each for each in messages(client) if each.startswith("REPORT")])
    server.run(cancelled(other))
    assert messages(client).count("began\n") == messages(client).count("ended\n") == 1


async def cancelled(task):
    task.cancel()
    await asyncio.wait([task])


def test_clock_that_leaps_over_the_lease_does_not_run_an_event_twice(server, client):
    make_function(client("lambda"), make_role(client("iam"), "writer", WRITE_LOGS), SLOW, Timeout=30)
    client("lambda").invoke(FunctionName="function", InvocationType="Event", Payload=b"1")
    wait_for(lambda: "began\n" in messages(client))
    server.advance(events.LEASE_SECONDS * 10)
    wait_for(lambda: [each for each in messages(client) if each.startswith("REPORT")])
    assert messages(client).count("began\n") == 1


def test_event_that_a_killed_server_was_running_is_run_again_within_seconds(tmp_path):
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        role = make_role(cloud.client("iam"), "runner", WRITE_LOGS)
        make_function(cloud.client("lambda"), role, SLOW, Timeout=900)
        cloud.client("lambda").invoke(FunctionName="function", InvocationType="Event", Payload=b"1")
        wait_for_log(cloud, "began\n")
        cloud.kill()
        cloud.start()
        wait_for_log(cloud, "ended\n")


def wait_for_log(cloud, message):
    logs = cloud.client("logs")
    until = time.monotonic() + 60
    while True:
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        except logs.exceptions.ResourceNotFoundException:
            found = []
        if message in [event["message"] for event in found]:
            return
        assert time.monotonic() < until, found
