"""How much was passed on to other pods, and how long it took."""

from __future__ import annotations

import threading
from typing import Iterator

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Account:
    """`counts`: by why a request was not answered here."""

    def __init__(self) -> None:
        self.counts = {"other-pod": 0, "peer-gone": 0}
        self._seconds = 0.0
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._lock = threading.Lock()

    def forwarded(self, seconds: float | None) -> None:
        """Another pod answered; `seconds`: of those that it answers at once, the POSTs."""
        with self._lock:
            self.counts["other-pod"] += 1
            if seconds is not None:
                self._seconds += seconds
                self._buckets[sum(1 for bound in BOUNDS if bound < seconds)] += 1

    def peer_gone(self) -> None:
        """The pod that has the session did not answer."""
        with self._lock:
            self.counts["peer-gone"] += 1

    def histogram(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """(suffix of the name, labels, value)."""
        with self._lock:
            buckets, seconds = list(self._buckets), self._seconds
        total = 0
        for bound, count in zip(BOUNDS, buckets):
            total += count
            yield "_bucket", {"le": f"{bound:g}"}, total
        yield "_bucket", {"le": "+Inf"}, sum(buckets)
        yield "_sum", {}, seconds
        yield "_count", {}, sum(buckets)
