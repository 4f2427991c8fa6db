"""The other pods of the cluster: the only addresses that are ever dialled."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from ipaddress import ip_address
from typing import Callable

from ..adapters.broker import RedisBroker
from ..log import log
from ..settings import Address
from .heartbeats import Heartbeats

EVERY_SECONDS = 5.0
GONE_SECONDS = 2.0


def endpoint(address: Address, port: int) -> str:
    """As it is written in URLs."""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


class Peers:
    """Known by the DNS name of the headless Service and by heartbeats through the broker, if there is one.

    `names`: of the Service; literal addresses are understood, too. `broker`: the one in use at the moment.
    """

    def __init__(self, names: tuple[str, ...], own: str, prefix: str, broker: Callable[[], RedisBroker | None]) -> None:
        self._names = names
        self._addresses: frozenset[Address] = frozenset()
        self._heartbeats = Heartbeats(own, prefix, broker)
        self._gone: dict[str, float] = {}
        self._reported = False

    def start(self) -> None:
        """Begins to look; again in a forked process, where the threads of its parent are gone."""
        for target in (self._resolve_forever, self._heartbeats.run):
            threading.Thread(target=target, name="socketio-runtime-peers", daemon=True).start()

    def knows(self, address: Address, port: int) -> bool:
        """Whether a pod of the cluster is there; waits for nothing."""
        return address in self._addresses or self._heartbeats.knows(endpoint(address, port))

    def ask(self, address: Address, port: int) -> bool:
        """The same of one that may have come just now; waits for the broker."""
        return self._heartbeats.ask(endpoint(address, port))

    def gone(self, where: str) -> None:
        """It was not there: it is not dialled again for a while."""
        now = time.monotonic()
        self._gone = {**{name: until for name, until in self._gone.items() if until > now}, where: now + GONE_SECONDS}

    def is_gone(self, where: str) -> bool:
        """Whether it was not there a moment ago."""
        return self._gone.get(where, 0.0) > time.monotonic()

    def leave(self) -> None:
        """This pod has no sessions any more."""
        self._heartbeats.leave()

    def _resolve_forever(self) -> None:
        while True:
            self._resolve()
            time.sleep(EVERY_SECONDS)

    # What was known stays known while the name cannot be resolved.
    def _resolve(self) -> None:
        addresses = set()
        for name in self._names:
            try:
                found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                if not self._reported:
                    log(f"peers: {name} cannot be resolved, tried again every {EVERY_SECONDS:g} s: {error}")
                self._reported = True
                return
            for *_, place in found:
                with contextlib.suppress(ValueError):
                    addresses.add(ip_address(place[0]))
        self._reported = False
        self._addresses = frozenset(addresses)
