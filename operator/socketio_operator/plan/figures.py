"""What a pod's runtime counts of its traffic. It comes from the pod, so nothing of it is believed to have a form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The runtime lists at most so many pods; one that is missing from a full list may be heard all the same.
MOST_HEARD = 200
# Between heartbeats of a runtime that does not say: it is an older one.
BEAT_SECONDS = 5.0
# The more pods, the more rarely newer runtimes send: about so many heartbeats come to a pod in a second.
BEATS_PER_SECOND = 5
# With 1000 pods it is 200 s.
LONGEST_INTERVAL = 240.0
# So many heartbeats in a row did not come.
MISSED_BEATS = 3
# From so many requests of sessions in five minutes on traffic says something.
SOME_REQUESTS = 40
# Of new sessions that come from one address: all clients seem to have it.
ONE_ADDRESS = 0.9
MOST = 10**9

_COUNTS = ("handshakes", "requests", "forwarded", "unknown", "clients")


@dataclass(frozen=True, slots=True)
class Window:
    """Counts of what came to a pod from outside: new sessions, requests of sessions, those of them that were handed to
    another pod, those whose session nobody knew, distinct addresses of clients. `busiest`: the share of the new
    sessions that came from one address, 0 to 1.
    """

    handshakes: int = 0
    requests: int = 0
    forwarded: int = 0
    unknown: int = 0
    clients: int = 0
    busiest: float = 0.0

    @classmethod
    def parse(cls, found: Any) -> "Window":
        """Raises KeyError, TypeError or ValueError on another format."""
        counts = {name: int(_number(found[name])) for name in _COUNTS}
        return cls(**counts, busiest=_number(found["busiest"], 1))

    def __add__(self, other: "Window") -> "Window":
        """Of two pods. Which addresses they have in common is not known: the larger number of them counts."""
        handshakes = self.handshakes + other.handshakes
        of_one = self.busiest * self.handshakes, other.busiest * other.handshakes
        return Window(
            handshakes,
            self.requests + other.requests,
            self.forwarded + other.forwarded,
            self.unknown + other.unknown,
            max(self.clients, other.clients),
            max(of_one) / handshakes if handshakes else 0.0,
        )

    def share(self, count: int) -> float:
        """Of all requests."""
        return count / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """One pod's. `hears`: pod's address -> seconds since its last heartbeat; None: not measured. `lag`: seconds that
    the slowest of them took, None if unknown. `interval`: seconds between the heartbeats that it sends.
    """

    connections: int = 0
    minute: Window = Window()
    five_minutes: Window = Window()
    hears: Mapping[str, float] | None = None
    lag: float | None = None
    interval: float = BEAT_SECONDS

    @classmethod
    def parse(cls, status: Mapping[str, Any]) -> "Figures":
        """From the runtime's `/status`; without what it has not, or in another format."""
        try:
            traffic = status.get("traffic") or {}
            minute, five_minutes = (
                Window.parse(traffic[name]) if traffic else Window() for name in ("minute", "fiveMinutes")
            )
            servers = [server for server in status["servers"] if "hears" in server]
            hears, lag = _heard(servers)
            intervals = [_number(server["interval"], LONGEST_INTERVAL) for server in servers if "interval" in server]
            interval = max(intervals, default=BEAT_SECONDS)
            return cls(int(_number(status["connections"])), minute, five_minutes, hears, lag, interval)
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    @property
    def gist(self) -> tuple[Any, ...]:
        """What is news if it changes: small changes of the counts are not."""
        shares = [
            round(window.share(count), 1)
            for window in (self.minute, self.five_minutes)
            for count in (window.forwarded, window.unknown)
        ]
        some, one_address = _about(self.five_minutes.requests), self.five_minutes.busiest >= ONE_ADDRESS
        return _about(self.connections), some, *shares, one_address, self._company()

    def heard(self, seconds: float) -> frozenset[str]:
        """Addresses of the pods that it heard within so many seconds."""
        return frozenset(address for address, ago in (self.hears or {}).items() if ago <= seconds)

    # An older runtime does not say how rarely newer ones send: their number does. Which pods a full list holds changes
    # from one look to the next.
    def _company(self) -> frozenset[str] | int | None:
        if self.hears is None:
            return None
        heard = self.heard(deaf_after(max(self.interval, len(self.hears) / BEATS_PER_SECOND)))
        return heard if len(heard) < MOST_HEARD else MOST_HEARD


def deaf_after(interval: float) -> float:
    """Seconds without a heartbeat after which a pod is not heard. `interval`: the longest one of those that send."""
    return MISSED_BEATS * max(interval, BEAT_SECONDS)


def total(windows: Iterable[Window]) -> Window:
    """Of several pods."""
    return sum(windows, Window())


def _heard(servers: list[Mapping[str, Any]]) -> tuple[Mapping[str, float] | None, float | None]:
    """Of all servers of a pod: one that does not hear a pod is what counts."""
    if not servers:
        return None, None
    lists = [{str(address): _number(seconds) for address, seconds in one["hears"].items()} for one in servers]
    by_all = set(lists[0]).intersection(*lists[1:])
    lags = [_number(server["lag"]) for server in servers if "lag" in server]
    return {address: max(one[address] for one in lists) for address in by_all}, max(lags, default=None)


def _number(found: Any, most: float = MOST) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= most:
        raise ValueError("not a number in its bounds")
    return float(found)


def _about(count: int) -> int:
    """Two digits of it."""
    return round(count, 2 - len(str(count)))
