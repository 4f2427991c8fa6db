"""Engine.IO v4 and Socket.IO v5 packets as text (default namespace, no binary attachments)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

RECORD_SEPARATOR = "\x1e"  # between the packets of one polling payload


class Engine:
    """Engine.IO packet types: the first character of every packet."""

    OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"


@dataclass(frozen=True)
class Connected:
    """The server accepted us into the namespace."""

    sid: str


@dataclass(frozen=True)
class ConnectError:
    """The server refused us the namespace."""

    reason: str


@dataclass(frozen=True)
class Disconnected:
    """The server put us out of the namespace."""


@dataclass(frozen=True)
class Event:
    """An event with its arguments, as JSON gives them."""

    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Ack:
    """The answer to the event that we sent with this number."""

    number: int
    args: tuple[Any, ...]


Message = Connected | ConnectError | Disconnected | Event | Ack


def split_payload(payload: str) -> list[str]:
    """The packets of one polling response."""
    return payload.split(RECORD_SEPARATOR) if payload else []


def encode_event(name: str, args: tuple[Any, ...], number: int | None = None) -> str:
    """An EVENT packet inside an Engine.IO message; with a number the server is to acknowledge it."""
    return f"{Engine.MESSAGE}2{'' if number is None else number}{json.dumps([name, *args])}"


def decode_message(text: str) -> Message:
    """What stands behind the Engine.IO type `4`. Raises ValueError for a packet no server should send."""
    kind, rest = text[:1], text[1:]
    digits = len(rest) - len(rest.lstrip("0123456789"))
    number, body = rest[:digits], rest[digits:]
    match kind:
        case "0":
            return Connected(sid=json.loads(body)["sid"])
        case "1":
            return Disconnected()
        case "2":
            name, *args = json.loads(body)
            return Event(name, tuple(args))
        case "3" if number:
            return Ack(int(number), tuple(json.loads(body)))
        case "4":
            return ConnectError(reason=body)
    raise ValueError(f"not a Socket.IO packet of the default namespace: {text[:80]!r}")
