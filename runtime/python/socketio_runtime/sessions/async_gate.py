"""Stands before an asyncio engine: what is not its own is answered elsewhere."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from contextvars import ContextVar
from typing import Any

from ..log import guarded
from .answer import Answer
from .arrivals import Arrivals
from .async_tunnel import AsyncTunnels
from .forwarder import Elsewhere, Forwarder
from .limit import Limit
from .request import Environ, UnfitRequestError, body_length, serialize, upgrades
from .tunnel import PeerGoneError


def stand_before(engine: Any, arrivals: Arrivals, limit: Limit, forwarder: Forwarder | None) -> None:
    """Wraps `handle_request` of this engine. Requests are translated, and answers made, by its own driver, so this
    serves ASGI, aiohttp, Sanic and Tornado."""
    original, translate = engine.handle_request, engine._async["translate_request"]
    translated: ContextVar[Any] = ContextVar("socketio_runtime_request", default=None)
    tunnels = AsyncTunnels()

    # a request can be translated once only: the engine gets what we made of it
    async def translate_request(*args: Any, **kwargs: Any) -> Any:
        environ = translated.get()
        translated.set(None)
        return await _result(translate(*args, **kwargs)) if environ is None else environ

    @functools.wraps(original)
    async def handle_request(*args: Any, **kwargs: Any) -> Any:
        environ = await _result(translate(*args, **kwargs))
        answer = None
        with guarded("looking for a session"):
            sid = arrivals.arrived(environ)
            answer = limit.refused(environ)
            if answer is None and forwarder:
                answer = await _from_elsewhere(engine, forwarder, tunnels, environ)
            if answer is None:
                arrivals.stays(sid)
        if answer is not None:
            return await _respond(engine, environ, answer)
        translated.set(environ)
        return await original(*args, **kwargs)

    engine._async = {**engine._async, "translate_request": translate_request}
    engine.handle_request = handle_request


async def _from_elsewhere(engine: Any, forwarder: Forwarder, tunnels: AsyncTunnels, environ: Environ) -> Answer | None:
    where = forwarder.elsewhere(engine, environ)
    if where is None:
        return None
    if not forwarder.knows(where):
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(None, forwarder.ask, where):
            return None
    return forwarder.refused(environ) or await _pass_on(engine, forwarder, tunnels, environ, where)


async def _pass_on(
    engine: Any, forwarder: Forwarder, tunnels: AsyncTunnels, environ: Environ, where: Elsewhere
) -> Answer | None:
    started = time.monotonic()
    try:
        arguments = forwarder.arguments(where, engine)
        request = serialize(environ, await _body(environ, engine.max_http_buffer_size), where.hop)
        answer = await tunnels.ask(request=request, **arguments)
    except UnfitRequestError:
        return Answer("400 BAD REQUEST", [("Content-Type", "text/plain")], b'"Bad Request"')
    except PeerGoneError as error:
        tunnels.drop(where.endpoint)
        forwarder.lost(where, error)
        return None
    forwarder.passed_on(environ, started, answer)
    return answer


async def _body(environ: Environ, most: int) -> bytes:
    length = body_length(environ) if environ["REQUEST_METHOD"] != "GET" else 0
    if length > most:
        raise UnfitRequestError("too large")
    body = b""
    while len(body) < length:
        part = await _result(environ["wsgi.input"].read(length - len(body)))
        if not part:
            raise UnfitRequestError("ended early")
        body += part
    return body


async def _respond(engine: Any, environ: Environ, answer: Answer) -> Any:
    scope = environ.get("asgi.scope", {})
    if scope.get("type") == "websocket" and "websocket.http.response" in (scope.get("extensions") or {}):
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        start = {"type": "websocket.http.response.start", "status": answer.code, "headers": headers}
        await environ["asgi.send"](start)
        await environ["asgi.send"]({"type": "websocket.http.response.body", "body": answer.body})
        return None
    if "tornado.handler" in environ and upgrades(environ):
        environ["tornado.handler"].close()  # Tornado has accepted it already
        return None
    make_response = engine._async["make_response"]
    return await _result(make_response(answer.status, answer.headers, answer.body, environ))


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
