"""How long the event loops of asyncio servers let a callback wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .managed_server import ManagedServer

LONGEST_SECONDS = 1.0


def lag_seconds(servers: list[ManagedServer]) -> float | None:
    """The longest wait, at most LONGEST_SECONDS; None without a running asyncio server."""
    loops = {server.loop for server in servers if server.loop and not server.loop.is_closed()}
    if not loops:
        return None
    start = time.monotonic()
    waiting = [threading.Event() for _ in loops]
    for loop, event in zip(loops, waiting):
        loop.call_soon_threadsafe(event.set)
    for event in waiting:
        event.wait(max(0.0, start + LONGEST_SECONDS - time.monotonic()))
    return time.monotonic() - start
