"""Whether new clients should be sent to this process."""

from __future__ import annotations

from typing import Any

from ..servers.servers import Servers
from .app_address import AppAddress
from .drain import Drain


class Readiness:
    """Reasons: NoServer, Draining, BrokerRefused, NotListening, ListensElsewhere, BrokerUnreachable, NotSubscribed."""

    def __init__(self, servers: Servers, drain: Drain, app_address: AppAddress) -> None:
        self._servers = servers
        self._drain = drain
        self._app_address = app_address

    def state(self) -> dict[str, Any]:
        """{"ready": true}, or {"ready": false, "reason", "message"}, and "listens" where it listens elsewhere.

        Kubernetes itself takes a pod that terminates out of the endpoints; a router that keeps its sessions may go on.
        A broker that was reached once gates nothing: all pods share it, and its absence would take all of them away.
        """
        servers = self._servers.all()
        if self._drain.draining and not self._drain.terminating:
            return _no("Draining", "connections are being moved elsewhere")
        if not servers:
            return _no("NoServer", "no Socket.IO server exists")
        waiting = [managed.broker for managed in servers if managed.broker and not managed.broker.was_subscribed]
        # first, as an app may listen only when its broker has answered
        if any(broker.state().get("refused") for broker in waiting):
            return _no("BrokerRefused", "the broker refuses the login: user or password of its URL are wrong")
        if self._app_address.own() is None:
            return _no("NotListening", "the Socket.IO server does not listen yet")
        if self._app_address.elsewhere():
            return self._elsewhere()
        for broker in waiting:
            if not broker.state()["reachable"]:
                return _no("BrokerUnreachable", "the broker does not answer")
            return _no("NotSubscribed", "messages of other processes do not arrive yet")
        return {"ready": True}

    def _elsewhere(self) -> dict[str, Any]:
        address, wanted = self._app_address, self._app_address.port
        listener = address.routed() or address.own()
        if listener is None or listener.port is None:
            return _no("ListensElsewhere", f"the server listens on a Unix socket, routers look on port {wanted}")
        where = f"port {listener.port}" + (", at the loopback address only" if listener.loopback else "")
        message = f"the server listens on {where}; routers look on port {wanted} at the address of the pod"
        listens = {"port": listener.port, "loopback": listener.loopback}
        return {**_no("ListensElsewhere", message), "listens": listens}


def _no(reason: str, message: str) -> dict[str, Any]:
    return {"ready": False, "reason": reason, "message": message}
