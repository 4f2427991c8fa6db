"""The work queue: a key at most once in it, and at most one worker on a key.

What arrives for a key under work is done once more afterwards, however often it arrived.
"""

import asyncio
import random
from typing import Generic, TypeVar

K = TypeVar("K")

FIRST_RETRY = 0.5
LONGEST_RETRY = 60.0


class WorkQueue(Generic[K]):
    """Keys to reconcile, coalesced, with a back-off for each key."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._dirty: set[K] = set()
        self._working: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}

    def add(self, key: K) -> None:
        """Queues a key now; a planned later visit is dropped, as this one replaces it."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._ready.put_nowait(key)

    def add_later(self, key: K, seconds: float) -> None:
        """Queues a key in `seconds`, unless something queues it earlier."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self.add, key)

    def retry(self, key: K) -> float:
        """Queues a key after its back-off, doubled with each failure. Returns the seconds."""
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        delay = min(LONGEST_RETRY, FIRST_RETRY * 2.0**count) * random.uniform(0.8, 1.2)
        self.add_later(key, delay)
        return delay

    def succeeded(self, key: K) -> None:
        """Ends the back-off of a key."""
        self._failures.pop(key, None)

    def forget(self, key: K) -> None:
        """Drops all that is planned for a key."""
        self.succeeded(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    async def get(self) -> K:
        """The next key; `done` must follow."""
        key = await self._ready.get()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: K) -> None:
        """Ends the work on a key; queues it again if it was added meanwhile."""
        self._working.discard(key)
        if key in self._dirty:
            self._ready.put_nowait(key)
