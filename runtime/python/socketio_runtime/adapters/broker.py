"""The connections of one Server to Redis, in two threads of their own.

Neither an event loop nor a thread of the app ever waits for Redis: what is published goes to a queue, what arrives is
handed over. So one implementation serves asyncio and threads, and an outage of Redis costs the app nothing.
"""

from __future__ import annotations

import collections
import random
import re
import threading
import time
from types import ModuleType
from typing import Any, Callable
from urllib.parse import urlsplit

from ..log import log

ANSWER_SECONDS = 1.5
CHECK_SECONDS = 3.0
QUEUED_MESSAGES = 10_000
QUEUED_BYTES = 16 * 1024 * 1024
BATCH = 500
LONGEST_RETRY_SECONDS = 0.5
# a broker that refuses a login will do so again, and many tries may lock the user out for everybody
FIRST_LOGIN_SECONDS = 1.0
LONGEST_LOGIN_SECONDS = 30.0
# what Redis says to a wrong password, before version 6 too, and to none; as it is, and in the words of redis-py
REFUSAL = re.compile(
    r"\b(WRONGPASS|NOAUTH)\b|invalid (username-)?password|invalid username|authentication required", re.I
)
# after an outage the others get this time to subscribe again before what was queued is sent
RESUBSCRIBE_SECONDS = 1.5


class RedisBroker:
    """Publishes to one channel and listens to it; lives through outages of Redis.

    `deliver`: called in the listening thread with each message as bytes; it may wait, which slows the listening down.
    `was_subscribed`: whether this process was connected and subscribed once. `client`: for other commands, in a thread
    that may wait. `ca_file`: of the authority that signed its certificate; by default those that the image trusts.
    """

    def __init__(self, redis: ModuleType, url: str, channel: str, ca_file: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("redis", "rediss"):
            raise ValueError("the broker's URL is not redis:// or rediss://")
        self.place = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
        self.channel = channel
        self.deliver: Callable[[bytes], None] | None = None
        self.dropped = 0
        self._redis = redis
        self._url = url
        self._trust = {"ssl_ca_certs": ca_file} if ca_file and parts.scheme == "rediss" else {}
        self._reachable = False
        self._subscribed = False
        self._told = ""
        self._closing = threading.Event()
        self.start()

    def start(self) -> None:
        """Starts the threads; again in a forked process, where those of its parent are gone."""
        self.was_subscribed = False
        self.client = self._redis.Redis.from_url(self._url, **self._connection_options())
        self._outbox: collections.deque[bytes] = collections.deque()
        self._queued_bytes = 0
        self._wake = threading.Condition()
        self._refused = 0
        self._accepted = threading.Event()
        for target in (self._publish_forever, self._listen_forever):
            threading.Thread(target=target, name="socketio-runtime-redis", daemon=True).start()

    def publish(self, payload: bytes) -> None:
        """Queues a message; never waits. Beyond the bounds it is dropped and counted."""
        with self._wake:
            if len(self._outbox) >= QUEUED_MESSAGES or self._queued_bytes + len(payload) > QUEUED_BYTES:
                self.dropped += 1
                return
            self._outbox.append(payload)
            self._queued_bytes += len(payload)
            self._wake.notify()

    def state(self) -> dict[str, bool]:
        """reachable: commands get through; subscribed: what others publish arrives; refused, if so: Redis answers, and
        does not take user and password."""
        state = {"reachable": self._reachable, "subscribed": self._reachable and self._subscribed}
        return {**state, "refused": True} if self._refused else state

    def flush(self, seconds: float) -> None:
        """Waits until what was published so far has arrived, at most that long."""
        end = time.monotonic() + seconds
        while self._outbox and time.monotonic() < end:
            time.sleep(0.02)

    def close(self) -> None:
        """Ends the threads, within a few seconds."""
        self._closing.set()
        self._accepted.set()
        with self._wake:
            self._wake.notify()

    def _connection_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
            "socket_keepalive": True,
            **self._trust,
        }
        try:
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            return options  # before redis 4 nothing is tried again
        return {**options, "retry": Retry(NoBackoff(), 0)}

    def _publish_forever(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            try:
                if attempt:
                    self.client.ping()
                    time.sleep(RESUBSCRIBE_SECONDS)
                self._send(self._next_batch())
            except Exception as error:
                attempt += 1
                self._failed(error)
                self._changed(reachable=False, error=error)
                self._closing.wait(_login_pause(self._refused) if self._refused else _pause(attempt))
            else:
                attempt = 0
                self._refused = 0
                self._accepted.set()
                self._changed(reachable=True)

    def _failed(self, error: Exception) -> None:
        if REFUSAL.search(str(error)):
            self._accepted.clear()
            self._refused += 1
        else:
            self._refused = 0
            self._accepted.set()

    def _next_batch(self) -> list[bytes]:
        with self._wake:
            if not self._outbox and self._reachable:
                self._wake.wait(CHECK_SECONDS)
            return [self._outbox[index] for index in range(min(BATCH, len(self._outbox)))]

    # A message leaves the queue once Redis has it: after a connection that broke in between it is sent again.
    def _send(self, batch: list[bytes]) -> None:
        if not batch:
            self.client.ping()
            return
        pipeline = self.client.pipeline(transaction=False)
        for payload in batch:
            pipeline.publish(self.channel, payload)
        pipeline.execute()
        with self._wake:
            for payload in batch:
                self._outbox.popleft()
                self._queued_bytes -= len(payload)

    def _listen_forever(self) -> None:
        attempt = 0
        self._accepted.wait()
        while not self._closing.is_set():
            pubsub = self.client.pubsub()
            try:
                pubsub.subscribe(self.channel)
                attempt = 0
                self._receive(pubsub)
            except Exception as error:
                attempt += 1
                self._changed(subscribed=False, error=error)
                self._closing.wait(_pause(attempt))
                # one thread tries for both
                self._accepted.wait()
            finally:
                pubsub.close()

    # A connection that the network forgot gives no sign: after a silence it is asked with a PING.
    def _receive(self, pubsub: Any) -> None:
        heard = time.monotonic()
        asked = False
        while not self._closing.is_set():
            message = pubsub.get_message(timeout=1.0)
            now = time.monotonic()
            if message is not None:
                heard, asked = now, False
                self._handle(message)
            elif asked and now - heard > 2 * CHECK_SECONDS:
                raise TimeoutError("no answer to PING")
            elif not asked and now - heard > CHECK_SECONDS:
                pubsub.ping()
                asked = True

    def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._changed(subscribed=True)
        elif message["type"] == "message" and self.deliver is not None:
            self.deliver(message["data"])

    # Losing and regaining the broker is logged, one line each.
    def _changed(
        self, reachable: bool | None = None, subscribed: bool | None = None, error: Exception | None = None
    ) -> None:
        with self._wake:
            self._reachable = self._reachable if reachable is None else reachable
            self._subscribed = self._subscribed if subscribed is None else subscribed
            up = self.state()["subscribed"]
            telling = "connected and subscribed" if up else "refuses the login" if self._refused else "away"
            if self._closing.is_set() or telling == self._told or (not up and error is None):
                return
            self._told = telling
            self.was_subscribed = self.was_subscribed or up
        dropped = f", {self.dropped} messages dropped so far" if self.dropped else ""
        reason = str(error).replace(self._url, "(broker URL)")
        log(f"broker {self.place}: {telling}" + (dropped if up else f" ({reason}), trying again"))


def _login_pause(refused: int) -> float:
    wait: float = min(FIRST_LOGIN_SECONDS * 2 ** min(refused - 1, 10), LONGEST_LOGIN_SECONDS)
    return wait * random.uniform(0.75, 1.25)


def _pause(attempt: int) -> float:
    return min(0.1 * attempt, LONGEST_RETRY_SECONDS) * random.uniform(0.75, 1.25)
