"""Whether new clients should be sent to this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .listening import ListeningSocket

if TYPE_CHECKING:
    from .runtime import Runtime


class Readiness:
    """Reasons: NoServer, Draining, NotListening, BrokerUnreachable, NotSubscribed, ConnectionLimit."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._listening = ListeningSocket()

    def state(self) -> dict[str, Any]:
        """{"ready": true}, or {"ready": false, "reason", "message"}."""
        runtime = self._runtime
        servers = runtime.all()
        if runtime.drain.draining:
            return _no("Draining", "connections are being moved elsewhere")
        if not servers:
            return _no("NoServer", "no Socket.IO server exists")
        if not self.listening():
            return _no("NotListening", "the Socket.IO server does not listen yet")
        for state in [managed.broker.state() for managed in servers if managed.broker]:
            if not state["reachable"]:
                return _no("BrokerUnreachable", "the broker does not answer")
            if not state["subscribed"]:
                return _no("NotSubscribed", "messages of other processes do not arrive yet")
        return self._within_limit()

    def listening(self) -> bool:
        """Whether this process holds a listening socket besides the side port's."""
        side_port = self._runtime.side_port
        return self._listening.exists(except_fd=side_port.fileno() if side_port else -1)

    def _within_limit(self) -> dict[str, Any]:
        limit = self._runtime.settings.max_connections
        connections = self._runtime.connections()
        if limit is not None and connections >= limit:
            return _no("ConnectionLimit", f"{connections} connections, the limit is {limit:g}")
        return {"ready": True}


def _no(reason: str, message: str) -> dict[str, Any]:
    return {"ready": False, "reason": reason, "message": message}
