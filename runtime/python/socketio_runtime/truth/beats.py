"""Heartbeats: each process tells the others that it is there, along the path of the app's broadcasts."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import Any, Iterator

from ..settings import Address
from .crossing import Crossing, quiet
from .hearing import Hearing
from .interval import BEAT_SECONDS, heard_for, next_interval

EVENT = "beat"
LOOK_SECONDS = 0.25
FIRST_SECONDS = 1.0


class Beats:
    """Of one Server. `address`: of this pod."""

    def __init__(self, crossing: Crossing, address: Address) -> None:
        self._crossing = crossing
        self._address = str(address)
        self.start()

    def start(self) -> None:
        """Begins; again in a forked process, where the thread of its parent is gone."""
        self._hearing = Hearing(self._address)
        self._interval = BEAT_SECONDS
        self._closing = threading.Event()
        self._crossing.takers[EVENT] = self._hearing.take
        threading.Thread(target=self._run, name="socketio-runtime-beats", daemon=True).start()

    def stop(self) -> None:
        """The Server ends."""
        self._closing.set()

    def state(self) -> dict[str, Any]:
        """Who was heard, and the interval of the own beats in seconds; nothing as long as nobody can be heard here."""
        if not self._crossing.begun():
            return {}
        return {**self._hearing.state(heard_for(self._interval)), "interval": round(self._interval, 1)}

    def _run(self) -> None:
        quiet.set(True)
        closing = self._closing
        if not self._reached(closing):
            return
        for pause in self._pauses():
            if closing.wait(pause) or not self._reached(closing):
                return
            with contextlib.suppress(Exception):
                self._crossing.send(EVENT, self._address, int(time.time() * 1000), closing=closing)

    # a broker that comes back is used at once
    def _reached(self, closing: threading.Event) -> bool:
        while not self._crossing.up():
            if closing.wait(LOOK_SECONDS):
                return False
        return True

    # pods that began together do not go on together
    def _pauses(self) -> Iterator[float]:
        yield FIRST_SECONDS
        yield random.uniform(0, BEAT_SECONDS)
        while True:
            others = self._hearing.count(heard_for(self._interval))
            self._interval = next_interval(others, self._interval)
            yield self._interval * random.uniform(0.9, 1.1)
