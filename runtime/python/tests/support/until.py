"""Waiting for a condition."""

import time
from collections.abc import Callable
from typing import Any


def until(what: str, condition: Callable[[], Any], seconds: float = 15) -> None:
    """`condition`: True ends the wait; anything else, or an error, is what was seen last."""
    end = time.monotonic() + seconds
    while True:
        try:
            seen = condition()
        except (OSError, ValueError, KeyError) as error:
            seen = error
        if seen is True:
            return
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}, last seen: {seen}")
        time.sleep(0.02)
