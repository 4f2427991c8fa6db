"""What is asked of a Server here."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from ..adapters.broker import RedisBroker


class Server(Protocol):
    """One of Socket.IO. `broker`: of our adapter. `loop`: where it runs, once it had a client; for asyncio."""

    io: Any
    asynchronous: bool
    broker: RedisBroker | None
    loop: asyncio.AbstractEventLoop | None

    def sockets(self) -> list[Any]:
        """Open Engine.IO sockets."""
