"""The work queue: a key at most once in it, and at most one worker on a key.

What arrives for a key under work is done once more afterwards, however often it arrived. A key that backs off after a
failure is left alone until its time: only a new spec is a reason to try earlier.
"""

import asyncio
import random
import time
from typing import Generic, TypeVar

from socketio_operator.controller.metrics import QueueMeter

K = TypeVar("K")

FIRST_RETRY = 0.5
LONGEST_RETRY = 60.0


class WorkQueue(Generic[K]):
    """Keys to reconcile, coalesced, with a back-off for each key."""

    def __init__(self, meter: QueueMeter) -> None:
        self._meter = meter
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        # Both with the monotonic second since when.
        self._dirty: dict[K, float] = {}
        self._working: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._backing_off: set[K] = set()

    def add(self, key: K, urgent: bool = False) -> None:
        """Queues a key now; a planned later visit is dropped, as this one replaces it. `urgent` ends a back-off."""
        if key in self._backing_off and not urgent:
            return
        self._unplan(key)
        if key in self._dirty:
            return
        self._dirty[key] = time.monotonic()
        self._meter.adds.inc()
        if key not in self._working:
            self._ready.put_nowait(key)

    def add_later(self, key: K, seconds: float) -> None:
        """Queues a key in `seconds`, unless something queues it earlier, or has planned to."""
        loop, timer = asyncio.get_running_loop(), self._timers.get(key)
        if timer is None or timer.when() > loop.time() + seconds:
            self._unplan(key)
            self._timers[key] = loop.call_later(seconds, self.add, key, True)

    def add_soon(self, key: K, seconds: float) -> None:
        """Queues a key within `seconds`: what else arrives for it until then is the same visit."""
        if key not in self._dirty and key not in self._backing_off:
            self.add_later(key, seconds)

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Queues a key after its back-off, doubled with each failure. Returns the seconds."""
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        delay = max(at_least, min(LONGEST_RETRY, FIRST_RETRY * 2.0**count)) * random.uniform(1.0, 1.4)
        self._unplan(key)
        self.add_later(key, delay)
        self._backing_off.add(key)
        # What arrived meanwhile waits as well.
        self._dirty.pop(key, None)
        self._meter.retries.inc()
        return delay

    def succeeded(self, key: K) -> None:
        """Ends the back-off of a key."""
        self._failures.pop(key, None)

    def forget(self, key: K) -> None:
        """Drops all that is planned for a key."""
        self.succeeded(key)
        self._unplan(key)

    def _unplan(self, key: K) -> None:
        self._backing_off.discard(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def is_backed_up(self) -> bool:
        """Whether keys wait for a worker."""
        return not self._ready.empty()

    @property
    def waiting(self) -> int:
        """Keys that are queued, those that are still under work included."""
        return len(self._dirty)

    @property
    def under_work(self) -> tuple[float, ...]:
        """Seconds for which each key under work has been so."""
        now = time.monotonic()
        return tuple(now - begun for begun in self._working.values())

    async def get(self) -> K:
        """The next key; `done` must follow."""
        key = await self._ready.get()
        self._working[key] = now = time.monotonic()
        self._meter.waits.observe(now - self._dirty.pop(key, now))
        return key

    def done(self, key: K) -> None:
        """Ends the work on a key; queues it again if it was added meanwhile."""
        self._meter.visits.observe(time.monotonic() - self._working.pop(key))
        if key in self._dirty:
            self._ready.put_nowait(key)
