"""What the runtime says: one fact, one line on standard error."""

from __future__ import annotations

import contextlib
import os
from typing import Iterator

PREFIX = "[socketio-runtime] "


def log(fact: str) -> None:
    """Writes a fact without credentials; line breaks in it are folded. A single write: lines of threads stay whole."""
    line = PREFIX + " ".join(fact.split()) + "\n"
    with contextlib.suppress(OSError):
        os.write(2, line.encode("utf-8", "replace"))


@contextlib.contextmanager
def guarded(what: str) -> Iterator[None]:
    """Runs a part of ours inside code of the app: an error is reported and swallowed, so the app goes on by itself."""
    try:
        yield
    except Exception as error:
        log(f"{what} failed, the app's own behaviour is kept: {type(error).__name__}: {error}")
