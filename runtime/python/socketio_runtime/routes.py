"""What the side port answers."""

from __future__ import annotations

import json
import os
import platform
import socket
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Callable, Mapping

from . import __version__, token
from .exposition import CONTENT_TYPE, expose
from .sessions.tunnel import PATH, PROTOCOL
from .version import show

if TYPE_CHECKING:
    from .managed_server import ManagedServer
    from .runtime import Runtime
    from .sessions.relay import Relays

LONGEST_SECONDS = 3600
HIGHEST_COUNT = 1_000_000


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


class BadRequestError(Exception):
    """The message tells the client why."""


def routes(runtime: Runtime) -> dict[str, Route]:
    """Path -> what answers there."""

    def authorized(header: str) -> bool:
        return token.authorized(runtime.settings.token_file, header)

    def from_peer(header: str) -> bool:
        own = runtime.forwarder.own if runtime.forwarder else ""
        return token.peer_authorized(runtime.settings.token_file, own, header)

    relays = runtime.relays
    return {
        **({PATH: Route("GET", lambda request: _peer(relays), from_peer, PROTOCOL)} if relays else {}),
        "/healthz": Route("GET", lambda request: Answer(200, {"alive": True})),
        "/readyz": Route("GET", lambda request: _ready(runtime.readiness.state())),
        "/serving": Route("GET", lambda request: _serving(runtime)),
        "/metrics": Route("GET", lambda request: Answer(200, expose(runtime), CONTENT_TYPE)),
        "/status": Route("GET", lambda request: Answer(200, _status(runtime))),
        "/drain": Route("POST", lambda request: _drain(request.body, runtime), authorized),
        "/shed": Route("POST", lambda request: _shed(request.body, runtime), authorized),
    }


def _peer(relays: Relays) -> Answer | Takeover:
    take = relays.admit()
    return Takeover(take) if take else Answer(503, {"error": "Unavailable"})


def _ready(state: dict[str, Any]) -> Answer:
    return Answer(200 if state["ready"] else 503, state)


def _serving(runtime: Runtime) -> Answer:
    """For proxies that keep the sessions of a server which answers 404 and give it no new ones.

    HAProxy calls it disable-on-404.
    Unlike /readyz it tells of a drain at the pod's end too: such a proxy goes on to reach the pod.
    """
    if runtime.drain.draining:
        return Answer(404, {"serving": False, "draining": True})
    ready = runtime.readiness.state()["ready"]
    return Answer(200 if ready else 503, {"serving": ready, "draining": False})


def _status(runtime: Runtime) -> dict[str, Any]:
    listening = runtime.app_address.own() is not None
    return {
        "runtime": __version__,
        "python": platform.python_version(),
        "pid": os.getpid(),
        **runtime.readiness.state(),
        "draining": runtime.drain.draining,
        "connections": runtime.connections(),
        "adapterAsked": runtime.settings.adapter,
        "traffic": runtime.traffic.state(),
        "servers": [_server(managed, listening) for managed in runtime.all()],
    }


def _server(managed: ManagedServer, listening: bool) -> dict[str, Any]:
    return {
        "socketio": show(managed.version),
        "adapter": managed.adapter_state(),
        "recovery": False,
        "appOptions": managed.app_options,
        "listening": listening,
        "connections": len(managed.sockets()),
        **(managed.beats.state() if managed.beats else {}),
    }


def _drain(body: bytes, runtime: Runtime) -> Answer:
    try:
        asked = _numbers(body, {"seconds": LONGEST_SECONDS, "after": LONGEST_SECONDS}, {"after": 0})
        terminating = json.loads(body).get("terminating", False)
        if not isinstance(terminating, bool):
            raise BadRequestError("terminating is neither true nor false")
    except BadRequestError as error:
        return _bad(error)
    connections = runtime.connections()
    if not runtime.drain.begin(terminating):
        return Answer(409, {"error": "AlreadyDraining"})
    runtime.drain.start(asked["seconds"], asked["after"])
    return Answer(202, {"draining": True, "connections": connections, "seconds": asked["seconds"]})


def _shed(body: bytes, runtime: Runtime) -> Answer:
    try:
        asked = _numbers(body, {"count": HIGHEST_COUNT, "seconds": LONGEST_SECONDS})
        if asked["count"] != int(asked["count"]):
            raise BadRequestError("count is not a whole number")
    except BadRequestError as error:
        return _bad(error)
    count, connections = int(asked["count"]), runtime.connections()
    if not runtime.drain.shed(count, asked["seconds"]):
        return Answer(409, {"error": "AlreadyClosingConnections"})
    return Answer(202, {"count": min(count, connections), "connections": connections, "seconds": asked["seconds"]})


def _bad(error: BadRequestError) -> Answer:
    return Answer(400, {"error": "BadRequest", "message": str(error)})


def _numbers(
    body: bytes, bounds: Mapping[str, float], left_out: Mapping[str, float] = MappingProxyType({})
) -> dict[str, float]:
    """The numbers of these names, each from 0 to its bound, or as `left_out`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    numbers = {}
    for name, most in bounds.items():
        number = value.get(name, left_out.get(name)) if isinstance(value, dict) else None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= most:
            raise BadRequestError(f"{name} is not a number from 0 to {most}")
        numbers[name] = number
    return numbers
