"""Waiting for a condition with a deadline; never a bare sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T | None],
    timeout: float,
    what: str,
    *,
    tolerate: tuple[type[Exception], ...] = (),
    interval: float = 0.1,
) -> T:
    """Poll `condition` until it returns something true, and return that.

    `timeout` and `interval` are seconds. An exception of a type in `tolerate` counts as "not yet".
    Raises TimeoutError that says what was waited for and what was last seen.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            value = condition()
            if value:
                return value
            seen: object = value
        except tolerate as error:
            seen = error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"after {timeout:g} s still waiting for {what}; last seen: {seen!r}")
        time.sleep(interval)
