"""Hooks one Server's engine."""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import Any

from ..log import guarded, log
from ..servers.managed_server import ManagedServer
from ..truth.traffic import Traffic
from . import async_gate, thread_gate
from .arrivals import Arrivals
from .forwarder import Forwarder
from .limit import Limit

MARK = "_socketio_runtime_seals"


def install(managed: ManagedServer, traffic: Traffic, limit: Limit, forwarder: Forwarder | None) -> None:
    """`forwarder`: of the process; None where sessions are not looked for elsewhere."""
    engine = managed.io.eio
    arrivals = Arrivals(engine, traffic, forwarder)
    if forwarder:
        _seal(engine, managed.index, forwarder)
        if not managed.threads_cooperate():
            log(f"sessions: {managed.io.async_mode} without monkey patching cannot wait for other pods")
            forwarder = None
    gate = async_gate if managed.asynchronous else thread_gate
    gate.stand_before(engine, arrivals, limit, forwarder)


# An id of the app's own making keeps its beginning, one that the app sets later included. Socket.IO takes ids for its
# sockets from the same place: those stay as they are.
def _seal(engine: Any, index: int, forwarder: Forwarder) -> None:
    handle_connect = engine._handle_connect
    handshake: ContextVar[bool] = ContextVar("socketio_runtime_handshake", default=False)

    def sealed(generate_id: Any) -> Any:
        @functools.wraps(generate_id)
        def generate_sealed_id() -> Any:
            session_id = generate_id()
            if handshake.get():
                handshake.set(False)
                with guarded("sealing a session id"):
                    return forwarder.seal(session_id, index)
            return session_id

        setattr(generate_sealed_id, MARK, True)
        return generate_sealed_id

    @functools.wraps(handle_connect)
    def _handle_connect(*args: Any, **kwargs: Any) -> Any:
        if not hasattr(engine.generate_id, MARK):
            engine.generate_id = sealed(engine.generate_id)
        handshake.set(True)
        return handle_connect(*args, **kwargs)

    engine._handle_connect = _handle_connect
