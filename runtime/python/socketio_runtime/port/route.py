"""A request of one of the runtime's own ports, and what may answer it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping


@dataclass(frozen=True)
class Answer:
    """`body`: text, or what becomes JSON. `headers`: further ones."""

    status: int
    body: str | Mapping[str, Any]
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Takeover:
    """`take`: called with the connection, what its peer is to be told, and what it sent after its request."""

    take: Callable[[socket.socket, bytes, bytes], None]


@dataclass(frozen=True, eq=False)
class Later:
    """An answer that waits. `due`: called every now and then until it returns one, for so many `seconds` at most.
    `keeps`: whether the connection keeps its place until then, and is closed after it."""

    due: Callable[[], Answer | None]
    seconds: float
    keeps: bool = False


@dataclass(frozen=True)
class Request:
    """`headers`: by lower-case name. `query`: what follows the question mark."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Route:
    """`authorized`: called with the header Authorization. `upgrade`: the protocol that the connection changes to.
    `also`: methods beside `method`, and beside HEAD where that is GET."""

    method: str
    answer: Callable[[Request], Answer | Takeover | Later]
    authorized: Callable[[str], bool] = lambda header: True
    upgrade: str = ""
    also: tuple[str, ...] = ()
