"""Counts the requests that name a session, where they arrive first."""

from __future__ import annotations

from typing import Any

from ..truth.traffic import Traffic
from .forwarder import METHODS, Forwarder
from .request import Environ, session


class Arrivals:
    """Of one engine. `forwarder`: of the process; None where no pod hands requests to another."""

    def __init__(self, engine: Any, traffic: Traffic, forwarder: Forwarder | None) -> None:
        self._engine = engine
        self._traffic = traffic
        self._forwarder = forwarder

    def arrived(self, environ: Environ) -> str | None:
        """Counts a request; the session that it names, if it is one of those that are counted."""
        sid = session(environ) if environ.get("REQUEST_METHOD") in METHODS else None
        if sid is None or (self._forwarder and self._forwarder.handed_on(environ, sid)):
            return None
        self._traffic.request()
        return sid

    def stays(self, sid: str | None) -> None:
        """The engine itself answers that request."""
        if sid is not None and sid not in self._engine.sockets:
            self._traffic.unknown()
