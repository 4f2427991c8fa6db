"""What a process says of itself to the one that speaks for the pod."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any, Callable, Mapping

from .. import __version__
from ..exposition import families
from ..version import show

if TYPE_CHECKING:
    from ..managed_server import ManagedServer
    from ..runtime import Runtime

Body = Mapping[str, Any]


def answers(runtime: Runtime) -> dict[str, Callable[[Body], Any]]:
    """Question -> what answers it, with what can be written as JSON."""
    return {
        "state": lambda body: {**runtime.readiness.state(), "connections": runtime.connections()},
        "status": lambda body: _status(runtime),
        "metrics": lambda body: [family.wire() for family in families(runtime)],
        "drain": lambda body: _drain(runtime, body),
        "shed": lambda body: runtime.drain.shed(body["count"], body["seconds"]),
    }


def _status(runtime: Runtime) -> dict[str, Any]:
    """Of this process alone. Addresses of clients go to the process that asks, and no further."""
    listening = runtime.app_address.own() is not None
    return {
        "runtime": __version__,
        "python": platform.python_version(),
        "pid": os.getpid(),
        **runtime.readiness.state(),
        "draining": runtime.drain.draining,
        "connections": runtime.connections(),
        "adapterAsked": runtime.settings.adapter,
        "traffic": [bucket.wire() for bucket in runtime.traffic.buckets()],
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


def _drain(runtime: Runtime, body: Body) -> bool:
    """Whether it did not drain already."""
    begun = runtime.drain.begin(body["terminating"])
    if begun:
        runtime.drain.start(body["seconds"], body["after"])
    return begun
