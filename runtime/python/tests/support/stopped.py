"""Holding a process still."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.until import until


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that does nothing meanwhile. One of its threads takes the signal; until then the others continue."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until("all threads to stand still", lambda: _states(pid) == {"T"})
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _states(pid: int) -> set[str]:
    # The state follows the name, which is in parentheses and may hold anything.
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return {stat.rpartition(")")[2].split()[0] for stat in stats}
