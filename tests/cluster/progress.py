"""One printed line per step, with the time it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print `name` and the seconds that the block took; on an error the line says so."""
    started = time.monotonic()
    outcome = "FAILED after"
    try:
        yield
        outcome = ""
    finally:
        say(f"  {name:<58} {outcome}{time.monotonic() - started:6.1f} s")
