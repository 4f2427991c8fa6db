"""How often the status of a cluster is written: while pods come and go, once a second says all that people can use."""

import time

from socketio_operator.controller.key import Key

# After children were written, until what comes of them is seen; and between two writes of a status.
MOVED_SECONDS = 0.3
TOLD_SECONDS = 1.0


class Pace:
    """When each cluster may be told of again, in monotonic seconds."""

    def __init__(self) -> None:
        self._not_before: dict[Key, float] = {}

    def acted(self, key: Key) -> float:
        """Something was written. Returns the seconds until it may be told."""
        self._hold(key, MOVED_SECONDS)
        return MOVED_SECONDS

    def told(self, key: Key) -> None:
        """The status was written."""
        self._hold(key, TOLD_SECONDS)

    def wait(self, key: Key) -> float:
        """Seconds until the status may be written; 0 if it may be now."""
        left = self._not_before.get(key, 0.0) - time.monotonic()
        if left > 0:
            return left
        self._not_before.pop(key, None)
        return 0.0

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._not_before.pop(key, None)

    def _hold(self, key: Key, seconds: float) -> None:
        self._not_before[key] = max(self._not_before.get(key, 0.0), time.monotonic() + seconds)
