"""The Servers of this process."""

from __future__ import annotations

from typing import Any

from .managed_server import ManagedServer
from .version import Version


class Servers:
    """In order of creation. `created`: how many the process ever had."""

    def __init__(self) -> None:
        self._known: dict[int, ManagedServer] = {}
        self.created = 0

    def get(self, io: Any) -> ManagedServer | None:
        """What is known of a Server of Socket.IO; None if it is not one of ours."""
        return self._known.get(id(io))

    def add(self, io: Any, asynchronous: bool, version: Version, socketio: Any) -> ManagedServer:
        """Notes a new one. `socketio`: its module; None if its version is left alone."""
        self.created += 1
        managed = ManagedServer(io, asynchronous, version, self.created, socketio)
        self._known[id(io)] = managed
        return managed

    def remove(self, io: Any) -> ManagedServer | None:
        """Forgets one."""
        return self._known.pop(id(io), None)

    def all(self) -> list[ManagedServer]:
        """Safe to iterate over in any thread."""
        return list(self._known.values())

    def connections(self) -> int:
        """Transport connections of all."""
        return sum(len(managed.sockets()) for managed in self.all())
