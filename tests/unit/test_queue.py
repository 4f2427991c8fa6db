"""The work queue: coalescing, one worker a key, a back-off of its own for each key."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry

from socketio_operator.controller.metrics import QueueMeter
from socketio_operator.controller.queue import FIRST_RETRY, LONGEST_RETRY, WorkQueue


def run(scenario: Callable[[WorkQueue[str]], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await scenario(WorkQueue(QueueMeter(CollectorRegistry())))

    asyncio.run(main())


async def empty(queue: WorkQueue[str]) -> bool:
    try:
        async with asyncio.timeout(0.02):
            await queue.get()
    except TimeoutError:
        return True
    return False


def test_a_key_is_queued_once() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        for key in ("a", "b", "a", "a"):
            queue.add(key)
        assert [await queue.get(), await queue.get()] == ["a", "b"]
        assert await empty(queue)

    run(scenario)


def test_a_key_under_work_is_done_once_more_afterwards() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add("a")
        key = await queue.get()
        queue.add("a")
        queue.add("a")
        assert await empty(queue), "two workers on one key"
        queue.done(key)
        assert await queue.get() == "a"
        queue.done("a")
        assert await empty(queue)

    run(scenario)


def test_the_back_off_doubles_up_to_a_limit_and_ends_with_success() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        delays = [queue.retry("a") for _ in range(10)]
        assert FIRST_RETRY <= delays[0] <= 1.4 * FIRST_RETRY
        assert delays[3] > delays[0]
        assert max(delays) <= 1.4 * LONGEST_RETRY
        assert queue.retry("b") <= 1.4 * FIRST_RETRY
        queue.succeeded("a")
        assert queue.retry("a") <= 1.4 * FIRST_RETRY
        assert queue.retry("a", at_least=7.0) >= 7.0, "the API server said how long"

    run(scenario)


def test_an_event_does_not_end_a_back_off_and_a_new_spec_does() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add("a")
        key = await queue.get()
        queue.add("a")  # arrives under work, which then fails
        queue.retry("a")
        queue.done(key)
        queue.add("a")
        assert await empty(queue), "events make no failing key faster"
        queue.add("a", urgent=True)
        assert await queue.get() == "a"
        queue.done("a")
        assert await empty(queue), "and the planned try is not made as well"

    run(scenario)


def test_a_later_visit_is_replaced_by_an_earlier_one() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add_later("a", 0.01)
        queue.add("a")
        assert await queue.get() == "a"
        queue.done("a")
        await asyncio.sleep(0.02)
        assert await empty(queue)

    run(scenario)


def test_a_forgotten_key_does_not_come_back() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add_later("a", 0.01)
        queue.forget("a")
        await asyncio.sleep(0.02)
        assert await empty(queue)

    run(scenario)


def test_a_burst_is_one_visit() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add_later("a", 60)
        for _ in range(5):
            queue.add_soon("a", 0.02)
        assert await queue.get() == "a"
        queue.add_soon("a", 0.01)
        queue.done("a")
        assert await queue.get() == "a", "what arrives under work is a visit of its own"
        queue.done("a")
        assert await empty(queue)

    run(scenario)


def test_an_event_under_work_is_not_lost_to_the_visit_that_is_planned_after_it() -> None:
    async def scenario(queue: WorkQueue[str]) -> None:
        queue.add("a")
        key = await queue.get()
        queue.add_soon("a", 0.01)  # arrives after the worker has looked
        queue.add_later("a", 900.0)  # the worker finds nothing to do until then
        queue.done(key)
        assert await queue.get() == "a"

    run(scenario)
