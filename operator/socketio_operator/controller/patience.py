"""How long each cluster has been not ready for the same reason, as far as this process saw it."""

from datetime import datetime

from socketio_operator.controller.key import Key
from socketio_operator.plan.condition import Condition


class Patience:
    """In memory alone: after a restart what nobody was called for has its time once more."""

    def __init__(self) -> None:
        self._since: dict[Key, tuple[str, datetime]] = {}

    def lasted(self, key: Key, found: tuple[Condition, ...], now: datetime) -> float:
        """For how many seconds the reason of Stalled has been the one that it is; 0 without one."""
        reason = next((item.reason for item in found if item.type == "Stalled"), None)
        if reason is None:
            self.forget(key)
            return 0.0
        known, since = self._since.get(key, (None, now))
        if known != reason:
            since = now
            self._since[key] = (reason, now)
        return (now - since).total_seconds()

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster."""
        self._since.pop(key, None)
