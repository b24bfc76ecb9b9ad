"""Coroutines that run at once, on the event loop in use and on asyncio's own."""

from __future__ import annotations

import asyncio
import contextvars

import pytest
import uvloop

from cloudlet.wire.server.eager import Eager

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="unset")


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop(request):
    loop = request.param()
    yield loop
    loop.close()


def run(loop, main):
    """Runs a callback outside any task, as a protocol's are, then what it left to be done."""
    eager = None
    failures = []
    loop.set_exception_handler(lambda _, context: failures.append(context))

    async def prepare():
        nonlocal eager
        eager = Eager(loop)
        # The standby task starts in the next turn of the loop.
        await asyncio.sleep(0)

    done = loop.create_future()
    loop.run_until_complete(prepare())
    loop.call_soon(main, eager, done)
    result = loop.run_until_complete(asyncio.wait_for(done, 5))
    eager.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    assert failures == []
    return result


def test_coroutine_that_does_not_wait_is_done_before_start_returns(loop):
    def main(eager, done):
        seen = []

        async def work():
            seen.append(asyncio.current_task())

        eager.start(work())
        assert asyncio.current_task(loop) is None
        done.set_result(seen)

    (task,) = run(loop, main)
    assert isinstance(task, asyncio.Task)


def test_coroutine_that_waits_goes_on_in_the_task_it_began_in(loop):
    def main(eager, done):
        async def work():
            before = asyncio.current_task()
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            done.set_result(before is asyncio.current_task())

        eager.start(work())
        assert not done.done()

    assert run(loop, main)


def test_timeout_begun_before_the_first_wait_works(loop):
    def main(eager, done):
        async def work():
            try:
                async with asyncio.timeout(0.01):
                    await asyncio.Event().wait()
            except TimeoutError:
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.sleep(0))
                done.set_result("timed out")

        eager.start(work())

    assert run(loop, main) == "timed out"


def test_exceptions_reach_the_coroutine_that_waits_for_them(loop):
    def main(eager, done):
        future = loop.create_future()

        async def work():
            try:
                await future
            except ValueError as error:
                done.set_result(str(error))

        eager.start(work())
        future.set_exception(ValueError("told"))

    assert run(loop, main) == "told"


@pytest.mark.parametrize("later", [False, True])
def test_cancelled_coroutine_may_clean_up(loop, later):
    def main(eager, done):
        task = None

        async def work():
            nonlocal task
            task = asyncio.current_task()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                done.set_result("cleaned up")
                raise

        eager.start(work())
        if later:
            loop.call_later(0.01, task.cancel)
        else:
            task.cancel()

    assert run(loop, main) == "cleaned up"


def test_context_variables_belong_to_one_coroutine_across_its_waits(loop):
    def main(eager, done):
        seen = []

        async def work(name):
            seen.append(VARIABLE.get())
            VARIABLE.set(name)
            await asyncio.sleep(0.001)
            seen.append(VARIABLE.get())
            if len(seen) == 6:
                done.set_result(seen)

        for name in "abc":
            eager.start(work(name))
        assert VARIABLE.get() == "unset"

    assert sorted(run(loop, main)) == ["a", "b", "c", "unset", "unset", "unset"]


def test_many_at_a_time(loop):
    def main(eager, done):
        left = 500

        async def work(number):
            nonlocal left
            for _ in range(number % 4):
                await asyncio.sleep(0)
            left -= 1
            if left == 0:
                done.set_result(True)

        for number in range(250):
            eager.start(work(number))
        loop.call_later(0.01, lambda: [eager.start(work(number)) for number in range(250)])

    assert run(loop, main)
