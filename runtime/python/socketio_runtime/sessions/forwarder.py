"""Decides where a request is answered, and keeps the account of what was passed on."""

from __future__ import annotations

import hmac
import os
import time
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..adapters.broker import RedisBroker
from ..log import log
from ..port import token
from ..settings import Address, Settings
from ..truth.traffic import Traffic
from .account import Account
from .answer import Answer
from .peers import Peers, endpoint
from .request import HOP_KEY, Environ, session, upgrades
from .seal import Location, Sealer
from .tunnel import LARGEST_ANSWERS, PeerGoneError

Broker = Callable[[], Optional[RedisBroker]]
METHODS = ("GET", "POST")
MARGIN_SECONDS = 1.0
SMALLEST_BUFFER = 1_000_000
# how the engine's answer to a session that it does not know begins
UNKNOWN_SESSION = b'"Invalid session'
NO_UPGRADE = b'{"error":"SessionElsewhere","message":"the session lives on another pod: go on polling"}'


@dataclass(frozen=True)
class Elsewhere:
    """The pod that has a session. `hop`: what shows it that a request of that session comes from us."""

    address: Address
    port: int
    endpoint: str
    hop: str


class Forwarder:
    """One for each process; `own`: address and port of this pod's runtime."""

    def __init__(
        self, settings: Settings, address: Address, port: int, key: str, traffic: Traffic, broker: Broker
    ) -> None:
        self.own = endpoint(address, port)
        self.account = Account()
        self._traffic = traffic
        self._address = address
        self._port = port
        self._token_file = settings.token_file
        self._sealer = Sealer(key)
        self._peers = Peers(settings.peers, self.own, settings.prefix, broker)
        self.start()

    def start(self) -> None:
        """Starts the threads; again in a forked process."""
        self._peers.start()

    def leave(self) -> None:
        """This pod has no sessions any more."""
        self._peers.leave()

    def seal(self, session_id: str, engine: int) -> str:
        """The id for a new session of this process."""
        location = Location(self._address, self._port, os.getpid() & 0xFFFFFFFF, engine & 0xFF)
        return self._sealer.seal(session_id, location)

    def elsewhere(self, engine: Any, environ: Environ) -> Elsewhere | None:
        """The pod that has the session of a request; None if the engine is to answer: the session is its own, or of
        nobody. Whether that pod is still there is not asked."""
        sid = session(environ) if environ.get("REQUEST_METHOD") in METHODS else None
        if sid is None or sid in engine.sockets:
            return None
        location = self._sealer.unseal(sid)
        if location is None or location.address == self._address:
            return None
        where = endpoint(location.address, location.port)
        return Elsewhere(location.address, location.port, where, self._sealer.hop(sid))

    def handed_on(self, environ: Environ, sid: str) -> bool:
        """Whether another pod of the cluster handed a request of this session on to us."""
        given = environ.get(HOP_KEY)
        if given is None:
            return False
        return hmac.compare_digest(str(given).encode("utf-8", "replace"), self._sealer.hop(sid).encode())

    def refused(self, environ: Environ) -> Answer | None:
        """The answer to an upgrade to WebSocket: the client goes on polling."""
        if not upgrades(environ):
            return None
        return Answer("400 BAD REQUEST", [("Content-Type", "application/json")], NO_UPGRADE)

    def knows(self, where: Elsewhere) -> bool:
        """Whether it is a pod of the cluster; waits for nothing."""
        return self._peers.knows(where.address, where.port)

    def ask(self, where: Elsewhere) -> bool:
        """The same of one that may have come just now; waits for the broker."""
        return self._peers.ask(where.address, where.port)

    def arguments(self, where: Elsewhere, engine: Any) -> dict[str, Any]:
        """What a tunnel needs to know; PeerGoneError if that pod was not there a moment ago."""
        if self._peers.is_gone(where.endpoint):
            raise PeerGoneError("gone a moment ago")
        return {
            "host": str(where.address),
            "port": where.port,
            "endpoint": where.endpoint,
            "authorization": token.peer_authorization(self._token_file, where.endpoint),
            "seconds": engine.ping_interval + engine.ping_timeout + MARGIN_SECONDS,
            "limit": LARGEST_ANSWERS * max(int(engine.max_http_buffer_size), SMALLEST_BUFFER),
        }

    def passed_on(self, environ: Environ, started: float, answer: Answer) -> None:
        """A request was answered by another pod."""
        self._traffic.forwarded()
        if answer.code == 400 and answer.body.startswith(UNKNOWN_SESSION):
            self._traffic.unknown()
        seconds = time.monotonic() - started
        self.account.forwarded(seconds if environ["REQUEST_METHOD"] == "POST" else None)

    def lost(self, where: Elsewhere, error: PeerGoneError) -> None:
        """Another pod did not answer."""
        self.account.peer_gone()
        if error.at_once:
            self._peers.gone(where.endpoint)


def create(settings: Settings, traffic: Traffic, broker: Broker) -> Forwarder | None:
    """None unless the environment has all that forwarding takes. `broker`: gives the one that the pods share, if there
    is one."""
    if settings.address is None or settings.port is None or not settings.peers or not settings.token_file:
        return None
    if settings.session_key_file is None:
        return None
    try:
        with open(settings.session_key_file, encoding="utf-8") as file:
            key = file.read().strip()
    except (OSError, ValueError) as error:
        log(f"session key file: {type(error).__name__}, sessions are not looked for on other pods")
        return None
    if not key:
        log("session key file: empty, sessions are not looked for on other pods")
        return None
    log(f"sessions: looked for on the pods of {', '.join(settings.peers)}")
    return Forwarder(settings, settings.address, settings.port, key, traffic, broker)
