"""Which other pods were heard of lately, and how late."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Callable

MOST_TOLD = 200
MOST_KEPT = 1000
LONGEST_ADDRESS = 45
# the least difference of the clocks is sought in this time, a piece of it at a time
CLOCK_SECONDS = 300
PIECE_SECONDS = 60
LONGEST_TIME_MS = 2**53


@dataclass
class Sender:
    """Another pod. `at`: when it was heard last, `lag` of that beat, both in seconds. `least`: piece of time -> least
    difference between our clock and the sender's."""

    at: float = 0.0
    lag: float = 0.0
    least: dict[int, float] = field(default_factory=dict)

    def heard(self, now: float, difference: float) -> None:
        """`difference`: between our clock at the arrival and the sender's at the departure."""
        piece = int(now // PIECE_SECONDS)
        self.least = {number: least for number, least in self.least.items() if number > piece - CLOCK_SECONDS // 60}
        self.least[piece] = min(self.least.get(piece, difference), difference)
        self.at = now
        self.lag = difference - min(self.least.values())


class Hearing:
    """By one Server; any thread may call. `own`: this pod's address. `now`: seconds that never go back."""

    def __init__(self, own: str, now: Callable[[], float] = time.monotonic) -> None:
        self._own = own
        self._now = now
        # the one that was heard last comes last
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: Any, sent: Any) -> None:
        """A beat; whatever is none is ignored. `sent`: milliseconds of the sender's clock."""
        name = _address(address)
        if name is None or name == self._own or isinstance(sent, bool) or not isinstance(sent, (int, float)):
            return
        if not math.isfinite(sent) or abs(sent) > LONGEST_TIME_MS:
            return
        with self._lock:
            sender = self._senders.pop(name, None) or Sender()
            self._senders[name] = sender
            sender.heard(self._now(), time.time() - sent / 1000)
            if len(self._senders) > MOST_KEPT:
                self._senders.popitem(last=False)

    def count(self, within: float) -> int:
        """How many pods were heard within so many seconds."""
        now = self._now()
        with self._lock:
            return sum(now - one.at <= within for one in self._senders.values())

    def state(self, within: float) -> dict[str, Any]:
        """Of those heard within so many seconds. hears: address -> seconds; lag: seconds, if anybody is heard."""
        now = self._now()
        with self._lock:
            last = [(name, now - one.at, one.lag) for name, one in reversed(self._senders.items())][:MOST_TOLD]
        told = [one for one in last if one[1] <= within]
        hears = {name: round(ago, 1) for name, ago, _ in told}
        return {"hears": hears, **({"lag": round(max(lag for *_, lag in told), 3)} if told else {})}


def _address(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS or "%" in value:
        return None
    try:
        return str(ip_address(value))
    except ValueError:
        return None
