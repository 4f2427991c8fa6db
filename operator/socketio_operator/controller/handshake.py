"""One Engine.IO handshake, as a client makes it: `socketio-operator handshake`, for the tests of a release."""

import asyncio
import socket
import time
from urllib.parse import urlsplit

from socketio_operator.controller.canary.connection import ForeignError, SilentError, connected
from socketio_operator.controller.canary.polling import Polling
from socketio_operator.plan.entrance import HTTP, HTTPS, Route

ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 1.0


class NoHandshakeError(Exception):
    """No session was opened in time; the message says what was answered last."""


def run(url: str, seconds: float) -> None:
    """Opens a session at the URL of Engine.IO's path and closes it, trying for `seconds`. Raises NoHandshakeError."""
    asyncio.run(_run(url, seconds))


async def _run(url: str, seconds: float) -> None:
    route = _route(url)
    end = time.monotonic() + seconds
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await _open_and_close(route)
        except (SilentError, OSError, TimeoutError) as error:
            last = f"no answer ({error.__cause__ or error or 'too slow'})"
        except ForeignError as error:
            last = f"an answer that is no handshake of Engine.IO ({error.__cause__ or error})"
        if time.monotonic() + PAUSE_SECONDS > end:
            raise NoHandshakeError(f"{url} opened no session within {seconds:g} s; the last try got {last}")
        await asyncio.sleep(PAUSE_SECONDS)


async def _open_and_close(route: Route) -> None:
    found = await asyncio.get_running_loop().getaddrinfo(route.host, route.port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    async with connected(route, addresses) as connection, Polling.opened(connection):
        return


def _route(url: str) -> Route:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoHandshakeError(
            f"{url} is no URL of a server; write one such as http://chat.default.svc:3000/socket.io/"
        )
    port = parts.port or (HTTPS if secure else HTTP)
    path = f"{parts.path.rstrip('/')}/"
    return Route(parts.hostname, port, secure, parts.hostname, path, ("polling",), "")
