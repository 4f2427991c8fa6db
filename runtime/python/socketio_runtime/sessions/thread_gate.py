"""Stands before a threaded engine: what is not its own is answered elsewhere."""

from __future__ import annotations

import functools
import time
from typing import Any

from ..log import guarded
from .answer import Answer
from .arrivals import Arrivals
from .forwarder import Elsewhere, Forwarder
from .limit import Limit
from .request import Environ, UnfitRequestError, body_length, serialize
from .thread_tunnel import ThreadTunnels
from .tunnel import PeerGoneError


def stand_before(engine: Any, arrivals: Arrivals, limit: Limit, forwarder: Forwarder | None) -> None:
    """Wraps `handle_request` of this engine, under whatever WSGI server."""
    original = engine.handle_request
    tunnels = ThreadTunnels()

    @functools.wraps(original)
    def handle_request(environ: Any, start_response: Any) -> Any:
        answer = None
        with guarded("looking for a session"):
            sid = arrivals.arrived(environ)
            answer = limit.refused(environ)
            if answer is None and forwarder:
                answer = _from_elsewhere(engine, forwarder, tunnels, environ)
            if answer is None:
                arrivals.stays(sid)
        if answer is None:
            return original(environ, start_response)
        start_response(answer.status, answer.headers)
        return [answer.body]

    engine.handle_request = handle_request


def _from_elsewhere(engine: Any, forwarder: Forwarder, tunnels: ThreadTunnels, environ: Environ) -> Answer | None:
    where = forwarder.elsewhere(engine, environ)
    if where is None or not (forwarder.knows(where) or forwarder.ask(where)):
        return None
    return forwarder.refused(environ) or _pass_on(engine, forwarder, tunnels, environ, where)


def _pass_on(
    engine: Any, forwarder: Forwarder, tunnels: ThreadTunnels, environ: Environ, where: Elsewhere
) -> Answer | None:
    started = time.monotonic()
    try:
        arguments = forwarder.arguments(where, engine)
        request = serialize(environ, _body(environ, engine.max_http_buffer_size), where.hop)
        answer = tunnels.ask(request=request, **arguments)
    except UnfitRequestError:
        return Answer("400 BAD REQUEST", [("Content-Type", "text/plain")], b'"Bad Request"')
    except PeerGoneError as error:
        tunnels.drop(where.endpoint)
        forwarder.lost(where, error)
        return None
    forwarder.passed_on(environ, started, answer)
    return answer


def _body(environ: Environ, most: int) -> bytes:
    length = body_length(environ) if environ["REQUEST_METHOD"] != "GET" else 0
    if length > most:
        raise UnfitRequestError("too large")
    body = b""
    while len(body) < length:
        part = environ["wsgi.input"].read(length - len(body))
        if not part:
            raise UnfitRequestError("ended early")
        body += part
    return body
