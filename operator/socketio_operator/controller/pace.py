"""How often the status of a cluster is written: while pods come and go, once a second says all that people can use.

While clusters wait for a worker, children are made before statuses are written: each costs the API server as much as
two children. But nobody's status waits for others longer than `LONGEST_SECONDS`.
"""

import time
from collections.abc import Callable

from socketio_operator.controller.key import Key

# After children were written, until what comes of them is seen; and between two writes of a status.
MOVED_SECONDS = 0.3
TOLD_SECONDS = 1.0
# Until it is asked again whether clusters wait, and at most altogether.
BUSY_SECONDS = 0.5
LONGEST_SECONDS = 5.0


class Pace:
    """When each cluster may be told of again, in monotonic seconds. `busy`: whether clusters wait for a worker."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._not_before: dict[Key, float] = {}
        self._gives_way_since: dict[Key, float] = {}

    def acted(self, key: Key) -> float:
        """Something was written. Returns the seconds until it may be told."""
        self._hold(key, MOVED_SECONDS)
        return MOVED_SECONDS

    def told(self, key: Key) -> None:
        """The status was written."""
        self._hold(key, TOLD_SECONDS)

    def wait(self, key: Key) -> float:
        """Seconds until the status may be written; 0 if it may be now."""
        now = time.monotonic()
        left = self._not_before.get(key, 0.0) - now
        if left > 0:
            return left
        if self._busy() and now < self._gives_way_since.setdefault(key, now) + LONGEST_SECONDS:
            return BUSY_SECONDS
        self.forget(key)
        return 0.0

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._not_before.pop(key, None)
        self._gives_way_since.pop(key, None)

    def _hold(self, key: Key, seconds: float) -> None:
        self._not_before[key] = max(self._not_before.get(key, 0.0), time.monotonic() + seconds)
