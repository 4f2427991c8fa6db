"""An event loop in a thread of its own: what runs there goes on while a test waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

RESULT_SECONDS = 60.0


@contextmanager
def beside(name: str) -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """What runs a coroutine there and returns its result. Tasks that it leaves run for as long as the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(RESULT_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
