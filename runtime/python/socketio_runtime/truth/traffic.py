"""What came to this pod from outside during the last minutes. Addresses are compared here and told to nobody."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Callable, Iterable

from ..sessions.request import Environ, client

BUCKET_SECONDS = 10
BUCKETS = 30
WINDOWS = {"minute": 6, "fiveMinutes": BUCKETS}
ADDRESSES = 256
# of an IPv6 address with an IPv4 one inside
LONGEST_ADDRESS = 45
# where a connection keeps what was counted for it
HANDSHAKE = "socketio_runtime_handshake"


@dataclass
class Bucket:
    """Ten seconds, the `number`th of the clock. `clients`: packed address -> handshakes."""

    number: int
    handshakes: int = 0
    requests: int = 0
    forwarded: int = 0
    unknown: int = 0
    clients: Counter[bytes] = field(default_factory=Counter)

    def wire(self) -> list[Any]:
        """As JSON has it."""
        clients = {address.hex(): count for address, count in self.clients.items()}
        return [self.number, self.handshakes, self.requests, self.forwarded, self.unknown, clients]

    @classmethod
    def of(cls, wire: list[Any]) -> Bucket:
        """From that."""
        number, handshakes, requests, forwarded, unknown, clients = wire
        packed = Counter({bytes.fromhex(address): count for address, count in clients.items()})
        return cls(number, handshakes, requests, forwarded, unknown, packed)


@dataclass(frozen=True)
class Handshake:
    """Where one was counted: the bucket's number, and the address if it was kept."""

    bucket: int
    client: bytes | None


class Traffic:
    """One for each process; any thread may call. `clock`: in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets = [Bucket(-1) for _ in range(BUCKETS)]
        self._lock = threading.Lock()

    def handshake(self, environ: Environ) -> Handshake:
        """A session was opened."""
        packed = client_address(environ)
        with self._lock:
            bucket = self._bucket()
            bucket.handshakes += 1
            if packed is not None and packed not in bucket.clients and len(bucket.clients) >= ADDRESSES:
                packed = None
            if packed is not None:
                bucket.clients[packed] += 1
        return Handshake(bucket.number, packed)

    def withdraw(self, handshake: Handshake) -> None:
        """That one was none of a client."""
        with self._lock:
            bucket = self._buckets[handshake.bucket % BUCKETS]
            if bucket.number != handshake.bucket:
                return
            bucket.handshakes -= 1
            if handshake.client is not None:
                bucket.clients -= Counter([handshake.client])

    def request(self) -> None:
        """A request that names a session."""
        with self._lock:
            self._bucket().requests += 1

    def forwarded(self) -> None:
        """Such a request was answered by another pod."""
        with self._lock:
            self._bucket().forwarded += 1

    def unknown(self) -> None:
        """Nobody knew the session of such a request."""
        with self._lock:
            self._bucket().unknown += 1

    def buckets(self) -> list[Bucket]:
        """Those of the longest window, as they are now."""
        with self._lock:
            now = self._bucket().number
            current = [one for one in self._buckets if now - BUCKETS < one.number <= now]
            return [replace(one, clients=Counter(one.clients)) for one in current]

    def _bucket(self) -> Bucket:
        number = int(self._clock() / BUCKET_SECONDS)
        place = number % BUCKETS
        if self._buckets[place].number != number:
            self._buckets[place] = Bucket(number)
        return self._buckets[place]


def windows(buckets: list[Bucket]) -> dict[str, dict[str, float]]:
    """The windows by name. `buckets`: of one process or of several of a pod, whose clocks are the same."""
    now = max(one.number for one in buckets)
    return {name: _sum([one for one in buckets if now - number < one.number]) for name, number in WINDOWS.items()}


def client_address(environ: Environ) -> bytes | None:
    """The address that a proxy saw, else that of the connection; None if there is neither."""
    through = str(environ.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2]
    return _packed(through) or _packed(str(client(environ) or ""))


def _packed(text: str) -> bytes | None:
    text = text.strip()
    if len(text) > LONGEST_ADDRESS:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped: Any = getattr(address, "ipv4_mapped", None)
    return bytes((mapped or address).packed)


def _sum(buckets: Iterable[Bucket]) -> dict[str, float]:
    clients: Counter[bytes] = Counter()
    total = Bucket(0)
    for bucket in buckets:
        clients.update(bucket.clients)
        total.handshakes += bucket.handshakes
        total.requests += bucket.requests
        total.forwarded += bucket.forwarded
        total.unknown += bucket.unknown
    busiest = max(clients.values(), default=0)
    return {
        "handshakes": total.handshakes,
        "requests": total.requests,
        "forwarded": total.forwarded,
        "unknown": total.unknown,
        "clients": len(clients),
        "busiest": round(busiest / total.handshakes, 2) if total.handshakes else 0,
    }
