"""Closes connections one by one, so that clients come back elsewhere one by one."""

from __future__ import annotations

import random
import sys
import threading
import time
from typing import Callable

from ..log import log
from ..servers.servers import Servers

# each step looks at all connections
SHORTEST_WAIT_SECONDS = 0.05
SETTLE_SECONDS = 1.0
# time for the web server to write the answer that a polling client waits for
LAST_ANSWER_SECONDS = 0.1


class Drain:
    """One for each process. `terminating`: the pod ends; its sessions are served until they have been moved. `begins`:
    called when a drain begins."""

    def __init__(self, servers: Servers, begins: Callable[[], None]) -> None:
        self._servers = servers
        self._begins = begins
        self._lock = threading.Lock()
        self._drained = threading.Event()
        self.draining = False
        self.terminating = False
        self.shedding = False

    def begin(self, terminating: bool) -> bool:
        """Draining from now on, and not ready unless the pod terminates. False if it was draining already."""
        with self._lock:
            first = not self.draining
            self.draining = True
            self.terminating = self.terminating or terminating
        self._begins()
        return first

    def run(self, seconds: float) -> None:
        """Closes all connections over that many seconds; returns when the last was closed, and what must outlive them
        has reached the broker."""
        log(f"drain: {self._open()} connections over {seconds:g} s")
        closed = self._close(sys.maxsize, seconds)
        self._settle()
        log(f"drain: {closed} connections closed, {self._servers.connections()} left")
        self._drained.set()

    def finish(self, seconds: float) -> None:
        """As `run`, when the process ends; a drain that runs already goes on first, for so many seconds at most, and
        what is left then is closed."""
        if self.begin(terminating=True):
            self.run(seconds)
        else:
            self._drained.wait(seconds)
            self.run(0)

    def start(self, seconds: float, after: float = 0) -> None:
        """`run` in the background, `after` so many seconds in which routers learn of the drain."""
        threading.Thread(target=self._start, args=(seconds, after), name="socketio-runtime-drain", daemon=True).start()

    def _start(self, seconds: float, after: float) -> None:
        time.sleep(after)
        self.run(seconds)

    def shed(self, count: int, seconds: float) -> bool:
        """Closes some connections over that many seconds and stays ready. One at a time: False if one is running."""
        with self._lock:
            if self.shedding or self.draining:
                return False
            self.shedding = True
        log(f"shed: {min(count, self._open())} of {self._open()} connections over {seconds:g} s")
        threading.Thread(target=self._shed, args=(count, seconds), name="socketio-runtime-shed", daemon=True).start()
        return True

    def _shed(self, count: int, seconds: float) -> None:
        try:
            log(f"shed: {self._close(count, seconds)} connections closed")
        finally:
            self.shedding = False

    # The pace follows what is left: connections that arrive meanwhile are spread over the rest of the time. Each wait
    # is between a half and one and a half of the mean gap.
    def _close(self, count: int, seconds: float) -> int:
        end = time.monotonic() + seconds
        closed = 0
        while True:
            left = min(count - closed, self._open())
            remaining = end - time.monotonic()
            if left <= 0 or remaining <= 0:
                break
            gap = remaining / left
            wait = max(gap, SHORTEST_WAIT_SECONDS) * random.uniform(0.5, 1.5)
            time.sleep(min(wait, remaining))
            closed += self._close_oldest(min(left, max(1, round(wait / gap))))
        while found := self._close_oldest(count - closed):
            closed += found
        return closed

    def _close_oldest(self, most: int) -> int:
        closed = 0
        for managed in self._servers.all():
            closed += managed.close_oldest(most - closed)
        return closed

    def _settle(self) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while self._servers.connections() > 0 and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(LAST_ANSWER_SECONDS)
        for managed in self._servers.all():
            if managed.broker:
                managed.broker.flush(SETTLE_SECONDS)

    def _open(self) -> int:
        return sum(len(managed.open_sockets()) for managed in self._servers.all())
