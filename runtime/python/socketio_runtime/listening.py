"""Whether this process can be reached.

The listening socket belongs to the ASGI or WSGI server, which may have opened it itself, got it from its parent
(gunicorn) or been handed it (uvicorn's workers). So the kernel is asked: which sockets listen, and which of them has
this process open? Reading /proc changes nothing about the sockets.
"""

from __future__ import annotations

import contextlib
import os
from typing import Iterator

TCP_LISTEN = "0A"
UNIX_LISTEN = 0x10000  # __SO_ACCEPTCON


class ListeningSocket:
    """Remembers the socket it found: as long as that one is open nothing is searched again."""

    def __init__(self) -> None:
        self._fd = -1
        self._target = ""

    def exists(self, except_fd: int) -> bool:
        """Whether a listening socket is open, `except_fd` apart."""
        if self._fd >= 0 and self._fd != except_fd and _target(self._fd) == self._target:
            return True
        listening = {f"socket:[{inode}]" for inode in _listening_inodes()}
        listening.discard(_target(except_fd))
        for name in os.listdir("/proc/self/fd"):
            target = _target(int(name))
            if target in listening:
                self._fd, self._target = int(name), target
                return True
        return False


def _target(fd: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def _listening_inodes() -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        for fields in _table(name):
            if fields[3] == TCP_LISTEN:
                yield fields[9]
    for fields in _table("unix"):
        if int(fields[3], 16) & UNIX_LISTEN:
            yield fields[6]


def _table(name: str) -> Iterator[list[str]]:
    with contextlib.suppress(OSError), open(f"/proc/self/net/{name}", encoding="ascii", errors="replace") as table:
        next(table, None)
        for line in table:
            yield line.split()
