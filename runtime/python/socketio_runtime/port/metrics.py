"""Counts what happens, what the operator's own client does apart. Names come from clients: beyond a bound they are
counted as "other"."""

from __future__ import annotations

import threading
from collections import Counter

from ..truth.crossing import NAMESPACE

NAMESPACES = 20
PAIRS = 200
NAME_LENGTH = 64
OTHER = "other"


class Metrics:
    """`events`: by (event, namespace); `connects`, `disconnects`: by namespace."""

    def __init__(self) -> None:
        self.connects: Counter[str] = Counter()
        self.disconnects: Counter[str] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        self.events_sent = 0
        self.unknown_sessions = 0
        self.other_rejections = 0
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def connected(self, namespace: str | None) -> None:
        """A socket connected to a namespace."""
        if namespace == NAMESPACE:
            return
        with self._lock:
            self.connects[self._namespace(namespace)] += 1

    def disconnected(self, namespace: str | None) -> None:
        """A socket disconnected from a namespace."""
        if namespace == NAMESPACE:
            return
        with self._lock:
            self.disconnects[self._namespace(namespace)] += 1

    def received(self, event: object, namespace: str | None) -> None:
        """An event that a client sent."""
        if namespace == NAMESPACE:
            return
        with self._lock:
            key = (str(event)[:NAME_LENGTH], self._namespace(namespace))
            known = key in self.events or len(self.events) < PAIRS
            self.events[key if known else (OTHER, OTHER)] += 1

    def sent(self) -> None:
        """An event that goes to one client."""
        with self._lock:
            self.events_sent += 1

    def rejected(self, unknown_session: bool) -> None:
        """A request that the engine refused."""
        with self._lock:
            if unknown_session:
                self.unknown_sessions += 1
            else:
                self.other_rejections += 1

    def _namespace(self, namespace: str | None) -> str:
        name = (namespace or "/")[:NAME_LENGTH]
        if name not in self._names and len(self._names) < NAMESPACES:
            self._names.add(name)
        return name if name in self._names else OTHER
