"""Calm terminal output: numbered steps with the time they may take, colours only on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

GREEN, RED, DIM, BOLD = "32", "31", "2", "1"


def styled(text: str, style: str) -> str:
    """The text in an ANSI style, on a terminal that wants colours; else the text."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


class Steps:
    """Numbered steps: each says before it starts how long it may take, and afterwards how long it took."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._number = 0

    @contextmanager
    def step(self, title: str, expected: str) -> Iterator[None]:
        """Run the block as the next step; `expected` is the usual time, in words."""
        self._number += 1
        say(styled(f"[{self._number}/{self._count}] {title}", BOLD) + styled(f"  ({expected})", DIM))
        start = time.monotonic()
        yield
        say(styled(f"      done in {time.monotonic() - start:.1f} s", DIM))
