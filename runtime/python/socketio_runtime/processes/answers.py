"""What a process says of itself to the one that speaks for the pod."""

from __future__ import annotations

import os
import platform
from typing import Any, Callable, Mapping

from .. import __version__
from ..control.app_address import AppAddress
from ..control.drain import Drain
from ..control.readiness import Readiness
from ..port.exposition import Family
from ..servers.managed_server import ManagedServer
from ..servers.servers import Servers
from ..servers.version import show
from ..truth.traffic import Traffic

Body = Mapping[str, Any]


def answers(
    servers: Servers,
    drain: Drain,
    readiness: Readiness,
    app_address: AppAddress,
    traffic: Traffic,
    adapter: str,
    families: Callable[[], list[Family]],
) -> dict[str, Callable[[Body], Any]]:
    """Question -> what answers it, with what can be written as JSON. `adapter`: the one asked for. `families`: the
    metrics of this process."""

    def state(body: Body) -> dict[str, Any]:
        return {**readiness.state(), "draining": drain.draining, "connections": servers.connections()}

    # addresses of clients go to the process that asks, and no further
    def status(body: Body) -> dict[str, Any]:
        listening = app_address.own() is not None
        return {
            "runtime": __version__,
            "python": platform.python_version(),
            "pid": os.getpid(),
            **state(body),
            "adapterAsked": adapter,
            "traffic": [bucket.wire() for bucket in traffic.buckets()],
            "servers": [_server(managed, listening) for managed in servers.all()],
        }

    return {
        "state": state,
        "status": status,
        "metrics": lambda body: [family.wire() for family in families()],
        "drain": lambda body: _drain(drain, body),
        "shed": lambda body: drain.shed(body["count"], body["seconds"]),
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


def _drain(drain: Drain, body: Body) -> bool:
    """Whether it did not drain already."""
    begun = drain.begin(body["terminating"])
    if begun:
        drain.start(body["seconds"], body["after"])
    return begun
