"""Pods that tell each other through Redis that they are there: the sorted set `<prefix>:peers`, by time."""

from __future__ import annotations

import contextlib
import time
from typing import Callable

from ..adapters.broker import RedisBroker

EVERY_SECONDS = 5.0
FIRST_SECONDS = 0.5
VALID_MS = 15_000
# of pods that ended without a word
FORGOTTEN_MS = 60_000
ASKED_SECONDS = 2.0


class Heartbeats:
    """`own`: address and port of this pod's runtime. That Redis is away is told by the broker, not here."""

    def __init__(self, own: str, prefix: str, broker: Callable[[], RedisBroker | None]) -> None:
        self._own = own
        self._key = f"{prefix}:peers"
        self._broker = broker
        # until when, in seconds of the monotonic clock
        self._known: dict[str, float] = {}
        self._unknown: dict[str, float] = {}
        self._left = False

    def knows(self, peer: str) -> bool:
        """Whether it was heard of lately; waits for nothing."""
        return self._known.get(peer, 0.0) > time.monotonic()

    def ask(self, peer: str) -> bool:
        """Asks Redis about one, unless that was done a moment ago or Redis is away."""
        broker, now = self._reached(), time.monotonic()
        if broker is None or self._unknown.get(peer, 0.0) > now:
            return False
        try:
            score = broker.client.zscore(self._key, peer)
            until = 0.0 if score is None else _until(score, _milliseconds(broker))
        except Exception:
            return False
        if until > now:
            self._known = {**self._known, peer: until}
            return True
        waiting = {name: end for name, end in self._unknown.items() if end > now}
        self._unknown = {**waiting, peer: now + ASKED_SECONDS}
        return False

    def run(self) -> None:
        """For ever, in a thread of its own."""
        while not self._left:
            broker = self._reached()
            if broker is not None:
                with contextlib.suppress(Exception):
                    self._beat(broker)
            time.sleep(EVERY_SECONDS if self._known else FIRST_SECONDS)

    def leave(self) -> None:
        """Takes this pod out."""
        self._left = True
        broker = self._reached()
        if broker is not None:
            with contextlib.suppress(Exception):
                broker.client.zrem(self._key, self._own)

    def _reached(self) -> RedisBroker | None:
        broker = self._broker()
        return broker if broker is not None and broker.state()["reachable"] else None

    def _beat(self, broker: RedisBroker) -> None:
        now = _milliseconds(broker)
        pipeline = broker.client.pipeline(transaction=False)
        pipeline.zadd(self._key, {self._own: now})
        pipeline.zremrangebyscore(self._key, "-inf", now - FORGOTTEN_MS)
        pipeline.zrangebyscore(self._key, now - VALID_MS, "+inf", withscores=True)
        members = pipeline.execute()[2]
        self._known = {member.decode("utf-8", "replace"): _until(score, now) for member, score in members}


def _milliseconds(broker: RedisBroker) -> int:
    seconds, microseconds = broker.client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def _until(score: float, now: int) -> float:
    return time.monotonic() + (score + VALID_MS - now) / 1000
