"""HTTP to one place, each request on a connection of its own, with every byte that is read counted."""

import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.helpers import is_ip_address

from socketio_operator.controller.brokers.wire import tls_context
from socketio_operator.plan.entrance import Route

ANSWER_BYTES = 16 * 1024
ENGINE = "4"
_UNKNOWN = (b'"code":1,', b"Invalid session")


class LostError(Exception):
    """A request was told that nobody knows its session."""


class ForeignError(Exception):
    """Who answers is not a server with our runtime."""


class SilentError(Exception):
    """There is no connection."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`http` goes to one place only, whatever it is asked for."""

    http: aiohttp.ClientSession
    route: Route

    @property
    def headers(self) -> dict[str, str]:
        """Of each request. Some controllers compare hosts together with the port."""
        return {"Host": self.route.name, "Accept-Encoding": "identity"}

    def url(self, transport: str, sid: str = "", websocket: bool = False) -> str:
        """URL of a request."""
        scheme = ("ws" if websocket else "http") + ("s" if self.route.secure else "")
        session = f"&sid={sid}" if sid else ""
        place = f"{self.route.name}:{self.route.port}"
        return f"{scheme}://{place}{self.route.path}?EIO={ENGINE}&transport={transport}{session}"

    async def ask(self, method: str, sid: str = "", body: str | None = None) -> str:
        """The answer to a request of a polling session. Raises LostError, ForeignError or SilentError."""
        url = self.url("polling", sid)
        try:
            async with self.http.request(method, url, data=body, headers=self.headers, allow_redirects=False) as answer:
                text = await answer.content.read(ANSWER_BYTES + 1)
                while len(text) <= ANSWER_BYTES and (more := await answer.content.read(ANSWER_BYTES)):
                    text += more
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
            raise SilentError from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ForeignError from error
        if answer.status == 400 and sid and any(sign in text for sign in _UNKNOWN):
            raise LostError
        if answer.status != 200 or len(text) > ANSWER_BYTES:
            raise ForeignError(answer.status)
        return text.decode(errors="replace")


@asynccontextmanager
async def connected(route: Route, addresses: tuple[str, ...]) -> AsyncGenerator[Connection]:
    """Without cookies of anybody else's, and without a way to another place. Raises ForeignError."""
    if is_ip_address(route.name):
        # It would be connected to as it is, whatever the addresses of the route are.
        raise ForeignError("an address for a host name")
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse)
    connector = aiohttp.TCPConnector(
        force_close=True, resolver=_Fixed(addresses), ssl=_context(route), use_dns_cache=False
    )
    # That of affinity "cookie" is one that a client must keep.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=jar, auto_decompress=False, trace_configs=[trace], trust_env=False
    ) as http:
        yield Connection(http, route)


def _context(route: Route) -> ssl.SSLContext | bool:
    # Whether its certificate is trusted is a matter of its clients, whose authorities the operator has not.
    return tls_context(verified=False) if route.secure else False


async def _refuse(*_: object) -> NoReturn:
    raise ForeignError("a redirect")


class _Fixed(AbstractResolver):
    """Knows the addresses of one place, by whatever name."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is kept."""
