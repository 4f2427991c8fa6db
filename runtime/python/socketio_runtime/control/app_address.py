"""Where the app is to be found: by routers from outside, and by us from inside the pod."""

from __future__ import annotations

import time
from typing import Callable, Iterable

from ..settings import Address
from .listening import Listener, ListeningSocket, on_port

# an app does not leave its port: what was found is not looked for again at each request
FOUND_SECONDS = 10.0


class AppAddress:
    """Asks the kernel for the app's listening socket. `port`: where routers look; None: anywhere will do. `pod`: its
    address. `ours`: descriptors of the runtime's own sockets that listen."""

    def __init__(self, port: int | None, pod: Address | None, ours: Callable[[], Iterable[int]]) -> None:
        self.port = port
        self._pod = pod
        self._ours = ours
        self._own = ListeningSocket()
        self._routed: Listener | None = None
        self._until = 0.0

    def own(self) -> Listener | None:
        """A listening socket that this process holds, those of the runtime apart."""
        return self._own.find(but=self._ours)

    def routed(self) -> Listener | None:
        """What listens on the port where routers look, rather at an address that they reach than not."""
        if self.port is None:
            return None
        if time.monotonic() > self._until:
            self._routed = max(on_port(self.port), key=self.reachable, default=None)
            found = self._routed is not None and self.reachable(self._routed)
            self._until = time.monotonic() + (FOUND_SECONDS if found else 0)
        return self._routed

    def reachable(self, listener: Listener) -> bool:
        """Whether other machines reach it; the address of the pod may be a loopback one where there is no cluster."""
        return not listener.loopback or listener.address == self._pod

    def elsewhere(self) -> bool:
        """Whether the app listens, but not where routers look."""
        if self.port is None:
            return False
        routed = self.routed()
        return routed is None or not self.reachable(routed)

    def dial(self) -> tuple[str, int] | None:
        """Where we reach it from inside the pod."""
        listener = self.routed() or self.own()
        return listener.dial() if listener else None
