"""Where the app listens.

The listening socket belongs to the ASGI or WSGI server, which may have opened it itself, got it from its parent
(gunicorn) or been handed it (uvicorn's workers). So the kernel is asked: which sockets listen, and which of them has
this process open? Reading /proc changes nothing about the sockets.
"""

from __future__ import annotations

import contextlib
import os
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Callable, Iterable, Iterator

TCP_LISTEN = "0A"
UNIX_LISTEN = 0x10000  # __SO_ACCEPTCON


@dataclass(frozen=True)
class Listener:
    """A listening socket; `address` and `port` are None for one of the Unix domain."""

    inode: str
    address: IPv4Address | IPv6Address | None
    port: int | None

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.address is not None and self.address.is_loopback

    def dial(self) -> tuple[str, int] | None:
        """What to connect to from here; None for one of the Unix domain."""
        if self.address is None or self.port is None:
            return None
        if not self.address.is_unspecified:
            return str(self.address), self.port
        return ("127.0.0.1" if self.address.version == 4 else "::1"), self.port


class ListeningSocket:
    """Remembers the TCP socket it found: as long as that one is open nothing is searched again. A Unix socket may be
    there before the app's own (gunicorn's control socket is)."""

    def __init__(self) -> None:
        self._fd = -1
        self._found: Listener | None = None

    def find(self, but: Callable[[], Iterable[int]]) -> Listener | None:
        """A listening socket that this process has open; TCP before Unix. `but`: descriptors that do not count."""
        if self._found and self._found.port and self._fd not in but() and _target(self._fd) == _name(self._found):
            return self._found
        listening = {_name(listener): listener for listener in _listeners()}
        # asked after the kernel: another thread may have opened one of them meanwhile
        for fd in but():
            listening.pop(_target(fd), None)
        fds = {_target(fd): fd for fd in sorted((int(name) for name in os.listdir("/proc/self/fd")), reverse=True)}
        self._found = next((listener for name, listener in listening.items() if name in fds), None)
        self._fd = fds[_name(self._found)] if self._found else -1
        return self._found


def on_port(port: int) -> list[Listener]:
    """The sockets of this network namespace, so of the whole pod, that listen on a port."""
    return [listener for listener in _listeners() if listener.port == port]


def _name(listener: Listener) -> str:
    return f"socket:[{listener.inode}]"


def _target(fd: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def _listeners() -> Iterator[Listener]:
    for name in ("tcp", "tcp6"):
        for fields in _table(name):
            if fields[3] == TCP_LISTEN:
                address, _, port = fields[1].partition(":")
                yield Listener(fields[9], _address(address), int(port, 16))
    for fields in _table("unix"):
        if int(fields[3], 16) & UNIX_LISTEN:
            yield Listener(fields[6], None, None)


# words of 32 bits as the machine has them in memory
def _address(text: str) -> IPv4Address | IPv6Address:
    words = [struct.pack("=I", int(text[start : start + 8], 16)) for start in range(0, len(text), 8)]
    address = ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _table(name: str) -> Iterator[list[str]]:
    with contextlib.suppress(OSError), open(f"/proc/self/net/{name}", encoding="ascii", errors="replace") as table:
        next(table, None)
        for line in table:
            yield line.split()
