"""Heartbeats: each process tells the others that it is there, along the path of the app's broadcasts."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from typing import Any, Iterator

from ..settings import Address
from .crossing import Crossing, quiet
from .hearing import Hearing

EVENT = "beat"
LOOK_SECONDS = 0.25
FIRST_SECONDS = 1.0
EVERY_SECONDS = 5.0


class Beats:
    """Of one Server. `address`: of this pod."""

    def __init__(self, crossing: Crossing, address: Address) -> None:
        self._crossing = crossing
        self._address = str(address)
        self.start()

    def start(self) -> None:
        """Begins; again in a forked process, where the thread of its parent is gone."""
        self._hearing = Hearing(self._address)
        self._closing = threading.Event()
        self._crossing.takers[EVENT] = self._hearing.take
        threading.Thread(target=self._run, name="socketio-runtime-beats", daemon=True).start()

    def stop(self) -> None:
        """The Server ends."""
        self._closing.set()

    def state(self) -> dict[str, Any]:
        """Who was heard; nothing as long as nobody can be heard here."""
        return self._hearing.state() if self._crossing.begun() else {}

    def _run(self) -> None:
        quiet.set(True)
        closing = self._closing
        while not self._crossing.up():
            if closing.wait(LOOK_SECONDS):
                return
        for pause in _pauses():
            if closing.wait(pause):
                return
            if self._crossing.up():
                with contextlib.suppress(Exception):
                    self._crossing.send(EVENT, self._address, int(time.time() * 1000), closing=closing)


# pods that began together do not go on together
def _pauses() -> Iterator[float]:
    return itertools.chain((FIRST_SECONDS, random.uniform(0, EVERY_SECONDS)), itertools.repeat(EVERY_SECONDS))
